"""Attributes of files and folders, as `stat` and `list` return them (PROTOCOL.md, 5)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from cosfast.parsing import is_unicode

if TYPE_CHECKING:
    from cosfast.cosv4.protocol.messages import Answer


class Authority(StrEnum):
    """Who may read and write a file (PROTOCOL.md, section 5, `update`)."""

    BUCKET_DEFAULT = "eInvalid"
    """The permissions of the bucket apply."""
    PRIVATE = "eWRPrivate"
    """Reading and writing require a signature."""
    PUBLIC_READ = "eWPrivateRPublic"
    """Anyone may read the file; writing requires a signature."""


@dataclass(frozen=True)
class ObjectStat:
    """Attributes of a file or a folder; those that folders do not have are None for a folder.

    Attributes:
        path: Path in the bucket; that of a folder ends in ``/``.
        name: Last segment of the path, as the server sent it; empty for the root of a bucket.
        ctime: Time of creation, in UTC.
        mtime: Time of the last change, in UTC.
        biz_attr: Text attribute.
        filesize: Size in bytes.
        filelen: Bytes received; less than `filesize` while an upload is unfinished.
        sha1: SHA-1, 40 lower-case hex digits; also None if the server does not know it.
        authority: Who may read and write the file; also None if the server does not say, or sends
            an unknown value.
        access_url: URL of downloads through the CDN.
        source_url: URL of downloads without the CDN.
        headers: Headers of downloads, as set by `update`; empty if the server does not send them.
    """

    path: str
    name: str
    ctime: datetime
    mtime: datetime
    biz_attr: str
    filesize: int | None
    filelen: int | None
    sha1: str | None
    authority: Authority | None
    access_url: str | None
    source_url: str | None
    headers: dict[str, str] = field(hash=False)

    @property
    def is_folder(self) -> bool:
        """Whether this is a folder."""
        return self.filesize is None

    @property
    def sha(self) -> str | None:
        """Deprecated name of `sha1`."""
        warnings.warn("ObjectStat.sha is deprecated; use sha1", DeprecationWarning, stacklevel=2)
        return self.sha1


def read_file(answer: Answer, path: str, *, located: bool) -> ObjectStat:
    """Read the attributes of the file at `path`; sizes and times are required.

    Args:
        answer: Response of `stat`, or an entry of a list.
        path: Path of the file.
        located: Whether `access_url` and `source_url` are required.

    Raises:
        AnswerError: If a required field is missing, or a field has another type.
    """
    missing = None if located else ""
    return ObjectStat(
        path=path,
        name=answer.text("name", ""),
        ctime=read_time(answer, "ctime"),
        mtime=read_time(answer, "mtime"),
        biz_attr=answer.text("biz_attr", ""),
        filesize=answer.integer("filesize"),
        filelen=answer.integer("filelen"),
        sha1=answer.sha1(),
        authority=_read_authority(answer),
        access_url=answer.text("access_url", missing) or None,
        source_url=answer.text("source_url", missing) or None,
        headers=_read_headers(answer),
    )


def read_folder(answer: Answer, path: str) -> ObjectStat:
    """Read the attributes of the folder at `path`; times are required.

    Raises:
        AnswerError: If a required field is missing, or a field has another type.
    """
    return ObjectStat(
        path=path,
        name=answer.text("name", "").rstrip("/"),
        ctime=read_time(answer, "ctime"),
        mtime=read_time(answer, "mtime"),
        biz_attr=answer.text("biz_attr", ""),
        filesize=None,
        filelen=None,
        sha1=None,
        authority=None,
        access_url=None,
        source_url=None,
        headers={},
    )


def read_time(answer: Answer, name: str) -> datetime:
    """Return the field `name`, in seconds since 1970, as a time in UTC.

    Raises:
        AnswerError: If the field is missing or not a valid time.
    """
    seconds = answer.integer(name)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise answer.error(f"the response has no valid time {name!r}") from None


def _read_authority(answer: Answer) -> Authority | None:
    try:
        return Authority(answer.text("authority", ""))
    except ValueError:
        return None


def _read_headers(answer: Answer) -> dict[str, str]:
    given = answer.data.get("custom_headers")
    if not isinstance(given, dict):
        return {}
    headers = {name: value for name, value in given.items() if isinstance(value, str)}
    if not all(is_unicode(name) and is_unicode(value) for name, value in headers.items()):
        raise answer.error("the response has custom_headers that are not valid Unicode")
    return headers
