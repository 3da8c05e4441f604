"""Syncs that are killed: no partial file under its final name, and equal trees in the end."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from emulated import BUCKET, CREDENTIALS
from trees import done, put_tree, read_tree, remote_tree, write_tree
from worked_values import content

import cosfast

MIB = 1024 * 1024
KILLS = int(os.environ.get("COSFAST_SYNC_KILLS", "4"))  # `make check` asks for 100
MAX_RATE = 60 * MIB

CHILD = """
import sys
import cosfast

way, endpoint, folder, bucket, base, rate = sys.argv[1:]
with cosfast.Client(cosfast.Credentials.from_env(), endpoint=endpoint) as client:
    if way == "up":
        options = cosfast.UploadOptions(max_rate=float(rate))
        steps = cosfast.sync_up(client, folder, bucket, base, delete=True, options=options)
    else:
        options = cosfast.DownloadOptions(max_rate=float(rate))
        steps = cosfast.sync_down(client, bucket, base, folder, delete=True, options=options)
    print("begun", flush=True)
    errors = [step.error for step in steps if step.error]
sys.exit(f"{errors}" if errors else 0)
"""


@pytest.fixture
def sync(emulator, tmp_path):
    """Return what starts a sync in a process of its own."""
    settings = {
        **os.environ,
        "COSFAST_APPID": CREDENTIALS.appid,
        "COSFAST_SECRET_ID": CREDENTIALS.secret_id,
        "COSFAST_SECRET_KEY": CREDENTIALS.secret_key,
        "COSFAST_JOURNAL": str(tmp_path / "journal"),
    }

    def start(way, folder, *, rate=MAX_RATE):
        words = (way, emulator.endpoint, str(folder), BUCKET, "/base/", str(rate))
        return subprocess.Popen(
            [sys.executable, "-c", CHILD, *words],
            env=settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def tree_of(number):
    """A tree that differs from the one before in most files, in what is a folder, and in names."""
    data = content(10 * MIB)
    mark = number.to_bytes(8, "big")
    tree = {f"f{n % 3}/s{n}": mark * n for n in range(20)}
    tree |= {"f0/": None, "f1/": None, "f2/": None, "same": b"same", "large": mark + data}
    tree |= {f"only-{number}/": None, f"only-{number}/x": mark}
    return tree | ({"turn/": None, "turn/x": mark} if number % 2 else {"turn": mark + data[1:]})


def kill_in_the_middle(process, rng):
    with process:
        assert process.stdout.readline() == "begun\n", process.stderr.read()
        time.sleep(rng.uniform(0, 0.6))
        process.send_signal(signal.SIGKILL)


def complete(process):
    _out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err


def digests(tree):
    return {
        name: None if data is None else hashlib.sha1(data).hexdigest()
        for name, data in tree.items()
    }


def is_mixture(found, before, after):
    """Whether each file is whole: as it was, or as it is to be."""
    return all(found[name] in (before.get(name, "?"), after.get(name, "?")) for name in found)


@pytest.mark.slow
def test_killed_on_the_way_up(client, sync, tmp_path):
    rng = random.Random(20260301)
    before = tree_of(0)
    put_tree(client, "/base/", before)
    for number in range(1, KILLS + 1):
        folder, after = tmp_path / str(number), tree_of(number)
        write_tree(folder, after)
        kill_in_the_middle(sync("up", folder), rng)
        # As it is listed: a request that had left before the kill may still be at work.
        listed = client.list(BUCKET, "base", recursive=True)
        found = {entry.path.removeprefix("/base/"): entry.sha1 for entry in listed}
        assert is_mixture(found, digests(before), digests(after))
        complete(sync("up", folder, rate=1e9))
        assert remote_tree(client, "/base/") == after
        before = after
    assert set(done(cosfast.sync_up(client, folder, BUCKET, "base", delete=True))) == {"keep"}


@pytest.mark.slow
def test_killed_on_the_way_down(client, sync, tmp_path):
    rng = random.Random(20260302)
    folder, before = tmp_path / "tree", tree_of(0)
    write_tree(folder, before)
    for number in range(1, KILLS + 1):
        after = tree_of(number)
        write_tree(tmp_path / str(number), after)
        done(cosfast.sync_up(client, tmp_path / str(number), BUCKET, "base", delete=True))
        kill_in_the_middle(sync("down", folder), rng)
        found = {
            name: data
            for name, data in read_tree(folder).items()
            if not name.endswith((".cosfast-part", ".cosfast-of"))
        }
        assert is_mixture(found, before, after)
        complete(sync("down", folder, rate=1e9))
        assert read_tree(folder) == after
        before = after
    steps = cosfast.sync_down(client, BUCKET, "base", folder, delete=True)
    assert set(done(steps)) == {"keep"}


@pytest.mark.slow
def test_transferred_files_are_recognised(client, sync, tmp_path):
    """After a kill in the midst of a large file, its acknowledged slices are not sent again."""
    data = content(24 * MIB)
    write_tree(tmp_path / "tree", {"a": b"1", "large": data})
    process = sync("up", tmp_path / "tree", rate=16 * MIB)
    with process:
        while not _held(client):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    held = _held(client)
    steps = {s.name: s for s in cosfast.sync_up(client, tmp_path / "tree", BUCKET, "base")}
    assert steps["a"].action == cosfast.SyncAction.KEEP
    assert held <= steps["large"].result.resumed_bytes < len(data)
    assert steps["large"].result.sha1 == hashlib.sha1(data).hexdigest()


def _held(client):
    try:
        listed = client.slice_list(BUCKET, "/base/large")
    except cosfast.NotFoundError:
        return 0
    return sum(length for _, length in listed.parts)
