"""Options, destination, part sizes and result of an upload."""

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
"""Bytes per part unless the file is too large for it, as in the official SDK."""

MAX_PART_SIZE = 5 * 1024**3
"""Maximum size of a part in bytes."""

MAX_PARTS = 9000
"""Maximum number of parts of an upload, as in the official SDK; the service accepts 10,000."""


@dataclass(frozen=True)
class UploadOptions:
    """The keyword arguments of `Client.upload`, which documents them.

    Raises:
        InputError: If one is not valid; the message names it.
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
    """A completed upload to PDS.

    Attributes:
        file_id: Id of the file.
        name: Name of the file, which ``auto_rename`` may have changed.
        size: Size in bytes.
        algorithm: Hash algorithm by which the content was compared.
        digest: Hash of the content, in lower-case hex.
        instant: Whether the server already had the content and received no bytes.
        sent_bytes: Bytes of content that this call sent and the server acknowledged.
        resumed_bytes: Bytes that the server had from an earlier, interrupted upload.
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
    """Destination of a file: a name in a folder of a drive.

    Raises:
        InputError: If the folder id or the name is not valid.
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
    """Return the number of bytes in each part of a file except the last.

    Args:
        size: Size of the file in bytes.
        wanted: Part size that the user requested, a multiple of 64.

    Raises:
        InputError: If there would be more than `MAX_PARTS` parts.
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
    """Return the slice size in bytes of the parts list that provides the contexts.

    A parts list in slices of the usual size can be used for every upload of the file, and can be
    checked by reading a few of the slices.
    """
    return part_size if part_size % SLICE_SIZE else SLICE_SIZE
