"""What the server knows of a file or a folder, as `stat` and `list` tell it (PROTOCOL.md, 5)."""

from __future__ import annotations

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
    """Whoever the bucket lets."""
    PRIVATE = "eWRPrivate"
    """Nobody without a signature."""
    PUBLIC_READ = "eWPrivateRPublic"
    """Everybody may read it; to write it takes a signature."""


@dataclass(frozen=True)
class ObjectStat:
    """What the server knows of a file or a folder; None is what a folder does not have.

    Attributes:
        path: where it is in its bucket; a folder's ends in ``/``.
        name: the last segment of its path, as the server spells it; empty for a bucket's root.
        ctime: when it was made, in UTC.
        mtime: when it was last changed, in UTC.
        biz_attr: the text that it carries.
        filesize: bytes.
        filelen: bytes that have arrived; less than `filesize` while an upload is unfinished.
        sha: the SHA-1, 40 lower-case hex digits; None also where the server never learnt it.
        authority: who may read and write it; None also where the server does not say, or says
            what the protocol does not know.
        access_url: where to download it, through the CDN.
        source_url: where to download it, past the CDN.
        headers: what `update` gave it to be downloaded with; empty where the server does not say.
    """

    path: str
    name: str
    ctime: datetime
    mtime: datetime
    biz_attr: str
    filesize: int | None
    filelen: int | None
    sha: str | None
    authority: Authority | None
    access_url: str | None
    source_url: str | None
    headers: dict[str, str] = field(hash=False)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder: those have no size."""
        return self.filesize is None


def read_file(answer: Answer, path: str, *, located: bool) -> ObjectStat:
    """Read what `answer` says of the file at `path`; its sizes and times are promised.

    Args:
        answer: of `stat`, or an entry of a list.
        path: where it is.
        located: whether it is promised to say where to download it.

    Raises:
        AnswerError: where a promised one is missing, or one is of another type.
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
        sha=answer.sha(),
        authority=_read_authority(answer),
        access_url=answer.text("access_url", missing) or None,
        source_url=answer.text("source_url", missing) or None,
        headers=_read_headers(answer),
    )


def read_folder(answer: Answer, path: str) -> ObjectStat:
    """Read what `answer` says of the folder at `path`; its times are promised.

    Raises:
        AnswerError: where a promised one is missing, or one is of another type.
    """
    return ObjectStat(
        path=path,
        name=answer.text("name", "").rstrip("/"),
        ctime=read_time(answer, "ctime"),
        mtime=read_time(answer, "mtime"),
        biz_attr=answer.text("biz_attr", ""),
        filesize=None,
        filelen=None,
        sha=None,
        authority=None,
        access_url=None,
        source_url=None,
        headers={},
    )


def read_time(answer: Answer, name: str) -> datetime:
    """Return the field `name`, seconds since 1970, as a time in UTC.

    Raises:
        AnswerError: where it is no such number.
    """
    seconds = answer.integer(name)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise answer.error(f"data has no time {name!r}") from None


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
        raise answer.error("data has custom_headers that are not Unicode")
    return headers
