"""`Contents`: what is in files, read and written."""

from __future__ import annotations

import os
from pathlib import Path
from shutil import copyfileobj
from typing import Any

from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.implementations.local import LocalFileSystem, make_path_posix
from fsspec.utils import isfilelike, stringify_path

from cosfast.errors import InputError
from cosfast.fs.changes import Changes
from cosfast.fs.expansion import Expander, ends_in_separator
from cosfast.fs.gather import gather, outcomes_of
from cosfast.fs.reading import ReadingFile
from cosfast.fs.writing import WritingFile

_OF_CACHES = ("block_size", "cache_type", "cache_options", "size")
_OVERWRITES = {"overwrite": True, "create": False}


class Contents(Changes):
    """The part of the filesystem that reads and writes files."""

    def _open(
        self, path: str, mode: str = "rb", *, autocommit: bool = True, **options: Any
    ) -> ReadingFile | WritingFile:
        of_caches = {name: options.pop(name) for name in _OF_CACHES if name in options}
        if mode == "rb":
            return ReadingFile(self, path, **of_caches, **options)
        return WritingFile(self, path, mode, autocommit=autocommit, **options)

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **_: Any
    ) -> bytes:
        """Return the bytes of a file from `start` to before `end`, which count as in a slice.

        Raises:
            FileNotFoundError: where there is none.
            IsADirectoryError: where it is a folder.
        """
        path = self._strip_protocol(path)
        known = self.buckets.stat_file(path)
        first, behind, _step = slice(start, end).indices(known.filesize or 0)
        return self.buckets.read(path, first, max(0, behind - first), known)

    def cat(
        self,
        path: Any,
        recursive: bool = False,  # noqa: FBT001, FBT002 - fsspec's interface
        on_error: str = "raise",
        **options: Any,
    ) -> Any:
        """Return the bytes of a file; of many, side by side, a dict of them by path.

        Args:
            path: one, a pattern, or a list of them.
            recursive: all files in the folders that are named.
            on_error: ``raise`` the first, ``omit`` what fails, or ``return`` its error.
            options: of `cat_file`.
        """
        paths = self.expand_path(path, recursive=recursive)
        if recursive:
            paths = [each for each in paths if not self.isdir(each)]
        elif not isinstance(path, list) and paths == [self._strip_protocol(path)]:
            return self.cat_file(paths[0], **options)
        each_of = gather if on_error == "raise" else outcomes_of
        outcomes = each_of(lambda each: self.cat_file(each, **options), paths)
        return {
            each: outcome
            for each, outcome in zip(paths, outcomes, strict=True)
            if on_error == "return" or not isinstance(outcome, Exception)
        }

    def cat_ranges(
        self,
        paths: list[str],
        starts: Any,
        ends: Any,
        max_gap: int | None = None,
        on_error: str = "return",
        **options: Any,
    ) -> list[Any]:
        """Return a range of each of `paths`, side by side; see `cat_file`.

        Args:
            paths: of the files; one may be there many times.
            starts: a list, or one number for all.
            ends: likewise.
            max_gap: not implemented, as in fsspec.
            on_error: ``return`` an error in the place of its bytes, or ``raise`` the first.
            options: of `cat_file`.
        """
        if max_gap is not None:
            raise NotImplementedError("max_gap")
        if not isinstance(paths, list):
            raise TypeError(f"paths are a list, not {type(paths).__name__}")
        count = len(paths)
        first, behind = (
            bound if isinstance(bound, list) else [bound] * count for bound in (starts, ends)
        )
        if not count == len(first) == len(behind):
            raise ValueError("paths, starts and ends differ in length")
        each_of = outcomes_of if on_error == "return" else gather
        ranges = list(zip(paths, first, behind, strict=True))
        return each_of(lambda each: self.cat_file(*each, **options), ranges)

    def get(
        self,
        rpath: Any,
        lpath: Any,
        recursive: bool = False,  # noqa: FBT001, FBT002 - fsspec's interface
        callback: Any = DEFAULT_CALLBACK,
        maxdepth: int | None = None,
        **options: Any,
    ) -> None:
        """Download files, and with `recursive` folders; see `get_file`.

        Args:
            rpath: one, a pattern, or a list of them.
            lpath: what it becomes; the folder that several go into; or a list, one for each.
                Never a pattern.
            recursive: get folders with what is in them.
            callback: fsspec's, for the number of files; its branches, for the bytes of each.
            maxdepth: how deep.
            options: of `get_file`.

        Raises:
            FileNotFoundError: If nothing fits.
            InputError: If a name on the server would lead out of `lpath`.
        """
        into_folder = False
        if not isinstance(lpath, list):
            into_folder = ends_in_separator(lpath) or Path(lpath).is_dir()
            lpath = make_path_posix(stringify_path(lpath))
        pairs = self.expander.pairs(
            rpath, lpath, into_folder=into_folder, recursive=recursive, maxdepth=maxdepth
        )
        sources, targets = [source for source, _ in pairs], [target for _, target in pairs]
        if not isinstance(lpath, list):
            _check_contained(lpath, targets)
        super().get(sources, targets, recursive=recursive, callback=callback, **options)

    def put(
        self,
        lpath: Any,
        rpath: Any,
        recursive: bool = False,  # noqa: FBT001, FBT002 - fsspec's interface
        callback: Any = DEFAULT_CALLBACK,
        maxdepth: int | None = None,
        **options: Any,
    ) -> None:
        """Upload files, and with `recursive` folders; see `put_file`.

        Args:
            lpath: one, a pattern, or a list of them. A file that exists is itself, also if its
                name has the characters of a pattern.
            rpath: what it becomes; the folder that several go into; or a list, one for each.
                Never a pattern.
            recursive: put folders with what is in them.
            callback: fsspec's, for the number of files; its branches, for the bytes of each.
            maxdepth: how deep.
            options: of `put_file`.

        Raises:
            FileNotFoundError: If nothing fits.
        """
        target, into_folder = rpath, False
        if not isinstance(rpath, list):
            target = self._strip_protocol(rpath)
            into_folder = ends_in_separator(rpath) or self.isdir(target)
        here = Expander(LocalFileSystem(), os.path.lexists)
        pairs = here.pairs(
            lpath, target, into_folder=into_folder, recursive=recursive, maxdepth=maxdepth
        )
        sources, targets = [source for source, _ in pairs], [target for _, target in pairs]
        super().put(sources, targets, recursive=recursive, callback=callback, **options)

    def get_file(
        self,
        rpath: str,
        lpath: Any = None,
        callback: Any = DEFAULT_CALLBACK,
        outfile: Any = None,
        **options: Any,
    ) -> None:
        """Download a file, or make the folder that is one there; see `Client.download`.

        A file at `lpath` gets its name when it is whole and checked.

        Args:
            rpath: the file.
            lpath: where to: a path, whose folders are made, or a binary file.
            callback: is told the size, and the bytes that came.
            outfile: a binary file, in the place of `lpath`.
            options: of `Client.download`.
        """
        path = self._strip_protocol(rpath)
        known = self.buckets.stat(path)
        target = lpath if outfile is None else outfile
        if known.is_folder and not isfilelike(target):
            Path(target).mkdir(parents=True, exist_ok=True)
            return
        if not isfilelike(target):
            Path(target).parent.mkdir(parents=True, exist_ok=True)
        callback.set_size(known.filesize)
        options = {"verify": known.sha1 is not None, **options}
        self.buckets.download(path, target, progress=callback.relative_update, **options)

    def put_file(
        self,
        lpath: Any,
        rpath: str,
        callback: Any = DEFAULT_CALLBACK,
        mode: str = "overwrite",
        **options: Any,
    ) -> None:
        """Upload a file, or make the folder that is one here; see `Client.upload`.

        Args:
            lpath: the file.
            rpath: where to; the folders above it are made.
            callback: is told the size, and the bytes that the server has acknowledged.
            mode: ``overwrite``; or ``create``, which never replaces a file.
            options: of `Client.upload`.

        Raises:
            FileExistsError: where something is there, and is to stay.
        """
        local = Path(lpath)
        if local.is_dir():
            self.makedirs(rpath, exist_ok=True)
            return
        size = local.stat().st_size
        callback.set_size(size)
        if self._intrans:
            with local.open("rb") as source, self._open_written(rpath, mode, options) as target:
                copyfileobj(source, target)
            return
        sent = self._upload(local, rpath, mode, {"progress": callback.relative_update, **options})
        if sent != size:  # a pipe, or a file that is not as long as the system says
            callback.set_size(sent)

    def pipe_file(self, path: str, value: Any, mode: str = "overwrite", **options: Any) -> None:
        """Make a file of bytes; see `put_file`."""
        if self._intrans:
            with self._open_written(path, mode, options) as target:
                target.write(value)
            return
        self._upload(memoryview(value), path, mode, options)

    def _upload(self, source: Any, path: str, mode: str, options: dict[str, Any]) -> int:
        path, overwrite = self._strip_protocol(path), _overwrites(mode)
        try:
            return self.buckets.upload(source, path, overwrite=overwrite, **options)
        finally:
            self.invalidate_cache(path)

    def _open_written(self, path: str, mode: str, options: dict[str, Any]) -> Any:
        return self.open(path, "wb" if _overwrites(mode) else "xb", **options)


def _overwrites(mode: str) -> bool:
    if mode not in _OVERWRITES:
        raise InputError(f"mode is 'overwrite' or 'create', not {mode!r}")
    return _OVERWRITES[mode]


def _check_contained(folder: str, paths: list[str]) -> None:
    """Refuse paths, made from names on the server, that are not `folder` or in it."""
    top = os.path.abspath(folder)  # noqa: PTH100 - links stay as they are
    for path in paths:
        if os.path.commonpath([top, os.path.abspath(path)]) != top:  # noqa: PTH100
            raise InputError(f"{path!r} is not in the folder {folder!r}")
