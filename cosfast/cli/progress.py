"""Progress bars on stderr, if that is a terminal and tqdm (the extra `cli`) is installed."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from cosfast.cli.output import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def progress_bar(title: str, total: int | None) -> Iterator[Callable[[int], object] | None]:
    """Yield a function to call with each number of bytes done; None if nothing is shown.

    Args:
        title: The title of the bar.
        total: Bytes in all, if that is known.
    """
    tqdm = _tqdm()
    if tqdm is None:
        yield None
        return
    with _bar(tqdm, title, total, 0) as bar:
        yield bar.update


class FileBars:
    """A bar for each file in flight, and one for all of them; a context manager.

    Args:
        title: The title of the bar for all files.
        total: Bytes in all; if it is 0, nothing is shown.
    """

    def __init__(self, title: str, total: int) -> None:
        self._tqdm = _tqdm() if total else None
        self._lock = Lock()
        self._bars: dict[str, Any] = {}
        self._lines: set[int] = set()
        self._total = None if self._tqdm is None else _bar(self._tqdm, title, total, 0)

    def advance(self, name: str, size: int, count: int, *, total: bool = True) -> None:
        """Add `count` bytes to the bar of a file, which is removed when the file is complete.

        Args:
            name: The file.
            size: Its size in bytes.
            count: Bytes done; negative if they have to be done again.
            total: Whether to add them to the bar for all files, too.
        """
        if self._total is None:
            return
        with self._lock:
            bar = self._bars.get(name) or self._add(name, size)
            bar.update(count)
            if total:
                self._total.update(count)
            if bar.n >= size:
                self._remove(name)

    def __enter__(self) -> FileBars:
        return self

    def __exit__(self, *exc_info: object) -> None:
        with self._lock:
            for name in list(self._bars):
                self._remove(name)
            if self._total is not None:
                self._total.close()

    def _add(self, name: str, size: int) -> Any:
        line = min(set(range(1, len(self._lines) + 2)) - self._lines)
        self._lines.add(line)
        bar = self._bars[name] = _bar(self._tqdm, name, size, line)
        return bar

    def _remove(self, name: str) -> None:
        bar = self._bars.pop(name)
        self._lines.discard(-bar.pos)
        bar.close()


def _bar(tqdm: Any, title: str, total: int | None, line: int) -> Any:
    return tqdm(
        desc=escape(title),
        total=total,
        unit="B",
        unit_scale=True,
        leave=False,
        position=line,
        miniters=1,
    )


def _tqdm() -> Any:
    """Return tqdm's class, or None if nobody would see a bar."""
    if not sys.stderr.isatty():
        return None
    try:
        from tqdm import tqdm  # noqa: PLC0415 - an extra, only for terminals
    except ImportError:
        return None
    return tqdm
