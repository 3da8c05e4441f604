"""`/_emulator/`: one page for people that shows what the server holds. It needs no JavaScript.

It is given to clients on this machine alone: it lists names that a signature would be needed for.
"""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cosfast.emulator.store.overview import Bucket, File, Overview, Unfinished

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
    endpoint: str,
    appid: str,
) -> str:
    """Return the page.

    Args:
        overview: what the store holds.
        faults: those that wait and those that fired, as `FaultQueue.describe` tells them.
        endpoint: where the server is.
        appid: whose buckets it has.
    """
    buckets = [_bucket_row(bucket) for bucket in overview.buckets]
    files = [_file_row(file, endpoint, appid) for file in overview.files]
    uploads = [_upload_row(upload) for upload in overview.unfinished]
    told = [_fault_row(state, fault) for state, row in faults.items() for fault in row]
    return (
        "<!DOCTYPE html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'><title>cosfast emulator</title>"
        f"<style>{_STYLE}</style><h1>cosfast emulator</h1>"
        f"<p>A local COS v4 server at <code>{escape(endpoint)}</code>, appid"
        f" <code>{escape(appid)}</code>. Reload for the present state.</p>"
        + _table("Unfinished uploads", ("file", "has arrived", "of", "slices"), uploads)
        + _table("Buckets", ("bucket", "#files", "#folders", "#size"), buckets)
        + _table("Files, the latest first", ("file", "#size", "SHA-1", "changed"), files)
        + _table("Faults", ("state", "operation", "fault", "with"), told)
    )


def _table(title: str, heads: tuple[str, ...], rows: list[str]) -> str:
    if not rows:
        return f"<h2>{title}</h2><p>None.</p>"
    cells = "".join(
        f"<th class=number>{head[1:]}" if head.startswith("#") else f"<th>{head}" for head in heads
    )
    return f"<h2>{title}</h2><table><tr>{cells}</tr>{''.join(rows)}</table>"


def _bucket_row(bucket: Bucket) -> str:
    return (
        f"<tr><td>{escape(bucket.name)}<td class=number>{bucket.files}"
        f"<td class=number>{bucket.folders}<td class=number>{_size(bucket.size)}</tr>"
    )


def _file_row(file: File, endpoint: str, appid: str) -> str:
    host = quote(f"{file.bucket}-{appid}.file.myqcloud.com")
    link = f"{endpoint}/{host}{quote(file.path)}"
    changed = datetime.fromtimestamp(file.modified, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return (
        f"<tr><td><a href='{escape(link)}'>{escape(file.bucket + file.path)}</a>"
        f"<td class=number>{_size(file.size)}<td><code>{escape(file.sha1)}</code>"
        f"<td>{changed} UTC</tr>"
    )


def _upload_row(upload: Unfinished) -> str:
    return (
        f"<tr><td>{escape(upload.bucket + upload.path)}<td>{_size(upload.held)}"
        f"<td>{_size(upload.filesize)}<td style='width:45%'>{_bar(upload)}</tr>"
    )


def _bar(upload: Unfinished) -> str:
    """Draw the file from its first byte to its last: blue has arrived, grey is missing."""
    total = max(1, upload.filesize)
    pieces = "".join(
        f"<rect x='{1000 * start / total:.2f}' width='{1000 * (end - start) / total:.2f}'"
        " height='18' fill='#2f7ed8'/>"
        for start, end in _runs(upload.arrived)
    )
    share = 100 * upload.held // total
    return (
        f"<svg viewBox='0 0 1000 18' preserveAspectRatio='none' role='img'"
        f" aria-label='{share} percent has arrived'>"
        f"<rect width='1000' height='18' fill='#dfe5ea'/>{pieces}</svg>"
    )


def _runs(arrived: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join slices that follow one another, so that a long upload is few rectangles."""
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
