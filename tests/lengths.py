"""Files whose content does not end at the size that the system says, as in /proc and on FUSE."""

from __future__ import annotations

import ctypes
import io
import os
import types

import pytest

KERNEL_FILES = ["/proc/version", "/sys/kernel/mm/transparent_hugepage/enabled"]
"""One says 0 bytes and has more, one says 4096 and has fewer."""


def kernel_file(path):
    """Return a kernel file and its content, or skip."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        pytest.skip(f"this system has no {path}")
    assert len(data) != os.stat(path).st_size
    return path, data


def with_size(status, size):
    """Return a status that says another size, and is else the same."""
    fields = {name: getattr(status, name) for name in dir(status) if name.startswith("st_")}
    return types.SimpleNamespace(**{**fields, "st_size": size})


def claim_size(monkeypatch, path, size):
    """Have the system say `size` of a file, whatever it has."""
    number = os.stat(path).st_ino
    for name in ("fstat", "stat"):
        really = getattr(os, name)

        def lie(*arguments, really=really, **keywords):
            status = really(*arguments, **keywords)
            return with_size(status, size) if status.st_ino == number else status

        monkeypatch.setattr(os, name, lie)


def empty_array(shape):
    """Return an array of no bytes, which has more than one dimension unless `shape` has one."""
    kind = ctypes.c_double
    for count in reversed(shape):
        kind *= count
    array = kind()
    assert memoryview(array).shape == shape
    return array


class ClaimingFile(io.BytesIO):
    """A file object whose end is not where it says."""

    def __init__(self, data, claimed):
        super().__init__(data)
        self._claimed = claimed

    def seek(self, offset, whence=io.SEEK_SET):
        if whence == io.SEEK_END:
            return super().seek(self._claimed + offset)
        return super().seek(offset, whence)


class EndlessFile(io.BytesIO):
    """A file object that cannot seek its end, as those of /proc."""

    def seek(self, offset, whence=io.SEEK_SET):
        if whence == io.SEEK_END:
            raise OSError(22, "Invalid argument")
        return super().seek(offset, whence)
