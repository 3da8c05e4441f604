"""What an upload is asked for, and what it came to: options, place, part sizes, result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosfast.errors import InputError
from cosfast.hashing.state import BLOCK_SIZE, algorithm_named
from cosfast.parsing import shown
from cosfast.parts.formats import SLICE_SIZE
from cosfast.pds.protocol import values
from cosfast.transfer.options import check_transfer

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.transfer.cancellation import CancelToken

DEFAULT_PART_SIZE = 50 * 1024 * 1024
"""Bytes in a part if the file is not too large for it, as the official SDK has it."""

MAX_PART_SIZE = 5 * 1024**3
"""Bytes in the largest part."""

MAX_PARTS = 9000
"""Parts in an upload at most, as the official SDK has it; the service takes 10,000."""


@dataclass(frozen=True)
class UploadOptions:
    """The keywords of `Client.upload`, which explains them.

    Raises:
        InputError: If one makes no sense; it names which.
    """

    check_name_mode: str = "ignore"
    content_type: str = ""
    part_size: int | None = None
    algorithm: str = "sha1"
    pre_hash: bool = False
    concurrency: int = 5
    progress: Callable[[int], object] | None = None
    hash_progress: Callable[[int], object] | None = None
    max_rate: float | None = None
    deadline: float | None = None
    cancel: CancelToken | None = None

    def __post_init__(self) -> None:
        values.check_name_mode(self.check_name_mode)
        algorithm_named(self.algorithm)
        size = self.part_size
        if size is not None and (
            type(size) is not int or not 0 < size <= MAX_PART_SIZE or size % BLOCK_SIZE
        ):
            raise InputError(
                f"part_size must be a multiple of {BLOCK_SIZE} up to {MAX_PART_SIZE} bytes,"
                f" not {shown(size)}"
            )
        check_transfer(self.concurrency, self.max_rate, self.deadline, self.cancel)


@dataclass(frozen=True)
class UploadResult:
    """A file that is on the drive, whole.

    Attributes:
        file_id: Its id.
        name: Its name, which ``auto_rename`` may have changed.
        size: Bytes.
        algorithm: The hash that it was compared by.
        digest: That hash of the content, in lower-case hex.
        instant: The server had the content already, and took no bytes.
        sent_bytes: Bytes of content that this call sent and the server acknowledged.
        resumed_bytes: Bytes that the server held from an earlier upload that was not finished.
    """

    file_id: str
    name: str
    size: int
    algorithm: str
    digest: str
    instant: bool
    sent_bytes: int
    resumed_bytes: int

    @property
    def sha1(self) -> str:
        """SHA-1 of the content, 40 hex digits; empty if another hash was used."""
        return self.digest if self.algorithm == "sha1" else ""

    @property
    def sha256(self) -> str:
        """SHA-256 of the content, 64 hex digits; empty if another hash was used."""
        return self.digest if self.algorithm == "sha256" else ""


@dataclass(frozen=True)
class Place:
    """Where a file goes: a name in a folder of a drive.

    Raises:
        InputError: If the service has no such place.
    """

    drive_id: str
    parent_file_id: str
    name: str

    def __post_init__(self) -> None:
        values.check_id("parent_file_id", self.parent_file_id)
        values.check_name(self.name)

    def __str__(self) -> str:
        return f"pds://{self.drive_id}/{self.parent_file_id}/{self.name}"


def part_size_for(size: int, wanted: int | None = None) -> int:
    """Return the bytes in each part but the last of a file.

    Args:
        size: Bytes in the file.
        wanted: What the user asks for, a multiple of 64.

    Raises:
        InputError: If there would be more parts than the service takes.
    """
    smallest = -(-size // MAX_PARTS)
    if wanted is not None:
        if wanted < smallest:
            rounded = -(-smallest // BLOCK_SIZE) * BLOCK_SIZE
            raise InputError(
                f"{size} bytes in parts of {wanted} are more than {MAX_PARTS} parts: use a"
                f" part_size of at least {rounded}"
            )
        return wanted
    if smallest <= DEFAULT_PART_SIZE:
        return DEFAULT_PART_SIZE
    rounded = -(-smallest // SLICE_SIZE) * SLICE_SIZE
    if rounded > MAX_PART_SIZE:
        raise InputError(
            f"{size} bytes are too many: the service takes {MAX_PARTS * MAX_PART_SIZE} at most"
        )
    return rounded


def slice_size_for(part_size: int) -> int:
    """Return the bytes in each slice of the parts list that the contexts are taken from.

    A list in slices of the usual size serves every upload of the file, and can be checked by a
    glance at a few of them.
    """
    return part_size if part_size % SLICE_SIZE else SLICE_SIZE
