"""The journal: what it remembers, what it must not believe, and that it never fails its caller."""

from __future__ import annotations

import copy
import itertools
import logging
import os
import pickle
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cosfast
from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.transfer.journal import (
    NO_JOURNAL,
    Destination,
    FileIdentity,
    Journal,
    JournalWarning,
    RememberedUpload,
    default_path,
    eviction,
    failures,
    place,
    schema,
)

SLICE_SIZE = cosfast.SLICE_SIZE
SECOND = 1_000_000_000
NOW = 1_750_000_000 * SECOND + 123_456_789
on_posix = pytest.mark.skipif(os.name != "posix", reason="POSIX has it, this system has not")

# What the child processes have in common.
PREAMBLE = """
import os, sys
from cosfast.parts.model import UploadParts
from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.transfer.journal import *

def identity(number, size):
    return FileIdentity(1, number, size, 5, 5)

def parts(number, count=1):
    return UploadParts.from_raw(number.to_bytes(20, "big") * count, count * 64, 64)

def destination(number):
    return Destination("http://h", ObjectAddress("1", "b", f"/{number}"))

journal = Journal(sys.argv[1])
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / place.FILE_NAME


@pytest.fixture
def journal(path):
    return Journal(path)


def identity(number=1, size=64, **changes):
    return FileIdentity(**{"device": 1, "inode": number, "size": size, **STAMPS, **changes})


STAMPS = {"mtime_ns": 5, "ctime_ns": 5}


def parts_like(number=1, count=1, slice_size=64):
    return cosfast.UploadParts.from_raw(
        number.to_bytes(20, "big") * count, count * slice_size, slice_size
    )


def destination(path="/f", endpoint="http://h"):
    return Destination(endpoint, ObjectAddress("1", "b", path))


def upload(session="s", **changes):
    values = {"filesize": 64, "sha1": "a" * 40, "slice_size": 64, **changes}
    return RememberedUpload(session, **values)


def child_command(path, script):
    return [sys.executable, "-W", "error", "-c", PREAMBLE + script, os.fspath(path)]


def child_options():
    root = Path(cosfast.__file__).parents[1]
    return {"env": {**os.environ, "PYTHONPATH": str(root)}, "text": True}


def run_child(path, script):
    done = subprocess.run(
        child_command(path, script),
        capture_output=True,
        check=False,
        timeout=60,
        **child_options(),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def ignored_once(journal, match=""):
    """Expect exactly one warning, from the block, and that the journal does nothing thereafter."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
        began = time.perf_counter()
        for _ in range(100):
            use(journal)
        assert time.perf_counter() - began < 0.5
    assert [warning.category for warning in caught] == [JournalWarning], caught
    message = str(caught[0].message)
    assert match in message
    assert str(journal._path) in message
    assert "ignored" in repr(journal)
    assert journal.parts_of(identity(), 64) is None


def use(journal):
    journal.remember_parts(identity(), parts_like())
    journal.parts_of(identity(), 64)
    journal.remember_upload(destination(), upload())
    journal.upload_at(destination())
    journal.forget_upload(destination())


