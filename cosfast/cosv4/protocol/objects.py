"""Single operations on files and folders: requests built, answers read (PROTOCOL.md, section 5).

`list` has a module of its own, `listing`, and so have those that change what is there, `changes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.cosv4.protocol.addresses import is_bare_url, require_file, require_folder
from cosfast.cosv4.protocol.messages import Answer, Request
from cosfast.cosv4.protocol.multipart import byte_view
from cosfast.cosv4.protocol.slices import Uploaded, read_uploaded
from cosfast.cosv4.protocol.stats import ObjectStat, read_file, read_folder
from cosfast.cosv4.protocol.validation import check_hex, check_number, optional_fields
from cosfast.errors import InputError
from cosfast.transfer.ranges import byte_range

if TYPE_CHECKING:
    from cosfast.cosv4.protocol.addresses import ObjectAddress

MAX_UPLOAD_SIZE = 20 * 1024 * 1024
"""Bytes: the largest file that `upload` takes; larger ones must use slices."""


def upload(
    address: ObjectAddress,
    content: Any,
    *,
    sha: str | None = None,
    biz_attr: str = "",
    overwrite: bool = False,
) -> Request[Uploaded]:
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
    return Request(
        "upload", "POST", address, "reusable", "multipart", fields, view, read=read_upload
    )


def read_upload(answer: Answer) -> Uploaded:
    """Read the answer of `upload`.

    Raises:
        AnswerError: where it does not say where the file is.
    """
    return read_uploaded(answer)


def stat(address: ObjectAddress) -> Request[ObjectStat]:
    """Ask what the server knows of a file or a folder."""
    return Request("stat", "GET", address, "reusable", "query", read=read_stat)


def read_stat(answer: Answer) -> ObjectStat:
    """Read the answer of `stat`; a file's sizes and times are promised, a folder's times.

    Raises:
        AnswerError: where a promised one is missing, or one is of another type.
    """
    address = answer.request.address
    if address.is_folder:
        return read_folder(answer, address.path)
    return read_file(answer, address.path, located=True)


def create_folder(address: ObjectAddress, *, biz_attr: str = "") -> Request[None]:
    """Make one folder; those above it must exist.

    Raises:
        InputError: where the address is a file's or the bucket's root.
    """
    require_folder(address)
    return Request("create", "POST", address, "reusable", "json", (("biz_attr", biz_attr),))


def delete(address: ObjectAddress) -> Request[None]:
    """Remove a file, or a folder that is empty.

    Raises:
        InputError: where the address is the bucket's root.
    """
    if address.is_root:
        raise InputError(f"{address} is the bucket's root, which cannot be deleted")
    return Request("delete", "POST", address, "once", "json")


def _read_no_content(answer: Answer) -> None:
    raise answer.error("the answer says success, but has no bytes")


def download(
    address: ObjectAddress, location: str, *, start: int = 0, length: int | None = None
) -> Request[None]:
    """Fetch a file or a range of its bytes; what comes back is the bytes, not JSON.

    Check the head of the answer with `cosfast.transfer.ranges.check_range`.

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
    if not is_bare_url(location):
        raise InputError(f"{address}: what it is to be downloaded from is not a bare URL")
    headers = () if not start and length is None else (("Range", byte_range(start, length)),)
    return Request(
        "download",
        "GET",
        address,
        "download",
        "none",
        headers=headers,
        location=location,
        read=_read_no_content,
    )
