"""Progress bars on stderr, where that is a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def progress_bar(title: str, total: int | None) -> Iterator[Callable[[int], object] | None]:
    """Yield what to call with each number of bytes done.

    It is None, so that nobody counts for nothing, where stderr is no terminal or tqdm, of the
    `cli` extra, is not installed.

    Args:
        title: what the bar counts.
        total: bytes in all, where that is known.
    """
    if not sys.stderr.isatty():
        yield None
        return
    try:
        from tqdm import tqdm  # noqa: PLC0415 - an extra, needed on a terminal alone
    except ImportError:
        yield None
        return
    with tqdm(desc=title, total=total, unit="B", unit_scale=True, leave=False) as bar:
        yield bar.update
