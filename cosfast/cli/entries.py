"""A file or a folder of a bucket: looked up, as a line of text, as fields of JSON."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cosfast.cli.addresses import Address
from cosfast.cli.units import iso_time
from cosfast.errors import NotFoundError

if TYPE_CHECKING:
    from cosfast.cosv4 import Client
    from cosfast.cosv4.protocol.stats import ObjectStat

KEYS = """\
  address      cos://BUCKET/PATH; a folder's ends in /
  type         "file" or "folder"
  size         bytes; null for a folder
  arrived      bytes that are there; fewer than size while not all has come
  sha1         40 hex digits; null where the server does not know it
  created, modified                    2024-05-17T08:30:00Z
  biz_attr                             the text that it carries
  authority, access_url, source_url    text, or null
  headers                              what it is downloaded with"""


def look_up(client: Client, address: Address) -> ObjectStat:
    """Ask for the file at `address`, or for the folder of this name.

    Raises:
        NotFoundError: where there is neither.
    """
    try:
        return client.stat(*address)
    except NotFoundError as exc:
        missing = exc
    if not address.is_folder:
        with suppress(NotFoundError):
            return client.stat(*address.as_folder)
    raise missing


def is_unfinished(entry: ObjectStat) -> bool:
    """Tell whether not all of its bytes have arrived."""
    return entry.filelen != entry.filesize


def entry_fields(bucket: str, entry: ObjectStat) -> dict[str, Any]:
    """Return what `KEYS` explains."""
    return {
        "address": str(Address(bucket, entry.path)),
        "type": "folder" if entry.is_folder else "file",
        "size": entry.filesize,
        "arrived": entry.filelen,
        "sha1": entry.sha1,
        "created": iso_time(entry.ctime),
        "modified": iso_time(entry.mtime),
        "biz_attr": entry.biz_attr,
        "authority": None if entry.authority is None else entry.authority.value,
        "access_url": entry.access_url,
        "source_url": entry.source_url,
        "headers": entry.headers,
    }
