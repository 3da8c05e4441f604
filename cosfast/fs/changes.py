"""`Changes`: folders made, files and folders copied, moved and deleted."""

from __future__ import annotations

from glob import has_magic
from typing import TYPE_CHECKING, Any

from fsspec.utils import stringify_path

from cosfast.errors import InputError
from cosfast.fs.listings import Listings
from cosfast.fs.removal import remove_all, remove_down_to
from cosfast.fs.trees import make_folder, move_tree

if TYPE_CHECKING:
    from collections.abc import Iterable


class Changes(Listings):
    """The part of the filesystem that changes what is there, and forgets what it listed then."""

    def mkdir(self, path: str, create_parents: bool = True, **_: Any) -> None:  # noqa: FBT001, FBT002 - fsspec's interface
        """Make a folder.

        Raises:
            FileExistsError: where something is there.
            FileNotFoundError: where the one above is not, without `create_parents`.
            NotADirectoryError: where a file is in its place.
            NotImplementedError: for a bucket.
        """
        path = self._strip_protocol(path)
        self._require_below_bucket(path, "make")
        try:
            self.buckets.make_folder(path, parents=create_parents)
        finally:
            self.invalidate_cache(path)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - fsspec's interface
        """Make a folder, and those above it; errors as with `mkdir`.

        Args:
            path: of it; where that is a bucket, it has to be there.
            exist_ok: let a folder be that is there already.
        """
        path = self._strip_protocol(path)
        if "/" not in path and exist_ok and self.isdir(path):
            return
        self._require_below_bucket(path, "make")
        try:
            if exist_ok:
                make_folder(self.buckets, path)
            else:
                self.buckets.make_folder(path, parents=True)
        finally:
            self.invalidate_cache(path)

    def rmdir(self, path: str) -> None:
        """Delete an empty folder.

        Raises:
            NotADirectoryError: where it is a file.
            FileNotFoundError: where there is none.
            OSError: ENOTEMPTY where it is not empty.
            NotImplementedError: for a bucket.
        """
        path = self._strip_protocol(path)
        self._require_below_bucket(path, "delete")
        try:
            self.buckets.remove_folder(path)
        finally:
            self.invalidate_cache(path)

    def rm_file(self, path: str) -> None:
        """Delete a file.

        Raises:
            IsADirectoryError: where it is a folder.
            FileNotFoundError: where there is none.
        """
        path = self._strip_protocol(path)
        try:
            self.buckets.remove_file(path)
        finally:
            self.invalidate_cache(path)

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:  # noqa: FBT001, FBT002 - fsspec's interface
        """Delete files, and with `recursive` folders with all in them.

        Args:
            path: one, a pattern, or a list of them.
            recursive: folders too. Without, one among them is an error before anything is done.
            maxdepth: deletes down to there alone, and the folders that are empty then.

        Raises:
            FileNotFoundError: where nothing fits.
            IsADirectoryError: where it is a folder.
            NotImplementedError: for a bucket.
        """
        down_to = maxdepth if recursive else None
        paths = self.expand_path(path, recursive=down_to is not None, maxdepth=down_to)
        for each in paths:
            self._require_below_bucket(each, "delete")
        try:
            if down_to is None:
                remove_all(self.buckets, paths, recursive=recursive)
            else:
                remove_down_to(self.buckets, paths)
        finally:
            self._invalidate(paths)

    def cp_file(self, path1: str, path2: str, **_: Any) -> None:
        """Copy a file over what is there: on the server, or through here to another bucket.

        A folder is made where `path1` is one, as fsspec's `copy` expects.
        """
        source, target = self._strip_protocol(path1), self._strip_protocol(path2)
        if self.isdir(source):
            self.makedirs(target, exist_ok=True)
            return
        try:
            self.buckets.copy(source, target)
        finally:
            self.invalidate_cache(target)

    def mv(
        self,
        path1: Any,
        path2: Any,
        recursive: bool = False,  # noqa: FBT001, FBT002 - fsspec's interface
        maxdepth: int | None = None,
        **options: Any,
    ) -> None:
        """Move a file, or a folder with all in it, over what is there; into `path2` if a folder.

        Within a bucket the server does it, to another all goes through here.

        Args:
            path1: one, a pattern, or a list of them.
            path2: where to; the folder that several go into; or a list, one for each.
            recursive: has no say, as folders always move with what is in them.
            maxdepth: not None: copies down to there, and then deletes, as fsspec does.
            options: of fsspec's own `mv`, for `maxdepth`.

        Raises:
            FileNotFoundError: where nothing fits.
            InputError: where two would become one.
            OSError: EINVAL where a folder would be in itself.
        """
        if maxdepth is not None:
            super().mv(path1, path2, recursive=recursive, maxdepth=maxdepth, **options)
            return
        for source, target in self._moves(path1, path2):
            self._move(source, target)

    def _move(self, source: str, target: str) -> None:
        self._require_below_bucket(source, "move")
        is_folder = self.buckets.stat(source).is_folder
        if source == target:
            return
        try:
            if is_folder:
                move_tree(self.buckets, source, target)
            else:
                self.buckets.move(source, target)
        finally:
            self._invalidate([source, target])

    def _moves(self, path1: Any, path2: Any) -> list[tuple[str, str]]:
        """Return from where to where each goes."""
        if isinstance(path1, list) and isinstance(path2, list):
            moves = list(zip(self._strip_protocol(path1), self._strip_protocol(path2)))
        elif isinstance(path1, list) or has_magic(stringify_path(path1)):
            into = self._strip_protocol(path2)
            moves = [(each, f"{into}/{_name(each)}") for each in self.expand_path(path1)]
        else:
            moves = [(self._strip_protocol(path1), self._target_of(path1, path2))]
        if len({target for _, target in moves}) < len(moves):
            raise InputError(f"of what is moved to {path2!r}, two would become one")
        return moves

    def _target_of(self, path1: Any, path2: Any) -> str:
        """Return what `path1` becomes: `path2`, or where that is a folder, something in it."""
        source, target = self._strip_protocol(path1), self._strip_protocol(path2)
        into = stringify_path(path2).endswith("/") or self.isdir(target)
        if into and not stringify_path(path1).endswith("/"):
            return f"{target}/{_name(source)}"
        return str(target)

    def _invalidate(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.invalidate_cache(path)

    @staticmethod
    def _require_below_bucket(path: str, verb: str) -> None:
        if "/" not in path:
            raise NotImplementedError(f"the COS v4 API does not {verb} buckets, as {path!r} is one")


def _name(path: str) -> str:
    return path.rpartition("/")[2]
