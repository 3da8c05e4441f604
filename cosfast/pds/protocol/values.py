"""Arguments and results of calls: files, URLs and parts; validation of names and ids."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from cosfast.errors import InputError
from cosfast.parsing import is_unicode, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = "root"
"""The file id of the root folder of a drive."""

CHECK_NAME_MODES = ("ignore", "auto_rename", "refuse")
"""What to do if the name is taken: create a second file of that name, rename the new one, fail."""

MAX_NAME = 1024
"""Maximum length of a name in bytes of UTF-8."""

MAX_PARTS_LISTED = 100
"""Maximum number of parts in a response of `list_uploaded_parts`."""

MAX_PAGE_SIZE = 100
"""Maximum number of entries in a response of `list`."""

HASHES: Mapping[str, int] = {"sha1": 40, "sha256": 64}
"""Values of `content_hash_name`, and the number of hex digits of each hash."""

DEFAULT_HASH = "sha1"
"""Hash algorithm of a file without `content_hash_name`."""

ID: re.Pattern[str] = re.compile(r"[!-~]{1,200}")
"""Format of the ids of the service."""


@dataclass(frozen=True)
class File:
    """A file or a folder on a drive.

    Attributes:
        file_id: Unique id of the file or folder.
        name: Name in its folder.
        type: ``file`` or ``folder``.
        parent_file_id: Id of the folder that contains it.
        drive_id: Id of the drive.
        size: Size in bytes; None for a folder.
        content_hash: Hash of the content in lower-case hex; empty if the server does not send it.
        content_hash_name: ``sha1`` or ``sha256``.
        status: ``available`` when the content is complete.
        created_at: Creation time in ISO 8601, as the server sends it; empty if it does not.
        updated_at: Modification time, likewise.
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
        """SHA-1 of the content, 40 lower-case hex digits; None if the server does not send it."""
        return self._hash("sha1")

    @property
    def sha256(self) -> str | None:
        """SHA-256 of the content, 64 lower-case hex digits; None if the server does not send it."""
        return self._hash("sha256")

    def _hash(self, name: str) -> str | None:
        return (self.content_hash or None) if self.content_hash_name == name else None


class PartUrl(NamedTuple):
    """The signed URL to which a part is sent, or from which content is received.

    Attributes:
        url: The signed URL.
        content_type: Required value of the Content-Type header; empty for no such header.
    """

    url: str
    content_type: str

    def __repr__(self) -> str:
        return f"PartUrl(content_type={self.content_type!r})"


@dataclass(frozen=True)
class CreatedFile:
    """The result of `create`.

    Attributes:
        file_id: Id of the new file.
        name: Name of the file, which ``auto_rename`` may have changed.
        upload_id: Id of the upload; empty if there is nothing to upload.
        rapid_upload: Whether the server already had the content, so that the file exists.
        urls: Signed URLs of the parts, by part number from 1.
    """

    file_id: str
    name: str
    upload_id: str
    rapid_upload: bool
    urls: Mapping[int, PartUrl] = field(repr=False)


class UploadedPart(NamedTuple):
    """A part that the server has: its number from 1, its size in bytes, and its ETag."""

    number: int
    size: int
    etag: str


@dataclass(frozen=True)
class UploadedParts:
    """A page of the parts that the server has.

    Attributes:
        parts: The parts, in the server's order.
        parallel: Whether parts are accepted in any order; None if the server does not send it.
        next_marker: Marker of the next page; 0 if this is the last one.
    """

    parts: Sequence[UploadedPart]
    parallel: bool | None
    next_marker: int


class Page(NamedTuple):
    """A page of a folder: its entries, and the marker of the next page; empty if it is the last."""

    entries: Sequence[File]
    next_marker: str


def check_id(name: str, value: str) -> str:
    """Return the id of a drive, file or folder, if it is valid.

    Raises:
        InputError: If it is not visible ASCII of at most 200 characters; the message names it.
    """
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise InputError(f"{name} must be an id of the service's, not {shown(value)}")
    return value


def check_name(name: str) -> str:
    """Return the name of a file or folder, if it is valid.

    Raises:
        InputError: If it is empty or too long, contains a ``/``, or is not valid Unicode.
    """
    if not isinstance(name, str) or not name or "/" in name or not is_unicode(name):
        raise InputError(f"a name is text without '/', not {shown(name)}")
    if len(name.encode()) > MAX_NAME:
        raise InputError(f"the name {name[:40]!r}... is longer than {MAX_NAME} bytes")
    return name


def check_name_mode(mode: str) -> str:
    """Return the value of `check_name_mode`, if it is valid.

    Raises:
        InputError: If it is not one of `CHECK_NAME_MODES`.
    """
    if mode not in CHECK_NAME_MODES:
        raise InputError(f"check_name_mode must be one of {CHECK_NAME_MODES}, not {shown(mode)}")
    return mode
