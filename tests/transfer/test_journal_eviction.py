"""Eviction from the journal: which rows, and when."""

from __future__ import annotations

import time

from journals import LIFETIME, alter, destination, identity, parts_like, rows, upload, use, works

from cosfast.transfer.journal import Journal, schema


def test_a_list_that_would_drive_out_all_others_is_not_remembered(journal, monkeypatch):
    monkeypatch.setattr("cosfast.transfer.journal.records._LARGEST_LIST_BYTES", 40)
    journal.remember_parts(identity(1, size=128), parts_like(count=2))
    journal.remember_parts(identity(2, size=192), parts_like(count=3))
    assert journal.parts_of(identity(1, size=128), 64) is not None
    assert journal.parts_of(identity(2, size=192), 64) is None


def test_the_oldest_rows_go(path, journal, monkeypatch):
    monkeypatch.setattr(schema, "MAX_ROWS", {"parts": 5, "digests": 3, "uploads": 5})
    monkeypatch.setattr(schema, "SWEEP_EVERY", 4)
    for number in range(1, 14):
        journal.remember_parts(identity(number), parts_like(number))
        journal.remember_upload(destination(f"/{number}"), upload())
        assert len(rows(path, "SELECT id FROM parts")) < 5 + 4
        assert len(rows(path, "SELECT id FROM uploads")) < 5 + 4
    assert rows(path, "SELECT id FROM parts ORDER BY id") == [8, 9, 10, 11, 12, 13]
    assert rows(path, "SELECT id FROM digests ORDER BY id") == [11, 12, 13]
    assert rows(path, "SELECT id FROM uploads ORDER BY id") == [8, 9, 10, 11, 12, 13]


def test_a_large_batch_leaves_its_last_rows(path, journal, monkeypatch):
    monkeypatch.setitem(schema.MAX_ROWS, "digests", 1000)
    batch = [(identity(number), f"{number:040x}") for number in range(1, 2501)]
    journal.remember_digests(batch)
    assert journal.digests_of(who for who, _ in batch) == dict(batch[1500:])
    journal.remember_digests(batch[:100])  # the others are older than these by now
    assert journal.digests_of(who for who, _ in batch) == dict(batch[:100] + batch[1600:])


def test_old_sha1s_go(path, journal, monkeypatch):
    monkeypatch.setattr(schema, "_OLDEST", 10)
    journal.remember_digests((identity(number), "a" * 40) for number in range(1, 26))
    alter(path, "UPDATE digests SET stored_at = stored_at - ?", schema.FILE_SECONDS + 60)
    for left in (15, 5, 0):
        journal.remember_digests([(identity(1000), "b" * 40)])
        assert len(rows(path, "SELECT id FROM digests")) == left + 1


def test_old_rows_go(path, journal, monkeypatch):
    monkeypatch.setattr(schema, "SWEEP_EVERY", 3)
    journal.remember_parts(identity(1), parts_like(1))
    alter(path, "UPDATE parts SET stored_at = stored_at - ?", schema.FILE_SECONDS + 60)
    journal.remember_parts(identity(2), parts_like(2))
    assert journal.parts_of(identity(1), 64) == parts_like(1)  # old, but right
    journal.remember_parts(identity(3), parts_like(3))
    assert journal.parts_of(identity(1), 64) is None
    expired = upload(started_at=int(time.time()) - LIFETIME - 60)
    for number in range(3):
        journal.remember_upload(destination(f"/{number}"), upload() if number else expired)
    assert rows(path, "SELECT id FROM uploads ORDER BY id") == [2, 3]


def test_each_upload_goes_after_its_own_lifetime(path, journal, monkeypatch):
    monkeypatch.setattr(schema, "SWEEP_EVERY", 3)
    started = int(time.time()) - 1000
    for number, lifetime in enumerate((900, 1100, 1100)):
        entry = upload(lifetime=lifetime, started_at=started)
        journal.remember_upload(destination(f"/{number}"), entry)
    assert rows(path, "SELECT id FROM uploads ORDER BY id") == [2, 3]


def test_the_file_stays_small(path, journal, monkeypatch):
    monkeypatch.setattr(schema, "MAX_BYTES", 1_000_000)
    for number in range(1, 101):
        who = identity(number, size=64 * 2000)
        journal.remember_parts(who, parts_like(number, count=2000))
        assert journal.parts_of(who, 64) is not None
        assert path.stat().st_size < 1_100_000
    assert 10 <= len(rows(path, "SELECT id FROM parts")) <= 25  # of 40 kB each
    for number in range(100):
        journal.remember_upload(destination(f"/{number}"), upload("s" * 100_000))
        assert path.stat().st_size < 1_300_000


def test_a_file_has_no_rows_of_its_former_states(path, journal):
    for mtime in range(10):
        journal.remember_parts(identity(mtime_ns=mtime), parts_like(mtime))
        journal.remember_parts(
            identity(size=256, mtime_ns=mtime), parts_like(mtime, slice_size=256)
        )
    assert len(rows(path, "SELECT id FROM parts")) == 1


def test_a_journal_of_an_older_version_is_recreated(path, journal):
    use(journal)
    alter(path, "ALTER TABLE uploads RENAME TO files")
    alter(path, f"PRAGMA user_version = {schema.VERSION - 1}")
    assert Journal(path).parts_of(identity(), 64) is None
    assert works(Journal(path))
    tables = rows(path, "SELECT name FROM sqlite_master WHERE name IN ('uploads', 'files')")
    assert tables == ["uploads"]
