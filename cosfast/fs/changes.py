"""`Changes`: folders made, files and folders copied, moved and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fsspec.utils import stringify_path

from cosfast.errors import InputError
from cosfast.fs.expansion import ends_in_separator
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

    def copy(
        self,
        path1: Any,
        path2: Any,
        recursive: bool = False,  # noqa: FBT001, FBT002 - fsspec's interface
        maxdepth: int | None = None,
        on_error: str | None = None,
        **options: Any,
    ) -> None:
        """Copy files, and with `recursive` folders, over what is there; see `cp_file`.

        Args:
            path1: one, a pattern, or a list of them.
            path2: what it becomes; the folder that several go into; or a list, one for each.
            recursive: copy folders with what is in them.
            maxdepth: how deep.
            on_error: ``raise`` if a file is missing, or ``ignore`` it, the default if `recursive`.
            options: of `cp_file`.

        Raises:
            FileNotFoundError: If nothing fits.
        """
        pairs = self._pairs(path1, path2, recursive=recursive, maxdepth=maxdepth)
        sources, targets = [source for source, _ in pairs], [target for _, target in pairs]
        super().copy(sources, targets, recursive=recursive, on_error=on_error, **options)

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
            maxdepth: moves only the files down to there, and deletes the folders that are empty
                then. Has no effect without `recursive`.
            options: ignored.

        Raises:
            FileNotFoundError: where nothing fits.
            InputError: where two would become one.
            OSError: EINVAL where a folder would be in itself.
        """
        del options
        if recursive and maxdepth is not None:
            self._move_down_to(path1, path2, maxdepth)
            return
        for source, target in self._moves(path1, path2):
            self._move(source, target)

    def _move_down_to(self, path1: Any, path2: Any, maxdepth: int) -> None:
        above = path1 if isinstance(path1, list) else [path1]
        paths = self.expand_path(above, recursive=True, maxdepth=maxdepth)
        for source, target in self._pairs(path1, path2, recursive=True, maxdepth=maxdepth):
            if self.isdir(source):
                self.makedirs(target, exist_ok=True)
            else:
                self._move(self._strip_protocol(source), self._strip_protocol(target))
        folders = [path for path in paths if "/" in path and self.isdir(path)]
        try:
            remove_down_to(self.buckets, folders)
        finally:
            self._invalidate(folders)

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
            pairs = self._pairs(path1, path2, recursive=False, maxdepth=None)
            moves = [
                (self._strip_protocol(source), self._strip_protocol(to)) for source, to in pairs
            ]
        elif isinstance(path1, list) or self.expander.is_pattern(path1):
            into = self._strip_protocol(path2)
            moves = [(each, f"{into}/{_name(each)}") for each in self.expand_path(path1)]
        else:
            moves = [(self._strip_protocol(path1), self._target_of(path1, path2))]
        if len({target for _, target in moves}) < len(moves):
            raise InputError(f"of what is moved to {path2!r}, two would become one")
        return moves

    def _pairs(
        self, path1: Any, path2: Any, *, recursive: bool, maxdepth: int | None
    ) -> list[tuple[str, str]]:
        """Return from where to where each is copied."""
        target, into_folder = path2, False
        if not isinstance(path2, list):
            target = self._strip_protocol(path2)
            into_folder = ends_in_separator(path2) or self.isdir(target)
        return self.expander.pairs(
            path1, target, into_folder=into_folder, recursive=recursive, maxdepth=maxdepth
        )

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
