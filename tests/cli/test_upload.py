"""`cosfast put`, also called `upload`."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys

import pytest
from cli.commandline import MIB, cosfast, environment, failed, wait_until_something_arrived
from emulated import BUCKET, CREDENTIALS


def test_upload_and_again(file, settings):
    run = cosfast("upload", file, f"cos://{BUCKET}/folder/name", **settings)
    assert (run.returncode, run.stderr) == (0, "")
    assert hashlib.sha1(file.read_bytes()).hexdigest() in run.stdout
    same = cosfast("upload", file, f"cos://{BUCKET}/folder/name", **settings)
    assert (same.returncode, same.stderr) == (0, "")
    assert "it existed already" in same.stdout
    again = cosfast(
        "upload", file, f"cos://{BUCKET}/folder/name", "--overwrite", "--json", **settings
    )
    result = json.loads(again.stdout)
    assert result["instant"] is True
    assert result["size"] == file.stat().st_size
    assert result["resource_path"] == f"/{CREDENTIALS.appid}/{BUCKET}/folder/name"


@pytest.mark.parametrize("size", [100, 9 * MIB + 5])
def test_other_content_is_replaced_only_if_asked(file, settings, size):
    cosfast("put", file, f"cos://{BUCKET}/name", **settings)
    file.write_bytes(bytes(size))
    refused = cosfast("put", file, f"cos://{BUCKET}/name", **settings)
    assert failed(refused, 1, "-177", f"cos://{BUCKET}/name", "--overwrite")
    assert cosfast("put", "--overwrite", file, f"cos://{BUCKET}/name", **settings).returncode == 0


@pytest.mark.parametrize("integrity", ["parts", "stream", "none"])
def test_a_folder_again_sends_only_what_is_missing(tree, settings, integrity):
    words = ("put", "-r", tree, f"cos://{BUCKET}/p/", "--integrity", integrity, "--json")
    assert cosfast(*words, **settings).returncode == 0
    (tree / "new").write_bytes(b"new")
    (tree / "a").write_bytes(b"changed")
    run = cosfast(*words, **settings)
    assert run.returncode == 1
    assert (run.stderr.count("\n"), run.stderr.count("--overwrite")) == (1, 1)
    told = {os.path.relpath(each["file"], tree): each for each in results(run).values()}
    assert {name: each["existed"] for name, each in told.items()} == {
        "new": False,
        "sub/b": True,
        "sub/deeper/c": True,
    }
    assert sum(each["sent_bytes"] for each in told.values()) == 3


def test_the_old_name_of_a_flag_works_with_a_warning(file, settings):
    words = ("put", file, f"cos://{BUCKET}/name", "--files-at-once")
    run = cosfast(*words, "2", "--json", **settings)
    assert run.returncode == 0
    assert json.loads(run.stdout)["size"] == file.stat().st_size
    assert run.stderr == "cosfast: warning: --files-at-once is deprecated, use --max-workers\n"
    assert cosfast(*words, "0", **settings).returncode == 1
    assert "files-at-once" not in cosfast("put", "--help").stdout


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
        assert failed(run, 1, name, *(["COSFAST_REGION"] if name == "COSFAST_ENDPOINT" else []))
    bucket = f"photos-{settings['COSFAST_APPID']}"
    assert failed(cosfast("put", file, f"cos://{bucket}/", **settings), 1, bucket, "use 'photos'")
    assert failed(cosfast("upload", file, f"cos://{BUCKET}/a?b", **settings), 1, "?", "not allow")
    assert failed(cosfast("parts", file, "--slice-size", 100), 1, "slice_size", "100")


def test_a_wrong_key_is_one_line_without_the_key(file, settings):
    settings["COSFAST_SECRET_KEY"] = "not-the-right-key"
    run = cosfast("upload", file, f"cos://{BUCKET}/x", **settings)
    assert failed(run, 1, "-97")
    assert "not-the-right-key" not in run.stderr


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


def test_unfinished_downloads_in_a_folder_are_passed_over(tree, settings):
    (tree / ".a.cosfast-part").write_bytes(b"half")
    (tree / "sub" / ".b.cosfast-of").write_bytes(b"{}")
    run = cosfast("upload", "-r", tree, f"cos://{BUCKET}/prefix/", "--json", **settings)
    assert run.returncode == 0
    assert len(results(run)) == 3


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
    assert err == "cosfast: interrupted; run the same command again to resume\n"
    result = json.loads(cosfast(*words[3:], "--json", **settings).stdout)
    assert result["resumed_bytes"] >= MIB
    assert result["resumed_bytes"] + result["sent_bytes"] == 32 * MIB


def put_from_stdin(words, settings, **keywords):
    return subprocess.run(
        [sys.executable, "-m", "cosfast", "put", *words],
        capture_output=True, timeout=60, env=environment(**settings), check=False, **keywords,
    )  # fmt: skip


@pytest.mark.parametrize("data", [b"", b"small", bytes(range(256)) * 40000])
@pytest.mark.parametrize("from_file", [True, False])
def test_standard_input(settings, client, tmp_path, data, from_file):
    address = f"cos://{BUCKET}/folder/name"
    (tmp_path / "in").write_bytes(data)
    with (tmp_path / "in").open("rb") as file:
        source = {"stdin": file} if from_file else {"input": data}
        run = put_from_stdin(["-", address, "--json"], settings, **source)
    assert (run.returncode, run.stderr) == (0, b"")
    told = json.loads(run.stdout)
    assert (told["file"], told["address"], told["size"]) == ("-", address, len(data))
    assert client.read(BUCKET, "folder/name") == data
    again = put_from_stdin(["-", address], settings, input=data)
    assert again.stdout.startswith(f"- -> {told['access_url']} (".encode())
    assert b"it existed already" in again.stdout
    other = put_from_stdin(["-", address], settings, input=b"other")
    assert (other.returncode, b"--overwrite" in other.stderr) == (1, True)


def test_standard_input_needs_a_name_and_to_be_open(settings, file):
    assert failed(cosfast("put", "-", f"cos://{BUCKET}/x/", **settings), 2, f"{BUCKET}/x/NAME")
    assert failed(cosfast("put", "-", file, f"cos://{BUCKET}/x/", **settings), 2, "standard input")
    assert failed(cosfast("put", "-r", "-", f"cos://{BUCKET}/x/", **settings), 2, "standard input")
    command = f"{sys.executable} -m cosfast put - cos://{BUCKET}/x <&-"
    run = subprocess.run(
        ["sh", "-c", command],
        capture_output=True, text=True, timeout=60, env=environment(**settings), check=False,
    )  # fmt: skip
    assert failed(run, 1, "standard input is closed")


def test_a_dry_run_asks_no_server(tree, tmp_path):
    (tree / "b?d").write_bytes(b"")
    words = ("put", "-r", "--dry-run", tree, f"cos://{BUCKET}/p/")
    run = cosfast(*words, COSFAST_ENDPOINT="http://127.0.0.1:9")
    assert run.returncode == 1
    assert (run.stderr.count("\n"), "b?d" in run.stderr) == (1, True)
    assert run.stdout.splitlines() == [
        f"would upload {tree / name} -> cos://{BUCKET}/p/{name} ({size} bytes)"
        for name, size in {"a": 10, "sub/b": 0, "sub/deeper/c": 9 * MIB}.items()
    ]
    run = cosfast(*words, "--json", "--exclude", "*/", "--exclude", "b*")
    told = json.loads(run.stdout)
    address = f"cos://{BUCKET}/p/a"
    assert told == {"file": str(tree / "a"), "address": address, "size": 10, "dry_run": True}


@pytest.mark.parametrize(
    ("filters", "sent"),
    [
        (["--exclude", "sub/"], {"a", "one"}),
        (["--exclude", "*", "--include", "*/c"], {"sub/deeper/c"}),
        (["--exclude", "*/b", "--exclude", "one"], {"a", "sub/deeper/c"}),
    ],
)
def test_filters(tree, tmp_path, settings, filters, sent):
    (tmp_path / "one").write_bytes(b"1")
    words = ("put", "-r", tree, tmp_path / "one", f"cos://{BUCKET}/p/", "--json")
    run = cosfast(*words, *filters, **settings)
    assert (run.returncode, run.stderr) == (0, "")
    base = f"/{CREDENTIALS.appid}/{BUCKET}/p/"
    assert {path.removeprefix(base) for path in results(run)} == sent


def test_an_excluded_folder_is_not_looked_into(tree, settings):
    (tree / "sub" / "loop").symlink_to(tree)  # an error when it is found
    words = ("put", "-r", tree, f"cos://{BUCKET}/p/")
    assert failed_but(cosfast(*words, **settings), "loop")
    assert cosfast(*words, "--exclude", "sub/", **settings).stderr == ""
    assert cosfast(*words, "--exclude", "*/loop/", **settings).stderr == ""
    # What is found only in folders that are looked into is an error of those folders.
    assert failed_but(cosfast(*words, "--exclude", "*", "--include", "*/b", **settings), "loop")


def failed_but(run, name):
    return (run.returncode, run.stderr.count("\n"), name in run.stderr) == (1, 1, True)
