"""Targets of uploads, and checks of names, ids and sizes before any call."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256

from cosfast.errors import InputError
from cosfast.parsing import is_unicode, shown

MAX_NAME_WIDTH = 255
"""Maximum width of a name: an ASCII character counts 1, any other 2."""

MAX_FILE_SIZE = 20 * 1024**3
"""Maximum size of a file in bytes, 20 GiB."""

_FOLDER = re.compile(r"(?:s\.[^_]+|.*_d\.[^_]+)", re.DOTALL)


@dataclass(frozen=True)
class Folder:
    """A folder of a space.

    Args:
        spaceid: Id of the space.
        fatherid: Fileid of the folder; by default the spaceid, which is the root of the space.

    Raises:
        InputError: If one is not valid.
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
        """Fields of every call about the folder."""
        return {"spaceid": self.spaceid, "fatherid": self.fatherid}

    def __str__(self) -> str:
        below = "" if self.fatherid == self.spaceid else f"/{self.fatherid}"
        return f"wedrive:{self.spaceid}{below}"


@dataclass(frozen=True)
class Ticket:
    """A folder that a user chose in the file picker.

    Args:
        selected_ticket: Ticket from the picker, a secret that errors do not show.

    Raises:
        InputError: If the ticket is not valid.
    """

    selected_ticket: str = field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.selected_ticket, str) or not self.selected_ticket.isprintable():
            raise InputError("selected_ticket must be the text that the file picker returned")

    @property
    def fields(self) -> dict[str, str]:
        """Fields of every call about the folder."""
        return {"selected_ticket": self.selected_ticket}

    @property
    def mark(self) -> str:
        """SHA-256 of the ticket, in hex, which identifies it without revealing it."""
        return sha256(self.selected_ticket.encode()).hexdigest()

    def __str__(self) -> str:
        return "wedrive:(selected_ticket)"


@dataclass(frozen=True)
class Document:
    """A document of WeDoc.

    Args:
        docid: Id of the document.

    Raises:
        InputError: If the id is not valid.
    """

    docid: str

    def __post_init__(self) -> None:
        check_id("docid", self.docid)

    @property
    def fields(self) -> dict[str, str]:
        """Fields of `file_upload_init`."""
        return {"docid": self.docid}

    def __str__(self) -> str:
        return f"wedoc:{self.docid}"


Target = Folder | Ticket | Document
"""Destination of an upload."""


def upload_target(
    spaceid: str | None, fatherid: str | None, selected_ticket: str | None
) -> Folder | Ticket:
    """Return the destination of an upload.

    Raises:
        InputError: If both a space and a ticket are given, or neither, or one is not valid.
    """
    if selected_ticket is not None:
        if spaceid is not None or fatherid is not None:
            raise InputError("give either selected_ticket or spaceid and fatherid, not both")
        if not selected_ticket:
            raise InputError("selected_ticket must not be empty")
        return Ticket(selected_ticket)
    if spaceid is None:
        raise InputError("neither spaceid nor selected_ticket is given: give one of them")
    if fatherid is not None:
        check_id("fatherid", fatherid)
    return Folder(spaceid, fatherid or "")


def is_visible(text: str) -> bool:
    """Return whether `text` is visible ASCII without spaces."""
    return text.isascii() and text.isprintable() and " " not in text


def check_id(name: str, value: object) -> None:
    """Check an id.

    Args:
        name: Name of the argument, for the message.
        value: The id.

    Raises:
        InputError: If `value` cannot be an id.
    """
    if not isinstance(value, str) or not value or not value.isprintable() or " " in value:
        raise InputError(f"{name} must be an id from the service, not {shown(value)}")


def check_fileid(fileid: object) -> None:
    """Check the fileid of a file.

    The id of a space begins with ``s.`` and has no ``_``; the last part of the id of a folder
    begins with ``d.``. Any other id is left to the service to check.

    Raises:
        InputError: If `fileid` is not an id, or is that of a space or folder.
    """
    check_id("fileid", fileid)
    if isinstance(fileid, str) and _FOLDER.fullmatch(fileid):
        raise InputError(f"the fileid {fileid!r} is that of a folder; give that of a file")


def check_name(name: object) -> None:
    """Check the name of a file or folder.

    Raises:
        InputError: If the name is empty, too wide, or a path.
    """
    if not isinstance(name, str) or not name or not is_unicode(name):
        raise InputError(f"the name must be a non-empty str of valid Unicode, not {shown(name)}")
    if "/" in name or "\0" in name or name in {".", ".."}:
        raise InputError(f"{name!r} is a path, not a name: it must not contain / or be . or ..")
    width = name_width(name)
    if width > MAX_NAME_WIDTH:
        raise InputError(
            f"the name {name[:20]!r}... has a width of {width}, but at most {MAX_NAME_WIDTH} is"
            " allowed: an ASCII character counts 1, any other 2"
        )


def name_width(name: str) -> int:
    """Return the width of a name: 1 for each ASCII character, 2 for any other."""
    return sum(1 if character.isascii() else 2 for character in name)


def check_size(name: str, size: int) -> None:
    """Check the size of a file in bytes.

    Raises:
        InputError: If the file is empty or larger than 20 GiB.
    """
    if not size:
        raise InputError(f"{name}: the file is empty, and WeDrive does not accept empty files")
    if size > MAX_FILE_SIZE:
        raise InputError(
            f"{name}: the file has {size} bytes, and WeDrive accepts at most {MAX_FILE_SIZE}"
        )
