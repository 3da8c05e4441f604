"""The four steps of a slice upload: requests built, answers read (PROTOCOL.md, section 4)."""

from __future__ import annotations

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
"""Bytes: what may be asked for without `uploadparts` (PROTOCOL.md, section 3)."""

PARTS_SLICE_SIZE = 1048576
"""Bytes: what must be asked for with `uploadparts`."""

MAX_ANSWERED_SLICE_SIZE = 64 * 1024 * 1024
"""Bytes: what a server may answer at most. Far above the four sizes, and still fit for memory."""

LARGEST_FILE = 64 * 1024**3
"""Bytes: a listing of the slices of a file of this size is always read to its end."""

_PART_LIMIT = 256
"""Bytes of an answer for each slice that is listed: offset and length take 50, a digest 60."""

_BLOCK_SIZE = 64  # of SHA-1: an interior state stands only at its multiples


@dataclass(frozen=True)
class SliceSession:
    """A new upload session.

    Attributes:
        session: its name, opaque.
        slice_size: bytes in each slice but the last, which may differ from what was asked.
        serial_upload: whether slices must go one at a time, in order.
    """

    session: str
    slice_size: int
    serial_upload: bool


@dataclass(frozen=True)
class Uploaded:
    """A file that is there, by an upload or instantly; empty texts where the server said nothing.

    Attributes:
        access_url: where to download it, through the CDN.
        url: where to operate on it.
        source_url: where to download it, past the CDN.
        resource_path: ``/<appid>/<bucket>/<path>``.
        vid: the name of what the server does with it afterwards.
    """

    access_url: str
    url: str
    source_url: str
    resource_path: str
    vid: str


@dataclass(frozen=True)
class UnfinishedUpload:
    """A session that has some of its slices.

    Attributes:
        session: its name, opaque.
        slice_size: bytes in each slice but the last.
        filesize: bytes in the whole file.
        sha: the SHA-1 that init announced, 40 lower-case hex digits, or None.
        parts: pairs of offset and length in bytes of what has arrived, in order of offset.
        serial_upload: whether slices must go one at a time, in order; None if the server does not
            say, which leaves both open.
    """

    session: str
    slice_size: int
    filesize: int
    sha: str | None
    parts: tuple[tuple[int, int], ...]
    serial_upload: bool | None


def slice_init(
    address: ObjectAddress,
    *,
    filesize: int,
    slice_size: int = PARTS_SLICE_SIZE,
    sha: str | None = None,
    uploadparts: str | None = None,
    biz_attr: str = "",
    overwrite: bool = False,
) -> Request[SliceSession | Uploaded]:
    """Open an upload session.

    Args:
        address: the file to be.
        filesize: bytes; an empty file has no slices and goes by `objects.upload`.
        slice_size: bytes, one of `SLICE_SIZES`; `PARTS_SLICE_SIZE` where there is a `sha`.
        sha: the whole file's SHA-1, 40 hex digits; only with `uploadparts`.
        uploadparts: the parts list as JSON; only with `sha`.
        biz_attr: a text that the file carries.
        overwrite: whether an existing file is replaced rather than an error.

    Raises:
        InputError: naming the argument that the protocol does not allow.
    """
    check_number("filesize", filesize, minimum=1)
    _check_slice_size(slice_size, with_parts=sha is not None)
    if (sha is None) != (uploadparts is None):
        raise InputError("sha and uploadparts go together: one is given without the other")
    return _request(
        "upload_slice_init",
        address,
        ("filesize", str(filesize)),
        ("slice_size", str(slice_size)),
        *optional_fields(sha=check_hex("sha", sha, 40), uploadparts=uploadparts),
        ("biz_attr", biz_attr),
        ("insertOnly", "0" if overwrite else "1"),
        read=read_slice_init,
    )


def read_slice_init(answer: Answer) -> SliceSession | Uploaded:
    """Read the answer of `slice_init`: a session, or the file itself (an instant upload).

    Raises:
        AnswerError: where it is neither, or an instant upload of a file whose SHA-1 the server
            was never told.
    """
    if "session" in answer.data:
        return SliceSession(
            answer.text("session"), _read_slice_size(answer), bool(_read_serial_upload(answer))
        )
    if answer.request.field("sha") is None:
        raise answer.error("data has no session")
    return read_uploaded(answer)


def slice_list(
    address: ObjectAddress, *, filesize: int = LARGEST_FILE
) -> Request[UnfinishedUpload | Uploaded]:
    """Ask what has arrived of an unfinished upload.

    Args:
        address: the file to be.
        filesize: bytes; how long the answer may be depends on it, if it is above `LARGEST_FILE`.

    Raises:
        InputError: where the address is a folder's.
    """
    listed = max(filesize, LARGEST_FILE) // min(SLICE_SIZES) + 1
    limit = MIN_ANSWER_LIMIT + listed * _PART_LIMIT
    return _request("upload_slice_list", address, answer_limit=limit, read=read_slice_list)


