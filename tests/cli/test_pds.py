"""`cosfast pds`: put, ls, get, rm, mkdir."""

from __future__ import annotations

import hashlib
import json

import pytest
from cli.commandline import cosfast, failed, lines
from worked_values import content

DATA = content(300_000)
DIGEST = hashlib.sha1(DATA).hexdigest()
TOKEN = "local-token"


@pytest.fixture
def pds(emulator, tmp_path):
    """Run `cosfast pds` against a server of the test's own."""
    settings = {
        "COSFAST_PDS_ENDPOINT": emulator.endpoint,
        "COSFAST_PDS_TOKEN": TOKEN,
        "COSFAST_PDS_DRIVE": "1",
        "COSFAST_JOURNAL": str(tmp_path / "journal"),
    }

    def run(*words, stdin=None, **extra):
        return cosfast("pds", *words, folder=tmp_path, stdin=stdin, **{**settings, **extra})

    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_file_goes_there_and_back(pds, file, tmp_path, algorithm):
    digest, by = hashlib.new(algorithm, DATA).hexdigest(), ("--algorithm", algorithm)
    (made,) = lines(pds("mkdir", "videos"))
    folder = made.split()[0]
    (put,) = lines(pds("put", file, "--parent", folder, "--part-size", "100K", "--json", *by))
    told = json.loads(put)
    assert (told["algorithm"], told["digest"]) == (algorithm, digest)
    assert (told["size"], told["sent_bytes"]) == (len(DATA), len(DATA))
    (again,) = lines(pds("put", file, "--pre-hash", "--check-name", "auto_rename", *by))
    assert f"{algorithm} {digest}, the server had it already" in again
    (listed,) = lines(pds("ls", folder, "--json"))
    entry = json.loads(listed)
    assert (entry["content_hash_name"], entry["content_hash"]) == (algorithm, digest)
    assert any(line.endswith("videos/") for line in lines(pds("ls")))
    (tmp_path / "here").mkdir()
    (got,) = lines(pds("get", told["file_id"], "-o", "here"))
    assert f"{algorithm} {digest}" in got
    assert (tmp_path / "here" / "film.mp4").read_bytes() == DATA
    lines(pds("rm", folder))
    assert failed(pds("get", told["file_id"]), 1, "NotFound.File")


def test_failures_are_one_line_each_and_stop_no_other(pds, file):
    run = pds("put", "nothing", file)
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "film.mp4" in run.stdout
    assert failed(pds("put", file, "--check-name", "refuse"), 1, "AlreadyExist.File")
    assert failed(pds("put", file, "--part-size", "100"), 1, "multiple of 64")
    assert failed(pds("put", file, file, "--name", "x"), 2, "--name")
    assert failed(pds("get", "a", "b", "-o", "c"), 2, "TARGET")


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("COSFAST_PDS_TOKEN", "COSFAST_PDS_TOKEN"),
        ("COSFAST_PDS_DRIVE", "--drive"),
        ("COSFAST_PDS_ENDPOINT", "COSFAST_PDS_DOMAIN"),
    ],
)
def test_settings_that_are_missing(pds, missing, named):
    assert failed(pds("ls", **{missing: ""}), 1, named)


@pytest.mark.parametrize("token", ["wrong-token-not-to-show", "bad token not to show"])
def test_a_token_is_not_shown(pds, token):
    run = pds("ls", COSFAST_PDS_TOKEN=token)
    assert run.returncode == 1
    assert "to show" not in run.stderr
    assert "not-to-show" not in run.stdout + run.stderr


def test_a_name_that_leads_elsewhere_is_refused(pds, emulator, tmp_path):
    from cosfast import pds as package

    with package.Client(
        endpoint=emulator.endpoint, token=TOKEN, drive_id="1", journal=None
    ) as client:
        file = client.upload(b"x", name="..\\up")
    assert failed(pds("get", file.file_id), 1, "--output")
    lines(pds("get", file.file_id, "-o", "down"))
    assert (tmp_path / "down").read_bytes() == b"x"


def test_what_is_there(pds, file, tmp_path):
    file_id = json.loads(lines(pds("put", file, "--json"))[0])["file_id"]
    there = tmp_path / "there"
    there.write_bytes(b"mine")
    for more in ([], ["--no-overwrite"], ["--no-verify"]):
        run = pds("get", file_id, "-o", "there", *more)
        assert failed(run, 1, "there", "different content", "--overwrite")
    assert there.read_bytes() == b"mine"
    lines(pds("get", file_id, "-o", "there", "--overwrite"))
    assert there.read_bytes() == DATA
    (line,) = lines(pds("get", file_id, "-o", "there", "--json"))
    told = json.loads(line)
    assert (told["existed"], told["received_bytes"], told["digest"]) == (True, 0, DIGEST)


def test_quiet_and_a_log_file(pds, file, tmp_path):
    run = pds("put", file, "--quiet", "--log-file", "log")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    run = pds("get", "none", "-q", "--log-file", "log", COSFAST_PDS_TOKEN="wrong-not-to-show")
    assert run.returncode == 1
    logged = (tmp_path / "log").read_text("utf-8")
    assert DIGEST in logged
    assert "ERROR" in logged
    assert TOKEN not in logged
    assert "not-to-show" not in logged


def test_standard_input(pds, tmp_path):
    (tmp_path / "in").write_bytes(DATA)
    with (tmp_path / "in").open("rb") as file:
        (put,) = lines(pds("put", "-", "--name", "piped", "--json", stdin=file))
    told = json.loads(put)
    assert (told["file"], told["name"], told["digest"]) == ("-", "piped", DIGEST)
    assert failed(pds("put", "-"), 2, "--name")
