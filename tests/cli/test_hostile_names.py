"""Names that would hide, move or forge text on a terminal: escaped by every command, everywhere."""

from __future__ import annotations

import json
import re

import pytest
from cli.canned import answering, listed
from cli.commandline import account, cosfast
from emulated import BUCKET

EVIL = "a\u200bb\ufeffc\u202ed\U000e0041e\u2028fg\ue000h\u3164i"
SHOWN = r"a\u200bb\ufeffc\u202ed\U000e0041e\u2028fg\ue000h\u3164i"
HIDDEN = re.compile("[\u200b\ufeff\u202e\U000e0041\u2028\x7f\ue000\u3164\x1b]")


def visible(run, *texts):
    """Check that nothing invisible was printed, and that these texts were."""
    assert not HIDDEN.search(run.stdout + run.stderr)
    assert "Traceback" not in run.stderr
    for text in texts:
        assert text in run.stdout + run.stderr
    return True


COMMANDS = {
    "put": ("put", EVIL, f"cos://{BUCKET}/folder/"),
    "put again": ("put", EVIL, f"cos://{BUCKET}/folder/"),
    "ls": ("ls", "-r", f"cos://{BUCKET}/"),
    "ls -l": ("ls", "-l", f"cos://{BUCKET}/folder/"),
    "stat": ("stat", f"cos://{BUCKET}/folder/{EVIL}"),
    "get": ("get", f"cos://{BUCKET}/folder/{EVIL}", "here"),
    "get -r": ("get", "-r", f"cos://{BUCKET}/folder/", "all"),
    "cp": ("cp", f"cos://{BUCKET}/folder/{EVIL}", f"cos://{BUCKET}/{EVIL}2"),
    "mv": ("mv", f"cos://{BUCKET}/{EVIL}2", f"cos://{BUCKET}/{EVIL}3"),
    "sync": ("sync", f"cos://{BUCKET}/folder/", "synced"),
    "mkdir": ("mkdir", f"cos://{BUCKET}/{EVIL}"),
    "rm": ("rm", f"cos://{BUCKET}/{EVIL}3"),
}
FAILING = {
    "put": ("put", EVIL, f"cos://{BUCKET}/there"),
    "put nothing": ("put", EVIL + "none", f"cos://{BUCKET}/folder/"),
    "get": ("get", f"cos://{BUCKET}/{EVIL}none", "here"),
    "ls": ("ls", f"cos://{BUCKET}/{EVIL}none"),
    "stat": ("stat", f"cos://{BUCKET}/{EVIL}none"),
    "rm": ("rm", f"cos://{BUCKET}/{EVIL}none"),
    "verify": ("verify", EVIL, EVIL),
    "parts": ("parts", EVIL + "none"),
    "sync": ("sync", EVIL + "none", f"cos://{BUCKET}/"),
}
WRONG = {
    "command": (EVIL,),
    "flag": ("ls", f"--{EVIL}", f"cos://{BUCKET}"),
    "address": ("ls", EVIL),
    "number": ("put", "--concurrency", EVIL, "x", f"cos://{BUCKET}/x"),
    "choice": ("parts", "--format", EVIL, "x"),
    "too many": ("verify", "x", "y", EVIL),
    "target": ("put", "x", EVIL),
    "time": ("sign", "--expires-in", EVIL, f"cos://{BUCKET}/x"),
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / EVIL).write_bytes(b"content")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("as_json", [False, True])
def test_every_command(folder, settings, as_json):
    for name, words in COMMANDS.items():
        run = cosfast(*words, *(["--json"] if as_json else []), folder=folder, **settings)
        assert run.returncode == 0, (name, run.stderr)
        if as_json:
            assert run.stdout.isascii()
            told = [json.loads(line) for line in run.stdout.splitlines()]
            assert any(EVIL in str(value) for each in told for value in each.values()), name
            assert visible(run)
        else:
            assert visible(run, SHOWN), name


@pytest.mark.parametrize("words", FAILING.values(), ids=FAILING)
def test_every_failure(folder, client, settings, words):
    client.upload(b"other", BUCKET, "there")
    run = cosfast(*words, folder=folder, **settings)
    assert (run.returncode, run.stderr.count("\n")) == (1, 1)
    assert visible(run)


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG)
def test_wrong_words(settings, words):
    run = cosfast(*words, **settings)
    assert run.returncode == 2
    assert visible(run)


def test_what_a_server_says(tmp_path):
    data = listed(EVIL)
    data["infos"][0]["biz_attr"] = EVIL + "\x7f"
    with answering(data) as endpoint:
        assert visible(cosfast("ls", "-lr", f"cos://{BUCKET}", **account(endpoint)), SHOWN)
    fields = {**data["infos"][0], "access_url": f"http://h/{EVIL}", "source_url": "http://h/x"}
    with answering(fields) as endpoint:
        assert visible(cosfast("stat", f"cos://{BUCKET}/x", **account(endpoint)), SHOWN)
        assert visible(cosfast("get", f"cos://{BUCKET}/x", tmp_path / "x", **account(endpoint)))


def test_a_warning_of_the_journal_is_a_line(client, settings, tmp_path):
    (tmp_path / "large").write_bytes(bytes(9 << 20))
    settings["COSFAST_JOURNAL"] = str(tmp_path / f"{EVIL}\x1b[31m")
    (tmp_path / f"{EVIL}\x1b[31m").mkdir()
    run = cosfast("put", "large", f"cos://{BUCKET}/large", folder=tmp_path, **settings)
    assert (run.returncode, run.stderr.count("\n")) == (0, 1), run.stderr
    assert run.stderr.startswith("cosfast: warning: ")
    assert visible(run, SHOWN)