def works(journal):
    """Whether it remembers, without any warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        journal.remember_parts(identity(7), parts_like(7))
        return journal.parts_of(identity(7), 64) == parts_like(7)


# What it remembers.


def identities(size):
    number = st.integers(0, 2**64 - 1)  # beyond SQLite's integers
    stamp = st.integers(-(2**63), NOW - 2 * SECOND)
    return st.builds(
        FileIdentity,
        device=number,
        inode=st.integers(1, 2**128 - 1),
        size=st.just(size),
        mtime_ns=stamp,
        ctime_ns=stamp,
        seen_ns=st.just(NOW),
    )


@given(
    seed=st.integers(0, 2**32),
    who=st.integers(0, 10**6).flatmap(identities),
    slice_size=st.integers(1, 200).map(lambda blocks: blocks * 64),
)
def test_parts_come_back(tmp_path_factory, seed, who, slice_size):
    raw = random.Random(seed).randbytes(20 * -(-who.size // slice_size))
    parts = cosfast.UploadParts.from_raw(raw, who.size, slice_size)
    journal = Journal(tmp_path_factory.mktemp("parts") / place.FILE_NAME)
    journal.remember_parts(who, parts)
    assert journal.parts_of(who, slice_size) == parts
    assert journal.parts_of(who, slice_size + 64) is None
    assert journal.sha1_of(who) == parts.sha1


some_text = st.text(st.sampled_from("aZ09 ._-~%+&='#é中😀\u202e"), min_size=1)


@given(
    segments=st.lists(some_text.map(lambda text: f"{text}f"), min_size=1),
    entry=st.builds(
        RememberedUpload,
        session=some_text.map(lambda text: f"{text}\0\n"),
        filesize=st.integers(0, 2**63 - 1),
        sha1=st.none() | st.binary(min_size=20, max_size=20).map(bytes.hex),
        slice_size=st.integers(1, 2**26),
    ),
)
def test_uploads_come_back_and_are_forgotten(tmp_path_factory, segments, entry):
    path = "/".join(segments)
    journal = Journal(tmp_path_factory.getbasetemp() / "uploads" / place.FILE_NAME)
    where = destination(path)
    journal.remember_upload(where, entry)
    assert journal.upload_at(where) == entry
    assert journal.upload_at(destination(path, "http://other")) is None
    journal.forget_upload(where)
    assert journal.upload_at(where) is None


def test_the_last_word_counts(journal):
    journal.remember_upload(destination(), upload("first"))
    journal.remember_upload(destination(), upload("second"))
    assert journal.upload_at(destination()).session == "second"
    journal.remember_parts(identity(), parts_like(1))
    journal.remember_parts(identity(), parts_like(2))
    assert journal.parts_of(identity(), 64) == parts_like(2)


def test_one_file_in_slices_of_several_sizes(journal):
    fine, coarse = parts_like(3, count=4), parts_like(3, slice_size=256)
    journal.remember_parts(identity(size=256), fine)
    journal.remember_parts(identity(size=256), coarse)
    assert journal.parts_of(identity(size=256), 64) == fine
    assert journal.parts_of(identity(size=256), 256) == coarse
    assert journal.sha1_of(identity(size=256)) == coarse.sha1


def test_sha1s_of_many_files(journal):
    batch = {identity(number, size=number): f"{number:040x}" for number in range(1, 3001)}
    journal.remember_sha1s(batch.items())
    assert journal.sha1s_of(batch) == batch
    changed = [identity(number, size=number, mtime_ns=6) for number in range(1, 11)]
    unknown = [identity(number, size=number, device=2) for number in range(1, 11)]
    assert journal.sha1s_of([*changed, *unknown, identity(7, size=7)]) == {
        identity(7, size=7): f"{7:040x}"
    }
    journal.remember_sha1s((who, "f" * 40) for who in changed)
    assert journal.sha1s_of(changed) == dict.fromkeys(changed, "f" * 40)
    assert journal.sha1_of(identity(7, size=7)) is None
    assert journal.sha1s_of([]) == {}


def test_a_list_brings_its_sha1_and_a_sha1_no_list(path, journal):
    journal.remember_parts(identity(1, 64 * 3), parts_like(1, 3))
    assert journal.sha1_of(identity(1, 64 * 3)) == parts_like(1, 3).sha1
    journal.remember_sha1s([(identity(2), parts_like(2).sha1)])
    assert journal.parts_of(identity(2), 64) is None


def test_a_sha1_of_what_is_not_settled_is_not_remembered(path, journal):
    journal.remember_sha1s([(identity(mtime_ns=NOW, seen_ns=NOW), "a" * 40)])
    assert not path.exists()
    journal.remember_sha1s([])
    assert not path.exists()


def test_destinations_differ_in_each_part(journal):
    places = [
        Destination(endpoint, ObjectAddress(appid, bucket, path))
        for endpoint, appid, bucket, path in itertools.product(
            ("http://a", "http://b"), ("1", "2"), ("x", "y"), ("/p", "/p q", "/p%20q", "/P")
        )
    ]
    for number, where in enumerate(places):
        journal.remember_upload(where, upload(str(number)))
    assert [journal.upload_at(where).session for where in places] == [
        str(number) for number in range(len(places))
    ]


def test_a_lookup_of_4_gib_is_quick(journal):
    size = 4096 * SLICE_SIZE
    parts = cosfast.UploadParts.from_raw(random.Random(4).randbytes(4096 * 20), size, SLICE_SIZE)
    journal.remember_parts(identity(size=size), parts)
    seconds = []
    for _ in range(20):
        began = time.perf_counter()
        assert journal.parts_of(identity(size=size), SLICE_SIZE) == parts
        seconds.append(time.perf_counter() - began)
    assert min(seconds) < 0.01  # the quickest: the machine may be busy with other things


def test_nothing_is_made_or_loaded_before_there_is_something_to_remember(path, journal):
    assert journal.parts_of(identity(), 64) is None
    assert journal.upload_at(destination()) is None
    assert not path.parent.exists()
    run_child(path, "assert 'sqlite3' not in sys.modules")


@on_posix
def test_only_the_user_can_read_it(path, journal):
    before = os.umask(0)
    try:
        use(journal)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/c"}, "/c/cosfast"),
        ("linux", {"XDG_CACHE_HOME": "not/absolute"}, "~/.cache/cosfast"),
        ("linux", {}, "~/.cache/cosfast"),
        ("darwin", {"XDG_CACHE_HOME": "/c"}, "~/Library/Caches/cosfast"),
        ("win32", {"LOCALAPPDATA": "/c"}, "/c/cosfast"),
        ("win32", {}, "~/AppData/Local/cosfast"),
    ],
)
@on_posix
def test_the_platforms_cache_folder(platform, environ, expected):
    folder = Path(expected).expanduser()
    assert default_path(environ, platform) == folder / place.FILE_NAME
    assert default_path({**environ, "COSFAST_JOURNAL": "/my/own"}, platform) == Path("/my/own")
    assert default_path({**environ, "COSFAST_JOURNAL": ""}, platform) == folder / place.FILE_NAME


def test_the_path_is_the_environments_and_stays_the_same_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSFAST_JOURNAL", "mine")
    journal = Journal()
    monkeypatch.chdir("/")
    assert works(journal)
    assert (tmp_path / "mine").is_file()


def test_pickles_and_copies(path, journal):
    assert works(journal)
    for again in (pickle.loads(pickle.dumps(journal)), copy.copy(journal), copy.deepcopy(journal)):
        assert type(again) is Journal
        assert again.parts_of(identity(7), 64) == parts_like(7)
    assert repr(journal) == f"<cosfast.Journal {path}>"


def test_no_journal_is_itself_everywhere_and_does_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    use(NO_JOURNAL)
    assert NO_JOURNAL.parts_of(identity(), 64) is NO_JOURNAL.sha1_of(identity()) is None
    assert NO_JOURNAL.upload_at(destination()) is None
    assert pickle.loads(pickle.dumps(NO_JOURNAL)) is NO_JOURNAL
    assert copy.deepcopy(NO_JOURNAL) is NO_JOURNAL
    assert isinstance(NO_JOURNAL, Journal)
    assert repr(NO_JOURNAL) == "cosfast.NO_JOURNAL"
    assert not list(tmp_path.iterdir())


# What it must not believe.


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
    assert journal.sha1_of(settled(file)) is None


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


def test_a_list_that_would_drive_out_all_others_is_not_remembered(journal, monkeypatch):
    monkeypatch.setattr("cosfast.transfer.journal.tables._LARGEST_LIST_BYTES", 40)
    journal.remember_parts(identity(1, size=128), parts_like(count=2))
    journal.remember_parts(identity(2, size=192), parts_like(count=3))
    assert journal.parts_of(identity(1, size=128), 64) is not None
    assert journal.parts_of(identity(2, size=192), 64) is None


def test_an_upload_expires(journal):
    now = int(time.time())
    limit = eviction.UPLOAD_SECONDS
    for age, alive in ((0, True), (limit - 60, True), (limit + 1, False), (-limit - 60, False)):
        entry = upload(started_at=now - age)
        journal.remember_upload(destination(), entry)
        assert journal.upload_at(destination()) == (entry if alive else None)


# What goes.


def rows(path, query):
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute(query)]


def alter(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def test_the_oldest_rows_go(path, journal, monkeypatch):
    monkeypatch.setattr(eviction, "MAX_ROWS", {"parts": 5, "sha1s": 3, "uploads": 5})
    monkeypatch.setattr(eviction, "SWEEP_EVERY", 4)
    for number in range(1, 14):
        journal.remember_parts(identity(number), parts_like(number))
        journal.remember_upload(destination(f"/{number}"), upload())
        assert len(rows(path, "SELECT id FROM parts")) < 5 + 4
        assert len(rows(path, "SELECT id FROM uploads")) < 5 + 4
    assert rows(path, "SELECT id FROM parts ORDER BY id") == [8, 9, 10, 11, 12, 13]
    assert rows(path, "SELECT id FROM sha1s ORDER BY id") == [11, 12, 13]
    assert rows(path, "SELECT id FROM uploads ORDER BY id") == [8, 9, 10, 11, 12, 13]


def test_a_large_batch_leaves_its_last_rows(path, journal, monkeypatch):
    monkeypatch.setitem(eviction.MAX_ROWS, "sha1s", 1000)
    batch = [(identity(number), f"{number:040x}") for number in range(1, 2501)]
    journal.remember_sha1s(batch)
    assert journal.sha1s_of(who for who, _ in batch) == dict(batch[1500:])
    journal.remember_sha1s(batch[:100])  # the others are older than these by now
    assert journal.sha1s_of(who for who, _ in batch) == dict(batch[:100] + batch[1600:])


def test_old_sha1s_go(path, journal, monkeypatch):
    monkeypatch.setattr(eviction, "_OLDEST", 10)
    journal.remember_sha1s((identity(number), "a" * 40) for number in range(1, 26))
    alter(path, "UPDATE sha1s SET stored_at = stored_at - ?", eviction.PARTS_SECONDS + 60)
    for left in (15, 5, 0):
        journal.remember_sha1s([(identity(1000), "b" * 40)])
        assert len(rows(path, "SELECT id FROM sha1s")) == left + 1


def test_old_rows_go(path, journal, monkeypatch):
    monkeypatch.setattr(eviction, "SWEEP_EVERY", 3)
    journal.remember_parts(identity(1), parts_like(1))
    alter(path, "UPDATE parts SET stored_at = stored_at - ?", eviction.PARTS_SECONDS + 60)
    journal.remember_parts(identity(2), parts_like(2))
    assert journal.parts_of(identity(1), 64) == parts_like(1)  # old, but right
    journal.remember_parts(identity(3), parts_like(3))
    assert journal.parts_of(identity(1), 64) is None
    expired = upload(started_at=int(time.time()) - eviction.UPLOAD_SECONDS - 60)
    for number in range(3):
        journal.remember_upload(destination(f"/{number}"), upload() if number else expired)
    assert rows(path, "SELECT id FROM uploads ORDER BY id") == [2, 3]


def test_the_file_stays_small(path, journal, monkeypatch):
    monkeypatch.setattr(eviction, "MAX_BYTES", 1_000_000)
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


def test_an_older_version_is_made_anew(path, journal):
    use(journal)
    alter(path, "ALTER TABLE uploads RENAME TO files")
    alter(path, f"PRAGMA user_version = {schema.VERSION - 1}")
    assert Journal(path).parts_of(identity(), 64) is None
    assert works(Journal(path))
    tables = rows(path, "SELECT name FROM sqlite_master WHERE name IN ('uploads', 'files')")
    assert tables == ["uploads"]


# What can be wrong with it.


def make_later_version(path):
    use(Journal(path))
    alter(path, f"PRAGMA user_version = {schema.VERSION + 1}")


def make_other_program(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (url)")


def make_text(path):
    path.write_text("This is not a database.\n" * 100)


def make_pipe(path):
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("name", "make", "match"),
    [
        (place.FILE_NAME, Path.mkdir, "not a plain file"),
        (place.FILE_NAME, make_later_version, "later than"),
        ("mine.sqlite3", make_other_program, "another program"),
        ("mine.sqlite3", make_text, "not a database"),
        pytest.param("pipe", make_pipe, "not a plain file", marks=on_posix),
    ],
)
def test_what_is_no_journal_is_left_alone(tmp_path, name, make, match):
    path = tmp_path / name
    make(path)
    before = path.read_bytes() if path.is_file() else None
    for first in (use, lambda journal: journal.upload_at(destination())):
        journal = Journal(path)
        with ignored_once(journal, match):
            first(journal)
    assert before is None or path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file" / "folder" / place.FILE_NAME)
    with ignored_once(journal):
        use(journal)


@pytest.mark.parametrize(
    "path", ["nul\0byte", pytest.param("/proc/nowhere/journal", marks=on_posix), "x" * 5000]
)
def test_a_path_that_cannot_be(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    journal = Journal(path)
    with ignored_once(journal):
        use(journal)


def test_a_user_without_a_home(monkeypatch):
    for name in ("COSFAST_JOURNAL", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.warns(JournalWarning, match="no home folder"):
        journal = Journal()
    use(journal)


def test_values_that_cannot_be_kept(journal):
    with ignored_once(journal):
        journal.remember_upload(destination(), upload("\ud800"))


def test_a_python_without_sqlite(journal, monkeypatch):
    monkeypatch.delitem(sys.modules, "cosfast.transfer.journal.database", raising=False)
    monkeypatch.delattr("cosfast.transfer.journal.database", raising=False)
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    with ignored_once(journal, "sqlite3"):
        use(journal)


def test_locked_by_another_process(path, journal):
    assert works(journal)
    script = """
