"""`Pair`: the two folders of a sync, and where the names in them are."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.errors import InputError
from cosfast.parsing import shown
from cosfast.sync.filters import Filter, Selection
from cosfast.sync.reading import RemoteFolders, read_local, read_remote
from cosfast.sync.step import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cosfast.cosv4 import Client
    from cosfast.sync.trees import LocalFile, RemoteFile, Tree


@dataclass(frozen=True)
class Pair:
    """A folder here, a folder there, and what takes part of them.

    Attributes:
        client: talks to the server.
        top: the folder here, an absolute path.
        folder: the folder there.
        selection: which names take part.
        files: how many files at a time.
    """

    client: Client
    top: str
    folder: ObjectAddress
    selection: Selection
    files: int

    @classmethod
    def of(
        cls,
        client: Client,
        top: str,
        *,
        bucket: str,
        path: str,
        filters: Iterable[Filter],
        files: int,
    ) -> Pair:
        """Make one of what a user gives.

        Raises:
            InputError: naming what makes no sense.
        """
        if type(files) is not int or files < 1:
            raise InputError(f"files must be a number from 1, not {shown(files)}")
        folder = ObjectAddress.folder(client.credentials.appid, bucket, path)
        return cls(client, top, folder, Selection(filters), files)

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.folder.bucket

    def read(self, source: str) -> tuple[Tree[LocalFile], Tree[RemoteFile]]:
        """Read both folders at the same time, as one is disk and one is waiting.

        Args:
            source: which of them the other is to be like, ``"here"`` or ``"there"``.

        Raises:
            CosError: see `read_remote`.
            OSError: see `read_local`.
        """
        stop = Event()
        with ThreadPoolExecutor(1, thread_name_prefix="cosfast-list") as pool:
            try:
                there = pool.submit(self._read_remote, stop, is_source=source == "there")
                here = read_local(self.top, self.selection, is_source=source == "here")
                return here, there.result()
            finally:
                stop.set()

    def _read_remote(self, stop: Event, *, is_source: bool) -> Tree[RemoteFile]:
        return read_remote(
            RemoteFolders(self.client, self.folder.bucket, self.files, stop),
            self.folder.path,
            self.selection,
            is_source=is_source,
        )

    def local_path(self, name: str) -> str:
        """Return where `name` is here."""
        if name == ROOT:
            return self.top
        return os.path.join(self.top, *name.rstrip("/").split("/"))  # noqa: PTH118

    def remote_path(self, name: str) -> str:
        """Return where `name` is in the bucket."""
        return self.folder.path if name == ROOT else self.folder.path + name

    def check_remote(self, name: str) -> None:
        """Raise where the protocol has no such name.

        Raises:
            InputError: naming it.
        """
        ObjectAddress(self.folder.appid, self.bucket, self.remote_path(name))
