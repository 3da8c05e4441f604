"""The signature on worked examples (PROTOCOL.md, section 2)."""

from __future__ import annotations

import base64
import hashlib

import pytest

from cosfast.cosv4.protocol.signing import MAX_EXPIRES_IN, check_expires_in, new_nonce, sign
from cosfast.errors import InputError

EXAMPLE = {
    "appid": "1250000001",
    "secret_id": "AKIDexample",
    "secret_key": "made-up-key",
    "bucket": "photos",
    "fileid": "/1250000001/photos/2017/%E7%8C%AB%20a.jpg",
    "expires_at": 1505202105,
    "now": 1505201805,
    "nonce": 1234567890,
}


def hmac_sha1_by_hand(key: bytes, text: bytes) -> bytes:
    """RFC 2104 spelt out, independent of the hmac module."""
    key = (hashlib.sha1(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha1(bytes(byte ^ 0x36 for byte in key) + text).digest()
    return hashlib.sha1(bytes(byte ^ 0x5C for byte in key) + inner).digest()


def test_what_openssl_computes_for_the_same_text():
    assert sign(**EXAMPLE) == (
        "bb1V+V1WfoioKVmHNYA6+7BXjzRhPTEyNTAwMDAwMDEmaz1BS0lEZXhhbXBsZSZlPTE1MDUyMDIxMDUmdD0xNTA1"
        "MjAxODA1JnI9MTIzNDU2Nzg5MCZmPS8xMjUwMDAwMDAxL3Bob3Rvcy8yMDE3LyVFNyU4QyVBQiUyMGEuanBnJmI9"
        "cGhvdG9z"
    )


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"fileid": ""},
        {"expires_at": 0},
        {"fileid": "/2017/a.jpg", "nonce": 0},
        {"secret_key": "k" * 100},
    ],
)
def test_the_formula_of_the_documents(changed):
    values = {**EXAMPLE, **changed}
    plain = (
        "a={appid}&k={secret_id}&e={expires_at}&t={now}&r={nonce}&f={fileid}&b={bucket}"
    ).format(**values)
    digest = hmac_sha1_by_hand(values["secret_key"].encode(), plain.encode())
    assert sign(**values) == base64.b64encode(digest + plain.encode()).decode()


def test_the_standard_alphabet_is_used():
    signatures = "".join(sign(**{**EXAMPLE, "nonce": nonce}) for nonce in range(50))
    assert "+" in signatures
    assert "/" in signatures
    assert not set("-_\n") & set(signatures)


def test_nonces_have_at_most_ten_digits_and_vary():
    nonces = {new_nonce() for _ in range(100)}
    assert len(nonces) > 90
    assert all(0 <= nonce < 10**10 for nonce in nonces)


@pytest.mark.parametrize("expires_in", [1, 300, MAX_EXPIRES_IN])
def test_a_possible_life_is_taken(expires_in):
    check_expires_in(expires_in)


@pytest.mark.parametrize("expires_in", [0, -300, MAX_EXPIRES_IN + 1, 300.0, False, None])
def test_an_impossible_life_is_refused(expires_in):
    with pytest.raises(InputError, match="90 days"):
        check_expires_in(expires_in)
