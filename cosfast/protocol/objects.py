"""Single operations on files and folders: requests built, answers read (PROTOCOL.md, section 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cosfast.errors import InputError
from cosfast.protocol.addresses import require_file, require_folder
from cosfast.protocol.failures import header
from cosfast.protocol.forms import byte_view
from cosfast.protocol.messages import Answer, Request
from cosfast.protocol.slices import Uploaded, read_uploaded
from cosfast.protocol.values import check_hex, check_number, optional_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosfast.protocol.addresses import ObjectAddress

MAX_UPLOAD_SIZE = 20 * 1024 * 1024
"""Bytes: the largest file that `upload` takes; larger ones must use slices."""

_BYTE_RANGE = re.compile(r"bytes=([0-9]+)-([0-9]*)")
_CONTENT_RANGE = re.compile(r"bytes ([0-9]+)-([0-9]+)/([0-9]+)")


@dataclass(frozen=True)
class ObjectStat:
    """What the server knows of a file or a folder; None is what a folder does not have.

    Attributes:
        name: the last segment of its path, as the server spells it.
        ctime: when it was made, seconds since 1970.
        mtime: when it was last changed, seconds since 1970.
        biz_attr: the text that it carries.
        filesize: bytes.
        filelen: bytes that have arrived; less than `filesize` while an upload is unfinished.
        sha: the SHA-1, 40 lower-case hex digits; None also where the server never learnt it.
        authority: who may read and write it; None also where the server does not say.
        access_url: where to download it, through the CDN.
        source_url: where to download it, past the CDN.
    """

    name: str
    ctime: int
    mtime: int
    biz_attr: str
    filesize: int | None
    filelen: int | None
    sha: str | None
    authority: str | None
    access_url: str | None
    source_url: str | None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder: those have no size."""
        return self.filesize is None


def upload(
    address: ObjectAddress,
    content: Any,
    *,
    sha: str | None = None,
    biz_attr: str = "",
    overwrite: bool = False,
) -> Request:
    """Send a whole file.

    Args:
        address: the file to be.
        content: its bytes, any contiguous bytes-like object up to `MAX_UPLOAD_SIZE`; not copied.
        sha: its SHA-1, 40 hex digits, for the server to check.
        biz_attr: a text that the file carries.
        overwrite: whether an existing file is replaced rather than an error.

    Raises:
        InputError: naming the argument that the protocol does not allow.
    """
    require_file(address)
    view = byte_view(content)
    if len(view) > MAX_UPLOAD_SIZE:
        raise InputError(
            f"{address}: {len(view)} bytes are more than one upload takes ({MAX_UPLOAD_SIZE});"
            " upload it in slices"
        )
    fields = (
        *optional_fields(sha=check_hex("sha", sha, 40)),
        ("biz_attr", biz_attr),
        ("insertOnly", "0" if overwrite else "1"),
    )
    return Request("upload", "POST", address, "reusable", "multipart", fields, view)


def read_upload(answer: Answer) -> Uploaded:
    """Read the answer of `upload`.

    Raises:
        AnswerError: where it does not say where the file is.
    """
    return read_uploaded(answer)


def stat(address: ObjectAddress) -> Request:
    """Ask what the server knows of a file or a folder."""
    return Request("stat", "GET", address, "reusable", "query")


def read_stat(answer: Answer) -> ObjectStat:
    """Read the answer of `stat`; a file's sizes and times are promised, a folder's times.

    Raises:
        AnswerError: where a promised one is missing, or one is of another type.
    """
    is_file = not answer.request.address.is_folder
    return ObjectStat(
        name=answer.text("name", ""),
        ctime=answer.integer("ctime"),
        mtime=answer.integer("mtime"),
        biz_attr=answer.text("biz_attr", ""),
        filesize=answer.integer("filesize") if is_file else None,
        filelen=answer.integer("filelen") if is_file else None,
        sha=answer.sha() if is_file else None,
        authority=answer.text("authority", "") or None,
        access_url=answer.text("access_url") if is_file else None,
        source_url=answer.text("source_url") if is_file else None,
    )


def create_folder(address: ObjectAddress, *, biz_attr: str = "") -> Request:
    """Make one folder; those above it must exist.

    Raises:
        InputError: where the address is a file's or the bucket's root.
    """
    require_folder(address)
    return Request("create", "POST", address, "reusable", "json", (("biz_attr", biz_attr),))


def delete(address: ObjectAddress) -> Request:
    """Remove a file, or a folder that is empty.

    Raises:
        InputError: where the address is the bucket's root.
    """
    if address.is_root:
        raise InputError(f"{address} is the bucket's root, which cannot be deleted")
    return Request("delete", "POST", address, "once", "json")


def download(
    address: ObjectAddress, location: str, *, start: int = 0, length: int | None = None
) -> Request:
    """Fetch a file or a range of its bytes; what comes back is the bytes, not JSON.

    Args:
        address: the file.
        location: its URL, from `addresses.download_url` or an `ObjectStat`, without a signature.
        start: bytes to leave out.
        length: bytes to fetch; None for all the rest.

    Raises:
        InputError: where the range or the URL makes no sense, or the address is a folder's.
    """
    require_file(address)
    check_number("start", start)
    if length is not None:
        check_number("length", length, minimum=1)
    if not location.startswith(("http://", "https://")) or "?" in location or "#" in location:
        raise InputError(f"{address}: what it is to be downloaded from is not a bare URL")
    headers = () if not start and length is None else (("Range", _byte_range(start, length)),)
    return Request(
        "download", "GET", address, "download", "none", headers=headers, location=location
    )


def check_download(request: Request, http_status: int, headers: Mapping[str, str]) -> None:
    """Check that a successful answer to `download` begins with the bytes that were asked for.

    Args:
        request: what was asked.
        http_status: 200 or 206; for any other, read the body with `read_answer`.
        headers: the answer's.

    Raises:
        AnswerError: where the server ignored the range, or answers another one.
    """
    answer = Answer(request, http_status, "", {})
    wanted = dict(request.headers).get("Range", "")
    if http_status != (206 if wanted else 200):
        raise answer.error(f"{wanted or 'the whole file'} was asked for")
    given = header(headers, "Content-Range")
    if wanted and not _covers(given, wanted):
        raise answer.error(f"{wanted} was asked for, and {given or 'no Content-Range'} came")


def _byte_range(start: int, length: int | None) -> str:
    return f"bytes={start}-" if length is None else f"bytes={start}-{start + length - 1}"


def _covers(content_range: str, byte_range: str) -> bool:
    """Tell whether ``bytes 5-9/10`` answers ``bytes=5-99``: it may only end with the file."""
    found = _CONTENT_RANGE.fullmatch(content_range)
    wanted = _BYTE_RANGE.fullmatch(byte_range)
    if not found or not wanted:
        return False
    start, end, total = found.groups()
    last = int(wanted[2]) if wanted[2] else int(total) - 1
    return start == wanted[1] and int(end) == min(last, int(total) - 1)
