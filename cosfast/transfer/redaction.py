"""`redacted`: text without signatures, tokens and keys, for errors and logs.

A server or a proxy may repeat the headers or the URL of a request in its response, and the
exceptions of an HTTP library may quote the URL. Services sign requests in a header (COS), send a
token in the query (WeDrive), or use signed URLs (PDS).
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEARCHED = 4096  # characters; more than are shown, since a signature that is cut is not found
_REMOVED = "[...]"

# A signature is well over a hundred base64 characters; a SHA-1 in hex, which may stay, is 40.
_LONG_TOKEN = re.compile(r"[A-Za-z0-9+/=%\\_-]{41,}")

# The whole query of a URL: each service has other secret parameters.
_QUERY = re.compile(r"""\?[\w.~%-]+=[^\s"'<>]*""")

_COOKIE = re.compile(r"(?i)\b((?:set-)?cookie:)[^\r\n]+")
_BEARER = re.compile(r"(?i)\b(bearer\s+)(?!tokens?\b)\S+")
_SIGNED = re.compile(r"(?i)\b(sign|authorization)(\W{1,5})(?:(?:basic|bearer|oss\d?)\s+)?\S+")

# Parameters, fields and headers, by the ends of their names. In a sentence such a word is not
# followed by `=` or `:`, and stays.
_NAMES = (
    r"(?:[\w-]*(?:token|secret|password|signature|credential|cookie_value"
    r"|(?:upload|secret|access)_?key(?:_?id)?)|x-(?:oss|acs|amz)-[\w-]+|expires)"
)
_NAMED = re.compile(rf"(?i)\b({_NAMES})(\W{{0,3}}[=:]\W{{0,3}})\S+")


def redacted(text: str) -> str:
    """Return `text` without possible secrets and without characters that cannot be encoded."""
    text = text.encode(errors="replace").decode()
    text = _QUERY.sub(f"?{_REMOVED}", text)
    text = _LONG_TOKEN.sub(_REMOVED, text)
    text = _COOKIE.sub(rf"\1 {_REMOVED}", text)
    text = _BEARER.sub(rf"\1{_REMOVED}", text)
    text = _SIGNED.sub(rf"\1\2{_REMOVED}", text)
    return _NAMED.sub(rf"\1\2{_REMOVED}", text)


def excerpt(text: str, length: int) -> str:
    """Return at most `length` characters from the beginning of a server's text, redacted."""
    return redacted(text[:_SEARCHED])[:length]


def excerpt_of_body(body: bytes, length: int) -> str:
    """Return at most `length` characters of a body that cannot be parsed, redacted, on one line."""
    return " ".join(redacted(body[:_SEARCHED].decode(errors="replace")).split())[:length]


def without_query(url: str) -> str:
    """Return a URL with its query redacted."""
    path, mark, _ = url.partition("?")
    return f"{path}?{_REMOVED}" if mark else path


_hides_queries: ContextVar[bool] = ContextVar("cosfast_hides_queries", default=False)


class _QueryFilter(logging.Filter):
    """Removes the queries of URLs from the records of `hidden_queries` blocks."""

    def filter(self, record: logging.LogRecord) -> bool:
        if _hides_queries.get() and isinstance(record.args, tuple):
            record.args = tuple(
                without_query(each) if isinstance(each, str) else each for each in record.args
            )
        return True


_QUERY_FILTER = _QueryFilter()


@contextmanager
def hidden_queries() -> Iterator[None]:
    """Remove the queries of URLs from what urllib3 logs in this thread while the block runs.

    The pools of `TransferAdapter` show no query; those of a user's own adapters do.
    """
    for name in ("urllib3.connectionpool", "urllib3.util.retry"):
        logging.getLogger(name).addFilter(_QUERY_FILTER)  # once, however often it is called
    token = _hides_queries.set(True)
    try:
        yield
    finally:
        _hides_queries.reset(token)
