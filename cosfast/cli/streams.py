"""The standard streams: what is done about closed, full and broken ones.

A closed standard output or error is what a daemon or a cron job chooses: what would be printed is
dropped, and the exit code tells the rest. Only content that is asked for there (`get ... -`) is an
error then, as nothing would have it.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Any


class OutputError(Exception):
    """Standard output cannot be written; the cause is the OSError."""

    @property
    def reader_left(self) -> bool:
        """Whether whoever read the output is gone, as `head` is: not worth a word."""
        return isinstance(self.__cause__, BrokenPipeError)


class _Discard(io.TextIOBase):
    """Takes any text and drops it."""

    def write(self, text: str) -> int:
        """Drop it."""
        return len(text)


def prepare() -> None:
    """Make the standard streams safe to use; call this before any file is opened."""
    _occupy_closed_descriptors()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, _Discard())
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be any bytes


def _occupy_closed_descriptors() -> None:
    """Keep files and connections from getting the numbers 0, 1 and 2.

    Whatever is written to "standard error" would otherwise end up in a file or go to the server.
    A socket without a connection is used, since each reading or writing of it fails, also through
    /dev/stdin: /dev/null would be an empty file to upload.
    """
    if os.name == "nt":  # it does not hand out these numbers anew
        return
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            import socket  # noqa: PLC0415 - hardly ever needed

            # The lowest free number is given: those below are open by now.
            socket.socket(socket.AF_UNIX).detach()


def print_line(text: str) -> None:
    """Print a line on standard output at once.

    Raises:
        OutputError: If that fails.
    """
    try:
        print(text, flush=True)
    except OSError as exc:
        raise OutputError from exc


def write_bytes(view: memoryview) -> None:
    """Write all of `view` to standard output, without a buffer.

    A thread that waits for a slow reader would hold a buffer's lock; an interpreter that is
    interrupted flushes the buffer as it ends, and aborts if it cannot have the lock.

    Raises:
        OutputError: If that fails.
    """
    try:
        while view:
            view = view[os.write(1, view) :]
    except OSError as exc:
        raise OutputError from exc


def flush() -> None:
    """Write what is left of the output.

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
    """Drop what the streams still hold, as the interpreter flushes them once more as it ends."""
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
