"""Signed URLs for a part, with its context, or for a file's content, and their expiry."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode

from cosfast.emulator.services.pds.answers import RefusedError
from cosfast.emulator.wire.values import load_json, read_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.emulator.wire.addressing import RequestTarget

PREFIX = "/pds-content/"
"""Prefix of the path of every signed URL."""

_UPLOAD, _DOWNLOAD = "PUT", "GET"


@dataclass(frozen=True)
class Link:
    """The request that a signed URL permits.

    Attributes:
        method: ``PUT`` or ``GET``.
        space: Id of the drive.
        id: Id of the upload, or of the file.
        part_number: Number of the part, from 1; 0 for a download.
        content_type: Required value of the Content-Type header; empty for no such header.
        context: In parallel mode, the offset of the part and the words of the chaining state before
            it; otherwise None.
    """

    method: str
    space: str
    id: str
    part_number: int = 0
    content_type: str = ""
    context: tuple[int, tuple[int, ...]] | None = None


class Signer:
    """Makes signed URLs and checks them.

    Args:
        secret: Secret of the server; URLs stay valid after a restart with the same secret.
        clock: Returns the time in seconds since 1970.
    """

    def __init__(self, secret: str, clock: Callable[[], float]) -> None:
        self._key = hashlib.sha256(b"cosfast pds " + secret.encode()).digest()
        self._clock = clock

    def sign(self, origin: str, link: Link, lifetime: float) -> str:
        """Return a URL for `link` that is valid for `lifetime` seconds."""
        path = f"{PREFIX}{quote(link.space, safe='')}/{quote(link.id, safe='')}"
        expires = str(int(self._clock() + lifetime))
        fields = {"Expires": expires, "link": _to_text(link)}
        fields["Signature"] = self._signature(path, expires, fields["link"])
        return f"{origin}{path}?{urlencode(fields)}"

    def check(self, method: str, target: RequestTarget) -> Link:
        """Return the link of a requested URL.

        Raises:
            RefusedError: If the URL was not made by `sign`, is for another method, or has expired.
        """
        fields = dict(parse_qsl(target.query, keep_blank_values=True, errors="replace"))
        expires, text = fields.get("Expires", ""), fields.get("link", "")
        wanted = self._signature(target.path, expires, text)
        given = fields.get("Signature", "").encode("utf-8", "replace")
        until = read_number(expires)
        if until is None or not hmac.compare_digest(given, wanted.encode()):
            raise _mismatch("the signature is not that of this URL")
        link = _from_text(text)
        if link.method != method:
            raise _mismatch(f"the URL is for {link.method}")
        if self._clock() > until:
            raise RefusedError("AccessDenied", "Request has expired.")
        return link

    def _signature(self, path: str, expires: str, text: str) -> str:
        signed = f"{path}\n{expires}\n{text}".encode("utf-8", "surrogateescape")
        return base64.b64encode(hmac.new(self._key, signed, "sha256").digest()).decode("ascii")


def require_content_type(link: Link, given: str) -> None:
    """Refuse the request if its Content-Type is not the one that the URL was signed for."""
    if given != link.content_type:
        raise _mismatch("Content-Type is not the content_type that came with the URL")


def _mismatch(message: str) -> RefusedError:
    return RefusedError("SignatureDoesNotMatch", message)


def _to_text(link: Link) -> str:
    return json.dumps(vars(link), separators=(",", ":"))


def _from_text(text: str) -> Link:
    fields: Any = load_json(text)  # signed by this server
    context = fields.pop("context")
    return Link(**fields, context=None if context is None else (context[0], tuple(context[1])))
