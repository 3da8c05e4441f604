"""Requests and responses of operations on files and folders (PROTOCOL.md, section 5).

`list` is in the module `listing`; `update`, `move` and `copy` are in `mutations`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.cosv4.protocol.addresses import require_file, require_folder
from cosfast.cosv4.protocol.messages import Answer, Request
from cosfast.cosv4.protocol.multipart import byte_view
from cosfast.cosv4.protocol.slices import Uploaded, read_uploaded
from cosfast.cosv4.protocol.stats import ObjectStat, read_file, read_folder
from cosfast.cosv4.protocol.validation import check_hex, check_number, optional_fields
from cosfast.errors import InputError
from cosfast.transfer.ranges import byte_range
from cosfast.transfer.urls import is_bare_url

if TYPE_CHECKING:
    from cosfast.cosv4.protocol.addresses import ObjectAddress

MAX_UPLOAD_SIZE = 20 * 1024 * 1024
"""Maximum bytes of an upload in one request; larger files must be uploaded in slices."""


def upload(
    address: ObjectAddress,
    content: Any,
    *,
    sha1: str | None = None,
    biz_attr: str = "",
    overwrite: bool = False,
) -> Request[Uploaded]:
    """Build the request that uploads a file.

    Args:
        address: Destination of the file.
        content: Content, any contiguous bytes-like object up to `MAX_UPLOAD_SIZE`; not copied.
        sha1: SHA-1 of the content, 40 hex digits, for the server to check.
        biz_attr: Text attribute of the file.
        overwrite: Whether to replace an existing file; otherwise it is an error.

    Raises:
        InputError: If the protocol does not allow an argument.
    """
    require_file(address)
    view = byte_view(content)
    if len(view) > MAX_UPLOAD_SIZE:
        raise InputError(
            f"{address}: {len(view)} bytes are too many for an upload in one request (at most"
            f" {MAX_UPLOAD_SIZE}): upload the file in slices"
        )
    fields = (
        *optional_fields(sha=check_hex("sha1", sha1, 40)),
        ("biz_attr", biz_attr),
        ("insertOnly", "0" if overwrite else "1"),
    )
    return Request(
        "upload", "POST", address, "reusable", "multipart", fields, view, read=read_upload
    )


def read_upload(answer: Answer) -> Uploaded:
    """Read the response of `upload`.

    Raises:
        AnswerError: If a required field is missing or not valid.
    """
    return read_uploaded(answer)


def stat(address: ObjectAddress) -> Request[ObjectStat]:
    """Build the request for the attributes of a file or a folder."""
    return Request("stat", "GET", address, "reusable", "query", read=read_stat)


def read_stat(answer: Answer) -> ObjectStat:
    """Read the response of `stat`: sizes and times of a file are required, times of a folder.

    Raises:
        AnswerError: If a required field is missing, or a field has another type.
    """
    address = answer.request.address
    if address.is_folder:
        return read_folder(answer, address.path)
    return read_file(answer, address.path, located=True)


def create_folder(address: ObjectAddress, *, biz_attr: str = "") -> Request[None]:
    """Build the request that creates a folder; its parent folder must exist.

    Raises:
        InputError: If the address is that of a file or the root of the bucket.
    """
    require_folder(address)
    return Request("create", "POST", address, "reusable", "json", (("biz_attr", biz_attr),))


def delete(address: ObjectAddress) -> Request[None]:
    """Build the request that deletes a file or an empty folder.

    Raises:
        InputError: If the address is the root of the bucket.
    """
    if address.is_root:
        raise InputError(
            f"{address} is the root of the bucket, which cannot be deleted: give the path of a file"
            " or folder in it"
        )
    return Request("delete", "POST", address, "once", "json")


def _read_no_content(answer: Answer) -> None:
    raise answer.error("the response to a download is a JSON success instead of the content")


def download(
    address: ObjectAddress, location: str, *, start: int = 0, length: int | None = None
) -> Request[None]:
    """Build the request that downloads a file or a range of it.

    The response is the content, not JSON; check its headers with
    `cosfast.transfer.ranges.check_range`.

    Args:
        address: The file.
        location: URL from `addresses.download_url` or an `ObjectStat`, without a signature.
        start: Offset of the first byte.
        length: Number of bytes; None for all the rest.

    Raises:
        InputError: If the range or the URL is not valid, or the address is that of a folder.
    """
    require_file(address)
    check_number("start", start)
    if length is not None:
        check_number("length", length, minimum=1)
    if not is_bare_url(location):
        raise InputError(
            f"{address}: the download location is not a valid http(s) URL without user and query:"
            " use the access_url or source_url of its stat"
        )
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
