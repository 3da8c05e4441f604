"""Every operation of the API, as cosfast is asked for it: beside `sdk_calls`, with its subject."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import requests
from interop.subject import (
    AUTHORITY,
    BIZ_ATTR,
    FILE,
    FOLDER,
    HEADERS,
    LARGE,
    OTHER,
    PAGE,
    PREFIX,
    SLICE_SIZE,
    SMALL,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import cosfast

    Call = Callable[[cosfast.Client, str], object]


def folders(client: cosfast.Client, bucket: str) -> None:
    client.create_folder(bucket, FOLDER, biz_attr=BIZ_ATTR)
    client.stat(bucket, FOLDER)
    client.update(bucket, FOLDER, biz_attr=BIZ_ATTR)
    client.delete(bucket, FOLDER)


def uploads(client: cosfast.Client, bucket: str) -> None:
    client.upload(b"", bucket, FILE, biz_attr=BIZ_ATTR)
    client.upload(SMALL, bucket, FILE, biz_attr=BIZ_ATTR, overwrite=True)
    client.upload(SMALL, bucket, FILE, biz_attr=BIZ_ATTR, overwrite=True, integrity="none")
    client.exists(bucket, FILE)
    client.delete(bucket, FILE)


def attributes(client: cosfast.Client, bucket: str) -> None:
    client.upload(SMALL, bucket, FILE, biz_attr=BIZ_ATTR)
    client.update(bucket, FILE, biz_attr=BIZ_ATTR)
    client.update(bucket, FILE, authority=AUTHORITY)
    client.update(bucket, FILE, headers=HEADERS)
    client.update(bucket, FILE, biz_attr=BIZ_ATTR, authority=AUTHORITY, headers=HEADERS)
    client.stat(bucket, FILE)


def lists(client: cosfast.Client, bucket: str) -> None:
    client.upload(SMALL, bucket, FILE, biz_attr=BIZ_ATTR)
    client.upload(SMALL, bucket, OTHER)
    found = [entry.path for entry in client.list(bucket, FOLDER, page_size=PAGE)]
    assert found == [OTHER, FILE]
    assert [entry.path for entry in client.list(bucket, FOLDER, prefix=PREFIX, page_size=PAGE)]
    assert list(client.list(bucket, "/", page_size=PAGE, recursive=True))
    client.delete(bucket, FOLDER, recursive=True)


def downloads(client: cosfast.Client, bucket: str) -> None:
    client.upload(SMALL, bucket, OTHER)
    client.download(bucket, OTHER, io.BytesIO())
    assert client.read(bucket, OTHER, start=1, length=2) == SMALL[1:3]
    url = client.download_url(bucket, OTHER, expires_in=60)
    assert requests.get(url, timeout=30).content == SMALL


def relocations(client: cosfast.Client, bucket: str) -> None:
    client.upload(SMALL, bucket, FILE, biz_attr=BIZ_ATTR)
    client.copy(bucket, FILE, OTHER)
    client.copy(bucket, FILE, OTHER, overwrite=True)
    client.delete(bucket, OTHER)
    client.move(bucket, FILE, OTHER)
    client.upload(SMALL, bucket, FILE, biz_attr=BIZ_ATTR)
    client.move(bucket, FILE, OTHER, overwrite=True)


def single_steps(client: cosfast.Client, bucket: str) -> None:
    client.create_folder(bucket, FOLDER, biz_attr=BIZ_ATTR)
    size = {"filesize": len(LARGE)}
    opened = client.slice_init(bucket, FILE, biz_attr=BIZ_ATTR, **size)
    session = opened.session
    for offset in (0, SLICE_SIZE):
        content = LARGE[offset : offset + SLICE_SIZE]
        client.slice_data(bucket, FILE, session=session, offset=offset, content=content)
    client.slice_list(bucket, FILE)
    client.slice_finish(bucket, FILE, session=session, **size)
    client.delete(bucket, FILE)


def uploads_in_slices(client: cosfast.Client, bucket: str) -> None:
    """Make sure that a file of this size is not sent at once before this is called."""
    for integrity in ("parts", "stream", "none"):
        for overwrite in (False, True):
            options = {"integrity": integrity, "overwrite": overwrite, "biz_attr": BIZ_ATTR}
            client.upload(LARGE, bucket, FILE, **options)
            client.delete(bucket, FILE)


ALL: tuple[Call, ...] = (
    folders,
    uploads,
    attributes,
    lists,
    downloads,
    relocations,
    single_steps,
    uploads_in_slices,
)
