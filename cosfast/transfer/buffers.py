"""`BufferPool`: reusable memory for parts in flight."""

from __future__ import annotations

from queue import Empty, SimpleQueue


class BufferPool:
    """Buffers of one size, as many as have been in use at the same time.

    New memory costs a page fault for each 4 KiB, which takes about as long as hashing them.

    Args:
        size: Size of each buffer in bytes.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._free: SimpleQueue[memoryview] = SimpleQueue()

    def take(self) -> memoryview:
        """Return a buffer that is not in use."""
        try:
            return self._free.get_nowait()
        except Empty:
            return memoryview(bytearray(self._size))

    def give_back(self, buffer: memoryview) -> None:
        """Return the buffer to the pool."""
        self._free.put(buffer)
