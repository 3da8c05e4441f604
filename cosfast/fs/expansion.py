"""Expand patterns and folders into paths; a path that exists is never taken as a pattern."""

from __future__ import annotations

import errno
import os
import re
from glob import escape, has_magic
from typing import TYPE_CHECKING, Any

from fsspec.utils import glob_translate, other_paths, stringify_path

from cosfast.errors import InputError
from cosfast.fs.oserrors import os_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Expander:
    """Expands the paths of one filesystem, by fsspec's rules but for one.

    fsspec takes every path with ``*``, ``?`` or ``[`` as a pattern, although files may have such
    names. Here the beginning of a path that exists is literal, and only the rest is a pattern:
    ``b/[d]/*.csv`` is all CSV files in the folder ``[d]`` if there is one.

    Args:
        fs: any fsspec filesystem.
        exists: tells whether a path of it exists, without taking it as a pattern.
    """

    def __init__(self, fs: Any, exists: Callable[[str], bool]) -> None:
        self._fs = fs
        self._exists = exists

    def is_pattern(self, path: Any) -> bool:
        """Tell whether a path is a pattern, or begins as one."""
        return bool(self._split(self._fs._strip_protocol(path))[1])  # noqa: SLF001 - fsspec's name

    def glob(self, path: Any, maxdepth: int | None = None, **options: Any) -> dict[str, Any]:
        """Return what fits a path, which may be a pattern, with the `info` of each.

        Args:
            path: if it ends in ``/``, a pattern fits folders alone.
            maxdepth: how deep ``**`` goes.
            options: of the filesystem's `find`.

        Raises:
            ValueError: If `maxdepth` is less than 1, or ``**`` is not a whole segment.
        """
        _check_depth(maxdepth)
        ends_in_slash = stringify_path(path).endswith("/")
        path = self._fs._strip_protocol(path)  # noqa: SLF001
        root, pattern = self._split(path)
        if not pattern:
            if self._fs.exists(path, **options):
                return {path: self._fs.info(path, **options)}
            return {}
        return self._matches(
            root, pattern + "/" * ends_in_slash, maxdepth=maxdepth, **{"withdirs": True, **options}
        )

    def expand(
        self,
        paths: Iterable[Any],
        *,
        recursive: bool = False,
        maxdepth: int | None = None,
        assume_literal: bool = False,
        **options: Any,
    ) -> list[str]:
        """Return what each path fits, in order of name.

        Args:
            paths: files, folders and patterns. One that is no pattern need not exist, unless
                `recursive`.
            recursive: add what is in folders, at any depth.
            maxdepth: how deep; the level that a pattern is for is the first.
            assume_literal: take no path as a pattern.
            options: of the filesystem's `find`.

        Raises:
            FileNotFoundError: If nothing fits.
            ValueError: If `maxdepth` is less than 1.
        """
        _check_depth(maxdepth)
        stripped = [self._fs._strip_protocol(path) for path in paths]  # noqa: SLF001
        found: set[str] = set()
        for path in stripped:
            root, pattern = (path, "") if assume_literal else self._split(path)
            roots, depth = [path], maxdepth
            if pattern:
                roots = list(
                    self._matches(root, pattern, maxdepth=maxdepth, **{"withdirs": True, **options})
                )
                depth = None if maxdepth is None else maxdepth - 1
            if recursive and depth != 0:
                below = {**options, "withdirs": True, "detail": False}
                for each in roots:
                    found.update(self._fs.find(each, maxdepth=depth, **below))
            if pattern or not recursive or self._fs.exists(path):
                found.update(roots)
        if not found:
            raise os_error(errno.ENOENT, ", ".join(stripped))
        return sorted(found)

    def pairs(
        self,
        source: Any,
        target: Any,
        *,
        into_folder: bool,
        recursive: bool = False,
        maxdepth: int | None = None,
    ) -> list[tuple[str, str]]:
        """Return from where to where each file and folder is copied.

        Args:
            source: a path or a pattern, or a list of them.
            target: what a single source becomes; the folder that several go into; or a list with
                one target for each of a list of sources, which are not expanded then.
            into_folder: whether `target` is a folder already, or is to be one.
            recursive: copy folders too; without, those that a pattern fits are left out.
            maxdepth: as in `expand`.

        Raises:
            FileNotFoundError: If nothing fits.
            InputError: If two lists differ in length.
        """
        if isinstance(source, list) and isinstance(target, list):
            if len(source) != len(target):
                raise InputError(f"{len(source)} sources have {len(target)} targets")
            return list(zip(source, target, strict=True))
        if isinstance(source, list):
            paths = self.expand(source, recursive=recursive, maxdepth=maxdepth)
            return list(zip(paths, other_paths(paths, target, flatten=True), strict=True))
        is_pattern = self.is_pattern(source)
        paths = self.expand(
            [source], recursive=recursive, maxdepth=maxdepth, assume_literal=not is_pattern
        )
        # rsync's and fsspec's rule: a folder goes into an existing folder under its own name,
        # unless it is named with a slash at its end.
        keeps_name = into_folder and not ends_in_separator(source)
        leaves_folders = not recursive or maxdepth is not None
        if is_pattern:
            # fsspec's rule: what all matches have in common is not kept, and of one its name is.
            paths = [path for path in paths if not (leaves_folders and self._fs.isdir(path))]
            return _paired(paths, target, keeps_name=len(paths) == 1)
        found = _paired(paths, target, keeps_name=keeps_name)
        return [pair for pair in found if not (leaves_folders and self._fs.isdir(pair[0]))]

    def _split(self, path: str) -> tuple[str, str]:
        """Split a path into its literal beginning and a pattern, which is empty if all exists."""
        segments = path.split("/")
        for index, segment in enumerate(segments):
            end = len("/".join(segments[: index + 1]))
            if has_magic(segment) and not self._exists(path[:end]):
                begin = end - len(segment)
                return path[:begin], path[begin:]
        return path, ""

    def _matches(
        self, root: str, pattern: str, *, maxdepth: int | None, **options: Any
    ) -> dict[str, Any]:
        depth: int | None = pattern.rstrip("/").count("/") + 1
        if "**" in pattern:
            above = pattern[: pattern.index("**")].count("/")
            depth = None if maxdepth is None else above + maxdepth
        whole = escape(root) + pattern
        fits = re.compile(glob_translate(whole)).match
        marks_folders = whole.endswith(("/", "/**"))
        options["detail"] = True
        found = self._fs.find(root or self._fs.root_marker, maxdepth=depth, **options)
        return {
            path: info
            for path, info in sorted(found.items())
            if fits(path + "/" if marks_folders and info["type"] == "directory" else path)
        }


def _paired(paths: list[str], target: str, *, keeps_name: bool) -> list[tuple[str, str]]:
    return (
        list(zip(paths, other_paths(paths, target, exists=keeps_name), strict=True))
        if paths
        else []
    )


def ends_in_separator(path: Any) -> bool:
    """Tell whether a path is written with a separator at its end, as a folder's may be."""
    return bool(stringify_path(path).endswith(("/", os.sep)))


def _check_depth(maxdepth: int | None) -> None:
    if maxdepth is not None and maxdepth < 1:
        raise InputError(f"maxdepth is a number from 1, not {maxdepth!r}")
