"""`Buckets`: the client's calls by fsspec's paths, ``bucket/path``, with Python's own errors."""

from __future__ import annotations

import copy
import errno
import os
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.errors import CosError, ExistsError, NotFoundError
from cosfast.fs.oserrors import as_os_error, os_error, os_errors
from cosfast.fs.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast.cosv4 import Client
    from cosfast.cosv4.protocol.stats import ObjectStat


class Buckets:
    """All buckets of an account.

    Paths have no ``/`` at their ends: what they name, a file or a folder, each call knows or asks.

    Args:
        client: makes the calls. A process that was forked has one of its own, since two may not
            talk over one connection.
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
        """Return the address of the file that is, or would be, at `path`.

        Raises:
            InputError: where the protocol allows no such bucket or path.
            IsADirectoryError: where it is a bucket.
        """
        bucket, key = split_path(path)
        address = ObjectAddress(self.client.credentials.appid, bucket, key)
        if address.is_root:
            raise os_error(errno.EISDIR, path)
        return address

    def stat(self, path: str) -> ObjectStat:
        """Ask what a file, else a folder, or a bucket is.

        Raises:
            FileNotFoundError: where there is neither.
        """
        bucket, key = split_path(path)
        with os_errors(path):
            if key != "/":
                with suppress(NotFoundError):
                    return self.client.stat(bucket, key)
            return self.client.stat(bucket, key + "/")

    def stat_file(self, path: str) -> ObjectStat:
        """Ask what a file is.

        Raises:
            IsADirectoryError: where it is a folder.
            FileNotFoundError: where there is none.
        """
        found = self.stat(path)
        if found.is_folder:
            raise os_error(errno.EISDIR, path)
        return found

    def list(self, path: str, *, recursive: bool = False) -> Iterator[tuple[str, ObjectStat]]:
        """Yield the path of each entry of a folder, and what it is.

        Raises:
            FileNotFoundError: where there is no such folder.
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
        """Make a file, and the folders above it; return its bytes; see `Client.upload`.

        Raises:
            FileExistsError: where there is one, and it is not to be overwritten.
            IsADirectoryError: where a folder is at `path`.
            NotADirectoryError: where a file is in the place of one of the folders above.
        """
        address = self.address(path)
        with self._placing(address, path):
            result = self.client.upload(
                source, address.bucket, address.path, overwrite=overwrite, **options
            )
            if result.existed and not overwrite:  # the same content: a lock file of another's
                raise os_error(errno.EEXIST, path)
            return result.filesize

    def make_folder(self, path: str, *, parents: bool) -> None:
        """Make a folder.

        Raises:
            FileExistsError: where something is there.
            FileNotFoundError: where the one above is not, without `parents`.
            NotADirectoryError: where a file is in its place.
        """
        address = self.address(path)
        try:
            with os_errors(path):
                self.client.create_folder(address.bucket, address.path, parents=parents)
        except FileNotFoundError as exc:
            raise self._blocked_above(address) or exc from exc.__cause__

    def remove_file(self, path: str) -> None:
        """Delete a file.

        Raises:
            IsADirectoryError: where it is a folder.
            FileNotFoundError: where there is none.
        """
        address = self.address(path)
        try:
            with os_errors(path):
                self.client.delete(address.bucket, address.path)
        except FileNotFoundError:
            self.stat_file(path)
            raise

    def remove_folder(self, path: str, *, recursive: bool = False) -> None:
        """Delete a folder; with `recursive` all that is in it, else it has to be empty.

        Raises:
            NotADirectoryError: where it is a file.
            FileNotFoundError: where there is none.
            OSError: ENOTEMPTY where it is not empty.
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
        """Give a file another path, over what is there; through here into another bucket.

        Raises:
            OSError: as `copy` does.
        """
        if split_path(path)[0] == split_path(target)[0]:
            self._relocate(self.client.move, path, target)
        else:
            self._copy_through_here(path, target)
            self.remove_file(path)

    def copy(self, path: str, target: str) -> None:
        """Copy a file, over what is there: on the server, or through here into another bucket.

        Raises:
            FileNotFoundError: where there is none.
            IsADirectoryError: where one of them is a folder.
            NotADirectoryError: where a file is in the place of a folder above `target`.
        """
        if split_path(path)[0] == split_path(target)[0]:
            self._relocate(self.client.copy, path, target)
        else:
            self._copy_through_here(path, target)

    def _relocate(self, operation: Callable[..., None], path: str, target: str) -> None:
        source, aim = self.address(path), self.address(target)
        if source == aim:
            self.stat_file(path)
            return
        with self._placing(aim, target):
            try:
                operation(source.bucket, source.path, aim.path, overwrite=True)
            except NotFoundError:
                self.stat_file(path)  # else it is the folder of the target that is missing
                self._make_parents(aim)
                operation(source.bucket, source.path, aim.path, overwrite=True)

    def _copy_through_here(self, path: str, target: str) -> None:
        known = self.stat_file(path)
        with closing(Spool()) as spool:
            self.download(path, spool, verify=known.sha1 is not None)
            self.upload(spool.rewound(), target, overwrite=True, biz_attr=known.biz_attr)

    def _make_parents(self, address: ObjectAddress) -> None:
        above = address.parents()
        if above:
            with suppress(ExistsError):
                self.client.create_folder(address.bucket, above[-1].path, parents=True)

    @contextmanager
    def _placing(self, address: ObjectAddress, path: str) -> Iterator[None]:
        """Raise the errors of the block, which puts a file at `address`, as Python's own.

        The server does not say what is in the way, so it is looked up then.
        """
        try:
            with os_errors(path):
                yield
        except FileNotFoundError as exc:
            if isinstance(exc.__cause__, CosError):  # else it is the local file's
                raise self._blocked_above(address) or exc from exc.__cause__
            raise
        except FileExistsError as exc:
            if self._has(address.bucket, address.path + "/"):
                raise os_error(errno.EISDIR, path) from exc.__cause__
            raise

    def _blocked_above(self, address: ObjectAddress) -> OSError | None:
        """Return the error that names the file in the place of a folder, where there is one."""
        for folder in address.parents():
            if self._has(folder.bucket, folder.path.rstrip("/")):
                return os_error(errno.ENOTDIR, f"{folder.bucket}{folder.path}".rstrip("/"))
        return None

    def _has(self, bucket: str, key: str) -> bool:
        try:
            return self.client.exists(bucket, key)
        except CosError as exc:
            raise as_os_error(exc, f"{bucket}{key}") from exc


def split_path(path: str) -> tuple[str, str]:
    """Return the bucket, and the path in it with its ``/`` in front."""
    bucket, _, key = path.partition("/")
    return bucket, f"/{key}"
