"""The formats in which services represent the states of a parts list.

COS and WeDrive use the state *after* each slice, and the digest for the last one (`datasha`). The
others use the state *before* each part, its hash context. `cosfast.parts.documents` writes and
reads whole lists.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, NamedTuple

from cosfast.errors import InputError
from cosfast.hashing.state import (
    BLOCK_SIZE,
    MAX_LENGTH,
    SHA1,
    SHA256,
    HashState,
    state_class,
)
from cosfast.parsing import MAX_INTEGER, load_json, parse_digits, shown

if TYPE_CHECKING:
    from collections.abc import Callable

SLICE_SIZE: int = 1048576
"""Slice size of COS v4 uploads with `uploadparts`, in bytes (PROTOCOL.md, section 3)."""

WEDRIVE_BLOCK_SIZE: int = 2097152
"""Block size of WeDrive in bytes, which is fixed (PROTOCOL.md, section 8)."""

PDS_PART_SIZE: int = 52428800
"""Default part size of PDS in bytes."""

OSS_PART_SIZE: int = 4194304
"""Default part size of Quark Drive in bytes; the server's `pre` response may contain another."""

CMCC_PART_SIZE: int = 104857600
"""Part size in bytes of China Mobile's public clients, for files of up to 30 GB."""

MAX_PART_SIZE = 5 * 1024**3
"""Maximum part size in bytes of OSS multipart uploads, which PDS and Quark use."""

_LOW_WORD = 2**32 - 1


class Layout(NamedTuple):
    """The names of the fields in a JSON document with a hash context for each part.

    Attributes:
        parts: Name of the array of parts.
        number: Name of the number of a part, from 1.
        size: Name of the size of a part in bytes.
        digest: Name of the digest of the whole file.
        algorithm: Name of the algorithm of the digest; empty if the document has no such field.
        upper_digest: Whether the digest is in upper case.
        upper_algorithm: Whether the algorithm is in upper case.
    """

    parts: str
    number: str
    size: str
    digest: str
    algorithm: str = ""
    upper_digest: bool = False
    upper_algorithm: bool = False


class Format(NamedTuple):
    """The format of one service.

    Attributes:
        name: Name on the command line.
        service: Name of the service.
        field: Name of the value of one part in the API, for each supported algorithm.
        slice_size: Default slice size in bytes.
        fixed_size: Whether the service supports no other slice size.
        encode: Converts the state before a part, including the first part, to the value; None if
            the service uses the state after each slice.
        decode: Converts the value to the state, or to None for the first part; None if the service
            uses the state after each slice.
        layout: Field names of the document with these values; None if it has none.
    """

    name: str
    service: str
    field: dict[str, str]
    slice_size: int
    fixed_size: bool = False
    encode: Callable[[HashState[Any]], Any] | None = None
    decode: Callable[[Any], HashState[Any] | None] | None = None
    layout: Layout | None = None

    def check_algorithm(self, algorithm: str) -> None:
        """Check that the service supports an algorithm.

        Raises:
            InputError: If it does not.
        """
        if algorithm not in self.field:
            supported = " and ".join(self.field)
            raise InputError(f"{self.service} supports {supported}, not {algorithm}")

    def check_slice_size(self, slice_size: int) -> None:
        """Check that the service supports a slice size.

        Raises:
            InputError: If it does not.
        """
        if self.fixed_size and slice_size != self.slice_size:
            raise InputError(
                f"{self.service} requires slices of {self.slice_size} bytes, not"
                f" {shown(slice_size)}"
            )
        if type(slice_size) is int and slice_size > MAX_PART_SIZE:
            raise InputError(
                f"{self.service} supports parts of at most {MAX_PART_SIZE} bytes, not {slice_size}"
            )


def _encode_pds(state: HashState[Any]) -> dict[str, Any]:
    return {"h": list(state.words) if state.length else [], "part_offset": state.length}


def _decode_pds(value: Any) -> HashState[Any] | None:
    return _decode_words(value, "part_offset")


def _encode_cmcc(state: HashState[Any]) -> dict[str, Any] | None:
    return {"h": list(state.words), "partOffset": state.length} if state.length else None


def _decode_cmcc(value: Any) -> HashState[Any] | None:
    return _decode_words(value, "partOffset")


def _decode_words(value: Any, offset_name: str) -> HashState[Any] | None:
    """Read ``{"h": [...], offset_name: N}``; return None if `h` is empty at offset 0."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InputError(f"a hash context must be a JSON object, not {shown(value)}")
    words, offset = value.get("h", []), _check_offset(value.get(offset_name))
    if not isinstance(words, list):
        raise InputError(f"h must be a list of integers, not {shown(words)}")
    if not words and offset == 0:
        return None
    for algorithm in (SHA1, SHA256):
        if len(words) == len(algorithm.initial_words):
            return state_class(algorithm)(words, offset)
    raise InputError(f"h must have 5 words (SHA-1) or 8 (SHA-256), not {len(words)}")


def _encode_oss(state: HashState[Any]) -> str | None:
    """Return the fields of OpenSSL's `SHA_CTX`, in which `Nl` and `Nh` count bits."""
    if not state.length:
        return None
    bits = state.length * 8
    words = ",".join(f'"h{index}":"{word}"' for index, word in enumerate(state.words))
    text = (
        f'{{"hash_type":"sha1",{words},"Nl":"{bits & _LOW_WORD}","Nh":"{bits >> 32}",'
        '"data":"","num":"0"}'
    )
    return base64.b64encode(text.encode("ascii")).decode("ascii")


