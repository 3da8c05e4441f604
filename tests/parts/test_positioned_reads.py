"""Files read by many threads at once where the system has no positioned reads, as on Windows."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from worked_values import content

SMALL, LARGE = 5 * 1024 * 1024 + 17, 33 * 1024 * 1024  # the latter is read ahead
HIDDEN = [("preadv",), ("preadv", "pread")]

READ_BY_MANY = """if True:
    import hashlib, os, random, sys
    from threading import Event, Thread
    for name in sys.argv[2:]:
        if hasattr(os, name):
            delattr(os, name)
    import cosfast
    from cosfast.parts import sources

    path = sys.argv[1]
    data = open(path, "rb").read()
    parts = cosfast.uploadparts(data)
    whole = Event()
    wrong = []

    def read_slices(seed):
        rng = random.Random(seed)
        while not whole.is_set():
            length = rng.randrange(1, 300_000)
            offset = rng.randrange(len(data) - length)
            if source.read_slice(offset, length) != data[offset : offset + length]:
                wrong.append((offset, length))

    with sources.open_source(path) as source:
        readers = [Thread(target=read_slices, args=(seed,)) for seed in range(4)]
        for reader in readers:
            reader.start()
        digest = hashlib.sha1()
        for block in source.blocks():
            digest.update(block)
        whole.set()
        for reader in readers:
            reader.join()
        again = hashlib.sha1()
        for block in source.blocks():
            again.update(block)
    assert wrong == [], wrong[:3]
    assert digest.hexdigest() == again.hexdigest() == parts.sha1
    assert cosfast.uploadparts(path) == parts
    assert cosfast.verify(path, parts, max_workers=4) == []
    paths = [path] * 3
    assert [found for _, found in cosfast.uploadparts_many(paths, max_workers=2)] == [parts] * 3
    print(sources.HAS_PREADV, sources.HAS_PREAD)
"""


@pytest.mark.parametrize("hidden", HIDDEN, ids=" and ".join)
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_threads_read_what_is_there(tmp_path, size, hidden):
    path = tmp_path / "file"
    path.write_bytes(content(size))
    run = subprocess.run(
        [sys.executable, "-c", READ_BY_MANY, str(path), *hidden],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.stderr == ""
    has_pread = hasattr(os, "pread") and "pread" not in hidden
    assert run.stdout == f"False {has_pread}\n"
