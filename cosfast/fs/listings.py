"""`Listings`: what is there, as fsspec asks, and its cache of listings."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fsspec.spec import AbstractFileSystem
from fsspec.utils import stringify_path

from cosfast.errors import InputError
from cosfast.fs.entries import describe, version_of
from cosfast.fs.expansion import Expander
from cosfast.fs.oserrors import os_error

if TYPE_CHECKING:
    from datetime import datetime

    from cosfast.fs.buckets import Buckets


class Listings(AbstractFileSystem):
    """The part of the filesystem that only looks.

    Attributes:
        buckets: where it looks.
    """

    protocol = "cosv4"
    root_marker = ""
    buckets: Buckets

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        """Return ``bucket/path`` without empty segments, which the server does not have."""
        if isinstance(path, list):
            return [cls._strip_protocol(each) for each in path]
        text = stringify_path(path)
        for prefix in (f"{cls.protocol}://", f"{cls.protocol}::"):
            text = text.removeprefix(prefix)
        return "/".join(segment for segment in text.split("/") if segment)

    def info(self, path: str, *, refresh: bool = False, **_: Any) -> dict[str, Any]:
        """Describe a file or a folder; see `cosfast.fs.entries.describe`.

        Args:
            path: of it.
            refresh: ask the server, whatever is listed.

        Raises:
            FileNotFoundError: where there is neither.
        """
        path = self._strip_protocol(path)
        if not path:
            return {"name": "", "type": "directory", "size": 0}
        return (None if refresh else self._listed(path)) or describe(path, self.buckets.stat(path))

    def ls(self, path: str, detail: bool = True, *, refresh: bool = False, **_: Any) -> list[Any]:  # noqa: FBT001, FBT002 - fsspec's interface
        """List a folder, in the order of the names; of a file, itself.

        Args:
            path: of it.
            detail: return what `info` does, else the paths alone.
            refresh: ask the server, even where it is listed.

        Raises:
            FileNotFoundError: where there is neither.
            NotImplementedError: of the buckets, which the service does not list.
        """
        path = self._strip_protocol(path)
        entries = None if refresh else self.dircache.get(path)
        if entries is None:
            entries = self._list(path)
        return list(entries) if detail else [entry["name"] for entry in entries]

    def exists(self, path: str, **options: Any) -> bool:
        """Tell whether there is a file or a folder.

        Raises:
            OSError: where the server does not say; that is not taken for a no.
        """
        return self._look_up(path, **options) is not None

    def isdir(self, path: str) -> bool:
        """Tell whether there is a folder; `OSError` as with `exists`."""
        return (self._look_up(path) or {}).get("type") == "directory"

    def isfile(self, path: str) -> bool:
        """Tell whether there is a file; `OSError` as with `exists`."""
        return (self._look_up(path) or {}).get("type") == "file"

    def du(
        self,
        path: str,
        total: bool = True,  # noqa: FBT001, FBT002 - fsspec's interface
        maxdepth: int | None = None,
        withdirs: bool = False,  # noqa: FBT001, FBT002
        **options: Any,
    ) -> Any:
        """Return the bytes of all files below `path`; without `total`, those of each by path."""
        found = self.find(path, maxdepth=maxdepth, withdirs=withdirs, detail=True, **options)
        sizes = {name: info["size"] for name, info in found.items()}
        return sum(sizes.values()) if total else sizes

    @property
    def expander(self) -> Expander:
        """Expands patterns and folders; asks the server whether a path exists."""
        return Expander(self, lambda path: self.exists(path, refresh=True))

    def glob(self, path: str, maxdepth: int | None = None, **options: Any) -> Any:
        """Return the paths that fit a pattern; of a path that exists, itself.

        Args:
            path: the pattern. Its beginning, as far as that exists, is taken literally.
            maxdepth: how deep ``**`` goes.
            options: ``detail``, for a dict with the `info` of each; those of `find`.
        """
        detail = options.pop("detail", False)
        found = self.expander.glob(path, maxdepth, **options)
        return found if detail else list(found)

    def expand_path(
        self,
        path: Any,
        recursive: bool = False,  # noqa: FBT001, FBT002 - fsspec's interface
        maxdepth: int | None = None,
        assume_literal: bool = False,  # noqa: FBT001, FBT002
        **options: Any,
    ) -> list[str]:
        """Return what a path, a pattern, or each of a list of them, fits; see `Expander.expand`."""
        paths = [path] if isinstance(path, (str, os.PathLike)) else path
        return self.expander.expand(
            paths,
            recursive=recursive,
            maxdepth=maxdepth,
            assume_literal=assume_literal,
            **options,
        )

    def created(self, path: str) -> datetime:
        """Return when a file or a folder was made, in UTC."""
        return self.buckets.stat(self._strip_protocol(path)).ctime

    def modified(self, path: str) -> datetime:
        """Return when a file or a folder was last changed, in UTC."""
        return self.buckets.stat(self._strip_protocol(path)).mtime

    def ukey(self, path: str) -> str:
        """Return what changes with the content: the file's SHA-1, where the server knows it."""
        return version_of(self.info(path, refresh=True))

    def checksum(self, path: str) -> int:
        """Return `ukey` as a number."""
        return int(self.ukey(path), 16)

    def sign(self, path: str, expiration: int = 100, **_: Any) -> str:
        """Return a URL that downloads a file, for whoever has it, for `expiration` seconds."""
        return self.buckets.download_url(self._strip_protocol(path), expires_in=expiration)

    def invalidate_cache(self, path: str | None = None) -> None:
        """Forget the listings of `path`, of all below it and of the folders above; None: all."""
        super().invalidate_cache(path)
        if path is None:
            self.dircache.clear()
            return
        path = self._strip_protocol(path)
        for listed in list(self.dircache):
            if f"{path}/".startswith(f"{listed}/") or listed.startswith(f"{path}/"):
                self.dircache.pop(listed, None)

    def _listed(self, path: str) -> dict[str, Any] | None:
        """Return what the listing of the folder above says; None where there is no listing."""
        entries = self.dircache.get(self._parent(path))
        if entries is None:
            return None
        for entry in entries:
            if entry["name"] == path:
                return dict(entry)
        raise os_error(errno.ENOENT, path)

    def _list(self, path: str) -> list[dict[str, Any]]:
        if not path:
            raise NotImplementedError("the COS v4 API does not list buckets: name one")
        try:
            found = [describe(name, stat) for name, stat in self.buckets.list(path)]
        except FileNotFoundError:
            return [describe(path, self.buckets.stat_file(path))]
        self.dircache[path] = sorted(found, key=lambda entry: str(entry["name"]))
        return found

    def _look_up(self, path: str, **options: Any) -> dict[str, Any] | None:
        with suppress(FileNotFoundError, InputError):  # a path that cannot be is not there
            return self.info(path, **options)
        return None
