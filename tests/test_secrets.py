"""No key and no signature is seen: in a log at any level, an error, a repr, a file, a terminal."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import traceback
from contextlib import suppress
from urllib.parse import quote

import pytest
from emulated import BUCKET, CREDENTIALS, connect, start_emulator

import cosfast

faults = pytest.importorskip("cosfast.emulator", reason="the emulator's extra is missing").faults

SLICE = cosfast.SLICE_SIZE
LARGE = bytes(range(256)) * (9 * 4096 + 1)  # more than one request takes


@pytest.fixture
def signatures(monkeypatch):
    """Collect every signature that this process makes."""
    from cosfast.cosv4 import credentials

    made = []
    sign = credentials.sign

    def collect(**fields):
        made.append(sign(**fields))
        return made[-1]

    monkeypatch.setattr(credentials, "sign", collect)
    return made


class Everything(logging.Handler):
    """Keeps what any logger says, as it would be written, with its exceptions."""

    def __init__(self):
        super().__init__(level=1)
        self.setFormatter(logging.Formatter("%(name)s %(message)s %(args)r"))
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))


@pytest.fixture
def log(monkeypatch):
    """Return what keeps the lines of all loggers, at the lowest level there is."""
    handler, root = Everything(), logging.getLogger()
    monkeypatch.setattr(root, "level", 1)
    for name in ("urllib3", "requests", "asyncio", "aiohttp", "cosfast", "cosfast.emulator"):
        monkeypatch.setattr(logging.getLogger(name), "level", 1)
    logging.getLogger().manager._clear_cache()
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    monkeypatch.undo()
    logging.getLogger().manager._clear_cache()


def shown(error):
    """Return all that an error tells to somebody who prints, logs or stores it."""
    told = [str(error), repr(error), repr(error.args), repr(vars(error))]
    return "\n".join([*told, *traceback.format_exception(type(error), error, error.__traceback__)])


def do_everything(client, server, folder):
    """Do each operation, well and badly; return what the failures showed."""
    file = folder / "file.bin"
    file.write_bytes(LARGE)
    server.faults.add("upload_slice_data", faults.ResetAfter(1000), times=2)
    server.faults.add("upload_slice_init", faults.HttpStatus(503), times=1)
    server.faults.add("upload_slice_finish", faults.LostAnswer(), times=1)
    server.faults.add("download", faults.ResetAfter(0), times=1)
    client.upload(file, BUCKET, "a/large")
    client.upload(b"small", BUCKET, "a/small")
    client.update(BUCKET, "a/small", biz_attr="x", authority=cosfast.Authority.PRIVATE)
    client.copy(BUCKET, "a/small", "a/copied")
    client.move(BUCKET, "a/copied", "a/moved")
    client.create_folder(BUCKET, "b/c", parents=True)
    assert len(list(client.list(BUCKET, recursive=True))) == 6
    client.download(BUCKET, "a/large", folder / "back.bin")
    assert client.read(BUCKET, "a/small") == b"small"
    client.delete(BUCKET, "a/moved")
    for _ in cosfast.sync_up(client, folder, BUCKET, "synced", delete=True):
        pass
    for _ in cosfast.sync_down(client, BUCKET, "synced", folder / "down", delete=True):
        pass
    return [shown(error) for error in failures(client, server, file)]


def failures(client, server, file):
    attempts = [
        lambda: client.stat(BUCKET, "nothing"),
        lambda: client.upload(file, BUCKET, "a/small"),
        lambda: client.download(BUCKET, "nothing", file.with_name("nothing")),
        lambda: client.delete(BUCKET, "a/"),
        lambda: client.upload(b"", "not a bucket", "x"),
        lambda: refused(client, server, "stat", faults.Refusal(-97)),
        lambda: refused(client, server, "stat", faults.NotJson()),
        lambda: refused(client, server, "stat", faults.TruncatedJson()),
        lambda: refused(client, server, "stat", faults.HttpStatus(500)),
    ]
    for attempt in attempts:
        with pytest.raises((cosfast.CosError, OSError)) as caught:
            attempt()
        yield caught.value


def refused(client, server, operation, fault):
    server.faults.add(operation, fault, times=10)
    try:
        client.stat(BUCKET, "a/small")
    finally:
        server.faults.clear()


def secrets_of(signatures, at_least=30):
    """Return what must not be seen: the key, and each signature as it is and in a URL."""
    assert len(signatures) > at_least
    return {CREDENTIALS.secret_key, *signatures, *(quote(each, safe="") for each in signatures)}


def test_nothing_shows_what_signs(signatures, log, tmp_path):
    journal = cosfast.Journal(tmp_path / "journal.sqlite3")
    (tmp_path / "work").mkdir()
    with start_emulator(tmp_path / "root") as server:
        with connect(server.endpoint, journal=journal) as client:
            told = do_everything(client, server, tmp_path / "work")
            told += [repr(client), repr(client.context), repr(client.journal), repr(server)]
            told += [repr(client.credentials), str(client.credentials)]
        with connect("http://127.0.0.1:9") as nobody:
            with pytest.raises(cosfast.TransportError) as caught:
                nobody.stat(BUCKET, "file")
            told.append(shown(caught.value))
    assert any("urllib3" in line for line in log.lines)
    assert any("cosfast.emulator" in line for line in log.lines)
    told += log.lines
    for secret in secrets_of(signatures):
        assert not [text for text in told if secret in text]
        assert not [path for path, content in files_below(tmp_path) if secret.encode() in content]


def files_below(folder):
    for path in folder.rglob("*"):
        with suppress(IsADirectoryError):
            yield path, path.read_bytes()


def test_a_wrong_key_is_not_shown_when_it_is_refused(emulator, log):
    wrong = cosfast.Credentials(CREDENTIALS.appid, CREDENTIALS.secret_id, "wrong-and-not-to-show")
    with cosfast.Client(wrong, endpoint=emulator.endpoint, journal=None) as client:
        with pytest.raises(cosfast.AuthenticationError) as caught:
            client.stat(BUCKET, "file")
    assert "not-to-show" not in "\n".join([shown(caught.value), *log.lines])


@pytest.mark.parametrize(
    "words",
    [
        ["upload", __file__, f"cos://{BUCKET}/file"],
        ["ls", f"cos://{BUCKET}/"],
        ["stat", f"cos://{BUCKET}/nothing"],
        ["get", f"cos://{BUCKET}/nothing", "-"],
        ["sync", "--dry-run", os.path.dirname(__file__), f"cos://{BUCKET}/nothing/"],
    ],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("key", [CREDENTIALS.secret_key, "wrong-key", "bad key"])
def test_the_command_shows_no_key(emulator, words, key, tmp_path):
    log = tmp_path / "log"
    if words[0] not in {"ls", "stat"}:
        words = [*words, "--log-file", str(log)]
    environment = {
        **os.environ,
        "COSFAST_ENDPOINT": emulator.endpoint,
        "COSFAST_APPID": CREDENTIALS.appid,
        "COSFAST_SECRET_ID": CREDENTIALS.secret_id,
        "COSFAST_SECRET_KEY": key,
    }
    done = subprocess.run(
        [sys.executable, "-m", "cosfast", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert key not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if "--log-file" in words:
        logged = log.read_text("utf-8")
        assert "exit code" in logged
        assert key not in logged
        assert "Traceback" not in logged


def test_a_log_file_shows_nothing_that_signs(signatures, emulator, tmp_path, monkeypatch):
    from cosfast.cli import main

    for name in ("appid", "secret_id", "secret_key"):
        monkeypatch.setenv(f"COSFAST_{name.upper()}", getattr(CREDENTIALS, name))
    monkeypatch.setenv("COSFAST_ENDPOINT", emulator.endpoint)
    log, file, large = tmp_path / "log", tmp_path / "tree" / "file", f"cos://{BUCKET}/large"
    file.parent.mkdir()
    file.write_bytes(LARGE)
    emulator.faults.add("upload_slice_data", faults.ResetAfter(1000), times=2)
    emulator.faults.add("upload_slice_init", faults.HttpStatus(503), times=1)
    emulator.faults.add("download", faults.NotJson(), times=1)
    emulator.faults.add("copy", faults.Refusal(-97), times=1)
    emulator.faults.add("move", faults.TruncatedJson(), times=1)
    for words in (
        ["put", str(file), large],
        ["get", large, str(tmp_path / "back")],
        ["get", f"cos://{BUCKET}/nothing", str(tmp_path / "back")],
        ["cp", large, f"cos://{BUCKET}/copied"],
        ["mv", large, f"cos://{BUCKET}/moved"],
        ["sync", str(file.parent), f"cos://{BUCKET}/synced/"],
        ["rm", "-r", f"cos://{BUCKET}/synced/"],
    ):
        main([*words, "--log-file", str(log)])
    logged = log.read_text("utf-8")
    assert logged.count("attempt 1 failed") >= 2
    assert logged.count("exit code 1") == 2
    assert not [secret for secret in secrets_of(signatures, 15) if secret in logged]