import sqlite3
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        child_command(path, script),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **child_options(),
    ) as child:
        assert child.stdout.readline() == "locked\n"
        for call in (use, lambda journal: journal.parts_of(identity(), 64)):
            waiting = Journal(path)
            began = time.monotonic()
            with ignored_once(waiting, "locked"):
                call(waiting)
            assert 0.9 < time.monotonic() - began < 3
        patient = Journal(path)
        with ThreadPoolExecutor(1) as pool:
            outcome = pool.submit(works, patient)
            time.sleep(0.3)
            child.stdin.close()  # it lets go in time
            assert outcome.result()


@on_posix
def test_threads_that_wait_for_a_lock_wait_at_the_same_time(path, journal):
    assert works(journal)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with pytest.warns(JournalWarning) as caught, ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda _: use(journal), range(32)))
        assert time.monotonic() - began < 4
        assert len(caught) == 1


@on_posix
def test_a_full_disk(path):
    # SQLite is told "no room" by a limit on the size of files as by a disk without any.
    script = """
import resource, warnings
journal.remember_upload(destination(1), RememberedUpload("s", 1, None, 1))
resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024,) * 2)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for number in range(1, 50):
        journal.remember_parts(identity(number, 64 * 500), parts(number, 500))
assert [warning.category for warning in caught] == [JournalWarning], caught
again = Journal(sys.argv[1])
kept = [again.parts_of(identity(number, 64 * 500), 64) for number in range(1, 50)]
count = sum(found is not None for found in kept)
assert kept[:count] == [parts(number, 500) for number in range(1, count + 1)]
assert kept[count:] == [None] * (49 - count)
assert again.upload_at(destination(1)).session == "s"
print(count)
"""
    assert 0 < int(run_child(path, script)) < 7
    assert works(Journal(path))


