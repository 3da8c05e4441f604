"""Progress bars on stderr, if that is a terminal and tqdm (the extra `cli`) is installed."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from cosfast.cli.output import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_HASHING = "hashing "


@contextmanager
def progress_bar(
    title: str, total: int | None, *, quiet: bool = False
) -> Iterator[Callable[[int], object] | None]:
    """Yield a function to call with each number of bytes done; None if nothing is shown.

    Args:
        title: The title of the bar.
        total: Bytes in all, if that is known.
        quiet: Whether to show nothing.
    """
    tqdm = _tqdm(quiet=quiet)
    if tqdm is None:
        yield None
        return
    with _bar(tqdm, title, total, 0) as bar:
        yield bar.update


class Advances(NamedTuple):
    """The functions that move a `growing_bar`; None if nothing is shown.

    Attributes:
        done: Called with each number of bytes done.
        planned: Called with each number of bytes that are to be done.
    """

    done: Callable[[int], object] | None
    planned: Callable[[int], object] | None


@contextmanager
def growing_bar(title: str, *, quiet: bool) -> Iterator[Advances]:
    """Yield the functions that move a bar whose total becomes known little by little.

    Args:
        title: The title of the bar.
        quiet: Whether to show nothing.
    """
    tqdm = _tqdm(quiet=quiet)
    if tqdm is None:
        yield Advances(None, None)
        return
    with _bar(tqdm, title, 0, 0) as bar:

        def plan(count: int) -> None:
            bar.total += count
            bar.refresh()

        yield Advances(bar.update, plan)


class FileBars:
    """One bar for one file; for several, one for each in flight and one for all of them.

    A context manager.

    Args:
        sizes: The size of each file in bytes, None if it is not known. If all are empty, nothing is
            shown.
        quiet: Whether to show nothing.
    """

    def __init__(self, sizes: Iterable[int | None], *, quiet: bool) -> None:
        known = list(sizes)
        self._tqdm = _tqdm(quiet=quiet or not any(size != 0 for size in known))
        self._lock = Lock()
        self._bars: dict[str, Any] = {}
        self._lines: set[int] = set()
        self._total: Any = None
        if self._tqdm is not None and len(known) > 1:
            self._total = _bar(self._tqdm, "all files", sum(size or 0 for size in known), 0)

    def advance(self, name: str, size: int | None, count: int) -> None:
        """Add `count` bytes to the bar of a file, which is removed when the file is complete.

        Args:
            name: The file.
            size: Its size in bytes, None if it is not known.
            count: Bytes done; negative if they have to be done again.
        """
        with self._lock:
            if self._tqdm is None:
                return
            if self._total is not None:
                self._total.update(count)
            else:
                self._remove(_HASHING + name)
            self._move(name, size, count)

    def hashed(self, name: str, size: int | None, count: int) -> None:
        """Add `count` bytes to the bar of a file that is hashed before it is sent; see `advance`.

        A single file has this bar until its first bytes are sent.
        """
        with self._lock:
            if self._tqdm is not None and (self._total is not None or name not in self._bars):
                self._move(_HASHING + name, size, count)

    def __enter__(self) -> FileBars:
        return self

    def __exit__(self, *exc_info: object) -> None:
        with self._lock:
            for name in list(self._bars):
                self._remove(name)
            if self._total is not None:
                self._total.close()

    def _move(self, name: str, size: int | None, count: int) -> None:
        bar = self._bars.get(name)
        if bar is None:
            bar = self._add(name, size)
            if count < 0 and size is not None:  # it was complete, and is not any more
                bar.n = size
        bar.update(count)
        if size is not None and bar.n >= size:
            self._remove(name)

    def _add(self, name: str, size: int | None) -> Any:
        line = 0
        if self._total is not None:
            line = min(set(range(1, len(self._lines) + 2)) - self._lines)
            self._lines.add(line)
        bar = self._bars[name] = _bar(self._tqdm, name, size, line)
        return bar

    def _remove(self, name: str) -> None:
        bar = self._bars.pop(name, None)
        if bar is not None:
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


def _tqdm(*, quiet: bool) -> Any:
    """Return tqdm's class, or None if nobody is to see a bar."""
    if quiet or not sys.stderr.isatty():
        return None
    try:
        from tqdm import tqdm  # noqa: PLC0415 - an extra, only for terminals
    except ImportError:
        return None
    return tqdm