def _decode_oss(value: Any) -> HashState[Any] | None:
    """Read `X-Oss-Hash-Ctx`; the whole count of bits may be in `Nl`, as some clients write it."""
    if value is None:
        return None
    fields = _oss_fields(value)
    if fields.get("hash_type") != SHA1.name:
        raise InputError(
            f"X-Oss-Hash-Ctx: hash_type must be sha1, not {shown(fields.get('hash_type'))}"
        )
    names = [f"h{index}" for index in range(len(SHA1.initial_words))]
    h0, h1, h2, h3, h4, low, high = (_oss_number(fields, name) for name in (*names, "Nl", "Nh"))
    if fields.get("data", "") != "" or fields.get("num", "0") != "0":
        raise InputError(
            "X-Oss-Hash-Ctx: data must be empty and num 0, since no bytes are pending at the start"
            " of a part"
        )
    if high and low > _LOW_WORD:
        raise InputError(f"X-Oss-Hash-Ctx: Nl must be below 2**32, not {low}")
    bits = (high << 32) + low
    if bits % 8:
        raise InputError(f"X-Oss-Hash-Ctx: {bits} bits are not a whole number of bytes")
    return state_class(SHA1)((h0, h1, h2, h3, h4), _check_offset(bits // 8))


def _oss_fields(value: Any) -> dict[str, Any]:
    try:
        fields = load_json(base64.b64decode(value, validate=True))
    except (ValueError, TypeError, binascii.Error) as exc:
        raise InputError(f"X-Oss-Hash-Ctx is not JSON in base64: {exc}") from exc
    if not isinstance(fields, dict):
        raise InputError("X-Oss-Hash-Ctx is not a JSON object in base64")
    return fields


def _oss_number(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    number = parse_digits(value) if isinstance(value, str) else None
    if number is None:
        raise InputError(f"X-Oss-Hash-Ctx: {name} is not a decimal string: {shown(value)}")
    return number


def _check_offset(offset: Any) -> int:
    if type(offset) is not int or not 0 <= offset <= min(MAX_LENGTH, MAX_INTEGER):
        raise InputError(f"the offset of a part must be a number of bytes, not {shown(offset)}")
    if offset % BLOCK_SIZE:
        raise InputError(f"the offset of a part must be a multiple of {BLOCK_SIZE}, not {offset}")
    return offset


COS = Format("cos", "Tencent COS v4", {"sha1": "uploadparts"}, SLICE_SIZE)
WEDRIVE = Format(
    "wedrive", "WeCom WeDrive", {"sha1": "block_sha"}, WEDRIVE_BLOCK_SIZE, fixed_size=True
)
PDS = Format(
    "pds",
    "Alibaba Cloud PDS and Quark's open platform",
    {"sha1": "parallel_sha1_ctx", "sha256": "parallel_sha256_ctx"},
    PDS_PART_SIZE,
    encode=_encode_pds,
    decode=_decode_pds,
    layout=Layout(
        "part_info_list",
        "part_number",
        "part_size",
        "content_hash",
        "content_hash_name",
        upper_digest=True,
    ),
)
OSS = Format(
    "oss",
    "Quark Drive (OSS)",
    {"sha1": "X-Oss-Hash-Ctx"},
    OSS_PART_SIZE,
    encode=_encode_oss,
    decode=_decode_oss,
    layout=Layout("parts", "part_number", "part_size", "sha1"),
)
CMCC = Format(
    "cmcc",
    "China Mobile's cloud (139)",
    {"sha256": "parallelHashCtx"},
    CMCC_PART_SIZE,
    encode=_encode_cmcc,
    decode=_decode_cmcc,
    layout=Layout(
        "partInfos",
        "partNumber",
        "partSize",
        "contentHash",
        "contentHashAlgorithm",
        upper_algorithm=True,
    ),
)
FORMATS = {each.name: each for each in (COS, WEDRIVE, PDS, OSS, CMCC)}


def check_slice_size(slice_size: int) -> None:
    """Check that a slice size is a positive multiple of the hash's block (PROTOCOL.md, section 3).

    Raises:
        InputError: If it is not.
    """
    if not isinstance(slice_size, int) or slice_size <= 0 or slice_size % BLOCK_SIZE:
        raise InputError(f"slice_size must be a positive multiple of 64, not {shown(slice_size)}")
