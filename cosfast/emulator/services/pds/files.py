"""Files and folders of PDS: get, list, delete and download."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from cosfast.emulator.services.pds.answers import RefusedError
from cosfast.emulator.services.pds.call import (
    ROOT,
    SERVICE,
    describe,
    require_entry,
    require_folder,
)
from cosfast.emulator.services.pds.links import Link
from cosfast.emulator.store import tree
from cosfast.emulator.store.tree import Key
from cosfast.emulator.wire.downloads import Version, prepare_download
from cosfast.emulator.wire.values import load_json

if TYPE_CHECKING:
    import sqlite3

    from cosfast.emulator.services import Context
    from cosfast.emulator.services.pds.call import Answer, Call
    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.wire.downloads import Download, Wanted

_PAGE = 50
_LARGEST_PAGE = 100
_SHORTEST, _USUAL, _LONGEST = 1, 900, 115_200  # seconds that a download URL is valid
_CHILDREN = 1000


def get(call: Call) -> Answer:
    """Return the metadata of a file or folder."""
    key = call.key(call.fields.identifier("file_id"))
    return describe(call.context.store.database.read(lambda tx: require_entry(tx, key)))


def list_folder(call: Call) -> Answer:
    """Return a page of the entries of a folder."""
    folder = call.key(call.fields.text("parent_file_id", ROOT) or ROOT)
    limit = call.fields.number("limit", _PAGE, _LARGEST_PAGE) or _PAGE
    after = _read_marker(call.fields.text("marker", ""))

    def read(connection: sqlite3.Connection) -> list[tree.Entry]:
        require_folder(connection, folder)
        return tree.children(connection, folder, count=limit + 1, after=after)

    entries = call.context.store.database.read(read)
    page = entries[:limit]
    marker = _marker(page[-1]) if len(entries) > limit else ""
    return {"items": [describe(entry) for entry in page], "next_marker": marker}


def delete(call: Call) -> Answer:
    """Delete a file, or a folder with everything in it."""
    key = call.key(call.fields.identifier("file_id"))
    if key.id == ROOT:
        raise RefusedError("InvalidParameter.FileId", "the root cannot be deleted")
    call.context.store.database.write(lambda tx: _remove(tx, key))
    return None


def get_download_url(call: Call) -> Answer:
    """Return a signed URL of a file's content."""
    key = call.key(call.fields.identifier("file_id"))
    seconds = call.fields.number("expire_sec", _USUAL, _LONGEST) or _USUAL
    entry = call.context.store.database.read(lambda connection: require_entry(connection, key))
    if entry.content is None:
        raise RefusedError("InvalidParameter.FileId", "a folder has no content")
    url = call.signer.sign(call.origin, Link("GET", key.space, key.id), seconds)
    told = describe(entry)
    return {
        "url": url,
        "method": "GET",
        "size": told["size"],
        "content_hash": told["content_hash"],
        "content_hash_name": told["content_hash_name"],
    }


def open_download(context: Context, link: Link, wanted: Wanted) -> Download:
    """Open the content of the file that a signed URL is for."""
    key = Key(SERVICE, link.space, link.id)
    entry = context.store.database.read(lambda connection: tree.find(connection, key))
    if entry is None or entry.content is None:
        raise RefusedError("NoSuchKey", "The specified key does not exist.")
    told = describe(entry)
    file = context.store.files.open(entry.content.file)
    headers = {
        "Content-Type": str(told["content_type"]),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(entry.name, safe='')}",
    }
    version = Version(f'"{entry.key.id[:32].upper()}"', entry.modified)
    return prepare_download(file, entry.content.size, version, headers, wanted)


def _remove(tx: Transaction, key: Key) -> None:
    require_entry(tx.connection, key)
    doomed = [key]
    while doomed:
        folder = doomed[-1]
        inner = tree.children(tx.connection, folder, count=_CHILDREN)
        if inner:
            doomed.extend(entry.key for entry in inner)
            continue
        tree.remove(tx, doomed.pop())


def _marker(entry: tree.Entry) -> str:
    return base64.urlsafe_b64encode(json.dumps([entry.name, entry.key.id]).encode()).decode()


def _read_marker(text: str) -> tuple[str, str]:
    if not text:
        return "", ""
    try:
        document = load_json(base64.urlsafe_b64decode(text.encode()))
    except (ValueError, binascii.Error):
        document = None
    if isinstance(document, list) and all(isinstance(each, str) for each in document):
        match document:
            case [name, file_id]:
                return name, file_id
    raise RefusedError("InvalidParameter.Marker", "marker is not one of this server")
