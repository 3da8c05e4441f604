"""The HTML page at `/_emulator/` that shows the server's state. It needs no JavaScript.

It is served only to clients on this machine, since it lists names that otherwise need a signature.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cosfast.emulator.services import Service
    from cosfast.emulator.store.overview import File, Overview, Space, Upload

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_UNIT = 1024
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
       color: #1b2733; background: #fff; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { color: #52606d; margin: .25rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid #e4e9ee; }
th { color: #52606d; font-weight: 600; } td.number, th.number { text-align: right; }
code { font-size: .85em; } a { color: #0b5cad; } svg { display: block; width: 100%; height: 18px; }
.waiting { color: #8a6100; } .fired { color: #a02020; }
"""


def render(
    overview: Overview,
    faults: Mapping[str, Iterable[Mapping[str, object]]],
    services: Sequence[Service],
    endpoint: str,
) -> str:
    """Return the page.

    Args:
        overview: Contents of the store.
        faults: The waiting and fired faults, as `FaultQueue.describe` returns them.
        services: The services of the server.
        endpoint: URL of the server.
    """
    by_name = {service.name: service for service in services}
    titles = ", ".join(service.title for service in services)
    uploads = [_upload_row(upload, by_name) for upload in overview.uploads]
    spaces = [_space_row(space, by_name) for space in overview.spaces]
    files = [_file_row(file, by_name) for file in overview.files]
    queued = [_fault_row(state, fault) for state, row in faults.items() for fault in row]
    return (
        "<!DOCTYPE html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'><title>cosfast emulator</title>"
        f"<style>{_STYLE}</style><h1>cosfast emulator</h1>"
        f"<p>A local server at <code>{escape(endpoint)}</code> for {escape(titles)}."
        " Reload the page to update it.</p>"
        + _table("Unfinished uploads", ("service", "file", "received", "size", "parts"), uploads)
        + _table("Buckets and spaces", ("service", "name", "#files", "#folders", "#size"), spaces)
        + _table("Files, newest first", ("service", "file", "#size", "digest", "modified"), files)
        + _table("Faults", ("state", "operation", "fault", "attributes"), queued)
    )


def _table(title: str, heads: tuple[str, ...], rows: list[str]) -> str:
    if not rows:
        return f"<h2>{title}</h2><p>None.</p>"
    cells = "".join(
        f"<th class=number>{head[1:]}" if head.startswith("#") else f"<th>{head}" for head in heads
    )
    return f"<h2>{title}</h2><table><tr>{cells}</tr>{''.join(rows)}</table>"


def _space_row(space: Space, services: Mapping[str, Service]) -> str:
    return (
        f"<tr><td>{_title(space.service, services)}<td>{escape(space.name)}"
        f"<td class=number>{space.files}<td class=number>{space.folders}"
        f"<td class=number>{_size(space.size)}</tr>"
    )


def _file_row(file: File, services: Mapping[str, Service]) -> str:
    changed = datetime.fromtimestamp(file.modified, UTC).strftime("%Y-%m-%d %H:%M:%S")
    service = services.get(file.service)
    link = service.link_to(file) if service else None
    name = escape(_name(file, services))
    shown = f"<a href='{escape(link)}'>{name}</a>" if link else name
    return (
        f"<tr><td>{_title(file.service, services)}"
        f"<td>{shown}<td class=number>{_size(file.size)}<td><code>{escape(file.digest)}</code>"
        f"<td>{changed} UTC</tr>"
    )


def _upload_row(upload: Upload, services: Mapping[str, Service]) -> str:
    return (
        f"<tr><td>{_title(upload.service, services)}<td>{escape(_name(upload, services))}"
        f"<td>{_size(upload.received)}<td>{_size(upload.size)}"
        f"<td style='width:45%'>{_bar(upload)}</tr>"
    )


def _title(name: str, services: Mapping[str, Service]) -> str:
    return escape(services[name].title if name in services else name)


def _name(item: File | Upload, services: Mapping[str, Service]) -> str:
    service = services.get(item.service)
    return service.name_of(item) if service else item.name


def _bar(upload: Upload) -> str:
    """Draw the byte ranges of an upload as SVG: received ones blue, missing ones grey."""
    total = max(1, upload.size)
    pieces = "".join(
        f"<rect x='{1000 * start / total:.2f}' width='{1000 * (end - start) / total:.2f}'"
        " height='18' fill='#2f7ed8'/>"
        for start, end in _runs(upload.arrived)
    )
    share = 100 * upload.received // total
    return (
        f"<svg viewBox='0 0 1000 18' preserveAspectRatio='none' role='img'"
        f" aria-label='{share} percent received'>"
        f"<rect width='1000' height='18' fill='#dfe5ea'/>{pieces}</svg>"
    )


def _runs(arrived: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Merge adjacent parts, so that a long upload needs few rectangles."""
    runs: list[tuple[int, int]] = []
    for offset, length in arrived:
        if runs and runs[-1][1] == offset:
            runs[-1] = (runs[-1][0], offset + length)
        else:
            runs.append((offset, offset + length))
    return runs


def _fault_row(state: str, fault: Mapping[str, object]) -> str:
    known = {"operation", "fault"}
    details = ", ".join(f"{name} {value}" for name, value in fault.items() if name not in known)
    return (
        f"<tr><td class={escape(state)}>{escape(state)}<td>{escape(str(fault['operation']))}"
        f"<td>{escape(str(fault['fault']))}<td>{escape(details)}</tr>"
    )


def _size(count: int) -> str:
    value, unit = float(count), 0
    while value >= _UNIT and unit < len(_UNITS) - 1:
        value, unit = value / _UNIT, unit + 1
    return f"{count} B" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"
