"""Trees for tests: by name, a file's bytes, or None for a folder, whose name ends in ``/``."""

from __future__ import annotations

import os
import time

from emulated import BUCKET

from cosfast.transfer.journal import FileIdentity


def write_tree(folder, tree):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in tree.items():
        path = folder / name
        if data is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def read_tree(folder):
    """Return what is in a local folder; a link is where it leads to, as text."""
    tree = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            tree[name] = os.readlink(path)
        elif path.is_dir():
            tree[name + "/"] = None
        else:
            tree[name] = path.read_bytes()
    return tree


def put_tree(client, base, tree):
    """Put a tree into the folder `base` of the bucket, which ends in ``/``."""
    if not client.exists(BUCKET, base):
        client.create_folder(BUCKET, base, parents=True)
    for name, data in tree.items():
        if data is not None:
            client.upload(data, BUCKET, base + name, overwrite=True)
        elif not client.exists(BUCKET, base + name):
            client.create_folder(BUCKET, base + name, parents=True)


def remote_tree(client, base):
    """Return what is in a folder of the bucket, which begins and ends in ``/``."""
    return {
        entry.path[len(base) :]: None if entry.is_folder else client.read(BUCKET, entry.path)
        for entry in client.list(BUCKET, base, recursive=True)
    }


def with_folders(tree):
    """Add the folders that the files are in."""
    whole = dict(tree)
    for name in tree:
        segments = name.rstrip("/").split("/")
        whole.update({"/".join(segments[:depth]) + "/": None for depth in range(1, len(segments))})
    return whole


def wait_until_settled(folder):
    """Wait until the journal may remember every file that is in a folder now."""
    while not all(
        FileIdentity.of(path.stat()).is_settled for path in folder.rglob("*") if path.is_file()
    ):
        time.sleep(0.02)


def errors_of(steps):
    return {step.name: step.error for step in steps if step.error is not None}


def done(steps):
    """Return what was done, as sets of names by action; any error fails."""
    actions = {}
    for step in steps:
        assert step.error is None, step
        actions.setdefault(step.action.value, set()).add(step.name)
    return actions
