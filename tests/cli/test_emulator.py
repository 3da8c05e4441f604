"""`cosfast emulator` that cannot start: one line, which names what is at fault."""

from __future__ import annotations

import socket
import sqlite3

import pytest
from cli.commandline import cosfast, failed
from emulated import start_emulator


@pytest.fixture
def root(tmp_path):
    return tmp_path / "root"


def test_a_root_in_use(root):
    with start_emulator(root):
        run = cosfast("emulator", "--root", root)
    assert failed(run, 1, str(root), "another server", "--root")


def test_a_port_in_use(root):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = cosfast("emulator", "--root", root, "--port", port)
    assert failed(run, 1, f"127.0.0.1:{port}", "in use")
    with start_emulator(root):  # and the folder is free again
        pass


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "a..b", "x" * 70, "\udcff"])
def test_a_host_that_cannot_be(host):
    assert failed(cosfast("emulator", "--host", host), 1, ascii(host)[1:-1])


@pytest.mark.parametrize("port", ["65536", "-1", "99999999999999999999"])
def test_a_port_that_cannot_be(port):
    assert failed(cosfast("emulator", f"--port={port}"), 1, "port", port)


def test_an_account_that_cannot_be():
    assert failed(cosfast("emulator", "--appid", "name"), 1, "appid", "name")
    assert failed(cosfast("emulator", COSFAST_APPID="name"), 1, "appid", "name")


def is_file(root):
    root.write_bytes(b"")


def is_below_a_file(root):
    root.parent.joinpath("file").write_bytes(b"")
    root.symlink_to(root.parent / "file" / "root")


def is_no_database(root):
    root.mkdir()
    (root / "metadata.sqlite3").write_bytes(bytes(range(256)) * 64)


def is_a_folder(root):
    (root / "metadata.sqlite3").mkdir(parents=True)


def has_no_tables(root):
    root.mkdir()
    with sqlite3.connect(root / "metadata.sqlite3") as connection:
        connection.execute("PRAGMA user_version = 1")
    connection.close()


def is_of_another_version(root):
    root.mkdir()
    with sqlite3.connect(root / "metadata.sqlite3") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def is_truncated(root):
    with start_emulator(root):
        pass
    path = root / "metadata.sqlite3"
    path.write_bytes(path.read_bytes()[:5000])


def has_a_folder_as_lock(root):
    (root / "lock").mkdir(parents=True)


def has_a_file_as_files(root):
    root.mkdir()
    (root / "files").write_bytes(b"")


@pytest.mark.parametrize(
    "make",
    [
        is_file,
        is_below_a_file,
        is_no_database,
        is_a_folder,
        has_no_tables,
        is_of_another_version,
        is_truncated,
        has_a_folder_as_lock,
        has_a_file_as_files,
    ],
)
def test_a_root_that_cannot_be_used(root, make):
    make(root)
    assert failed(cosfast("emulator", "--root", root), 1, "root")
