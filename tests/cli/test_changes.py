"""`cosfast rm`, `mkdir`, `mv` and `cp`."""

from __future__ import annotations

import pytest
from cli.commandline import cosfast, failed, lines, objects
from emulated import BUCKET

from cosfast.emulator import faults

ROOT = f"cos://{BUCKET}"


@pytest.fixture
def filled(client, settings):
    for path in ("a", "b", "folder/c", "folder/inner/d"):
        client.upload(path.encode(), BUCKET, path)
    return settings


def there(client):
    return sorted(entry.path for entry in client.list(BUCKET, recursive=True))


def test_rm_of_several(filled, client):
    run = cosfast("rm", f"{ROOT}/a", f"{ROOT}/none", f"{ROOT}/b", **filled)
    assert run.returncode == 1
    assert run.stdout.splitlines() == [f"removed {ROOT}/a", f"removed {ROOT}/b"]
    assert run.stderr.count("\n") == 1
    assert "none" in run.stderr
    assert "/a" not in there(client)
    assert "/b" not in there(client)


def test_rm_of_what_is_not_there(filled):
    assert lines(cosfast("rm", "-f", f"{ROOT}/none", f"{ROOT}/none/", **filled)) == []
    assert lines(cosfast("rm", "-rf", f"{ROOT}/none", f"{ROOT}/none/", **filled)) == []
    assert failed(cosfast("rm", "-r", f"{ROOT}/none", **filled), 1, "none")


def test_force_forgives_nothing_else(filled, emulator):
    emulator.faults.add("delete", faults.Refusal(-97))
    assert failed(cosfast("rm", "-f", f"{ROOT}/a", **filled), 1, "-97")


@pytest.mark.parametrize("address", ["folder", "folder/"])
def test_rm_of_a_folder(filled, client, address):
    before = there(client)
    run = cosfast("rm", f"{ROOT}/{address}", **filled)
    assert failed(run, 1, "-r" if address == "folder" else "-173")
    assert there(client) == before
    (told,) = objects(cosfast("rm", "-r", "--json", f"{ROOT}/{address}", **filled))
    assert told == {"removed": f"{ROOT}/folder/"}
    assert there(client) == ["/a", "/b"]


def test_rm_of_an_empty_folder(filled, client):
    client.create_folder(BUCKET, "empty")
    assert lines(cosfast("rm", f"{ROOT}/empty/", **filled)) == [f"removed {ROOT}/empty/"]
    assert not client.exists(BUCKET, "empty/")


def test_rm_never_takes_the_root(filled, client):
    before = there(client)
    assert failed(cosfast("rm", "-rf", ROOT, **filled), 1, "root")
    assert there(client) == before


def test_mkdir(settings, client):
    assert failed(cosfast("mkdir", f"{ROOT}/x/y/z", **settings), 1, "/x/y/")
    assert lines(cosfast("mkdir", "-p", f"{ROOT}/x/y/z", **settings)) == [f"made {ROOT}/x/y/z/"]
    assert client.exists(BUCKET, "x/y/z/")
    assert failed(cosfast("mkdir", f"{ROOT}/x", **settings), 1, "-178")
    run = cosfast("mkdir", "-p", "--json", f"{ROOT}/x/", f"{ROOT}/new", **settings)
    assert objects(run) == [
        {"folder": f"{ROOT}/x/", "made": False},
        {"folder": f"{ROOT}/new/", "made": True},
    ]


def test_mkdir_where_a_file_is(filled):
    assert failed(cosfast("mkdir", "-p", f"{ROOT}/a", **filled), 1, "-178")


@pytest.mark.parametrize(("command", "stays"), [("mv", False), ("cp", True)])
def test_to_another_path(filled, client, command, stays):
    (told,) = objects(cosfast(command, "--json", f"{ROOT}/a", f"{ROOT}/folder/z", **filled))
    assert told == {"source": f"{ROOT}/a", "target": f"{ROOT}/folder/z"}
    assert client.read(BUCKET, "folder/z") == b"a"
    assert client.exists(BUCKET, "a") is stays


@pytest.mark.parametrize("command", ["mv", "cp"])
def test_into_a_folder(filled, client, command):
    run = cosfast(command, f"{ROOT}/a", f"{ROOT}/none", f"{ROOT}/b", f"{ROOT}/folder/", **filled)
    assert run.returncode == 1
    assert len(run.stdout.splitlines()) == 2
    assert run.stderr.count("\n") == 1
    assert (client.read(BUCKET, "folder/a"), client.read(BUCKET, "folder/b")) == (b"a", b"b")


@pytest.mark.parametrize("command", ["mv", "cp"])
def test_what_is_at_the_target(filled, client, command):
    assert failed(cosfast(command, f"{ROOT}/a", f"{ROOT}/b", **filled), 1, "/a")
    assert client.read(BUCKET, "b") == b"b"
    assert lines(cosfast(command, "--overwrite", f"{ROOT}/a", f"{ROOT}/b", **filled))
    assert client.read(BUCKET, "b") == b"a"


@pytest.mark.parametrize("command", ["mv", "cp"])
def test_only_within_a_bucket(command):
    assert failed(cosfast(command, "local", f"{ROOT}/a"), 2, "put")
    assert failed(cosfast(command, f"{ROOT}/a", "local"), 2, "get")
    assert failed(cosfast(command, f"{ROOT}/a", "cos://other/a"), 2, "one bucket", "get", "put")
    assert failed(cosfast(command, f"{ROOT}/a", f"{ROOT}/b", f"{ROOT}/c"), 2, "ends in /")
