"""`redacted`: text from outside without anything that could be a signature or a token."""

from __future__ import annotations

import re

_SEARCHED = 4096  # characters, of which less is shown: a signature that is cut is not found

# A signature is well over a hundred base64 characters; a SHA-1 in hex, which may stay, is 40.
_LONG_TOKEN = re.compile(r"[A-Za-z0-9+/=%\\_-]{41,}")
_LABELLED = re.compile(r"(?i)\b(sign|authorization)(\W{1,5})\S+")


def redacted(text: str) -> str:
    """Return `text` without anything that could be a signature, or that cannot be encoded.

    A server or a proxy in between may repeat the request's headers or its URL in its answer, and
    an HTTP library's exception may quote the URL.
    """
    text = text.encode(errors="replace").decode()
    return _LABELLED.sub(r"\1\2[...]", _LONG_TOKEN.sub("[...]", text))


def excerpt(text: str, length: int) -> str:
    """Return how a server's text begins: nothing secret, and at most `length` characters."""
    return redacted(text[:_SEARCHED])[:length]


def excerpt_of_body(body: bytes, length: int) -> str:
    """Return how a body that cannot be read begins, as one line of text."""
    return " ".join(redacted(body[:_SEARCHED].decode(errors="replace")).split())[:length]