def read_slice_list(answer: Answer) -> UnfinishedUpload | Uploaded:
    """Read the answer of `slice_list`: an unfinished upload, or the file where it is finished.

    Raises:
        AnswerError: where it is neither, or its parts do not lie in the file or overlap.
    """
    if "session" not in answer.data:
        return read_uploaded(answer, url_promised=False)
    filesize = answer.integer("filesize")
    return UnfinishedUpload(
        session=answer.text("session"),
        slice_size=_read_slice_size(answer),
        filesize=filesize,
        sha=answer.sha(),
        parts=_read_parts(answer, filesize),
        serial_upload=_read_serial_upload(answer),
    )


def slice_data(
    address: ObjectAddress,
    *,
    session: str,
    offset: int,
    content: Any,
    sha: str | None = None,
    datamd5: str | None = None,
) -> Request[None]:
    """Send one slice.

    Args:
        address: the file to be.
        session: from `SliceSession` or `UnfinishedUpload`.
        offset: bytes from the file's start.
        content: the slice, any contiguous bytes-like object; it is not copied.
        sha: the whole file's SHA-1, 40 hex digits.
        datamd5: the slice's MD5, 32 hex digits.

    Raises:
        InputError: naming the argument that the protocol does not allow.
    """
    check_number("offset", offset)
    return _request(
        "upload_slice_data",
        address,
        ("session", _check_session(session)),
        ("offset", str(offset)),
        *optional_fields(sha=check_hex("sha", sha, 40), datamd5=check_hex("datamd5", datamd5, 32)),
        content=content,
        read=read_slice_data,
    )


def read_slice_data(answer: Answer) -> None:
    """Check that the answer of `slice_data` is about the slice that was sent.

    Raises:
        AnswerError: where it is about another one, or another session, or the slice's MD5 differs.
    """
    sent = answer.request.field
    if answer.text("session") != sent("session"):
        raise answer.error("data is about another session")
    if str(answer.integer("offset")) != sent("offset"):
        raise answer.error(f"data is about offset {answer.integer('offset')}, not {sent('offset')}")
    if sent("datamd5") and answer.text("datamd5", "").lower() not in {"", sent("datamd5")}:
        raise answer.error(f"the slice at offset {sent('offset')} arrived with another MD5")


def slice_finish(
    address: ObjectAddress, *, session: str, filesize: int, sha: str | None = None
) -> Request[Uploaded]:
    """Close the session and make the file.

    Args:
        address: the file to be.
        session: from `SliceSession` or `UnfinishedUpload`.
        filesize: bytes.
        sha: the whole file's SHA-1; it must be there where `slice_init` had it.

    Raises:
        InputError: naming the argument that the protocol does not allow.
    """
    check_number("filesize", filesize)
    return _request(
        "upload_slice_finish",
        address,
        ("session", _check_session(session)),
        ("filesize", str(filesize)),
        *optional_fields(sha=check_hex("sha", sha, 40)),
        read=read_slice_finish,
    )


def read_slice_finish(answer: Answer) -> Uploaded:
    """Read the answer of `slice_finish`.

    Raises:
        AnswerError: where it does not say where the file is.
    """
    return read_uploaded(answer)


def read_uploaded(answer: Answer, *, url_promised: bool = True) -> Uploaded:
    """Read what any upload ends with; `access_url` and `url` are promised (PROTOCOL.md, 6.4).

    Raises:
        AnswerError: where a promised one is missing, or one is not text.
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
        raise InputError("session must be the text that the server gave, and is not")
    return session


def _read_slice_size(answer: Answer) -> int:
    size = answer.integer("slice_size")
    if not 0 < size <= MAX_ANSWERED_SLICE_SIZE or size % _BLOCK_SIZE:
        raise answer.error(f"data has a slice_size that no upload can use: {size}")
    return size


def _read_serial_upload(answer: Answer) -> bool | None:
    if answer.data.get("serial_upload") is None:
        return None
    return answer.integer("serial_upload") != 0


def _read_parts(answer: Answer, filesize: int) -> tuple[tuple[int, int], ...]:
    entries = answer.data.get("listparts")
    if not isinstance(entries, list):
        raise answer.error("data has no list 'listparts'")
    parts = tuple(sorted(_read_part(answer, entry) for entry in entries))
    ends = [offset + datalen for offset, datalen in parts]
    starts = [offset for offset, _ in parts[1:]]
    if any(end > start for end, start in zip(ends, [*starts, filesize], strict=False)):
        raise answer.error("listparts has parts that overlap or lie beyond the file")
    return parts


def _read_part(answer: Answer, entry: object) -> tuple[int, int]:
    if not isinstance(entry, dict):
        raise answer.error("listparts has an entry that is not an object")
    offset, datalen = whole_number(entry.get("offset")), whole_number(entry.get("datalen"))
    if offset is None or offset < 0 or datalen is None or datalen <= 0:
        raise answer.error("listparts has an entry without a usable offset and datalen")
    return offset, datalen
