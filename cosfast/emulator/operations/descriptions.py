"""How stat and list speak of a file or a folder (PROTOCOL.md section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosfast.emulator.store.tree import Entry
    from cosfast.emulator.wire.addressing import Place
    from cosfast.emulator.wire.links import Links


def describe(place: Place, entry: Entry, links: Links) -> dict[str, object]:
    """Tell everything about an entry; `filelen` is what marks a file."""
    about: dict[str, object] = {
        "name": entry.name.rstrip("/"),
        "biz_attr": entry.biz_attr,
        "ctime": entry.created,
        "mtime": entry.modified,
    }
    if entry.content:
        about.update(
            filesize=entry.content.size,
            filelen=entry.content.size,
            sha=entry.content.sha1,
            authority=entry.authority,
            custom_headers=dict(entry.headers),
            access_url=links.access_url(place),
            source_url=links.source_url(place),
        )
    return about
