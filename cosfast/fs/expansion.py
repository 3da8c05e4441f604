"""Expand patterns and folders into paths; a path that exists is never a pattern."""

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
    """Expands the paths of one filesystem by fsspec's rules, with one exception.

    fsspec treats every path with ``*``, ``?`` or ``[`` as a pattern, although files may have such
    names. Here the part of a path that exists is literal, and only the rest is a pattern:
    ``b/[d]/*.csv`` is all CSV files in the folder ``[d]`` if that exists.

    Args:
        fs: Any fsspec filesystem.
        exists: Returns whether a path exists, without treating it as a pattern.
    """

    def __init__(self, fs: Any, exists: Callable[[str], bool]) -> None:
        self._fs = fs
        self._exists = exists

    def is_pattern(self, path: Any) -> bool:
        """Return whether a path is a pattern, or contains one."""
        return bool(self._split(self._fs._strip_protocol(path))[1])  # noqa: SLF001 - fsspec's name

    def glob(self, path: Any, maxdepth: int | None = None, **options: Any) -> dict[str, Any]:
        """Return the matches of a path, which may be a pattern, with the `info` of each.

        Args:
            path: A pattern that ends in ``/`` matches only folders.
            maxdepth: Maximum depth of ``**``.
            options: Options of the filesystem's `find`.

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
        """Return the matches of all paths, in order of name.

        Args:
            paths: Files, folders and patterns. One that is not a pattern need not exist, unless
                `recursive` is set.
            recursive: Whether to add the content of folders, at any depth.
            maxdepth: Maximum depth; the matches of a pattern are the first level.
            assume_literal: Whether to treat no path as a pattern.
            options: Options of the filesystem's `find`.

        Raises:
            FileNotFoundError: If nothing matches.
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
        """Return the source and the target of each file and folder to copy.

        Args:
            source: A path or a pattern, or a list of them.
            target: The new path of a single source; the folder for several; or a list with
                one target for each of a list of sources, which are not expanded then.
            into_folder: Whether `target` is a folder, existing or to be created.
            recursive: Whether to copy folders, too; otherwise folders that match a pattern are
                omitted.
            maxdepth: As in `expand`.

        Raises:
            FileNotFoundError: If nothing matches.
            InputError: If two lists differ in length.
        """
        if isinstance(source, list) and isinstance(target, list):
            if len(source) != len(target):
                raise InputError(
                    f"{len(source)} sources have {len(target)} targets: give one for each"
                )
            return list(zip(source, target, strict=True))
        if isinstance(source, list):
            paths = self.expand(source, recursive=recursive, maxdepth=maxdepth)
            return list(zip(paths, other_paths(paths, target, flatten=True), strict=True))
        is_pattern = self.is_pattern(source)
        paths = self.expand(
            [source], recursive=recursive, maxdepth=maxdepth, assume_literal=not is_pattern
        )
        # rsync's and fsspec's rule: a folder is copied into an existing folder under its own name,
        # unless the source ends in a slash.
        keeps_name = into_folder and not ends_in_separator(source)
        leaves_folders = not recursive or maxdepth is not None
        if is_pattern:
            # fsspec's rule: drop the common prefix of all matches; a single match keeps its name.
            paths = [path for path in paths if not (leaves_folders and self._fs.isdir(path))]
            return _paired(paths, target, keeps_name=len(paths) == 1)
        found = _paired(paths, target, keeps_name=keeps_name)
        return [pair for pair in found if not (leaves_folders and self._fs.isdir(pair[0]))]

    def _split(self, path: str) -> tuple[str, str]:
        """Split a path into a literal prefix and a pattern, which is empty if the path exists."""
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
    """Return whether a path ends in a separator, and so can only be a folder."""
    return bool(stringify_path(path).endswith(("/", os.sep)))


def _check_depth(maxdepth: int | None) -> None:
    if maxdepth is not None and maxdepth < 1:
        raise InputError(f"maxdepth must be a number from 1, not {maxdepth!r}")
