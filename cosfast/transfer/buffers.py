"""`BufferPool`: memory for slices on their way, used again rather than made anew."""

from __future__ import annotations

from queue import Empty, SimpleQueue


class BufferPool:
    """Gives out buffers of one size; as many exist as were ever out at a time.

    Fresh memory costs a page fault for each 4 KiB, which for a slice is as dear as hashing it.

    Args:
        size: bytes in each.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._free: SimpleQueue[memoryview] = SimpleQueue()

    def take(self) -> memoryview:
        """Return one that nobody uses."""
        try:
            return self._free.get_nowait()
        except Empty:
            return memoryview(bytearray(self._size))

    def give_back(self, buffer: memoryview) -> None:
        """Return the buffer to the pool."""
        self._free.put(buffer)
