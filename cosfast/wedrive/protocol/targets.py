"""Names, folders and fileids: what the service takes, checked before any call."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256

from cosfast.errors import InputError
from cosfast.parsing import is_unicode, shown

MAX_NAME_WIDTH = 255
"""The width of a name at most: an ASCII character is 1 wide, any other 2."""

MAX_FILE_SIZE = 20 * 1024**3
"""Bytes in a file at most, 20 GiB."""

_FOLDER = re.compile(r"(?:s\.[^_]+|.*_d\.[^_]+)", re.DOTALL)


@dataclass(frozen=True)
class Folder:
    """A folder of a space.

    Args:
        spaceid: The space.
        fatherid: The folder's fileid; by default the spaceid, which is the space's root.

    Raises:
        InputError: If one is not usable.
    """

    spaceid: str
    fatherid: str = ""

    def __post_init__(self) -> None:
        check_id("spaceid", self.spaceid)
        if self.fatherid in {"", None}:
            object.__setattr__(self, "fatherid", self.spaceid)
        check_id("fatherid", self.fatherid)

    @property
    def fields(self) -> dict[str, str]:
        """What every call about it has."""
        return {"spaceid": self.spaceid, "fatherid": self.fatherid}

    def __str__(self) -> str:
        below = "" if self.fatherid == self.spaceid else f"/{self.fatherid}"
        return f"wedrive:{self.spaceid}{below}"


@dataclass(frozen=True)
class Ticket:
    """A folder that a user chose in the file picker.

    Args:
        selected_ticket: What the picker returned. It is a secret, which errors do not show.

    Raises:
        InputError: If it is not usable.
    """

    selected_ticket: str = field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.selected_ticket, str) or not self.selected_ticket.isprintable():
            raise InputError("selected_ticket must be the text that the file picker returned")

    @property
    def fields(self) -> dict[str, str]:
        """What every call about it has."""
        return {"selected_ticket": self.selected_ticket}

    @property
    def mark(self) -> str:
        """A text that tells it from others without giving it away."""
        return sha256(self.selected_ticket.encode()).hexdigest()

    def __str__(self) -> str:
        return "wedrive:(selected_ticket)"


@dataclass(frozen=True)
class Document:
    """A document of WeDoc.

    Args:
        docid: Its id.

    Raises:
        InputError: If it is not usable.
    """

    docid: str

    def __post_init__(self) -> None:
        check_id("docid", self.docid)

    @property
    def fields(self) -> dict[str, str]:
        """What `file_upload_init` has."""
        return {"docid": self.docid}

    def __str__(self) -> str:
        return f"wedoc:{self.docid}"


Target = Folder | Ticket | Document
"""Where an upload goes."""


def upload_target(
    spaceid: str | None, fatherid: str | None, selected_ticket: str | None
) -> Folder | Ticket:
    """Return where a file is uploaded to.

    Raises:
        InputError: If both a space and a ticket are given, or neither.
    """
    if selected_ticket is not None:
        if spaceid is not None or fatherid is not None:
            raise InputError("give either selected_ticket or spaceid and fatherid, not both")
        if not selected_ticket:
            raise InputError("selected_ticket must not be empty")
        return Ticket(selected_ticket)
    if spaceid is None:
        raise InputError("neither spaceid nor selected_ticket is given")
    if fatherid is not None:
        check_id("fatherid", fatherid)
    return Folder(spaceid, fatherid or "")


def is_visible(text: str) -> bool:
    """Tell whether `text` is visible ASCII without blanks."""
    return text.isascii() and text.isprintable() and " " not in text


def check_id(name: str, value: object) -> None:
    """Refuse what cannot be the id of anything.

    Raises:
        InputError: Naming `name`.
    """
    if not isinstance(value, str) or not value or not value.isprintable() or " " in value:
        raise InputError(f"{name} must be an id as the service gives it, not {shown(value)}")


def check_fileid(fileid: object) -> None:
    """Refuse what cannot be the fileid of a file, as a space's and a folder's id are.

    The service's fileids tell: a space's begins with ``s.`` and has no ``_``; a folder's last part
    begins with ``d.``. Any other is for the service to judge.

    Raises:
        InputError: If it is not one.
    """
    check_id("fileid", fileid)
    if isinstance(fileid, str) and _FOLDER.fullmatch(fileid):
        raise InputError(f"the fileid {fileid!r} is a folder's, not a file's")


def check_name(name: object) -> None:
    """Refuse what cannot be the name of a file or a folder.

    Raises:
        InputError: If it is empty, too wide, or not a name.
    """
    if not isinstance(name, str) or not name or not is_unicode(name):
        raise InputError(f"the name must be a text that is not empty, not {shown(name)}")
    if "/" in name or "\0" in name or name in {".", ".."}:
        raise InputError(f"{name!r} cannot be the name of a file: it is a path")
    width = name_width(name)
    if width > MAX_NAME_WIDTH:
        raise InputError(
            f"the name {name[:20]!r}... is {width} wide, and {MAX_NAME_WIDTH} is the most: an ASCII"
            " character counts 1, any other 2"
        )


def name_width(name: str) -> int:
    """Return the width of a name: 1 for each ASCII character, 2 for any other."""
    return sum(1 if character.isascii() else 2 for character in name)


def check_size(name: str, size: int) -> None:
    """Refuse a file that the service does not take.

    Raises:
        InputError: If it is empty or larger than 20 GiB.
    """
    if not size:
        raise InputError(f"{name}: it is empty, and WeDrive takes no empty file")
    if size > MAX_FILE_SIZE:
        raise InputError(f"{name}: {size} bytes are more than WeDrive takes, {MAX_FILE_SIZE}")
