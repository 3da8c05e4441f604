"""`FileIdentity`: it changes with the file, and is not trusted just after a write."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import NOW, SECOND, SLICE_SIZE, identity, parts_like

import cosfast
from cosfast.transfer.journal import FileIdentity


def settled(file):
    """The file's identity, taken late enough to be trusted."""
    taken = FileIdentity.of(file.stat())
    later = max(taken.mtime_ns, taken.ctime_ns) + 3 * SECOND
    return FileIdentity(*(getattr(taken, name) for name in IDENTITY_FIELDS), seen_ns=later)


IDENTITY_FIELDS = ("device", "inode", "size", "mtime_ns", "ctime_ns")


def grow(file):
    with file.open("ab") as opened:
        opened.write(b"x")


def rewrite_with_the_old_time(file):
    before = file.stat()
    file.write_bytes(b"B" * before.st_size)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(file):
    other = file.with_name("other")
    other.write_bytes(b"B" * file.stat().st_size)
    before = file.stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(file)


@pytest.mark.parametrize("change", [grow, rewrite_with_the_old_time, replace, Path.touch])
def test_a_changed_file_is_another(tmp_path, journal, change):
    file = tmp_path / "f"
    file.write_bytes(b"A" * 1000)
    parts = cosfast.uploadparts(file)
    journal.remember_parts(settled(file), parts)
    assert journal.parts_of(settled(file), SLICE_SIZE) == parts
    time.sleep(0.05)  # the clock of time stamps ticks on
    change(file)
    assert journal.parts_of(settled(file), SLICE_SIZE) is None
    assert journal.digest_of(settled(file)) is None


TICKS = [100, 1_000_000, 4_000_000, 10_000_000, 15_625_000, SECOND, 2 * SECOND]


@given(
    tick=st.sampled_from(TICKS),
    written=st.integers(NOW, NOW + 2 * SECOND),
    until_hashed=st.integers(0, 4 * SECOND) | st.integers(0, SECOND // 5),
    until_written_again=st.integers(0, 4 * SECOND) | st.integers(0, SECOND // 5),
)
def test_no_clock_of_a_file_system_hides_a_second_write(
    tick, written, until_hashed, until_written_again
):
    hashed = written + until_hashed
    written_again = hashed + until_written_again
    first, second = (
        identity(mtime_ns=stamp, ctime_ns=stamp, seen_ns=seen)
        for stamp, seen in (
            (written // tick * tick, hashed),
            (written_again // tick * tick, written_again),
        )
    )
    assert not (first.is_settled and first == second)


def test_a_file_settles(tmp_path):
    file = tmp_path / "f"

    def written_just_now():
        file.write_bytes(b"A")
        return FileIdentity.of(file.stat())

    assert not all(written_just_now().is_settled for _ in range(20))
    deadline = time.monotonic() + 10
    while not FileIdentity.of(file.stat()).is_settled:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("age_ns", "stamp", "expected"),
    [
        (0, NOW, False),
        (99_999_999, NOW, False),
        (100_000_000, NOW, True),
        (-1, NOW, False),  # of the future: a clock is wrong
        (1_999_999_999, NOW // SECOND * SECOND, False),  # perhaps no more than whole seconds
        (2 * SECOND, NOW // SECOND * SECOND, True),
        (1_999_999_999, NOW // 10_000_000 * 10_000_000, False),  # exFAT's hundredths
    ],
)
def test_a_file_is_settled_once_its_stamps_are_older_than_their_tick(age_ns, stamp, expected):
    old = 5 * SECOND + 1
    for stamps in ((stamp, old), (old, stamp), (stamp, stamp)):
        who = identity(mtime_ns=stamps[0], ctime_ns=stamps[1], seen_ns=stamp + age_ns)
        assert who.is_settled is expected


def test_what_is_not_settled_or_of_another_size_is_not_remembered(path, journal):
    journal.remember_parts(identity(mtime_ns=NOW, seen_ns=NOW + 1), parts_like())
    journal.remember_parts(identity(inode=0), parts_like())
    journal.remember_parts(identity(size=65), parts_like())
    assert not path.exists()
