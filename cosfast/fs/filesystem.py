"""`CosV4FileSystem`: fsspec's interface to the buckets of an account."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from shutil import copyfileobj
from typing import TYPE_CHECKING, Any, TypeVar, cast

from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.config import apply_config
from fsspec.implementations.local import LocalFileSystem, make_path_posix
from fsspec.spec import AbstractFileSystem
from fsspec.utils import isfilelike, stringify_path

from cosfast.concurrency import gather
from cosfast.errors import InputError
from cosfast.fs.buckets import Buckets, describe, version_of
from cosfast.fs.expansion import Expander, ends_in_separator
from cosfast.fs.files import ReadingFile, WritingFile
from cosfast.fs.options import LISTINGS, make_client, public_options, resolve_options
from cosfast.fs.oserrors import os_error
from cosfast.fs.trees import (
    ensure_folder,
    move_tree,
    remove_all,
    remove_files_and_empty_folders,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    import cosfast

_CachingMeta: Any = type(AbstractFileSystem)
Made = TypeVar("Made")

_CACHE_OPTIONS = ("block_size", "cache_type", "cache_options", "size")
_OVERWRITES = {"overwrite": True, "create": False}


class _ResolvingMeta(_CachingMeta):
    """Resolves the options of a filesystem before fsspec looks it up in its cache of instances."""

    def __call__(cls: type[Made], **options: Any) -> Made:  # noqa: N805 - it makes instances of `cls`
        resolved = resolve_options(apply_config(cls, options))
        return cast("Made", super().__call__(**resolved))  # type: ignore[misc]  # fsspec has no types


class CosV4FileSystem(AbstractFileSystem, metaclass=_ResolvingMeta):
    """The files of an account's buckets, as ``cosv4://bucket/path``; threads may share it.

    Options that are not given come from fsspec's own configuration, and then from the environment:
    COSFAST_APPID, COSFAST_SECRET_ID, COSFAST_SECRET_KEY, COSFAST_REGION, COSFAST_ENDPOINT.

    Errors are Python's own, raised from cosfast's. Operations that the service does not have, such
    as a list of buckets, raise `NotImplementedError`.

    **The key** is not in any text of a filesystem: not in `repr`, `storage_options`, `to_dict` or
    `to_json`, even with `include_password`. A filesystem can be created from such a text if the key
    is in the environment. A pickled filesystem contains the key and everything else that was read
    from the environment, so that a Dask worker needs no settings.

    **Listings** are cached like those of fsspec: until something is written through this instance,
    `listings_expiry_time` is over, `invalidate_cache` is called, or `refresh=True` is given. `ls`,
    `find`, `glob`, `info` and `exists` use them. Reading, writing and the comparison of versions
    (`checksum`, `ukey`, `modified`) ask the server.

    Args:
        appid, secret_id, secret_key: The account and one of its keys.
        credentials: A `cosfast.Credentials` that replaces them.
        region: A short name such as ``gz``.
        endpoint: An address that replaces the region's, such as an emulator's.
        client: A `cosfast.Client` that replaces all of them. fsspec does not cache such an
            instance, and it cannot be serialized as JSON.
        use_listings_cache, listings_expiry_time (seconds), max_paths: For the cached listings.

    Raises:
        InputError: If an option is missing, malformed or unknown; a ValueError.
    """

    protocol = "cosv4"
    root_marker = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{name: options[name] for name in LISTINGS if name in options})
        self.buckets: Buckets = Buckets(make_client(options))

    @property
    def client(self) -> cosfast.Client:
        """The client of the filesystem, for operations that fsspec does not have."""
        return self.buckets.client

    @property
    def fsid(self) -> str:
        """An id that is equal for filesystems that show the same files."""
        return f"cosv4-{self.client.credentials.appid}-{self.client.endpoint}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.client!r}>"

    def to_dict(self, *, include_password: bool = True) -> dict[str, Any]:
        """Return a dict for `from_dict`, which reads the key from the environment.

        Args:
            include_password: Ignored: the key is never included.

        Raises:
            TypeError: If the filesystem was created with `client`.
        """
        del include_password
        kind = type(self)
        return {
            "cls": f"{kind.__module__}:{kind.__name__}",
            "protocol": self.protocol,
            "args": [],
            **public_options(self.storage_options),
        }

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        """Return ``bucket/path`` without empty segments, which the server does not have."""
        if isinstance(path, list):
            return [cls._strip_protocol(each) for each in path]
        text = stringify_path(path)
        for prefix in (f"{cls.protocol}://", f"{cls.protocol}::"):
            text = text.removeprefix(prefix)
        return "/".join(segment for segment in text.split("/") if segment)

    # Listings

    def info(self, path: str, *, refresh: bool = False, **_: Any) -> dict[str, Any]:
        """Describe a file or a folder; see `cosfast.fs.buckets.describe`.

        Args:
            path: Path of the file or folder.
            refresh: Whether to ask the server even if it is in a cached listing.

        Raises:
            FileNotFoundError: If it does not exist.
        """
        path = self._strip_protocol(path)
        if not path:
            return {"name": "", "type": "directory", "size": 0}
        return (None if refresh else self._listed(path)) or describe(path, self.buckets.stat(path))

    def ls(self, path: str, detail: bool = True, *, refresh: bool = False, **_: Any) -> list[Any]:  # noqa: FBT001, FBT002 - fsspec's interface
        """List a folder in order of name; a file lists itself.

        Args:
            path: Path of the folder.
            detail: Whether to return dicts like `info`; otherwise only the paths.
            refresh: Whether to ask the server even if the listing is cached.

        Raises:
            FileNotFoundError: If it does not exist.
            NotImplementedError: If the path is empty: the service does not list buckets.
        """
        path = self._strip_protocol(path)
        entries = None if refresh else self.dircache.get(path)
        if entries is None:
            entries = self._list(path)
        return list(entries) if detail else [entry["name"] for entry in entries]

    def exists(self, path: str, **options: Any) -> bool:
        """Return whether a file or a folder exists.

        Raises:
            OSError: If the server cannot be asked.
        """
        return self._info_or_none(path, **options) is not None

    def isdir(self, path: str) -> bool:
        """Return whether a folder exists; raise `OSError` as `exists` does."""
        return (self._info_or_none(path) or {}).get("type") == "directory"

    def isfile(self, path: str) -> bool:
        """Return whether a file exists; raise `OSError` as `exists` does."""
        return (self._info_or_none(path) or {}).get("type") == "file"

    def du(
        self,
        path: str,
        total: bool = True,  # noqa: FBT001, FBT002 - fsspec's interface
        maxdepth: int | None = None,
        withdirs: bool = False,  # noqa: FBT001, FBT002
        **options: Any,
    ) -> Any:
        """Return the bytes of all files below `path`; without `total`, a dict of them by path."""
        found = self.find(path, maxdepth=maxdepth, withdirs=withdirs, detail=True, **options)
        sizes = {name: info["size"] for name, info in found.items()}
        return sum(sizes.values()) if total else sizes

    def glob(self, path: str, maxdepth: int | None = None, **options: Any) -> Any:
        """Return the paths that match a pattern; a path that exists matches itself.

        Args:
            path: The pattern. The part of it that exists is literal.
            maxdepth: Maximum depth of ``**``.
            options: ``detail``, for a dict with the `info` of each; options of `find`.
        """
        detail = options.pop("detail", False)
        found = self._expander.glob(path, maxdepth, **options)
        return found if detail else list(found)

    def expand_path(
        self,
        path: Any,
        recursive: bool = False,  # noqa: FBT001, FBT002 - fsspec's interface
        maxdepth: int | None = None,
        assume_literal: bool = False,  # noqa: FBT001, FBT002
        **options: Any,
    ) -> list[str]:
        """Return the matches of a path, a pattern, or a list of them; see `Expander.expand`."""
        return self._expander.expand(
            [path] if isinstance(path, (str, os.PathLike)) else path,
            recursive=recursive,
            maxdepth=maxdepth,
            assume_literal=assume_literal,
            **options,
        )

    def created(self, path: str) -> datetime:
        """Return when a file or a folder was created, in UTC."""
        return self.buckets.stat(self._strip_protocol(path)).ctime

    def modified(self, path: str) -> datetime:
        """Return when a file or a folder was last changed, in UTC."""
        return self.buckets.stat(self._strip_protocol(path)).mtime

    def ukey(self, path: str) -> str:
        """Return an id that changes with the content: the file's SHA-1, if the server knows it."""
        return version_of(self.info(path, refresh=True))

    def checksum(self, path: str) -> int:
        """Return `ukey` as a number."""
        return int(self.ukey(path), 16)

    def sign(self, path: str, expiration: int = 100, **_: Any) -> str:
        """Return a URL from which anyone can download a file for `expiration` seconds."""
        return self.buckets.download_url(self._strip_protocol(path), expires_in=expiration)

    def invalidate_cache(self, path: str | None = None) -> None:
        """Drop the listings of `path`, its parents and everything below it; with None, of all."""
        super().invalidate_cache(path)
        if path is None:
            self.dircache.clear()
            return
        path = self._strip_protocol(path)
        for listed in list(self.dircache):
            if f"{path}/".startswith(f"{listed}/") or listed.startswith(f"{path}/"):
                self.dircache.pop(listed, None)

    @property
    def _expander(self) -> Expander:
        return Expander(self, lambda path: self.exists(path, refresh=True))

    def _listed(self, path: str) -> dict[str, Any] | None:
        """Return the entry in the parent's cached listing; None if that is not cached."""
        entries = self.dircache.get(self._parent(path))
        if entries is None:
            return None
        for entry in entries:
            if entry["name"] == path:
                return dict(entry)
        raise os_error(errno.ENOENT, path)

    def _list(self, path: str) -> list[dict[str, Any]]:
        if not path:
            raise NotImplementedError("the COS v4 API cannot list buckets: give a bucket")
        try:
            found = [describe(name, stat) for name, stat in self.buckets.list(path)]
        except FileNotFoundError:
            return [describe(path, self.buckets.stat_file(path))]
        self.dircache[path] = sorted(found, key=lambda entry: str(entry["name"]))
        return found

    def _info_or_none(self, path: str, **options: Any) -> dict[str, Any] | None:
        with suppress(FileNotFoundError, InputError):  # a path that is not allowed does not exist
            return self.info(path, **options)
        return None

    # Folders

    def mkdir(self, path: str, create_parents: bool = True, **_: Any) -> None:  # noqa: FBT001, FBT002 - fsspec's interface
        """Create a folder.

        Raises:
            FileExistsError: If the path exists.
            FileNotFoundError: If its parent does not exist and `create_parents` is not set.
            NotADirectoryError: If one of its parents is a file.
            NotImplementedError: If it is a bucket.
        """
        path = self._strip_protocol(path)
        _refuse_bucket(path, "make")
        try:
            self.buckets.make_folder(path, parents=create_parents)
        finally:
            self.invalidate_cache(path)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - fsspec's interface
        """Create a folder and its parents; raise errors as `mkdir` does.

        Args:
            path: Path of the folder; its bucket must exist.
            exist_ok: Whether to accept an existing folder.
        """
        path = self._strip_protocol(path)
        if "/" not in path and exist_ok and self.isdir(path):
            return
        _refuse_bucket(path, "make")
        try:
            if exist_ok:
                ensure_folder(self.buckets, path)
            else:
                self.buckets.make_folder(path, parents=True)
        finally:
            self.invalidate_cache(path)

    def rmdir(self, path: str) -> None:
        """Delete an empty folder.

        Raises:
            NotADirectoryError: If it is a file.
            FileNotFoundError: If it does not exist.
            OSError: ENOTEMPTY if it is not empty.
            NotImplementedError: If it is a bucket.
        """
        path = self._strip_protocol(path)
        _refuse_bucket(path, "delete")
        try:
            self.buckets.remove_folder(path)
        finally:
            self.invalidate_cache(path)

    # Deleting, copying, moving

    def rm_file(self, path: str) -> None:
        """Delete a file.

        Raises:
            IsADirectoryError: If it is a folder.
            FileNotFoundError: If it does not exist.
        """
        path = self._strip_protocol(path)
        try:
            self.buckets.remove_file(path)
        finally:
            self.invalidate_cache(path)

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:  # noqa: FBT001, FBT002 - fsspec's interface
        """Delete files, and with `recursive` folders with everything in them.

        Args:
            path: A path, a pattern, or a list of them.
            recursive: Whether to delete folders; otherwise a folder is an error, before anything is
                deleted.
            maxdepth: With `recursive`, depth to which files are deleted, and folders that are empty
                then.

        Raises:
            FileNotFoundError: If nothing matches.
            IsADirectoryError: If one is a folder and `recursive` is not set.
            NotImplementedError: If one is a bucket.
        """
        depth = maxdepth if recursive else None
        paths = self.expand_path(path, recursive=depth is not None, maxdepth=depth)
        for each in paths:
            _refuse_bucket(each, "delete")
        try:
            if depth is None:
                remove_all(self.buckets, paths, recursive=recursive)
            else:
                remove_files_and_empty_folders(self.buckets, paths)
        finally:
            self._invalidate(paths)

    def cp_file(self, path1: str, path2: str, **_: Any) -> None:
        """Copy a file, replacing one that exists; see `Buckets.copy`.

        If `path1` is a folder, create a folder, as fsspec's `copy` expects.
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
        """Copy files, and with `recursive` folders, replacing files that exist; see `cp_file`.

        Args:
            path1: A path, a pattern, or a list of them.
            path2: The new path; the folder for several; or a list, one for each.
            recursive: Whether to copy folders with everything in them.
            maxdepth: Maximum depth.
            on_error: ``raise`` if a file is missing, or ``ignore`` it, the default if `recursive`.
            options: Options of `cp_file`.

        Raises:
            FileNotFoundError: If nothing matches.
        """
        sources, targets = _unzip(
            self._copy_pairs(path1, path2, recursive=recursive, maxdepth=maxdepth)
        )
        super().copy(sources, targets, recursive=recursive, on_error=on_error, **options)

    def mv(
        self,
        path1: Any,
        path2: Any,
        recursive: bool = False,  # noqa: FBT001, FBT002 - fsspec's interface
        maxdepth: int | None = None,
        **options: Any,
    ) -> None:
        """Move files and folders, replacing files that exist; into `path2` if that is a folder.

        Within a bucket the server moves them; to another bucket they are downloaded and uploaded.

        Args:
            path1: A path, a pattern, or a list of them.
            path2: The new path; the folder for several; or a list, one for each.
            recursive: Needed only for `maxdepth`: folders are always moved with everything in them.
            maxdepth: With `recursive`, depth to which files are moved; folders that are empty then
                are deleted.
            options: Ignored.

        Raises:
            FileNotFoundError: If nothing matches.
            InputError: If two would get the same path.
            OSError: EINVAL if a folder would be moved into itself.
        """
        del options
        if recursive and maxdepth is not None:
            self._move_to_depth(path1, path2, maxdepth)
            return
        for source, target in self._move_pairs(path1, path2):
            self._move(source, target)

    def _move_to_depth(self, path1: Any, path2: Any, maxdepth: int) -> None:
        top = path1 if isinstance(path1, list) else [path1]
        paths = self.expand_path(top, recursive=True, maxdepth=maxdepth)
        for source, target in self._copy_pairs(path1, path2, recursive=True, maxdepth=maxdepth):
            if self.isdir(source):
                self.makedirs(target, exist_ok=True)
            else:
                self._move(self._strip_protocol(source), self._strip_protocol(target))
        folders = [path for path in paths if "/" in path and self.isdir(path)]
        try:
            remove_files_and_empty_folders(self.buckets, folders)
        finally:
            self._invalidate(folders)

    def _move(self, source: str, target: str) -> None:
        _refuse_bucket(source, "move")
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

    def _move_pairs(self, path1: Any, path2: Any) -> list[tuple[str, str]]:
        """Return the source and the target of each move."""
        if isinstance(path1, list) and isinstance(path2, list):
            pairs = [
                (self._strip_protocol(source), self._strip_protocol(target))
                for source, target in self._copy_pairs(path1, path2)
            ]
        else:
            folder = self._strip_protocol(path2)
            if isinstance(path1, list) or self._expander.is_pattern(path1):
                pairs = [(each, f"{folder}/{_name(each)}") for each in self.expand_path(path1)]
            else:
                source, target = self._strip_protocol(path1), folder
                into = stringify_path(path2).endswith("/") or self.isdir(folder)
                if into and not stringify_path(path1).endswith("/"):
                    target = f"{folder}/{_name(source)}"
                pairs = [(source, target)]
        if len({target for _, target in pairs}) < len(pairs):
            raise InputError(f"two of the entries to move to {path2!r} have the same name")
        return pairs

    def _copy_pairs(
        self, path1: Any, path2: Any, *, recursive: bool = False, maxdepth: int | None = None
    ) -> list[tuple[str, str]]:
        """Return the source and the target of each file and folder to copy."""
        target, into_folder = self._remote_target(path2)
        return self._expander.pairs(
            path1, target, into_folder=into_folder, recursive=recursive, maxdepth=maxdepth
        )

    def _remote_target(self, path: Any) -> tuple[Any, bool]:
        """Return a target, or a list of them, and whether it is a folder."""
        if isinstance(path, list):
            return path, False
        target = self._strip_protocol(path)
        return target, ends_in_separator(path) or self.isdir(target)

    def _invalidate(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.invalidate_cache(path)

    # Reading

    def _open(
        self, path: str, mode: str = "rb", *, autocommit: bool = True, **options: Any
    ) -> ReadingFile | WritingFile:
        cache_options = {name: options.pop(name) for name in _CACHE_OPTIONS if name in options}
        if mode == "rb":
            return ReadingFile(self, path, **cache_options, **options)
        return WritingFile(self, path, mode, autocommit=autocommit, **options)

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **_: Any
    ) -> bytes:
        """Return the bytes ``[start:end]`` of a file.

        Raises:
            FileNotFoundError: If it does not exist.
            IsADirectoryError: If it is a folder.
        """
        path = self._strip_protocol(path)
        known = self.buckets.stat_file(path)
        first, stop, _step = slice(start, end).indices(known.filesize or 0)
        return self.buckets.read(path, first, max(0, stop - first), known)

    def cat(
        self,
        path: Any,
        recursive: bool = False,  # noqa: FBT001, FBT002 - fsspec's interface
        on_error: str = "raise",
        **options: Any,
    ) -> Any:
        """Return the bytes of a file; of several, read concurrently, a dict of them by path.

        Args:
            path: A path, a pattern, or a list of them.
            recursive: Whether to read all files in the folders among them.
            on_error: ``raise`` the first error, ``omit`` files that fail, or ``return`` the error.
            options: Options of `cat_file`.
        """
        paths = self.expand_path(path, recursive=recursive)
        if recursive:
            paths = [each for each in paths if not self.isdir(each)]
        elif not isinstance(path, list) and paths == [self._strip_protocol(path)]:
            return self.cat_file(paths[0], **options)
        read = _with_errors_returned(self.cat_file, unless=on_error == "raise")
        outcomes = gather(lambda each: read(each, **options), paths)
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
        """Return a range of each of `paths`, read concurrently; see `cat_file`.

        Args:
            paths: The files; one may occur several times.
            starts: A list, or one number for all.
            ends: A list, or one number for all.
            max_gap: Not implemented, as in fsspec.
            on_error: ``return`` an error instead of the bytes, or ``raise`` the first.
            options: Options of `cat_file`.
        """
        if max_gap is not None:
            raise NotImplementedError("max_gap is not implemented, as in fsspec")
        if not isinstance(paths, list):
            raise TypeError(f"paths must be a list, not {type(paths).__name__}")
        count = len(paths)
        firsts, stops = (
            bound if isinstance(bound, list) else [bound] * count for bound in (starts, ends)
        )
        if not count == len(firsts) == len(stops):
            raise ValueError("paths, starts and ends differ in length")
        read = _with_errors_returned(self.cat_file, unless=on_error != "return")
        ranges = list(zip(paths, firsts, stops, strict=True))
        return gather(lambda each: read(*each, **options), ranges)

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
            rpath: A path, a pattern, or a list of them.
            lpath: The local path; the folder for several; or a list, one for each. Never a
                pattern.
            recursive: Whether to download folders with everything in them.
            callback: fsspec's callback, for the number of files; its branches get the bytes of
                each.
            maxdepth: Maximum depth.
            options: Options of `get_file`.

        Raises:
            FileNotFoundError: If nothing matches.
            InputError: If a name on the server would lead out of `lpath`.
        """
        into_folder = False
        if not isinstance(lpath, list):
            into_folder = ends_in_separator(lpath) or Path(lpath).is_dir()
            lpath = make_path_posix(stringify_path(lpath))
        sources, targets = _unzip(
            self._expander.pairs(
                rpath, lpath, into_folder=into_folder, recursive=recursive, maxdepth=maxdepth
            )
        )
        if not isinstance(lpath, list):
            _check_contained(lpath, targets)
        super().get(sources, targets, recursive=recursive, callback=callback, **options)

    def get_file(
        self,
        rpath: str,
        lpath: Any = None,
        callback: Any = DEFAULT_CALLBACK,
        outfile: Any = None,
        **options: Any,
    ) -> None:
        """Download a file; if it is a folder, create a local one; see `Client.download`.

        A file at `lpath` gets its name when it is complete and checked.

        Args:
            rpath: The file.
            lpath: The target: a path, whose parents are created, or a binary file.
            callback: Gets the size, and the number of received bytes.
            outfile: A binary file that replaces `lpath`.
            options: Options of `Client.download`.
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
        options = {"verify": known.sha1 is not None, "overwrite": True, **options}
        self.buckets.download(path, target, progress=callback.relative_update, **options)

    # Writing

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
            lpath: A path, a pattern, or a list of them. A file that exists is never a pattern.
            rpath: The new path; the folder for several; or a list, one for each. Never a pattern.
            recursive: Whether to upload folders with everything in them.
            callback: fsspec's callback, for the number of files; its branches get the bytes of
                each.
            maxdepth: Maximum depth.
            options: Options of `put_file`.

        Raises:
            FileNotFoundError: If nothing matches.
        """
        target, into_folder = self._remote_target(rpath)
        local = Expander(LocalFileSystem(), os.path.lexists)
        sources, targets = _unzip(
            local.pairs(
                lpath, target, into_folder=into_folder, recursive=recursive, maxdepth=maxdepth
            )
        )
        super().put(sources, targets, recursive=recursive, callback=callback, **options)

    def put_file(
        self,
        lpath: Any,
        rpath: str,
        callback: Any = DEFAULT_CALLBACK,
        mode: str = "overwrite",
        **options: Any,
    ) -> None:
        """Upload a file; if it is a folder, create one in the bucket; see `Client.upload`.

        Args:
            lpath: The file.
            rpath: The new path, whose parents are created.
            callback: Gets the size, and the number of bytes that the server acknowledged.
            mode: ``overwrite``; or ``create``, which never replaces a file.
            options: Options of `Client.upload`.

        Raises:
            FileExistsError: If the mode is ``create`` and the path exists.
        """
        local = Path(lpath)
        if local.is_dir():
            self.makedirs(rpath, exist_ok=True)
            return
        size = local.stat().st_size
        callback.set_size(size)
        if self._intrans:
            with local.open("rb") as source, self._open_to_write(rpath, mode, options) as target:
                copyfileobj(source, target)
            return
        sent = self._upload(local, rpath, mode, {"progress": callback.relative_update, **options})
        if sent != size:  # a pipe, or a file whose reported size is wrong
            callback.set_size(sent)

    def pipe_file(self, path: str, value: Any, mode: str = "overwrite", **options: Any) -> None:
        """Write bytes to a file; see `put_file`."""
        if self._intrans:
            with self._open_to_write(path, mode, options) as target:
                target.write(value)
            return
        self._upload(memoryview(value), path, mode, options)

    def _upload(self, source: Any, path: str, mode: str, options: dict[str, Any]) -> int:
        path, overwrite = self._strip_protocol(path), _overwrites(mode)
        try:
            return self.buckets.upload(source, path, overwrite=overwrite, **options)
        finally:
            self.invalidate_cache(path)

    def _open_to_write(self, path: str, mode: str, options: dict[str, Any]) -> Any:
        return self.open(path, "wb" if _overwrites(mode) else "xb", **options)


