"""What calls take and return: files, URLs, parts, and the checks of names and ids."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from cosfast.errors import InputError
from cosfast.parsing import is_unicode, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = "root"
"""The file id of a drive's own folder."""

CHECK_NAME_MODES = ("ignore", "auto_rename", "refuse")
"""What happens if the name is taken: two files have it, the new one gets another, an error."""

MAX_NAME = 1024
"""Bytes in a name, as UTF-8."""

MAX_PARTS_LISTED = 100
"""Parts in one answer of `list_uploaded_parts`."""

MAX_PAGE_SIZE = 100
"""Entries in one answer of `list`."""

HASHES: Mapping[str, int] = {"sha1": 40, "sha256": 64}
"""The hashes that `content_hash_name` may name, and their hex digits."""

DEFAULT_HASH = "sha1"
"""The hash that is meant without `content_hash_name`."""

ID: re.Pattern[str] = re.compile(r"[!-~]{1,200}")
"""An id that the service gives out."""


@dataclass(frozen=True)
class File:
    """A file or a folder on a drive.

    Attributes:
        file_id: Its id, which no other has.
        name: Its name in its folder.
        type: ``file`` or ``folder``.
        parent_file_id: The folder that it is in.
        drive_id: The drive.
        size: Bytes; None of a folder.
        content_hash: Hash of the content in lower-case hex; empty if the server does not say.
        content_hash_name: ``sha1`` or ``sha256``.
        status: ``available`` once the content is whole.
        created_at: ISO 8601, as the server has it; empty if it does not say.
        updated_at: Likewise.
    """

    file_id: str
    name: str
    type: str
    parent_file_id: str
    drive_id: str
    size: int | None
    content_hash: str
    content_hash_name: str
    status: str
    created_at: str
    updated_at: str

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.type == "folder"

    @property
    def sha1(self) -> str | None:
        """SHA-1 of the content, 40 lower-case hex digits, if the server knows that one."""
        return self._hash("sha1")

    @property
    def sha256(self) -> str | None:
        """SHA-256 of the content, 64 lower-case hex digits, if the server knows that one."""
        return self._hash("sha256")

    def _hash(self, name: str) -> str | None:
        return (self.content_hash or None) if self.content_hash_name == name else None


class PartUrl(NamedTuple):
    """Where a part goes, or where content comes from.

    Attributes:
        url: A signed URL.
        content_type: What the Content-Type must be; empty for no such header.
    """

    url: str
    content_type: str

    def __repr__(self) -> str:
        return f"PartUrl(content_type={self.content_type!r})"


@dataclass(frozen=True)
class CreatedFile:
    """What `create` opened.

    Attributes:
        file_id: The file to be.
        name: Its name, which ``auto_rename`` may have changed.
        upload_id: The upload; empty if there is nothing to upload.
        rapid_upload: Whether the server had the content: the file is there.
        urls: Where the parts go, by their number from 1.
    """

    file_id: str
    name: str
    upload_id: str
    rapid_upload: bool
    urls: Mapping[int, PartUrl] = field(repr=False)


class UploadedPart(NamedTuple):
    """A part that the server has: its number from 1, its bytes, its ETag."""

    number: int
    size: int
    etag: str


@dataclass(frozen=True)
class UploadedParts:
    """A page of the parts that the server has.

    Attributes:
        parts: In the server's order.
        parallel: Whether they are taken in any order; None if the server does not say.
        next_marker: Where the next page begins; 0 after the last.
    """

    parts: Sequence[UploadedPart]
    parallel: bool | None
    next_marker: int


class Page(NamedTuple):
    """A page of a folder: its entries, and where the next page begins; empty after the last."""

    entries: Sequence[File]
    next_marker: str


def check_id(name: str, value: str) -> str:
    """Return an id of a drive, a file or a folder.

    Raises:
        InputError: If it is not visible ASCII, 200 characters at most; it says which id.
    """
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise InputError(f"{name} must be an id of the service's, not {shown(value)}")
    return value


def check_name(name: str) -> str:
    """Return the name of a file or a folder.

    Raises:
        InputError: If it is empty, too long, or has a ``/`` or what is not Unicode in it.
    """
    if not isinstance(name, str) or not name or "/" in name or not is_unicode(name):
        raise InputError(f"a name is text without '/', not {shown(name)}")
    if len(name.encode()) > MAX_NAME:
        raise InputError(f"the name {name[:40]!r}... is longer than {MAX_NAME} bytes")
    return name


def check_name_mode(mode: str) -> str:
    """Return what is to happen if a name is taken.

    Raises:
        InputError: If it is not one of `CHECK_NAME_MODES`.
    """
    if mode not in CHECK_NAME_MODES:
        raise InputError(f"check_name_mode must be one of {CHECK_NAME_MODES}, not {shown(mode)}")
    return mode
