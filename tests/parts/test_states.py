"""A file that changes while it is read, and is given its size and modification time back."""

from __future__ import annotations

import os
import time

import pytest
from worked_values import content

import cosfast

SIZE = 5_000_000
HAS_CTIME = pytest.mark.skipif(os.name == "nt", reason="st_ctime is the creation there")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "content"
    path.write_bytes(content(SIZE))
    time.sleep(0.03)  # the clock of the time stamps has moved by the first change
    return path


def rewrite(path):
    """Change one byte behind the file's stamps."""
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(SIZE // 2)
        byte = file.read(1)
        file.seek(SIZE // 2)
        file.write(bytes([byte[0] ^ 1]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_mtime_ns == status.st_mtime_ns


CHANGES = {
    "rewritten": rewrite,
    "chmod": lambda path: path.chmod(0o600),
    "linked": lambda path: os.link(path, path.with_name("link")),
}


class Once:
    def __init__(self, change, path):
        self._pending = [lambda: change(path)]

    def __call__(self, *_arguments):
        if self._pending:
            self._pending.pop()()


@HAS_CTIME
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("kind", ["path", "file"])
def test_every_reader_notices(path, opened, change, kind):
    source = opened if kind == "file" else lambda path: path
    parts = cosfast.uploadparts(path)
    with pytest.raises(cosfast.SourceChanged, match="ctime"):
        cosfast.uploadparts(source(path), progress=Once(change, path))
    path.write_bytes(content(SIZE))
    path.with_name("link").unlink(missing_ok=True)
    path.chmod(0o644)
    time.sleep(0.03)
    with pytest.raises(cosfast.SourceChanged, match="ctime"):
        cosfast.verify(source(path), parts, max_workers=1, progress=Once(change, path))


@HAS_CTIME
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_many_and_extend_notice(path, monkeypatch, change):
    begin = cosfast.uploadparts(content(SIZE)[: SIZE - 100_000])
    really = cosfast.parts.sources.read_at
    pending = []

    def read_at(descriptor, view, offset):
        count = really(descriptor, view, offset)
        if pending and len(view) > 1:
            pending.pop()()
        return count

    monkeypatch.setattr(cosfast.parts.sources, "read_at", read_at)
    pending.append(lambda: change(path))
    ((_, outcome),) = cosfast.uploadparts_many([path])
    assert isinstance(outcome, cosfast.SourceChanged)
    path.write_bytes(content(SIZE))
    path.with_name("link").unlink(missing_ok=True)
    path.chmod(0o644)
    time.sleep(0.03)
    pending.append(lambda: change(path))
    with pytest.raises(cosfast.SourceChanged, match="ctime"):
        cosfast.extend(path, begin)


def test_what_was_written_through_the_file_object_is_no_change(tmp_path):
    with (tmp_path / "new").open("w+b") as file:
        file.write(content(1000))
        time.sleep(0.03)
        file.seek(10)
        assert cosfast.uploadparts(file) == cosfast.uploadparts(content(1000)[10:])


def test_reading_alone_changes_nothing(path):
    parts = cosfast.uploadparts(path)
    assert cosfast.verify(path, parts, progress=lambda _count: path.read_bytes()) == []
