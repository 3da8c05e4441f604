"""Standard streams that are closed, full or broken, as cron, daemons and full disks have them."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from cli.commandline import MIB, environment
from emulated import BUCKET
from worked_values import content

from cosfast import uploadparts

pytestmark = pytest.mark.skipif(os.name == "nt", reason="descriptors cannot be closed there")

FULL = "/dev/full"


def command(*words):
    return [sys.executable, "-m", "cosfast", *map(str, words)]


def shell(redirections, *words, folder=None, **extra):
    """Run the command with what a shell makes of `redirections`."""
    return subprocess.run(
        ["sh", "-c", f'"$@" {redirections}', "sh", *command(*words)],
        capture_output=True,
        timeout=120,
        cwd=folder,
        env=environment(**extra),
        check=False,
    )


CLOSED = ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "<&- 2>&-"]


@pytest.mark.parametrize("closed", CLOSED)
@pytest.mark.parametrize("size", [100, 9 * MIB + 5])
def test_an_upload_with_closed_streams(client, settings, tmp_path, closed, size):
    """Nothing that is printed may end up in a file or on a connection that got its number."""
    file = tmp_path / "file"
    file.write_bytes(content(size))
    settings["COSFAST_JOURNAL"] = str(tmp_path / "journal")
    run = shell(closed, "put", file, f"cos://{BUCKET}/file", folder=tmp_path, **settings)
    assert (run.returncode, run.stderr) == (0, b"")
    assert client.read(BUCKET, "file") == file.read_bytes() == content(size)
    assert bool(run.stdout) == (">" not in closed.replace("2>", ""))
    file.write_bytes(b"other")
    run = shell(closed, "put", file, f"cos://{BUCKET}/file", folder=tmp_path, **settings)
    assert run.returncode == 1
    assert run.stderr.count(b"\n") == (0 if "2>" in closed else 1)
    assert client.read(BUCKET, "file") == content(size)
    assert shell(closed, "put", file, f"cos://{BUCKET}/new", **settings).returncode == 0


def every_command(folder):
    """Return words that succeed for each command, in an order that lets them."""
    (folder / "local").write_bytes(b"local")
    (folder / "tree").mkdir()
    (folder / "tree" / "new").write_bytes(b"new")
    (folder / "parts.json").write_text(uploadparts(b"local").to_json())
    return [
        ("put", "local", f"cos://{BUCKET}/file"),
        ("ls", f"cos://{BUCKET}"),
        ("ls", "-lr", f"cos://{BUCKET}"),
        ("stat", f"cos://{BUCKET}/file"),
        ("stat", "--json", f"cos://{BUCKET}/file"),
        ("get", f"cos://{BUCKET}/file", "here"),
        ("get", "-r", f"cos://{BUCKET}/", "all"),
        ("cp", f"cos://{BUCKET}/file", f"cos://{BUCKET}/copy"),
        ("mv", f"cos://{BUCKET}/copy", f"cos://{BUCKET}/moved"),
        ("rm", f"cos://{BUCKET}/moved"),
        ("mkdir", f"cos://{BUCKET}/folder"),
        ("sign", f"cos://{BUCKET}/file"),
        ("sync", "tree", f"cos://{BUCKET}/tree/"),
        ("parts", "local"),
        ("--version",),
        ("ls", "--help"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_every_command_with_closed_streams(settings, tmp_path, closed):
    for words in every_command(tmp_path):
        run = shell(closed, *words, folder=tmp_path, **settings)
        assert run.returncode == 0, (words, run.stderr)
        assert run.stderr == b"" or (words[0] == "sync" and run.stderr.count(b"\n") == 1), words
    assert shell(closed, "verify", "local", "parts.json", folder=tmp_path).returncode == 0
    assert shell(closed, "ls", "no-address").returncode == 2
    assert shell(closed).returncode == 2


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists(FULL), reason="this system has no full disk to offer")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_every_command_on_a_full_disk(settings, tmp_path, unbuffered):
    settings["PYTHONUNBUFFERED"] = unbuffered
    for words in every_command(tmp_path):
        run = shell(f"> {FULL}", *words, folder=tmp_path, **settings)
        assert (run.returncode, run.stderr.count(b"\n")) == (1, 1), (words, run.stderr)
        assert run.stderr.startswith(b"cosfast: standard output: "), words
        assert os.strerror(28).encode() in run.stderr


@pytest.mark.skipif(not os.path.exists(FULL), reason="this system has no full disk to offer")
def test_messages_that_cannot_be_written_change_no_exit_code(settings, tmp_path):
    (tmp_path / "local").write_bytes(b"local")
    words = ("put", "local", f"cos://{BUCKET}/file")
    assert shell(f"2> {FULL}", *words, folder=tmp_path, **settings).returncode == 0
    (tmp_path / "local").write_bytes(b"other")
    assert shell(f"2> {FULL}", *words, folder=tmp_path, **settings).returncode == 1
    assert shell(f"2> {FULL}", "ls", "no-address").returncode == 2


LOST = [">&-", *([f"> {FULL}"] if os.path.exists(FULL) else [])]


@pytest.mark.parametrize("lost", LOST)
def test_content_that_nobody_gets_is_a_failure(client, settings, lost):
    client.upload(content(100), BUCKET, "one")
    client.upload(content(9 * MIB), BUCKET, "two")
    words = ("get", f"cos://{BUCKET}/one", f"cos://{BUCKET}/two", "-")
    run = shell(lost, *words, **settings)
    assert (run.returncode, run.stderr.count(b"\n")) == (1, 1), run.stderr
    assert run.stderr.startswith(b"cosfast: standard output: ")


@pytest.mark.parametrize("words", [("get", f"cos://{BUCKET}/file", "-"), ("ls", f"cos://{BUCKET}")])
def test_a_reader_that_leaves_is_not_worth_a_word(client, settings, words):
    client.upload(content(9 * MIB), BUCKET, "file")
    reading, writing = os.pipe()
    os.close(reading)
    run = subprocess.run(
        command(*words),
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=60,
        env=environment(**settings),
        check=False,
    )
    os.close(writing)
    assert (run.returncode, run.stderr) == (1, b"")


@pytest.mark.skipif(not os.path.exists("/dev/stdin"), reason="this system does not name it")
def test_a_closed_standard_input_is_no_empty_file(client, settings):
    run = shell("<&-", "put", "/dev/stdin", f"cos://{BUCKET}/file", **settings)
    assert (run.returncode, run.stderr.count(b"\n")) == (1, 1), run.stderr
    assert not client.exists(BUCKET, "file")


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_the_emulator_serves_with_closed_streams(tmp_path, closed):
    root = tmp_path / "root"
    with subprocess.Popen(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *command("emulator", "--root", root)],
        stderr=subprocess.PIPE,
        env=environment(),
    ) as server:
        for _ in range(300):
            if (root / "metadata.sqlite3-wal").exists():
                break
            time.sleep(0.1)
        time.sleep(0.5)
        assert server.poll() is None
        server.terminate()
        assert server.wait(30) == 0
        assert b"Traceback" not in server.stderr.read()


def test_a_demo_on_a_full_disk(tmp_path):
    if not os.path.exists(FULL):
        pytest.skip("this system has no full disk to offer")
    (tmp_path / "file").write_bytes(b"small")
    run = shell(f"> {FULL}", "demo", tmp_path / "file")
    assert (run.returncode, run.stderr.count(b"\n")) == (1, 1), run.stderr


def test_none_in_the_place_of_streams(settings, tmp_path):
    """As under pythonw and some services: the descriptors are somebody else's."""
    (tmp_path / "file").write_bytes(b"content")
    script = """if True:
        import sys
        from cosfast.cli import main
        sys.stdin = sys.stdout = sys.stderr = None
        code = main(["put", "file", "cos://bucket/file"]) or main(["ls", "cos://bucket"])
        sys.exit(code or main(["ls", "cos://bucket/none"]) - 1)
    """
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        timeout=60,
        cwd=tmp_path,
        env=environment(**settings),
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


@pytest.mark.parametrize("closed", CLOSED)
def test_no_file_gets_the_number_of_a_closed_stream(tmp_path, closed):
    """What C code writes to standard error, say, must not end up in a file."""
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "script.py").write_text("""if True:
        import os, sys
        from cosfast.cli import main
        was_closed = [number for number in range(3) if not os.path.exists(f"/dev/fd/{number}")]
        code = main(["parts", "file"])
        with open("opened", "wb") as opened:
            assert opened.fileno() > 2
        for number in was_closed:
            try:
                os.write(number, b"lost")
            except OSError:
                continue
            sys.exit(3)
        sys.exit(code)
    """)
    run = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", sys.executable, "script.py"],
        capture_output=True,
        timeout=60,
        cwd=tmp_path,
        env=environment(),
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, b"")
