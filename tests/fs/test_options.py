"""How a filesystem is made, told from another, and carried elsewhere; where the key may show."""

from __future__ import annotations

import copy
import json
import multiprocessing
import os
import pickle
import subprocess
import sys

import fsspec
import pytest
from emulated import BUCKET, CREDENTIALS, connect

import cosfast
from cosfast.fs import CosV4FileSystem

KEY = CREDENTIALS.secret_key


def texts_of(fs):
    yield repr(fs)
    yield str(fs)
    yield repr(fs.storage_options)
    yield repr(fs.to_dict())
    yield repr(fs.to_dict(include_password=False))
    yield fs.to_json()


def test_from_the_environment_by_entry_point(settings):
    fs = fsspec.filesystem("cosv4")
    assert type(fs) is CosV4FileSystem
    fs.pipe_file("bucket/a", b"1")
    with fsspec.open("cosv4://bucket/a") as file:
        assert file.read() == b"1"


def test_options_go_before_the_environment(settings, monkeypatch):
    monkeypatch.setenv("COSFAST_SECRET_KEY", "another")
    monkeypatch.setenv("COSFAST_ENDPOINT", "http://127.0.0.1:1")
    fs = fsspec.filesystem("cosv4", **settings)
    assert fs.exists("bucket")
    assert fs.unstrip_protocol("bucket/a") == "cosv4://bucket/a"


def test_credentials_in_the_place_of_their_parts(settings, monkeypatch):
    monkeypatch.setenv("COSFAST_SECRET_KEY", "another")
    assert CosV4FileSystem(credentials=CREDENTIALS).isdir("bucket")


def test_what_fsspec_gives_to_every_filesystem(settings):
    fs = CosV4FileSystem(asynchronous=True, loop=None, max_paths=1)
    assert fs.dircache.max_paths == 1
    assert fs.isdir("bucket")


def test_fsspecs_own_configuration(settings, monkeypatch):
    monkeypatch.delenv("COSFAST_SECRET_KEY")
    monkeypatch.setitem(fsspec.config.conf, "cosv4", {"secret_key": KEY})
    assert CosV4FileSystem().isdir("bucket")


@pytest.mark.parametrize("name", ["appid", "secret_id", "secret_key"])
def test_what_is_missing_is_named(settings, monkeypatch, name):
    monkeypatch.delenv(f"COSFAST_{name.upper()}")
    with pytest.raises(cosfast.InputError, match=f"COSFAST_{name.upper()}"):
        CosV4FileSystem()


def test_no_server(settings, monkeypatch):
    monkeypatch.delenv("COSFAST_ENDPOINT")
    with pytest.raises(cosfast.InputError, match="region"):
        CosV4FileSystem()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"secretkey": KEY}, "'secretkey'"),
        ({"secret_key": KEY + " "}, "secret_key"),
        ({"credentials": KEY}, "credentials"),
        ({"client": KEY}, "client"),
        ({"region": "g z"}, "region"),
    ],
)
def test_bad_options(settings, options, message):
    with pytest.raises(cosfast.InputError, match=message) as caught:
        CosV4FileSystem(**options)
    assert KEY not in str(caught.value)


def test_no_text_shows_the_key(settings):
    for fs in (CosV4FileSystem(), CosV4FileSystem(**settings)):
        for text in texts_of(fs):
            assert KEY not in text
            assert CREDENTIALS.appid in text


def test_no_error_shows_the_key(settings):
    fs = CosV4FileSystem(**{**settings, "secret_key": "wrong-key-of-mine"})
    with pytest.raises(PermissionError) as caught:
        fs.info("bucket/a")
    assert "wrong-key-of-mine" not in repr(caught.value) + repr(caught.value.__cause__)


def test_as_json_and_back_with_the_key_from_the_environment(settings, monkeypatch):
    text = CosV4FileSystem(listings_expiry_time=5).to_json()
    again = fsspec.AbstractFileSystem.from_json(text)
    assert again.dircache.listings_expiry_time == 5
    assert again.isdir("bucket")
    assert json.loads(text)["secret_id"] == CREDENTIALS.secret_id
    monkeypatch.delenv("COSFAST_SECRET_KEY")
    with pytest.raises(cosfast.InputError, match="secret_key"):
        fsspec.AbstractFileSystem.from_json(text)


def test_no_json_of_a_client(fs):
    with pytest.raises(TypeError, match="client"):
        fs.to_json()


def test_instances_are_kept_by_what_they_mean(settings):
    first = CosV4FileSystem()
    assert CosV4FileSystem(**settings) is first
    assert CosV4FileSystem(credentials=CREDENTIALS) is first
    assert CosV4FileSystem(use_listings_cache=False) is not first
    assert CosV4FileSystem(skip_instance_cache=True) is not first


def test_keys_are_told_apart(settings):
    good, other = CosV4FileSystem(), CosV4FileSystem(secret_key="another")
    assert good is not other
    assert good != other
    with pytest.raises(PermissionError):
        other.info("bucket")


def test_clients_are_told_apart(emulator):
    with (
        connect(emulator.endpoint) as one,
        connect(emulator.endpoint, retry=cosfast.NO_RETRY) as two,
    ):
        assert repr(one) == repr(two)
        assert CosV4FileSystem(client=one).client is one
        assert CosV4FileSystem(client=two).client is two


def test_pickled_it_needs_no_environment(settings, monkeypatch):
    pickled = pickle.dumps(CosV4FileSystem())
    CosV4FileSystem().client.close()
    CosV4FileSystem.clear_instance_cache()
    for name in settings:
        monkeypatch.delenv(f"COSFAST_{name.upper()}")
    assert pickle.loads(pickled).isdir("bucket")


def test_a_clients_filesystem_pickles(fs):
    fs.pipe_file("bucket/a", b"1")
    again = pickle.loads(pickle.dumps(fs))
    assert again.cat_file("bucket/a") == b"1"
    assert again.client is not fs.client
    again.client.close()


def test_an_open_file_pickles(fs):
    fs.pipe_file("bucket/a", b"0123456789")
    with fs.open("bucket/a") as file:
        file.seek(4)
        again = pickle.loads(pickle.dumps(file))
    assert again.read() == b"456789"
    again.fs.client.close()


def test_copies_are_of_the_same_settings(settings):
    assert copy.copy(CosV4FileSystem()).client.credentials == CREDENTIALS


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork"
)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # that is what this is about
def test_a_forked_process_has_connections_of_its_own(fs):
    fs.pipe_file("bucket/a", b"1")
    client = fs.client
    read, write = os.pipe()
    child = os.fork()
    if not child:
        fine = fs.client is not client and fs.cat_file("bucket/a") == b"1"
        os.write(write, b"fine" if fine else b"not")
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        assert answer.read() == b"fine"
    os.waitpid(child, 0)
    assert fs.client is client
    assert fs.cat_file("bucket/a") == b"1"


def test_fsspec_is_imported_by_nobody_else():
    program = (
        "import sys, cosfast; cosfast.Client; assert 'fsspec' not in sys.modules;"
        "import cosfast.fs; assert 'fsspec' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_fsspec_it_is_said_what_to_install():
    program = "import sys; sys.modules['fsspec'] = None; import cosfast.fs"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "install the extra cosfast[fsspec]" in run.stderr


def test_two_servers_are_two_filesystems(fs, settings):
    assert fs.fsid == CosV4FileSystem().fsid
    elsewhere = CosV4FileSystem(endpoint="http://127.0.0.1:1")
    assert elsewhere.fsid != fs.fsid
    assert BUCKET not in elsewhere.fsid
