"""`cosfast wedrive`, against a small drive in memory."""

from __future__ import annotations

import os

import pytest
from cli.commandline import cosfast, failed, lines, objects
from wedrive.scripted_drive import CORPID, SECRET, scripted_drive
from worked_values import content

SPACE = "s.1"
SIZE = 8 * 1024 * 1024


@pytest.fixture
def drive():
    with scripted_drive() as made:
        yield made


@pytest.fixture
def settings(drive, tmp_path):
    return {
        "COSFAST_WEDRIVE_ENDPOINT": drive.endpoint,
        "COSFAST_WEDRIVE_CORPID": CORPID,
        "COSFAST_WEDRIVE_SECRET": SECRET,
        "COSFAST_JOURNAL": str(tmp_path / "journal"),
    }


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(content(SIZE))
    return path


def test_there_and_back(drive, settings, film, tmp_path):
    (folder,) = objects(
        cosfast("wedrive", "mkdir", "videos", "--space", SPACE, "--json", **settings)
    )
    (sent,) = objects(
        cosfast(
            *("wedrive", "put", film, "--space", SPACE, "--folder", folder["fileid"], "--json"),
            **settings,
        )
    )
    assert (sent["size"], sent["sent_bytes"], sent["calls"]) == (SIZE, SIZE, 1 + 1 + 4 + 1)
    (line,) = lines(
        cosfast("wedrive", "ls", "--space", SPACE, "--folder", folder["fileid"], **settings)
    )
    assert line.split() == [sent["fileid"], str(SIZE), "film.mp4"]
    down = tmp_path / "down"
    (got,) = objects(
        cosfast("wedrive", "get", sent["fileid"], "-o", f"{down}/", "--json", **settings)
    )
    assert (down / "film.mp4").read_bytes() == film.read_bytes()
    assert got["sha1"] == sent["sha1"]
    assert lines(cosfast("wedrive", "rm", sent["fileid"], **settings)) == [
        f"removed {sent['fileid']}"
    ]
    assert list(drive.files) == [folder["fileid"]]


def test_what_is_there(drive, settings, tmp_path):
    name = {"file_name": "a", "spaceid": SPACE, "fatherid": SPACE}
    words = ("wedrive", "get", drive.make(name, b"content"), "-o", tmp_path / "a")
    (tmp_path / "a").write_bytes(b"mine")
    for more in ([], ["--no-overwrite"]):
        run = cosfast(*words, *more, **settings)
        assert failed(run, 1, "different content", "--overwrite")
    assert (tmp_path / "a").read_bytes() == b"mine"
    assert lines(cosfast(*words, "--overwrite", **settings))
    assert (tmp_path / "a").read_bytes() == b"content"
    (line,) = lines(cosfast(*words, **settings))
    assert "it existed already" in line


def test_quiet_and_a_log_file(drive, settings, film, tmp_path):
    log = tmp_path / "log"
    drive.script["wedrive/file_upload_part"] = [{"errcode": -1, "errmsg": "busy"}]
    words = ("wedrive", "put", film, "--space", SPACE, "--quiet", "--log-file", log)
    run = cosfast(*words, **settings)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    wrong = {**settings, "COSFAST_WEDRIVE_SECRET": "wrong-not-to-show"}
    assert cosfast(*words, **wrong).returncode == 1
    logged = log.read_text("utf-8")
    assert "film.mp4" in logged
    assert "ERROR" in logged
    assert SECRET not in logged
    assert "not-to-show" not in logged


def test_standard_input(drive, settings, film):
    words = ("wedrive", "put", "-", "--space", SPACE)
    with film.open("rb") as file:
        (told,) = objects(cosfast(*words, "--name", "x", "--json", stdin=file, **settings))
    assert (told["file"], told["size"]) == ("-", SIZE)
    assert list(drive.files) == [told["fileid"]]
    assert failed(cosfast(*words, **settings), 2, "--name")


def test_a_failure_is_one_line(drive, settings, film, tmp_path):
    assert failed(cosfast("wedrive", "rm", "s.1_f.9", **settings), 1, "640003")
    empty = tmp_path / "empty"
    empty.touch()
    assert failed(cosfast("wedrive", "put", empty, "--space", SPACE, **settings), 1, "empty")
    drive.script["wedrive/file_upload_part"] = [{"errcode": 640019, "errmsg": "no calls left"}] * 9
    refused = cosfast("wedrive", "put", film, "--space", SPACE, **settings)
    assert failed(refused, 1, "640019", "resume")
    wrong = cosfast("wedrive", "ls", "--space", SPACE, **{**settings, "COSFAST_WEDRIVE_SECRET": ""})
    assert failed(wrong, 1, "COSFAST_WEDRIVE_SECRET")


def test_wrong_usage(settings, film, tmp_path):
    twice = cosfast(*("wedrive", "put", film, film, "--space", SPACE, "--name", "x"), **settings)
    assert failed(twice, 2, "--name")
    several = cosfast("wedrive", "get", "a", "b", "-o", tmp_path / "file", **settings)
    assert failed(several, 2, "TARGET")
    assert cosfast("wedrive", **settings).returncode == 2


@pytest.mark.parametrize("name", ["../evil", "..", "a/b", "/etc/passwd", "a\\b"])
def test_a_name_that_leads_elsewhere(drive, settings, name, tmp_path):
    fileid = drive.make({"file_name": name, "spaceid": SPACE, "fatherid": SPACE}, b"content")
    os.mkdir(tmp_path / "down")
    run = cosfast("wedrive", "get", fileid, "-o", f"{tmp_path}/down/", **settings)
    assert failed(run, 1, "--output")
    assert os.listdir(tmp_path / "down") == []


def test_the_command_shows_no_secret(settings):
    for secret in (SECRET, "wrong-secret", "bad secret"):
        run = cosfast(
            "wedrive", "ls", "--space", SPACE, **{**settings, "COSFAST_WEDRIVE_SECRET": secret}
        )
        assert secret not in run.stdout + run.stderr
        assert "Traceback" not in run.stderr
