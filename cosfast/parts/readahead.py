"""`read_ahead`: one thread reads while another uses what was read."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUFFERS = 3
BUFFER_BYTES = 2 * 1024 * 1024

_Filled = tuple[memoryview, int] | BaseException


def read_ahead(readinto: Callable[[memoryview], int | None]) -> Iterator[memoryview]:
    """Read to the end in a thread of its own; each block is valid until the next is asked for.

    Args:
        readinto: fills a buffer and returns the number of bytes, 0 at the end; it is called from
            that one thread alone.

    Raises:
        Exception: whatever `readinto` raised.
    """
    free: SimpleQueue[memoryview | None] = SimpleQueue()
    filled: SimpleQueue[_Filled] = SimpleQueue()
    for _ in range(BUFFERS):
        free.put(memoryview(bytearray(BUFFER_BYTES)))
    reader = Thread(
        target=_read, args=(readinto, free, filled), name="cosfast-read-ahead", daemon=True
    )
    reader.start()
    try:
        yield from _blocks(free, filled)
    finally:
        free.put(None)  # behind at most BUFFERS others, so the thread ends soon
        reader.join()


def _blocks(
    free: SimpleQueue[memoryview | None], filled: SimpleQueue[_Filled]
) -> Iterator[memoryview]:
    while True:
        read = filled.get()
        if isinstance(read, BaseException):
            raise read
        buffer, count = read
        if not count:
            return
        yield buffer[:count]
        free.put(buffer)


def _read(
    readinto: Callable[[memoryview], int | None],
    free: SimpleQueue[memoryview | None],
    filled: SimpleQueue[_Filled],
) -> None:
    try:
        for buffer in iter(free.get, None):
            count = readinto(buffer) or 0
            filled.put((buffer, count))
            if not count:
                return
    except BaseException as exc:  # noqa: BLE001 - raised again where the blocks are used
        filled.put(exc)
