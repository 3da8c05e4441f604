"""`cosfast sync`, and `cosfast get -r`, which stands on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from cli.commandline import (
    MIB,
    cosfast,
    environment,
    failed,
    lines,
    objects,
    wait_until_something_arrived,
)
from emulated import BUCKET

ROOT = f"cos://{BUCKET}"


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def stored(client, path="/"):
    return {
        entry.path[len(path) :]: client.read(BUCKET, entry.path)
        for entry in client.list(BUCKET, path, recursive=True)
        if not entry.is_folder
    }


def summary(run):
    """Return the last line for people, without its beginning."""
    return run.stderr.splitlines()[-1].removeprefix("cosfast: ")


def test_there_and_back(tree, client, settings, tmp_path):
    run = cosfast("sync", tree, f"{ROOT}/copy", **settings)
    assert run.returncode == 0
    assert "upload a (new, 10 bytes)" in run.stdout.splitlines()
    assert stored(client, "/copy/") == files(tree)
    assert summary(run).startswith("3 uploaded")
    assert summary(run).endswith(f"; {9 * MIB + 10} bytes")
    back = cosfast("sync", f"{ROOT}/copy/", tmp_path / "back", **settings)
    assert back.returncode == 0
    assert summary(back).startswith("3 downloaded")
    assert files(tmp_path / "back") == files(tree)


def test_a_second_time_all_is_kept(tree, settings):
    cosfast("sync", tree, f"{ROOT}/", **settings)
    (tree / "a").write_bytes(b"ten bytes!")
    run = cosfast("sync", tree, f"{ROOT}/", "-v", **settings)
    assert "upload a (content differs, 10 bytes)" in run.stdout.splitlines()
    assert [line for line in run.stdout.splitlines() if line.startswith("keep sub/b")]
    again = cosfast("sync", tree, f"{ROOT}/", **settings)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_json(tree, settings):
    run = cosfast("sync", tree, f"{ROOT}/", "--json", **settings)
    told = {each["name"]: each for each in objects(quiet(run))}
    assert told["sub/deeper/c"] == {
        "action": "upload",
        "name": "sub/deeper/c",
        "size": 9 * MIB,
        "reason": "new",
        "dry_run": False,
    }


def quiet(run):
    """Return the run as if it had not told people its summary, which has to be there."""
    assert run.stderr.count("\n") == 1
    run.stderr = ""
    return run


def test_delete_and_dry_run(tree, client, settings):
    client.upload(b"extra", BUCKET, "extra")
    before = stored(client)
    run = cosfast("sync", tree, f"{ROOT}/", "--delete", "--dry-run", **settings)
    assert run.returncode == 0
    assert "would delete extra (extra, 5 bytes)" in run.stdout.splitlines()
    assert summary(run).startswith("dry run: ")
    assert stored(client) == before
    cosfast("sync", tree, f"{ROOT}/", **settings)
    assert stored(client) == {**files(tree), **before}
    run = cosfast("sync", tree, f"{ROOT}/", "--delete", **settings)
    assert run.stdout == "delete extra (extra, 5 bytes)\n"
    assert stored(client) == files(tree)


@pytest.mark.parametrize("up", [True, False], ids=["up", "down"])
def test_more_than_max_delete(tree, client, settings, tmp_path, up):
    words = ("sync", tree, f"{ROOT}/base/") if up else ("sync", f"{ROOT}/base/", tmp_path / "to")
    assert cosfast("sync", tree, f"{ROOT}/base/", **settings).returncode == 0
    if up:
        client.upload(b"12", BUCKET, "base/extra/1")
    else:
        assert cosfast(*words, **settings).returncode == 0
        (tmp_path / "to" / "extra").mkdir()
        (tmp_path / "to" / "extra" / "1").write_bytes(b"12")
        client.upload(b"new", BUCKET, "base/new")
    before = stored(client), files(tmp_path)
    words += ("--delete", "--max-delete")
    message = "2 entries", "max_delete=1 (--max-delete)", "nothing was changed"
    assert failed(cosfast(*words, "1", **settings), 1, *message)
    run = cosfast(*words, "1", "--dry-run", **settings)
    assert run.returncode == 1
    assert "would delete extra/1 (extra, 2 bytes)" in run.stdout.splitlines()
    assert "would delete extra/ (extra)" in run.stdout.splitlines()
    assert "max_delete=1" in summary(run)
    assert (stored(client), files(tmp_path)) == before
    run = cosfast(*words, "2", **settings)
    assert (run.returncode, run.stdout.count("delete extra/")) == (0, 2)
    assert failed(cosfast(*words, "-1", **settings), 1, "max_delete")
    assert cosfast(*words, "some", **settings).returncode == 2


@pytest.mark.parametrize("up", [True, False], ids=["up", "down"])
def test_an_empty_source(tree, client, settings, tmp_path, up):
    (tmp_path / "mount" / "point").mkdir(parents=True)
    client.create_folder(BUCKET, "mount/point", parents=True)
    cosfast("sync", tree, f"{ROOT}/base/", **settings)
    source, target = (tmp_path / "mount", f"{ROOT}/base/") if up else (f"{ROOT}/mount/", tree)
    before = stored(client), files(tree)
    words = ("sync", "--delete", source, target)
    message = str(source), "5 entries", "--force-delete"
    assert failed(cosfast(*words, **settings), 1, *message)
    run = cosfast(*words, "--dry-run", **settings)
    assert (run.returncode, run.stdout.count("would delete")) == (1, 5)
    assert (stored(client), files(tree)) == before
    assert cosfast(*words, "--force-delete", **settings).returncode == 0
    assert (stored(client, "/base/") if up else files(tree)) == {}


@pytest.mark.parametrize(
    ("patterns", "sent"),
    [
        (["--exclude", "sub/*"], {"a"}),
        (["--exclude", "*", "--include", "sub/deeper/*"], {"sub/deeper/c"}),
        (["--include", "a", "--exclude", "*"], set()),
        (["--exclude=*", "--include=*b", "--exclude=sub/*", "--include=a"], {"a"}),
        (["--exclude", "sub/"], {"a"}),
        (["--exclude", "sub/", "--include", "*c"], {"a"}),
        (["--exclude", "sub/deeper/"], {"a", "sub/b"}),
        (["--exclude", "*/"], {"a"}),
    ],
)
def test_the_last_pattern_that_matches_wins(tree, client, settings, patterns, sent):
    assert cosfast("sync", *patterns, tree, f"{ROOT}/", **settings).returncode == 0
    assert set(stored(client)) == sent


def test_a_failure_stops_nothing_else(tree, client, settings):
    (tree / "b?d").write_bytes(b"")
    with open(os.fsencode(tree) + b"/latin-\xe9", "wb") as file:
        file.write(b"x")
    run = cosfast("sync", tree, f"{ROOT}/", **settings)
    assert run.returncode == 1
    first, second, told = sorted(run.stderr.splitlines(), key=lambda line: "failed" in line)
    assert "b?d" in first + second
    assert "latin-" in first + second
    assert "2 failed" in told
    assert set(stored(client)) == {"a", "sub/b", "sub/deeper/c"}


def test_wrong_usage(tmp_path, settings):
    assert failed(cosfast("sync", "here", "there"), 2, "cos://")
    assert failed(cosfast("sync", f"{ROOT}/a", f"{ROOT}/b"), 2, "local")
    assert failed(cosfast("sync", tmp_path / "none", f"{ROOT}/", **settings), 1, "none")


def test_get_with_all_in_it(tree, settings, tmp_path):
    cosfast("put", "-r", tree, f"{ROOT}/folder/", **settings)
    to = tmp_path / "to"
    told = objects(cosfast("get", "-r", "--json", f"{ROOT}/folder", to, **settings))
    assert {each["address"]: each["file"] for each in told} == {
        f"{ROOT}/folder/{name}": str(to / name) for name in files(tree)
    }
    assert files(to) == files(tree)
    (to / "a").write_bytes(b"ten bytes!")
    (to / "mine").write_bytes(b"mine")
    (line,) = lines(cosfast("get", "-r", "--overwrite", f"{ROOT}/folder/", to, **settings))
    assert line.startswith(f"{ROOT}/folder/a -> {to / 'a'} ")
    assert files(to) == {**files(tree), "mine": b"mine"}


def test_get_with_all_in_it_of_a_file_and_a_folder(tree, settings, tmp_path):
    cosfast("put", "-r", tree, f"{ROOT}/", **settings)
    run = cosfast("get", "-r", f"{ROOT}/a", f"{ROOT}/sub", tmp_path / "to", **settings)
    assert len(lines(run)) == 3
    assert files(tmp_path / "to") == {
        name.removeprefix("sub/"): held for name, held in files(tree).items()
    }


def test_an_interrupted_sync_goes_on(tree, client, settings):
    (tree / "large").write_bytes(bytes(32 * MIB))
    words = [sys.executable, "-m", "cosfast", "sync", str(tree), f"{ROOT}/"]
    with subprocess.Popen(
        [*words, "--max-rate", "4M"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment(**settings),
    ) as slow:  # fmt: skip
        wait_until_something_arrived("large", settings)
        slow.send_signal(signal.SIGINT)
        err = slow.communicate(timeout=30)[1]
    assert slow.returncode == 130
    assert err == "cosfast: interrupted; run the same command again to resume\n"
    assert cosfast(*words[3:], **settings).returncode == 0
    assert stored(client) == files(tree)
