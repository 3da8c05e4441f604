"""The standard streams, with care for closed, full and broken ones.

Daemons and cron jobs run commands with closed standard streams: then text is dropped, and the exit
code must suffice. Only content for standard output (`get ... -`) is an error then.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Any, BinaryIO


class OutputError(Exception):
    """Standard output cannot be written; the cause is the OSError."""

    @property
    def reader_left(self) -> bool:
        """Whether the reader of the output has left, as `head` does: no reason for a message."""
        return isinstance(self.__cause__, BrokenPipeError)


class _Discard(io.TextIOBase):
    """A stream that drops its text."""

    def write(self, text: str) -> int:
        """Drop the text."""
        return len(text)


def prepare() -> None:
    """Make the standard streams safe to use; must be called before any file is opened."""
    _occupy_closed_descriptors()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, _Discard())
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be any bytes


def _occupy_closed_descriptors() -> None:
    """Keep files and connections from getting the numbers 0, 1 and 2.

    Otherwise text for "standard error" would be written to a file or sent to the server. They are
    occupied with an unconnected socket, since reading and writing it fails, also through
    /dev/stdin; /dev/null would be an empty file to upload.
    """
    if os.name == "nt":  # it does not reuse these numbers
        return
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            import socket  # noqa: PLC0415 - rarely needed

            # It gets the lowest free number: those below are open by now.
            socket.socket(socket.AF_UNIX).detach()


def print_line(text: str) -> None:
    """Print a line on standard output, and flush it.

    Raises:
        OutputError: If that fails.
    """
    try:
        print(text, flush=True)
    except OSError as exc:
        raise OutputError from exc


def write_bytes(view: memoryview) -> None:
    """Write all of `view` to standard output, without a buffer.

    A thread that waits for a slow reader would hold the buffer's lock, and an interrupted
    interpreter, which flushes the buffer as it exits, aborts if it cannot take that lock.

    Raises:
        OutputError: If that fails.
    """
    try:
        while view:
            view = view[os.write(1, view) :]
    except OSError as exc:
        raise OutputError from exc


class Stdout:
    """Standard output as a binary file to download to."""

    def write(self, view: memoryview) -> None:
        """Write all of `view`."""
        write_bytes(view)


STDIO = "-"
"""What stands for standard input or output among the operands."""


def standard_input() -> BinaryIO:
    """Return standard input.

    Raises:
        OSError: If it is closed.
    """
    if sys.stdin is None:
        raise OSError(errno.EBADF, "standard input is closed", STDIO)
    return sys.stdin.buffer


def flush() -> None:
    """Flush standard output and standard error.

    Raises:
        OutputError: If that fails.
    """
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    try:
        sys.stdout.flush()
    except OSError as exc:
        raise OutputError from exc


def silence() -> None:
    """Drop unwritable output, since the interpreter flushes the streams again as it exits."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _redirect(stream)


def _redirect(stream: Any) -> None:
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
