"""`cosfast emulator`: what it prints; if it cannot start, one line that names what is at fault."""

from __future__ import annotations

import contextlib
import signal
import socket
import sqlite3
import subprocess
import sys
import time

import pytest
from cli.commandline import cosfast, environment, failed, lines
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


@contextlib.contextmanager
def running(tmp_path, *words, **extra):
    """Yield a server, and what it printed on standard error until it was ready."""
    errors = tmp_path / "errors"
    with errors.open("wb") as stderr, subprocess.Popen(
        [sys.executable, "-m", "cosfast", "emulator", *words],
        stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment(**extra),
    ) as server:  # fmt: skip
        try:
            line = server.stdout.readline()
            assert line.startswith("listening on http://127.0.0.1:"), errors.read_text()
            for _ in range(100):
                if "_emulator/" in errors.read_text() or "--quiet" in words:
                    break
                time.sleep(0.05)
            yield line.split()[-1], errors.read_text()
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) == 0


def exported(told, tmp_path):
    """Return the variables that a shell has when the block of exports was pasted."""
    block = "\n".join(line for line in told.splitlines() if line.startswith("export "))
    run = subprocess.run(
        ["sh", "-c", f"{block}\nenv"],
        capture_output=True, text=True, timeout=30, env=environment(), check=True, cwd=tmp_path,
    )  # fmt: skip
    pairs = (line.partition("=") for line in run.stdout.splitlines())
    return {name: value for name, _, value in pairs if name.startswith("COSFAST_")}


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
def test_the_exports_can_be_pasted(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    with running(tmp_path) as (endpoint, told):
        pasted = exported(told, tmp_path)
        assert pasted["COSFAST_ENDPOINT"] == endpoint
        run = {"folder": tmp_path, **pasted, "COSFAST_JOURNAL": str(tmp_path / "journal")}
        assert lines(cosfast("put", "file", "cos://any/", **run))
        assert lines(cosfast("get", "cos://any/file", "-", **run)) == ["content"]
        words = ("wedrive", "put", "file", "--space", "s.1")
        assert lines(cosfast(*words, **run))
        assert lines(cosfast("pds", "put", "file", **run))


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
def test_a_key_of_the_users_own_is_not_printed(tmp_path):
    account = {"COSFAST_SECRET_ID": "an id; with 'marks'".replace(" ", "")}
    secret = {"COSFAST_SECRET_KEY": "not-to-show"}
    with running(tmp_path, **account, **secret) as (_, told):
        pasted = exported(told, tmp_path)
    assert pasted["COSFAST_SECRET_ID"] == account["COSFAST_SECRET_ID"]
    assert "COSFAST_SECRET_KEY" not in pasted
    assert "not-to-show" not in told


def test_quiet_prints_the_address_alone(tmp_path):
    with running(tmp_path, "--quiet") as (_, told):
        assert told == ""


def test_a_fixed_list_of_buckets(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    with running(tmp_path, "--bucket", "photos", "--bucket", "videos") as (_, told):
        run = {**exported(told, tmp_path), "folder": tmp_path, "COSFAST_JOURNAL": ""}
        assert lines(cosfast("put", "file", "cos://photos/", "-q", **run)) == []
        assert lines(cosfast("ls", "cos://videos/", **run)) == []
        for words in (
            ("put", "file", "cos://phtos/a/b"),
            ("put", "file", "cos://phtos/"),
            ("ls", "cos://phtos/"),
            ("get", "cos://phtos/file"),
        ):
            wrong = cosfast(*words, **run)
            assert failed(wrong, 1, "bucket phtos does not exist, only photos, videos")
    assert failed(cosfast("emulator", "--bucket", "no/name"), 1, "buckets", "no/name")
