"""`--quiet` and `--log-file`, as cron jobs use them."""

from __future__ import annotations

import os
import re
import stat

import pytest
from cli.commandline import cosfast, failed, objects
from emulated import BUCKET

from cosfast.emulator import faults

ROOT = f"cos://{BUCKET}"
RECORD = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} (DEBUG|INFO|WARNING|ERROR) cosfast\.[a-z.]+: .+"
)

posix_only = pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


def records(log):
    """Return level and message of each line of a log file."""
    found = log.read_text("utf-8").splitlines()
    assert all(RECORD.fullmatch(line) for line in found), found
    return [(line.split(" ")[1], line.partition(": ")[2]) for line in found]


def silent(run):
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    return True


TRANSFERS = {
    "put": ("put", "tree/a", f"{ROOT}/sent"),
    "put -r": ("put", "-r", "tree", f"{ROOT}/sent/"),
    "get": ("get", f"{ROOT}/there", "back"),
    "get -r": ("get", "-r", f"{ROOT}/", "back"),
    "sync up": ("sync", "tree", f"{ROOT}/sent/"),
    "sync down": ("sync", f"{ROOT}/", "back"),
    "cp": ("cp", f"{ROOT}/there", f"{ROOT}/other"),
    "mv": ("mv", f"{ROOT}/there", f"{ROOT}/other"),
    "rm": ("rm", f"{ROOT}/there"),
}


@pytest.mark.parametrize("words", TRANSFERS.values(), ids=TRANSFERS)
@pytest.mark.usefixtures("tree")
def test_quiet_prints_nothing_and_the_log_has_it(words, client, settings, log, tmp_path):
    client.upload(b"content", BUCKET, "there")
    run = cosfast(*words, "--quiet", "--log-file", log, folder=tmp_path, **settings)
    assert silent(run)
    found = records(log)
    assert {level for level, _ in found} == {"INFO"}
    name = "there" if ROOT in words[1] or ("-r" in words and ROOT in words[2]) else "a"
    assert any(re.search(rf"\b{name}\b", message) for _, message in found), found
    assert found[-1] == ("INFO", f"{words[0]}: exit code 0")


def test_a_log_grows_and_has_failures_and_retries(file, emulator, settings, log, tmp_path):
    emulator.faults.add("upload_slice_init", faults.HttpStatus(503), times=1)
    words = ("put", "-q", file, tmp_path / "missing", f"{ROOT}/x/", "--log-file", log)
    run = cosfast(*words, **settings)
    assert failed(run, 1, "missing")
    first = records(log)
    assert any(level == "ERROR" and "missing" in text for level, text in first)
    assert any("attempt 1 failed" in text and "503" in text for _, text in first)
    assert first[-1] == ("INFO", "put: exit code 1")
    cosfast(*words, **settings)
    assert records(log)[: len(first)] == first
    assert len(records(log)) > len(first)


def test_quiet_prints_json(file, settings):
    (told,) = objects(cosfast("put", "--quiet", "--json", file, f"{ROOT}/file", **settings))
    assert told["size"] == file.stat().st_size


def test_an_unchanged_sync_prints_nothing(tree, settings, log):
    words = ("sync", tree, f"{ROOT}/", "--log-file", log)
    first = cosfast(*words, **settings)
    assert first.stderr.startswith("cosfast: 3 uploaded")
    assert silent(cosfast(*words, **settings))
    assert any("5 kept; 0 bytes" in text for _, text in records(log))
    (tree / "a").unlink()
    assert silent(cosfast(*words, "--dry-run", **settings))
    changed = cosfast(*words, "--delete", **settings)
    assert "1 deleted" in changed.stderr


def test_a_name_cannot_pose_as_a_record(client, settings, log, tmp_path):
    client.upload(b"content", BUCKET, "there")
    target = tmp_path / "a\n2026-01-01T00:00:00+0000 ERROR cosfast.cli: forged"
    assert cosfast("get", f"{ROOT}/there", target, "--log-file", log, **settings).returncode == 0
    assert [text for _, text in records(log) if r"a\x0a2026" in text]


@posix_only
def test_a_log_file_is_for_its_user_alone(file, settings, log):
    os.umask(os.umask(0))
    words = ("put", file, f"{ROOT}/file", "-q", "--log-file", log)
    assert silent(cosfast(*words, **settings))
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


@posix_only
def test_a_log_file_that_may_be_somebody_elses(file, settings, log, tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"")
    for plant in (log.symlink_to, log.hardlink_to):
        plant(victim)
        run = cosfast("put", file, f"{ROOT}/file", "--log-file", log, **settings)
        assert failed(run, 1, str(log))
        log.unlink()
    assert victim.read_bytes() == b""
    run = cosfast("put", file, f"{ROOT}/file", "--log-file", tmp_path / "no" / "log", **settings)
    assert failed(run, 1, "log")


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="no /dev/full here")
def test_a_log_file_on_a_full_disk_is_one_line_and_exit_code_1(file, settings, log):
    import resource
    import subprocess
    import sys

    from cli.commandline import environment

    log.write_bytes(bytes(4096))
    log.chmod(0o600)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    small = file.with_name("small")
    small.write_bytes(b"content")
    run = subprocess.run(
        [sys.executable, "-m", "cosfast", "put", str(small), f"{ROOT}/small", "-q",
         "--log-file", str(log)],
        capture_output=True, text=True, timeout=60, check=False, preexec_fn=limit,
        env=environment(**settings, COSFAST_JOURNAL=""),
    )  # fmt: skip
    assert failed(run, 1, "log", "cannot be written")
