"""Requests and responses of the four steps of a slice upload (PROTOCOL.md, section 4)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from cosfast.cosv4.protocol.addresses import require_file
from cosfast.cosv4.protocol.messages import MIN_ANSWER_LIMIT, Answer, Request
from cosfast.cosv4.protocol.validation import check_hex, check_number, optional_fields
from cosfast.errors import InputError
from cosfast.parsing import shown, whole_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.cosv4.protocol.addresses import ObjectAddress

T = TypeVar("T")

SLICE_SIZES = (524288, 1048576, 2097152, 3145728)
"""Slice sizes in bytes that are allowed without `uploadparts` (PROTOCOL.md, section 3)."""

PARTS_SLICE_SIZE = 1048576
"""Slice size in bytes that is required with `uploadparts`."""

MAX_ANSWERED_SLICE_SIZE = 64 * 1024 * 1024
"""Maximum slice size in bytes that a server may choose: slices must fit into memory."""

LARGEST_FILE = 64 * 1024**3
"""Bytes: the list of the slices of a file up to this size is always read completely."""

_PART_LIMIT = 256
"""Maximum bytes of a response for each listed slice: offset and length take 50, a digest 60."""

_BLOCK_SIZE = 64  # of SHA-1: chaining states exist only at its multiples


@dataclass(frozen=True)
class SliceSession:
    """A new upload session.

    Attributes:
        session: Opaque id of the session.
        slice_size: Bytes in each slice except the last; may differ from the requested size.
        serial_upload: Whether slices must be sent one at a time, in order.
    """

    session: str
    slice_size: int
    serial_upload: bool


@dataclass(frozen=True)
class Uploaded:
    """A file on the server, as uploads return it; fields that the server did not send are empty.

    Attributes:
        access_url: URL of downloads through the CDN.
        url: URL of the file in the API.
        source_url: URL of downloads without the CDN.
        resource_path: ``/<appid>/<bucket>/<path>``.
        vid: The server's id of this version.
    """

    access_url: str
    url: str
    source_url: str
    resource_path: str
    vid: str


@dataclass(frozen=True)
class UnfinishedUpload:
    """An open upload session and the slices that the server has.

    Attributes:
        session: Opaque id of the session.
        slice_size: Bytes in each slice except the last.
        filesize: Size of the file in bytes.
        sha1: SHA-1 that init announced, 40 lower-case hex digits, or None.
        parts: Pairs of offset and length in bytes of the received slices, in order of offset.
        serial_upload: Whether slices must be sent one at a time, in order; None if the server does
            not say.
    """

    session: str
    slice_size: int
    filesize: int
    sha1: str | None
    parts: tuple[tuple[int, int], ...]
    serial_upload: bool | None

    @property
    def sha(self) -> str | None:
        """Deprecated name of `sha1`."""
        warnings.warn(
            "UnfinishedUpload.sha is deprecated; use sha1", DeprecationWarning, stacklevel=2
        )
        return self.sha1


def slice_init(
    address: ObjectAddress,
    *,
    filesize: int,
    slice_size: int = PARTS_SLICE_SIZE,
    sha1: str | None = None,
    uploadparts: str | None = None,
    biz_attr: str = "",
    overwrite: bool = False,
) -> Request[SliceSession | Uploaded]:
    """Build the request that opens an upload session.

    Args:
        address: Destination of the file.
        filesize: Size in bytes; an empty file has no slices: use `objects.upload` for it.
        slice_size: Bytes in a slice, one of `SLICE_SIZES`; `PARTS_SLICE_SIZE` with `sha1`.
        sha1: SHA-1 of the file, 40 hex digits; requires `uploadparts`.
        uploadparts: Parts list as JSON; requires `sha1`.
        biz_attr: Text attribute of the file.
        overwrite: Whether to replace an existing file; otherwise it is an error.

    Raises:
        InputError: If the protocol does not allow an argument.
    """
    check_number("filesize", filesize, minimum=1)
    _check_slice_size(slice_size, with_parts=sha1 is not None)
    if (sha1 is None) != (uploadparts is None):
        raise InputError(
            f"{address}: sha1 and uploadparts must be given together: give both or neither"
        )
    return _request(
        "upload_slice_init",
        address,
        ("filesize", str(filesize)),
        ("slice_size", str(slice_size)),
        *optional_fields(sha=check_hex("sha1", sha1, 40), uploadparts=uploadparts),
        ("biz_attr", biz_attr),
        ("insertOnly", "0" if overwrite else "1"),
        read=read_slice_init,
    )


def read_slice_init(answer: Answer) -> SliceSession | Uploaded:
    """Read the response of `slice_init`: a session, or the file after an instant upload.

    Raises:
        AnswerError: If it is neither, or an instant upload although the request had no SHA-1.
    """
    if "session" in answer.data:
        return SliceSession(
            answer.text("session"), _read_slice_size(answer), bool(_read_serial_upload(answer))
        )
    if answer.request.field("sha") is None:
        raise answer.error("the response has no session")
    return read_uploaded(answer)


def slice_list(
    address: ObjectAddress, *, filesize: int = LARGEST_FILE
) -> Request[UnfinishedUpload | Uploaded]:
    """Build the request for the slices that the server has of an unfinished upload.

    Args:
        address: Destination of the file.
        filesize: Size in bytes, on which the maximum length of the response depends if it is above
            `LARGEST_FILE`.

    Raises:
        InputError: If the address is that of a folder.
    """
    listed = max(filesize, LARGEST_FILE) // min(SLICE_SIZES) + 1
    limit = MIN_ANSWER_LIMIT + listed * _PART_LIMIT
    return _request("upload_slice_list", address, answer_limit=limit, read=read_slice_list)


def read_slice_list(answer: Answer) -> UnfinishedUpload | Uploaded:
    """Read the response of `slice_list`: an unfinished upload, or the file if it is finished.

    Raises:
        AnswerError: If it is neither, or if its parts overlap or exceed the file.
    """
    if "session" not in answer.data:
        return read_uploaded(answer, url_promised=False)
    filesize = answer.integer("filesize")
    return UnfinishedUpload(
        session=answer.text("session"),
        slice_size=_read_slice_size(answer),
        filesize=filesize,
        sha1=answer.sha1(),
        parts=_read_parts(answer, filesize),
        serial_upload=_read_serial_upload(answer),
    )


def slice_data(
    address: ObjectAddress,
    *,
    session: str,
    offset: int,
    content: Any,
    sha1: str | None = None,
    datamd5: str | None = None,
) -> Request[None]:
    """Build the request that sends one slice.

    Args:
        address: Destination of the file.
        session: Session of a `SliceSession` or `UnfinishedUpload`.
        offset: Offset of the slice in the file.
        content: Content of the slice, any contiguous bytes-like object; not copied.
        sha1: SHA-1 of the file, 40 hex digits.
        datamd5: MD5 of the slice, 32 hex digits.

    Raises:
        InputError: If the protocol does not allow an argument.
    """
    check_number("offset", offset)
    return _request(
        "upload_slice_data",
        address,
        ("session", _check_session(session)),
        ("offset", str(offset)),
        *optional_fields(
            sha=check_hex("sha1", sha1, 40), datamd5=check_hex("datamd5", datamd5, 32)
        ),
        content=content,
        read=read_slice_data,
    )


def read_slice_data(answer: Answer) -> None:
    """Check that the response of `slice_data` is about the slice that was sent.

    Raises:
        AnswerError: If it names another slice or session, or if the MD5 of the slice differs.
    """
    sent = answer.request.field
    if answer.text("session") != sent("session"):
        raise answer.error("the response is about another session")
    if str(answer.integer("offset")) != sent("offset"):
        raise answer.error(
            f"the response is about offset {answer.integer('offset')}, not {sent('offset')}"
        )
    if sent("datamd5") and answer.text("datamd5", "").lower() not in {"", sent("datamd5")}:
        raise answer.error(
            f"the server received the slice at offset {sent('offset')} with another MD5: send it"
            " again"
        )


def slice_finish(
    address: ObjectAddress, *, session: str, filesize: int, sha1: str | None = None
) -> Request[Uploaded]:
    """Build the request that completes an upload and creates the file.

    Args:
        address: Destination of the file.
        session: Session of a `SliceSession` or `UnfinishedUpload`.
        filesize: Size in bytes.
        sha1: SHA-1 of the file; required if `slice_init` had it.

    Raises:
        InputError: If the protocol does not allow an argument.
    """
    check_number("filesize", filesize)
    return _request(
        "upload_slice_finish",
        address,
        ("session", _check_session(session)),
        ("filesize", str(filesize)),
        *optional_fields(sha=check_hex("sha1", sha1, 40)),
        read=read_slice_finish,
    )


def read_slice_finish(answer: Answer) -> Uploaded:
    """Read the response of `slice_finish`.

    Raises:
        AnswerError: If a required field is missing or not valid.
    """
    return read_uploaded(answer)


def read_uploaded(answer: Answer, *, url_promised: bool = True) -> Uploaded:
    """Read the result of an upload; `access_url` and `url` are required (PROTOCOL.md, 6.4).

    Raises:
        AnswerError: If a required field is missing, or a field is not text.
    """
    return Uploaded(
        access_url=answer.text("access_url"),
        url=answer.text("url", None if url_promised else ""),
        source_url=answer.text("source_url", ""),
        resource_path=answer.text("resource_path", ""),
        vid=answer.text("vid", ""),
    )


def _request(
    operation: str,
    address: ObjectAddress,
    *fields: tuple[str, str],
    read: Callable[[Answer], T],
    content: Any = None,
    answer_limit: int = MIN_ANSWER_LIMIT,
) -> Request[T]:
    require_file(address)
    return Request(
        operation,
        "POST",
        address,
        "reusable",
        "multipart",
        fields,
        content,
        answer_limit=answer_limit,
        read=read,
    )


def _check_slice_size(slice_size: int, *, with_parts: bool) -> None:
    allowed = (PARTS_SLICE_SIZE,) if with_parts else SLICE_SIZES
    if type(slice_size) is not int or slice_size not in allowed:
        sizes = " or ".join(map(str, allowed))
        reason = " with uploadparts" if with_parts else ""
        raise InputError(f"slice_size must be {sizes}{reason}, not {shown(slice_size)}")


def _check_session(session: str) -> str:
    if not isinstance(session, str) or not session:
        raise InputError("session must be the text that slice_init or slice_list returned")
    return session


def _read_slice_size(answer: Answer) -> int:
    size = answer.integer("slice_size")
    if not 0 < size <= MAX_ANSWERED_SLICE_SIZE or size % _BLOCK_SIZE:
        raise answer.error(
            f"the response has a slice_size of {size}, which is not a multiple of {_BLOCK_SIZE} up"
            f" to {MAX_ANSWERED_SLICE_SIZE}"
        )
    return size


def _read_serial_upload(answer: Answer) -> bool | None:
    if answer.data.get("serial_upload") is None:
        return None
    return answer.integer("serial_upload") != 0


def _read_parts(answer: Answer, filesize: int) -> tuple[tuple[int, int], ...]:
    entries = answer.data.get("listparts")
    if not isinstance(entries, list):
        raise answer.error("the response has no list 'listparts'")
    parts = tuple(sorted(_read_part(answer, entry) for entry in entries))
    ends = [offset + datalen for offset, datalen in parts]
    starts = [offset for offset, _ in parts[1:]]
    if any(end > start for end, start in zip(ends, [*starts, filesize], strict=False)):
        raise answer.error("the response has parts in 'listparts' that overlap or exceed the file")
    return parts


def _read_part(answer: Answer, entry: object) -> tuple[int, int]:
    if not isinstance(entry, dict):
        raise answer.error("the response has an entry of 'listparts' that is not a JSON object")
    offset, datalen = whole_number(entry.get("offset")), whole_number(entry.get("datalen"))
    if offset is None or offset < 0 or datalen is None or datalen <= 0:
        raise answer.error(
            "the response has an entry of 'listparts' without a valid offset and datalen"
        )
    return offset, datalen
