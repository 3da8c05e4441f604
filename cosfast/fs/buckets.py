"""The client's calls by fsspec's paths, ``bucket/path``, with Python's own errors."""

from __future__ import annotations

import copy
import errno
import hashlib
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.errors import CosError, ExistsError, NotFoundError
from cosfast.fs.oserrors import as_os_error, os_error, os_errors
from cosfast.parts.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast.cosv4 import Client
    from cosfast.cosv4.protocol.stats import ObjectStat


class Buckets:
    """The buckets of an account.

    Paths do not end in ``/``: each method knows whether its path is a file or a folder, or asks the
    server.

    Args:
        client: Makes the calls. A forked process gets a copy, since two processes must not share
            a connection.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._process = os.getpid()

    @property
    def client(self) -> Client:
        """The client of this process."""
        if self._process != os.getpid():
            self._client, self._process = copy.copy(self._client), os.getpid()
        return self._client

    def address(self, path: str) -> ObjectAddress:
        """Return the address of the file at `path`, which need not exist.

        Raises:
            InputError: If the protocol does not allow the bucket or the path.
            IsADirectoryError: If it is a bucket.
        """
        bucket, key = split_path(path)
        address = ObjectAddress(self.client.credentials.appid, bucket, key)
        if address.is_root:
            raise os_error(errno.EISDIR, path)
        return address

    def stat(self, path: str) -> ObjectStat:
        """Return the stat of a file, of a folder if there is no such file, or of a bucket.

        Raises:
            FileNotFoundError: If it does not exist.
        """
        bucket, key = split_path(path)
        with os_errors(path):
            if key != "/":
                with suppress(NotFoundError):
                    return self.client.stat(bucket, key)
            return self.client.stat(bucket, key + "/")

    def stat_file(self, path: str) -> ObjectStat:
        """Return the stat of a file.

        Raises:
            IsADirectoryError: If it is a folder.
            FileNotFoundError: If it does not exist.
        """
        stat = self.stat(path)
        if stat.is_folder:
            raise os_error(errno.EISDIR, path)
        return stat

    def list(self, path: str, *, recursive: bool = False) -> Iterator[tuple[str, ObjectStat]]:
        """Yield the path and the stat of each entry of a folder.

        Raises:
            FileNotFoundError: If there is no such folder.
        """
        bucket, key = split_path(path)
        with os_errors(path):
            for entry in self.client.list(bucket, key, recursive=recursive):
                yield f"{bucket}{entry.path}".rstrip("/"), entry

    def read(
        self, path: str, start: int, length: int | None, known: ObjectStat | None = None
    ) -> bytes:
        """Return a range of a file; see `Client.read`."""
        bucket, key = split_path(path)
        with os_errors(path):
            return self.client.read(bucket, key, start, length, known=known)

    def download(self, path: str, target: Any, **options: Any) -> None:
        """Download a file; see `Client.download`."""
        bucket, key = split_path(path)
        with os_errors(path):
            self.client.download(bucket, key, target, **options)

    def download_url(self, path: str, *, expires_in: int) -> str:
        """Return a URL that downloads a file; see `Client.download_url`."""
        bucket, key = split_path(path)
        with os_errors(path):
            return self.client.download_url(bucket, key, expires_in=expires_in)

    def upload(self, source: Any, path: str, *, overwrite: bool, **options: Any) -> int:
        """Upload a file and create its parents; return its size; see `Client.upload`.

        Raises:
            FileExistsError: If it exists, even with the same content, and `overwrite` is not set.
            IsADirectoryError: If `path` is a folder.
            NotADirectoryError: If one of its parents is a file.
        """
        address = self.address(path)
        with self._writing(address, path):
            result = self.client.upload(
                source, address.bucket, address.path, overwrite=overwrite, **options
            )
            if result.existed and not overwrite:  # it may be a lock file of another process
                raise os_error(errno.EEXIST, path)
            return result.filesize

    def make_folder(self, path: str, *, parents: bool) -> None:
        """Create a folder.

        Raises:
            FileExistsError: If the path exists.
            FileNotFoundError: If its parent does not exist and `parents` is not set.
            NotADirectoryError: If one of its parents is a file.
        """
        address = self.address(path)
        try:
            with os_errors(path):
                self.client.create_folder(address.bucket, address.path, parents=parents)
        except FileNotFoundError as exc:
            raise self._parent_error(address) or exc from exc.__cause__

    def remove_file(self, path: str) -> None:
        """Delete a file.

        Raises:
            IsADirectoryError: If it is a folder.
            FileNotFoundError: If it does not exist.
        """
        address = self.address(path)
        try:
            with os_errors(path):
                self.client.delete(address.bucket, address.path)
        except FileNotFoundError:
            self.stat_file(path)
            raise

    def remove_folder(self, path: str, *, recursive: bool = False) -> None:
        """Delete an empty folder, or with `recursive` a folder with everything in it.

        Raises:
            NotADirectoryError: If it is a file.
            FileNotFoundError: If it does not exist.
            OSError: ENOTEMPTY if it is not empty and `recursive` is not set.
        """
        address = self.address(path)
        try:
            with os_errors(path):
                self.client.delete(address.bucket, address.path + "/", recursive=recursive)
        except FileNotFoundError as exc:
            if self.stat(path).is_folder:
                raise
            raise os_error(errno.ENOTDIR, path) from exc.__cause__

    def move(self, path: str, target: str) -> None:
        """Move a file, replacing one that exists; see `copy`.

        Raises:
            OSError: As in `copy`.
        """
        if split_path(path)[0] == split_path(target)[0]:
            self._relocate(self.client.move, path, target)
        else:
            self._copy_by_download(path, target)
            self.remove_file(path)

    def copy(self, path: str, target: str) -> None:
        """Copy a file, replacing one that exists.

        Within a bucket the server copies it; to another bucket it is downloaded and uploaded.

        Raises:
            FileNotFoundError: If it does not exist.
            IsADirectoryError: If one of them is a folder.
            NotADirectoryError: If one of the target's parents is a file.
        """
        if split_path(path)[0] == split_path(target)[0]:
            self._relocate(self.client.copy, path, target)
        else:
            self._copy_by_download(path, target)

    def _relocate(self, operation: Callable[..., None], path: str, target: str) -> None:
        old, new = self.address(path), self.address(target)
        if old == new:
            self.stat_file(path)
            return
        with self._writing(new, target):
            try:
                operation(old.bucket, old.path, new.path, overwrite=True)
            except NotFoundError:
                self.stat_file(path)  # the source exists, so the target's folder is missing
                self._make_parents(new)
                operation(old.bucket, old.path, new.path, overwrite=True)

    def _copy_by_download(self, path: str, target: str) -> None:
        known = self.stat_file(path)
        with Spool(path) as spool:
            self.download(path, spool, verify=known.sha1 is not None)
            spool.seek(0)
            self.upload(spool, target, overwrite=True, biz_attr=known.biz_attr)

    def _make_parents(self, address: ObjectAddress) -> None:
        parents = address.parents()
        if parents:
            with suppress(ExistsError):
                self.client.create_folder(address.bucket, parents[-1].path, parents=True)

    @contextmanager
    def _writing(self, address: ObjectAddress, path: str) -> Iterator[None]:
        """Raise the errors of the block, which writes the file at `address`, as Python's own.

        The server does not say which folder is missing or which path exists, so this asks for them.
        """
        try:
            with os_errors(path):
                yield
        except FileNotFoundError as exc:
            if isinstance(exc.__cause__, CosError):  # otherwise it is about the local file
                raise self._parent_error(address) or exc from exc.__cause__
            raise
        except FileExistsError as exc:
            if self._exists(address.bucket, address.path + "/"):
                raise os_error(errno.EISDIR, path) from exc.__cause__
            raise

    def _parent_error(self, address: ObjectAddress) -> OSError | None:
        """Return the error that names the parent of `address` that is a file, if one is."""
        for folder in address.parents():
            if self._exists(folder.bucket, folder.path.rstrip("/")):
                return os_error(errno.ENOTDIR, f"{folder.bucket}{folder.path}".rstrip("/"))
        return None

    def _exists(self, bucket: str, key: str) -> bool:
        try:
            return self.client.exists(bucket, key)
        except CosError as exc:
            raise as_os_error(exc, f"{bucket}{key}") from exc


def split_path(path: str) -> tuple[str, str]:
    """Return the bucket, and the path in it, which begins with ``/``."""
    bucket, _, key = path.partition("/")
    return bucket, f"/{key}"


def describe(path: str, stat: ObjectStat) -> dict[str, Any]:
    """Return fsspec's `info` of the file or folder at `path`.

    Returns:
        `name`, `type` (``file`` or ``directory``), `size` in bytes (0 for a folder), `created` and
        `mtime` (aware datetimes), `sha1` (40 hex digits, or None) and `biz_attr`.
    """
    return {
        "name": path,
        "type": "directory" if stat.is_folder else "file",
        "size": stat.filesize or 0,
        "created": stat.ctime,
        "mtime": stat.mtime,
        "sha1": stat.sha1,
        "biz_attr": stat.biz_attr,
    }


def version_of(info: dict[str, Any]) -> str:
    """Return 40 hex digits that change with the content: its SHA-1 if the server knows it."""
    if info["sha1"]:
        return str(info["sha1"])
    known = [str(info[name]) for name in ("name", "type", "size", "created", "mtime")]
    return hashlib.sha1("\0".join(known).encode()).hexdigest()
