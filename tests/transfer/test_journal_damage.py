"""A damaged journal is detected, set aside and recreated; damaged records are never used."""

from __future__ import annotations

import random
import signal
import subprocess
import warnings

import pytest
from journals import (
    child_command,
    child_options,
    destination,
    identity,
    ignored_once,
    make_text,
    on_posix,
    parts_like,
    upload,
    use,
    works,
)

from cosfast.transfer.journal import Journal, JournalWarning, database, schema


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """The bytes of a journal with lists and uploads of several pages."""
    path = tmp_path_factory.mktemp("healthy") / schema.FILE_NAME
    journal = Journal(path)
    for number in range(1, 30):
        journal.remember_parts(identity(number, 64 * 300), parts_like(number, 300))
        journal.remember_upload(destination(f"/{number}"), upload(str(number)))
    return path.read_bytes()


def flip(data, offset):
    data[offset] ^= 1 << offset % 8


def zero(data, offset):
    data[offset : offset + 512] = bytes(len(data[offset : offset + 512]))


def garble(data, offset):
    data[offset : offset + 4096] = random.Random(offset).randbytes(len(data[offset:][:4096]))


def truncate(data, offset):
    del data[offset:]


def offsets(size):
    """All of the file's header, and others drawn over all of it."""
    return [*range(100), *sorted(random.Random(1).sample(range(100, size), 150))]


NO_SIGN_OF_DAMAGE = (18, *range(60, 64))
"""Here a file may be one that SQLite can only read, or of a later version: it is left as it is."""


@pytest.mark.slow
@pytest.mark.parametrize("damage", [flip, zero, garble, truncate])
def test_damage_anywhere(path, healthy, damage):
    path.parent.mkdir()
    noticed = 0
    for offset in offsets(len(healthy)):
        data = bytearray(healthy)
        damage(data, offset)
        path.write_bytes(data)
        noticed += not all_right(Journal(path))
        if offset not in NO_SIGN_OF_DAMAGE:
            assert survives(path), offset
        path.unlink(missing_ok=True)
    assert noticed > 50


def all_right(journal):
    """Look up everything: each is a hit as written, or a miss; then write something."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for number in range(1, 30):
            found = journal.parts_of(identity(number, 64 * 300), 64)
            assert found in (None, parts_like(number, 300))
            assert journal.digest_of(identity(number, 64 * 300)) in (None, f"{number:040x}")
            remembered = journal.upload_at(destination(f"/{number}"))
            assert remembered is None or remembered.session == str(number)
        use(journal)
    assert len(caught) <= 1
    return not caught


def survives(path):
    """Return whether the journal works again, after at most one more warning."""
    return all_right(Journal(path)) or all_right(Journal(path))


def test_a_damaged_journal_is_set_aside(path, journal):
    assert works(journal)
    path.write_bytes(b"\0" * 4096)
    with ignored_once(journal, "not a database"):
        use(journal)
    aside = path.with_name(path.name + ".damaged")
    assert aside.read_bytes() == b"\0" * 4096
    assert works(Journal(path))


def test_a_flipped_bit_in_a_list_is_noticed(path, journal):
    journal.remember_parts(identity(), parts_like(0x5EA1))
    data = path.read_bytes()
    path.write_bytes(data.replace(b"\x5e\xa1", b"\x5e\xa0"))
    with ignored_once(journal, "does not match its checksum"):
        assert journal.parts_of(identity(), 64) is None
    assert works(Journal(path))


def test_a_flipped_bit_in_a_sha1_is_a_miss(path, journal):
    journal.remember_digests([(identity(), f"{0x5EA1:040x}")])
    path.write_bytes(path.read_bytes().replace(b"\x5e\xa1", b"\x5e\xa0"))
    assert journal.digest_of(identity()) is None
    journal.remember_digests([(identity(), f"{0x5EA1:040x}")])
    assert journal.digest_of(identity()) == f"{0x5EA1:040x}"


def test_a_flipped_bit_in_an_upload_is_noticed(path, journal):
    journal.remember_upload(destination(), upload("session-of-mine"))
    path.write_bytes(path.read_bytes().replace(b"session-of-mine", b"session-of-nine"))
    with ignored_once(journal, "does not match its checksum"):
        assert journal.upload_at(destination()) is None


def test_only_the_file_that_is_damaged_is_set_aside(path, journal, monkeypatch):
    assert works(journal)
    healthy = path.read_bytes()
    is_damage = database.is_damage
    make_text(path)

    def replaced_by_another_process(error):
        path.rename(path.with_name("old"))
        path.write_bytes(healthy)
        return is_damage(error)

    monkeypatch.setattr("cosfast.transfer.journal.database.is_damage", replaced_by_another_process)
    with pytest.warns(JournalWarning):
        journal.parts_of(identity(7), 64)
    assert Journal(path).parts_of(identity(7), 64) == parts_like(7)


@on_posix
def test_a_rollback_journal_left_behind_does_not_spoil_the_new_file(path):
    script = """
import sqlite3
journal.remember_parts(identity(1, 64), parts(1))
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN")
for number in range(100):
    connection.execute(
        "INSERT INTO uploads"
        " (key, session, filesize, algorithm, part_size, lifetime, started_at, acknowledged, seal)"
        " VALUES (?, ?, 1, 'sha1', 1, 1, 1, x'', x'00')", (str(number), "s" * 10_000))
os.kill(os.getpid(), 9)
"""
    command = child_command(path, script)
    done = subprocess.run(command, check=False, timeout=60, **child_options())
    assert done.returncode == -signal.SIGKILL
    assert path.with_name(path.name + "-journal").stat().st_size > 0
    path.write_bytes(b"\0" * 4096 + b"\1" * 4096)
    all_right(Journal(path))
    assert survives(path)
    assert works(Journal(path))
