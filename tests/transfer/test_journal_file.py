"""The journal's file: its path, its permissions, and the objects that refer to it."""

from __future__ import annotations

import copy
import os
import pickle
import stat
from functools import partial
from pathlib import Path

import pytest
from journals import destination, identity, on_posix, parts_like, run_child, use, works

import cosfast
from cosfast import pds, wedrive
from cosfast.transfer.journal import NO_JOURNAL, Journal, default_path, schema


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
    assert default_path(environ, platform) == folder / schema.FILE_NAME
    assert default_path({**environ, "COSFAST_JOURNAL": "/my/own"}, platform) == Path("/my/own")
    assert default_path({**environ, "COSFAST_JOURNAL": ""}, platform) == folder / schema.FILE_NAME


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
    assert NO_JOURNAL.parts_of(identity(), 64) is NO_JOURNAL.digest_of(identity()) is None
    assert NO_JOURNAL.upload_at(destination()) is None
    assert pickle.loads(pickle.dumps(NO_JOURNAL)) is NO_JOURNAL
    assert copy.deepcopy(NO_JOURNAL) is NO_JOURNAL
    assert isinstance(NO_JOURNAL, Journal)
    assert repr(NO_JOURNAL) == "cosfast.NO_JOURNAL"
    assert not list(tmp_path.iterdir())


@pytest.fixture(params=["cosv4", "wedrive", "pds"])
def connect(request):
    """Make a client of each service."""
    given = {
        "cosv4": partial(cosfast.Client, cosfast.Credentials("1250000000", "id", "key")),
        "wedrive": partial(wedrive.Client, "token"),
        "pds": partial(pds.Client, token="token", drive_id="1"),
    }
    return partial(given[request.param], endpoint="http://127.0.0.1:9")


def test_the_journals_that_clients_take(connect, tmp_path, monkeypatch):
    mine = Journal(tmp_path / "mine")
    assert connect(journal=mine).journal is mine
    assert connect(journal=None).journal is NO_JOURNAL
    for name in ("one", "two"):  # the default is looked up for each client anew
        monkeypatch.setenv("COSFAST_JOURNAL", str(tmp_path / name))
        with connect() as client:
            assert works(client.journal)
        assert (tmp_path / name).is_file()
    with pytest.raises(cosfast.InputError, match="journal must be a Journal.*not str"):
        connect(journal=str(tmp_path))