def test_what_is_told(path, caplog):
    path.parent.mkdir()
    make_text(path)
    with caplog.at_level(logging.INFO, "cosfast"), pytest.warns(JournalWarning) as caught:
        Journal(path).parts_of(identity(), 64)
    assert caught[0].filename == __file__
    assert [record.getMessage() for record in caplog.records] == [str(caught[0].message)]
    assert caplog.records[0].exc_info


def test_warnings_as_errors_still_turn_it_off(path):
    path.parent.mkdir()
    make_text(path)
    journal = Journal(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(JournalWarning):
            journal.parts_of(identity(), 64)
        use(journal)


# Damage.


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """The bytes of a journal with lists and uploads of several pages."""
    path = tmp_path_factory.mktemp("healthy") / place.FILE_NAME
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
    """Ask for everything: it is as it was written, or a miss; and write something."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for number in range(1, 30):
            found = journal.parts_of(identity(number, 64 * 300), 64)
            assert found in (None, parts_like(number, 300))
            assert journal.sha1_of(identity(number, 64 * 300)) in (None, f"{number:040x}")
            remembered = journal.upload_at(destination(f"/{number}"))
            assert remembered is None or remembered.session == str(number)
        use(journal)
    assert len(caught) <= 1
    return not caught


def survives(path):
    """Whether the journal is of use again, after one more warning at most."""
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
    with ignored_once(journal, "not what was written"):
        assert journal.parts_of(identity(), 64) is None
    assert works(Journal(path))


def test_a_flipped_bit_in_a_sha1_is_a_miss(path, journal):
    journal.remember_sha1s([(identity(), f"{0x5EA1:040x}")])
    path.write_bytes(path.read_bytes().replace(b"\x5e\xa1", b"\x5e\xa0"))
    assert journal.sha1_of(identity()) is None
    journal.remember_sha1s([(identity(), f"{0x5EA1:040x}")])
    assert journal.sha1_of(identity()) == f"{0x5EA1:040x}"


def test_a_flipped_bit_in_an_upload_is_noticed(path, journal):
    journal.remember_upload(destination(), upload("session-of-mine"))
    path.write_bytes(path.read_bytes().replace(b"session-of-mine", b"session-of-nine"))
    with ignored_once(journal, "not what was written"):
        assert journal.upload_at(destination()) is None


def test_only_the_file_that_is_damaged_is_set_aside(path, journal, monkeypatch):
    assert works(journal)
    healthy = path.read_bytes()
    make_text(path)

    def replaced_by_another_process(error):
        path.rename(path.with_name("old"))
        path.write_bytes(healthy)
        return failures.is_damage(error)

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
    connection.execute("INSERT INTO uploads (url, session, filesize, slice_size, started_at, seal)"
                       " VALUES (?, ?, 1, 1, 1, x'00')", (str(number), "s" * 10_000))
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


# Many at once.


@pytest.mark.slow
def test_many_processes(path):
    script = """
start = int(sys.stdin.readline())
for number in range(start, start + 60):
    journal.remember_parts(identity(number, 64 * 50), parts(number, 50))
    assert journal.parts_of(identity(number, 64 * 50), 64) == parts(number, 50)
    journal.remember_upload(destination(number), RememberedUpload(str(number), 1, None, 1))
    journal.remember_upload(destination("all"), RememberedUpload(str(number), 1, None, 1))
    assert journal.upload_at(destination("all")) is not None
    assert journal.upload_at(destination(number)).session == str(number)
    if number % 2:
        journal.forget_upload(destination(number))
"""
    children = [
        subprocess.Popen(
            child_command(path, script),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **child_options(),
        )
        for _ in range(8)
    ]
    for index, child in enumerate(children):  # all are up before the first begins
        child.stdin.write(f"{index * 60 + 1}\n")
    for child in children:
        _, errors = child.communicate(timeout=120)
        assert child.returncode == 0, errors
    journal = Journal(path)
    for number in range(1, 8 * 60 + 1):
        assert journal.parts_of(identity(number, 64 * 50), 64) == parts_like(number, 50)
        kept = journal.upload_at(destination(f"/{number}"))
        assert (kept is None) is bool(number % 2)


@on_posix
@pytest.mark.slow
def test_killed_at_any_instant(path):
    script = """
start = int(sys.argv[2])
for number in range(start, start + 100_000):
    journal.remember_parts(identity(number, 64 * 1000), parts(number, 1000))
    print(number, flush=True)
"""
    draw = random.Random(9)
    start = 1
    for _ in range(15):
        command = [*child_command(path, script), str(start)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, **child_options()) as child:
            assert child.stdout.readline()
            time.sleep(draw.uniform(0, 0.05))
            child.kill()
            told = [start, *map(int, child.stdout.read().split("\n")[:-1])]
        journal = Journal(path)
        for number in told[-3:]:
            assert journal.parts_of(identity(number, 64 * 1000), 64) == parts_like(number, 1000)
        assert works(journal)
        assert rows(path, "PRAGMA integrity_check") == ["ok"]
        start = told[-1] + 1


def test_many_threads(journal):
    def work(number):
        who = identity(number, 64 * 50)
        journal.remember_parts(who, parts_like(number, 50))
        journal.remember_upload(destination(f"/{number}"), upload(str(number)))
        return journal.parts_of(who, 64) == parts_like(number, 50) and journal.upload_at(
            destination(f"/{number}")
        ).session == str(number)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(work, range(1, 200)))


def test_many_threads_and_one_warning(path):
    path.parent.mkdir()
    make_text(path)
    journal = Journal(path)
    with pytest.warns(JournalWarning) as caught, ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: use(journal), range(100)))
    assert len(caught) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.slow
def test_a_fork_while_threads_are_at_it(path):
    script = """
import threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # that a process of threads forks: on purpose
stop = threading.Event()

def work(number):
    while not stop.is_set():
        journal.remember_parts(identity(number, 64), parts(number))
        assert journal.parts_of(identity(number, 64), 64) == parts(number)

threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(1, 5)]
for thread in threads:
    thread.start()
for number in range(100, 160):
    child = os.fork()
    if not child:
        journal.remember_parts(identity(number, 64), parts(number))
        right = journal.parts_of(identity(number, 64), 64) == parts(number)
        os._exit(0 if right else 1)
    assert os.waitpid(child, 0)[1] == 0, number
stop.set()
for thread in threads:
    thread.join()
"""
    run_child(path, script)
    journal = Journal(path)
    for number in (*range(1, 5), *range(100, 160)):
        assert journal.parts_of(identity(number), 64) == parts_like(number)
