"""The `cosfast` command, run as a user runs it: words in, text, files and an exit code out."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from emulated import BUCKET, CREDENTIALS, connect
from worked_values import VECTORS, content

from cosfast.errors import NotFoundError

MIB = 1024 * 1024


@pytest.fixture
def settings(emulator):
    return {
        "COSFAST_ENDPOINT": emulator.endpoint,
        "COSFAST_APPID": CREDENTIALS.appid,
        "COSFAST_SECRET_ID": CREDENTIALS.secret_id,
        "COSFAST_SECRET_KEY": CREDENTIALS.secret_key,
    }


def environment(**extra):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("COSFAST_")}
    return {**kept, **extra}


def cosfast(*words, folder=None, **extra):
    return subprocess.run(
        [sys.executable, "-m", "cosfast", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env=environment(**extra),
        check=False,
    )


def failed(run, code, *names):
    """Check for one clear line on stderr and nothing else."""
    assert run.returncode == code, run.stderr
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1
    for name in names:
        assert name in run.stderr
    return True


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content(9 * MIB + 5))
    return path


def test_parts_prints_the_list(vector, tmp_path):
    path = tmp_path / "content"
    path.write_bytes(vector["content"])
    run = cosfast("parts", path, "--slice-size", vector["slice_size"])
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout) == vector["uploadparts"]


def test_parts_for_wedrive(tmp_path):
    example = json.loads((VECTORS / "wedrive.json").read_text("ascii"))
    path = tmp_path / "demo"
    path.write_bytes((b"1234567890\r\n" * 500000)[:-2])
    run = cosfast("parts", path, "--format", "wedrive")
    assert json.loads(run.stdout) == {
        "size": example["size"],
        "block_sha": example["block_sha"],
    }
    assert cosfast("parts", path, "--format", "wedrive", "--slice-size", 64).returncode == 2


def test_parts_for_pds(file):
    run = cosfast("parts", file, "--format", "pds", "--slice-size", 5 * MIB)
    listed = json.loads(run.stdout)
    assert listed["content_hash"] == hashlib.sha1(file.read_bytes()).hexdigest().upper()
    first, second = listed["part_info_list"]
    assert first["parallel_sha1_ctx"] == {"h": [], "part_offset": 0}
    assert second["parallel_sha1_ctx"]["part_offset"] == first["part_size"] == 5 * MIB
    assert len(second["parallel_sha1_ctx"]["h"]) == 5


@pytest.mark.parametrize("form", ["cos", "wedrive"])
def test_verify(file, tmp_path, form):
    listed = tmp_path / "parts.json"
    listed.write_text(cosfast("parts", file, "--format", form).stdout)
    run = cosfast("verify", file, listed)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    with file.open("r+b") as opened:
        opened.seek(5 * MIB)
        opened.write(b"broken")
    run = cosfast("verify", file, listed)
    size = MIB if form == "cos" else 2 * MIB
    assert (run.returncode, run.stdout.split()) == (1, [str(5 * MIB // size * size)])


def test_verify_of_a_bare_list(file, tmp_path):
    listed = tmp_path / "parts.json"
    document = json.loads(cosfast("parts", file, "--format", "wedrive").stdout)
    listed.write_text(json.dumps(document["block_sha"]))
    assert cosfast("verify", file, listed).returncode == 0


def test_verify_of_what_is_no_list(file, tmp_path):
    listed = tmp_path / "parts.json"
    listed.write_text('[{"offset": 0}]')
    assert failed(cosfast("verify", file, listed), 1, "parts.json", "part 0")
    assert failed(cosfast("verify", file, tmp_path / "none"), 1, "none")


def test_upload_and_again(file, settings):
    run = cosfast("upload", file, f"cos://{BUCKET}/folder/name", **settings)
    assert (run.returncode, run.stderr) == (0, "")
    assert hashlib.sha1(file.read_bytes()).hexdigest() in run.stdout
    assert failed(
        cosfast("upload", file, f"cos://{BUCKET}/folder/name", **settings), 1, "-177", "folder/name"
    )
    again = cosfast(
        "upload", file, f"cos://{BUCKET}/folder/name", "--overwrite", "--json", **settings
    )
    result = json.loads(again.stdout)
    assert result["instant"] is True
    assert result["resource_path"] == f"/{CREDENTIALS.appid}/{BUCKET}/folder/name"


def test_upload_of_several(file, tmp_path, settings):
    other = tmp_path / "other"
    other.write_bytes(b"small")
    run = cosfast("upload", file, other, f"cos://{BUCKET}/many/", "--json", **settings)
    paths = [json.loads(line)["resource_path"] for line in run.stdout.splitlines()]
    assert sorted(path.rpartition("/")[2] for path in paths) == ["file", "other"]
    assert failed(cosfast("upload", file, other, f"cos://{BUCKET}/one", **settings), 2, "ends in /")


def test_what_is_missing_is_named(file, settings):
    assert failed(
        cosfast("upload", file.parent / "none", f"cos://{BUCKET}/x", **settings), 1, "none"
    )
    assert failed(cosfast("upload", file.parent, f"cos://{BUCKET}/x", **settings), 1, "irectory")
    assert failed(cosfast("upload", file, "bucket/x", **settings), 2, "cos://")
    for name in ("COSFAST_ENDPOINT", "COSFAST_SECRET_KEY"):
        rest = {key: value for key, value in settings.items() if key != name}
        run = cosfast("upload", file, f"cos://{BUCKET}/x", **rest)
        assert failed(run, 1, "region" if name == "COSFAST_ENDPOINT" else name)
    assert failed(cosfast("upload", file, f"cos://{BUCKET}/a?b", **settings), 1, "?", "forbids")
    assert failed(cosfast("parts", file, "--slice-size", 100), 1, "slice_size", "100")


def test_wrong_words_leave_with_2():
    for words in (
        [],
        ["no-such-command"],
        ["parts"],
        ["upload", "x"],
        ["parts", "x", "--format", "y"],
    ):
        run = cosfast(*words)
        assert (run.returncode, run.stdout) == (2, "")
        assert "usage:" in run.stderr


def test_a_wrong_key_is_one_line_without_the_key(file, settings):
    settings["COSFAST_SECRET_KEY"] = "not-the-right-key"
    run = cosfast("upload", file, f"cos://{BUCKET}/x", **settings)
    assert failed(run, 1, "-97")
    assert "not-the-right-key" not in run.stderr


def test_an_unknown_kernel_is_one_line():
    run = cosfast("parts", __file__, COSFAST_KERNEL="abacus")
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "abacus" in run.stderr


def test_the_emulator_says_where_it_is_and_stops_on_a_signal(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "cosfast", "emulator", "--root", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as server:
        line = server.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:")
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0


def test_an_interrupt_leaves_with_130(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "cosfast", "parts", "/dev/zero"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as endless:
        assert endless.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            endless.wait(1)
        endless.send_signal(signal.SIGINT)
        assert endless.wait(30) == 130
        assert "Traceback" not in endless.stderr.read()


def test_the_demo_compares_equal(file):
    run = cosfast("demo", file)
    assert (run.returncode, run.stderr) == (0, "")
    for word in ("interrupted when", "were there already", "instant", "came back equal"):
        assert word in run.stdout


def test_the_demo_of_a_small_file(tmp_path):
    small = tmp_path / "small"
    small.write_bytes(b"small")
    run = cosfast("demo", small)
    assert run.returncode == 0
    assert "nothing to interrupt" in run.stdout


def test_a_reader_that_leaves_is_no_failure_worth_a_word(file):
    run = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m cosfast parts {file} --slice-size 64 | head -c 10"],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
        check=False,
    )
    assert run.stderr == ""


# Folders


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "tree"
    for name, size in {"a": 10, "sub/b": 0, "sub/deeper/c": 9 * MIB}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content(size))
    return folder


def results(run):
    return {json.loads(line)["resource_path"]: json.loads(line) for line in run.stdout.splitlines()}


def test_a_folder_with_all_in_it(tree, settings):
    run = cosfast("upload", "-r", tree, f"cos://{BUCKET}/prefix/", "--json", **settings)
    assert (run.returncode, run.stderr) == (0, "")
    base = f"/{CREDENTIALS.appid}/{BUCKET}/prefix"
    found = results(run)
    assert sorted(found) == [f"{base}/a", f"{base}/sub/b", f"{base}/sub/deeper/c"]
    for path, result in found.items():
        local = tree / path[len(base) + 1 :]
        assert result["sha1"] == hashlib.sha1(local.read_bytes()).hexdigest()


def test_a_folder_without_r(tree, settings):
    assert failed(cosfast("upload", tree, f"cos://{BUCKET}/p/", **settings), 1, "directory", "-r")
    assert failed(cosfast("upload", "-r", tree, f"cos://{BUCKET}/p", **settings), 2, "ends in /")


def test_what_cannot_be_uploaded_stops_nothing_else(tree, settings):
    (tree / "sub" / "loop").symlink_to(tree)
    (tree / "dangling").symlink_to("nowhere")
    with open(os.fsencode(tree) + b"/latin-\xe9", "wb") as file:
        file.write(b"x")
    run = cosfast("upload", "-r", tree, f"cos://{BUCKET}/prefix/", "--json", **settings)
    assert run.returncode == 1
    assert len(results(run)) == 3
    lines = run.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("cosfast: ") for line in lines)
    for word in ("loop", "dangling", "UTF-8"):
        assert word in run.stderr


def wait_until_something_arrived(name, settings):
    with connect(settings["COSFAST_ENDPOINT"]) as client:
        for _ in range(600):
            time.sleep(0.1)
            with contextlib.suppress(NotFoundError):
                if client.slice_list(BUCKET, name).parts:
                    return
    pytest.fail("nothing arrived within a minute")


def test_an_interrupted_upload_says_how_to_go_on(tmp_path, settings):
    file = tmp_path / "large"
    file.write_bytes(bytes(32 * MIB))
    words = [sys.executable, "-m", "cosfast", "upload", str(file), f"cos://{BUCKET}/large"]
    with subprocess.Popen(
        [*words, "--max-rate", str(4 * MIB)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**settings),
    ) as slow:
        wait_until_something_arrived("large", settings)
        slow.send_signal(signal.SIGINT)
        out, err = slow.communicate(timeout=30)
    assert (slow.returncode, out) == (130, "")
    assert err == "cosfast: interrupted; the same command again goes on from here\n"
    result = json.loads(cosfast(*words[3:], "--json", **settings).stdout)
    assert result["resumed_bytes"] >= MIB
    assert result["resumed_bytes"] + result["sent_bytes"] == 32 * MIB
