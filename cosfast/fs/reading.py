"""`ReadingFile`: a file open for reading, through one of fsspec's caches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fsspec.spec import AbstractBufferedFile

from cosfast.fs.entries import describe

if TYPE_CHECKING:
    from cosfast.fs.filesystem import CosV4FileSystem


class ReadingFile(AbstractBufferedFile):
    """Reads ranges of a file as it was when it was opened; all of it at once is checked.

    Args:
        fs: where it is.
        path: of the file.
        options: those of fsspec's `AbstractBufferedFile`, such as `cache_type`, `block_size`.

    Raises:
        FileNotFoundError: where there is none.
        IsADirectoryError: where it is a folder.
    """

    DEFAULT_BLOCK_SIZE = 4 * 1024 * 1024  # what one request fetches

    def __init__(self, fs: CosV4FileSystem, path: str, **options: Any) -> None:
        self._known = fs.buckets.stat_file(path)
        super().__init__(fs, path, "rb", **{**options, "size": self._known.filesize})
        self.details: dict[str, Any] = describe(path, self._known)

    def _fetch_range(self, start: int, end: int) -> bytes:
        content: bytes = self.fs.buckets.read(self.path, start, end - start, self._known)
        return content