def _with_errors_returned(work: Callable[..., Any], *, unless: bool) -> Callable[..., Any]:
    """Return a function that returns the exceptions of `work`; with `unless`, `work` itself."""
    if unless:
        return work

    def outcome(*args: Any, **options: Any) -> Any:
        try:
            return work(*args, **options)
        except Exception as exc:  # noqa: BLE001 - fsspec's callers expect any error
            return exc

    return outcome


def _overwrites(mode: str) -> bool:
    if mode not in _OVERWRITES:
        raise InputError(f"mode must be 'overwrite' or 'create', not {mode!r}")
    return _OVERWRITES[mode]


def _refuse_bucket(path: str, verb: str) -> None:
    if "/" not in path:
        raise NotImplementedError(f"{path!r} is a bucket, and the COS v4 API cannot {verb} buckets")


def _check_contained(folder: str, paths: list[str]) -> None:
    """Raise if one of the paths, made from names on the server, is outside `folder`."""
    top = os.path.abspath(folder)  # noqa: PTH100 - links are not resolved
    for path in paths:
        if os.path.commonpath([top, os.path.abspath(path)]) != top:  # noqa: PTH100
            raise InputError(f"{path!r} is not in the folder {folder!r}")


def _unzip(pairs: list[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [source for source, _ in pairs], [target for _, target in pairs]


def _name(path: str) -> str:
    return path.rpartition("/")[2]
