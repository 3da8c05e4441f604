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
    assert told == {"removed": f"{ROOT}/folder/", "dry_run": False}
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


@pytest.mark.parametrize(("command", "stays"), [("mv", False), ("cp", True)])
def test_the_same_content_at_the_target_is_done(filled, client, command, stays):
    client.upload(b"a", BUCKET, "same")
    assert lines(cosfast(command, f"{ROOT}/a", f"{ROOT}/same", **filled))
    assert client.read(BUCKET, "same") == b"a"
    assert client.exists(BUCKET, "a") is stays


@pytest.fixture
def videos(filled, client):
    for path in ("v/1.mp4", "v/2.mp4", "v/2.srt", "v/x.mp4/inner", "v/[a].txt", "w/1.mp4"):
        client.upload(path.encode(), BUCKET, path)
    return filled


@pytest.mark.parametrize("command", ["mv", "cp"])
def test_a_pattern_to_a_folder(videos, client, command):
    run = cosfast(command, f"{ROOT}/v/*.mp4", f"{ROOT}/a", f"{ROOT}/folder/", **videos)
    assert len(lines(run)) == 3
    assert client.read(BUCKET, "folder/1.mp4") == b"v/1.mp4"
    assert {"/folder/1.mp4", "/folder/2.mp4", "/folder/a"} < set(there(client))
    assert client.exists(BUCKET, "v/1.mp4") is (command == "cp")
    assert failed(cosfast(command, f"{ROOT}/v/?.mp4", f"{ROOT}/one", **videos), 2, "ends in /")
    assert failed(cosfast(command, f"{ROOT}/a*", f"{ROOT}/b*", **videos), 2, "ends in /")


@pytest.mark.parametrize(
    ("pattern", "gone"),
    [
        ("v/*.mp4", {"/v/1.mp4", "/v/2.mp4"}),
        ("v/?.*", {"/v/1.mp4", "/v/2.mp4", "/v/2.srt"}),
        ("?/1.mp4", {"/v/1.mp4", "/w/1.mp4"}),
        ("*/*.srt", {"/v/2.srt"}),
        ("v/[a]*", {"/v/[a].txt"}),
        ("*", {"/a", "/b"}),
    ],
)
def test_rm_of_a_pattern(videos, client, pattern, gone):
    before = set(there(client))
    planned = lines(cosfast("rm", "--dry-run", f"{ROOT}/{pattern}", **videos))
    assert set(planned) == {f"would remove {ROOT}{path}" for path in gone}
    assert set(there(client)) == before
    removed = lines(cosfast("rm", f"{ROOT}/{pattern}", **videos))
    assert set(removed) == {f"removed {ROOT}{path}" for path in gone}
    assert before - set(there(client)) == gone


def test_a_pattern_of_folders(videos, client):
    run = cosfast("rm", f"{ROOT}/v/x*", **videos)
    assert failed(run, 1, "matches only folders", "-r")
    run = cosfast("rm", f"{ROOT}/v/n*", f"{ROOT}/n*/x", **videos)
    assert run.returncode == 1
    assert run.stderr.count("matches nothing") == 2
    assert lines(cosfast("rm", "-f", f"{ROOT}/v/n*", f"{ROOT}/none/*", **videos)) == []
    assert failed(cosfast("rm", f"{ROOT}/none/*", **videos), 1, "-197")
    assert lines(cosfast("rm", "-r", f"{ROOT}/[vw]*", "-f", **videos)) == []
    assert len(lines(cosfast("rm", "-r", f"{ROOT}/?/", **videos))) == 2
    assert there(client) == [
        "/a",
        "/b",
        "/folder/",
        "/folder/c",
        "/folder/inner/",
        "/folder/inner/d",
    ]


def test_a_dry_run_of_rm_lists_everything_and_changes_nothing(filled, client, emulator):
    before = there(client)
    emulator.faults.add("delete", faults.Refusal(-97), times=1)
    told = objects(cosfast("rm", "-r", "-n", "--json", f"{ROOT}/folder", f"{ROOT}/a", **filled))
    assert {each["removed"] for each in told} == {
        f"{ROOT}/{path}" for path in ("folder/", "folder/c", "folder/inner/", "folder/inner/d", "a")
    }
    assert {each["dry_run"] for each in told} == {True}
    assert failed(cosfast("rm", "-n", f"{ROOT}/folder", **filled), 1, "-r")
    assert failed(cosfast("rm", "-n", f"{ROOT}/folder/", **filled), 1, "not empty", "-r")
    assert failed(cosfast("rm", "-n", f"{ROOT}/none", **filled), 1, "none")
    assert failed(cosfast("rm", "-nr", f"{ROOT}/", **filled), 1, "root")
    client.create_folder(BUCKET, "empty")
    assert lines(cosfast("rm", "-n", f"{ROOT}/empty/", **filled)) == [f"would remove {ROOT}/empty/"]
    assert there(client) == sorted([*before, "/empty/"])
    emulator.faults.clear()


@pytest.mark.parametrize(
    ("filters", "gone"),
    [
        (["--exclude", "inner/"], {"folder/c"}),
        (["--exclude", "c"], {"folder/inner/", "folder/inner/d"}),
        (["--exclude", "*", "--include", "*d"], {"folder/inner/d"}),
        (["--exclude", "nothing"], {"folder/", "folder/c", "folder/inner/", "folder/inner/d"}),
        (["--include", "*", "--exclude", "*"], set()),
    ],
)
def test_rm_of_what_filters_select(filled, client, filters, gone):
    before = set(there(client))
    words = ("rm", "-r", f"{ROOT}/folder/", *filters)
    assert set(lines(cosfast(*words, "-n", **filled))) == {f"would remove {ROOT}/{p}" for p in gone}
    assert set(there(client)) == before
    assert set(lines(cosfast(*words, **filled))) == {f"removed {ROOT}/{path}" for path in gone}
    assert before - set(there(client)) == {f"/{path}" for path in gone}


def test_rm_with_filters_of_a_bucket_leaves_its_root(filled, client):
    run = cosfast("rm", "-r", f"{ROOT}/", "--exclude", "folder/", **filled)
    assert set(lines(run)) == {f"removed {ROOT}/a", f"removed {ROOT}/b"}
    run = cosfast("rm", f"{ROOT}/folder/c", "--exclude", "c", **filled)
    assert lines(run) == []
    assert "/folder/c" in there(client)


def test_what_cannot_be_removed_keeps_its_folder(filled, client, emulator):
    emulator.faults.add("delete", faults.Refusal(-97), times=1)
    run = cosfast("rm", "-r", f"{ROOT}/folder/", "--exclude", "nothing", **filled)
    assert (run.returncode, run.stderr.count("\n")) == (1, 1)
    assert "/folder/" in there(client)
