"""`cosfast ls`."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest
from cli.canned import answering, listed
from cli.commandline import account, cosfast, environment, failed, lines, objects
from emulated import BUCKET

ROOT = f"cos://{BUCKET}"


@pytest.fixture
def filled(client, settings):
    for path in ("film.mp4", "films/a", "films/old/b", "text"):
        client.upload(path.encode(), BUCKET, path)
    return settings


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([ROOT], ["film.mp4", "films/", "text"]),
        ([f"{ROOT}/films/"], ["a", "old/"]),
        ([f"{ROOT}/films"], ["a", "old/"]),
        ([f"{ROOT}/film"], ["film.mp4", "films/"]),
        ([f"{ROOT}/films/o"], ["old/"]),
        ([f"{ROOT}/text"], ["text"]),
        (
            ["-r", f"{ROOT}/films"],
            [f"{ROOT}/films/a", f"{ROOT}/films/old/", f"{ROOT}/films/old/b"],
        ),
        (["-r", f"{ROOT}/t"], [f"{ROOT}/text"]),
        ([f"{ROOT}/films/old", f"{ROOT}/text"], [f"{ROOT}/films/old/b", f"{ROOT}/text"]),
    ],
)
def test_what_an_address_means(filled, words, expected):
    assert sorted(lines(cosfast("ls", *words, **filled))) == expected


def test_what_is_not_there_stops_nothing_else(filled):
    run = cosfast("ls", f"{ROOT}/none", f"{ROOT}/none/x", f"{ROOT}/text", **filled)
    assert (run.returncode, run.stdout) == (1, f"{ROOT}/text\n")
    assert [line.count("none") > 0 for line in run.stderr.splitlines()] == [True, True]


def test_long(filled, client):
    found = lines(cosfast("ls", "-l", ROOT, **filled))
    stats = {entry.path: entry for entry in client.list(BUCKET)}
    film, films, text = sorted(found, key=lambda line: line.split()[-1])
    time = stats["/film.mp4"].mtime.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert film.split() == ["8", time, hashlib.sha1(b"film.mp4").hexdigest()[:10], "film.mp4"]
    assert films.split()[0::2] == ["-", "-"]
    starts = {line.rindex("  ") for line in (film, films, text)}
    assert len(starts) == 1, "the names begin in one column"


def test_sizes_for_people(client, settings):
    client.upload(bytes(3 * 1024 * 1024 // 2), BUCKET, "large")
    assert lines(cosfast("ls", "-lH", ROOT, **settings))[0].split()[0] == "1.5M"


def test_json(filled, client):
    found = {each["address"]: each for each in objects(cosfast("ls", "--json", ROOT, **filled))}
    assert sorted(found) == [f"{ROOT}/film.mp4", f"{ROOT}/films/", f"{ROOT}/text"]
    text = found[f"{ROOT}/text"]
    assert text["sha1"] == hashlib.sha1(b"text").hexdigest()
    assert (text["type"], text["size"], text["arrived"]) == ("file", 4, 4)
    assert text["modified"] == client.stat(BUCKET, "text").mtime.isoformat().replace("+00:00", "Z")
    assert (found[f"{ROOT}/films/"]["type"], found[f"{ROOT}/films/"]["size"]) == ("folder", None)


def test_an_unfinished_upload_shows():
    with answering(listed("film", filelen=3)) as endpoint:
        assert lines(cosfast("ls", ROOT, **account(endpoint))) == [
            "film <unfinished: 3 of 5 bytes>"
        ]
        (line,) = lines(cosfast("ls", "-l", ROOT, **account(endpoint)))
        assert line.split() == ["5", "2001-09-09T01:46:40Z", "unfinished", "film"]
        (each,) = objects(cosfast("ls", "--json", ROOT, **account(endpoint)))
        assert (each["size"], each["arrived"]) == (5, 3)


def test_a_name_that_would_command_the_terminal():
    name = "a\x1b[2Jb\n\x9b1m\u202etxt.exe 北"
    with answering(listed(name)) as endpoint:
        (line,) = lines(cosfast("ls", ROOT, PYTHONUTF8="1", **account(endpoint)))
        assert line == r"a\x1b[2Jb\x0a\x9b1m\u202etxt.exe 北"
        (each,) = objects(cosfast("ls", "--json", ROOT, **account(endpoint)))
        assert each["address"] == f"{ROOT}/{name}"


def test_a_list_that_goes_round_is_one_line():
    with answering({**listed("a"), "listover": False, "context": "again"}) as endpoint:
        run = cosfast("ls", ROOT, **account(endpoint))
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "repeats" in run.stderr


def test_a_reader_that_leaves():
    names = [f"{number:08}" for number in range(20000)]
    with answering(listed(*names)) as endpoint:
        run = subprocess.run(
            ["sh", "-c", f"{sys.executable} -m cosfast ls {ROOT} | head -n 1"],
            capture_output=True, text=True, timeout=60,
            env=environment(**account(endpoint)), check=False,
        )  # fmt: skip
    assert (run.stdout, run.stderr) == ("00000000\n", "")


def test_wrong_usage():
    assert failed(cosfast("ls", "bucket"), 2, "cos://", "cosfast ls --help")
    assert failed(cosfast("ls", "cos:///x"), 2, "cos://")
