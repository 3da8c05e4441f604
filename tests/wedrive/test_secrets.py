"""No secret, token, upload_key or ticket is seen: in a log, an error, a repr, a file."""

from __future__ import annotations

import contextlib
import logging

import pytest
import requests
from test_secrets import Everything, files_below, shown
from wedrive.emulated_drive import CORPID, SECRET, SPACE, connect, start_drive
from wedrive.scripted_drive import scripted_drive
from worked_values import content

import cosfast
from cosfast import wedrive
from cosfast.emulator import faults

LARGE = content(9 * 1024 * 1024)
TICKET = "a-ticket-that-must-not-show"
NAMES = ("urllib3", "urllib3.connectionpool", "requests", "asyncio", "aiohttp", "cosfast")


@pytest.fixture
def log(monkeypatch):
    """Return what keeps the lines of all loggers, at the lowest level there is."""
    handler, root = Everything(), logging.getLogger()
    monkeypatch.setattr(root, "level", 1)
    for name in NAMES:
        monkeypatch.setattr(logging.getLogger(name), "level", 1)
    logging.getLogger().manager._clear_cache()
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    monkeypatch.undo()
    logging.getLogger().manager._clear_cache()


@pytest.fixture
def minted(monkeypatch):
    """Collect every token, upload_key and cookie that the server makes."""
    import secrets

    made = []
    token_urlsafe = secrets.token_urlsafe

    def collect(length):
        made.append(token_urlsafe(length))
        return made[-1]

    monkeypatch.setattr(secrets, "token_urlsafe", collect)
    from cosfast.emulator.services.wedrive.access import Cookies

    make = Cookies.make

    def collect_cookie(self, fileid):
        made.append(make(self, fileid))
        return made[-1]

    monkeypatch.setattr(Cookies, "make", collect_cookie)
    return made


def do_everything(client, server, folder):
    """Do each operation, well and badly; return what the failures showed."""
    path = folder / "file.bin"
    path.write_bytes(LARGE)
    add = server.faults.add
    add("wedrive.file_upload_part", faults.ResetAfter(1000), times=2)
    add("wedrive.file_upload_init", faults.HttpStatus(503))
    add("wedrive.file_upload_finish", faults.LostAnswer())
    add("wedrive.download", faults.ResetAfter(0))
    result = client.upload(path, spaceid=SPACE)
    client.upload(LARGE[::-1], selected_ticket=TICKET, name="x")
    client.upload(b"small", spaceid=SPACE, name="small")
    client.upload_document_file(LARGE[5:], docid="doc", name="x")
    folderid = client.create_folder("folder", spaceid=SPACE)
    client.move(result.fileid, fatherid=folderid)
    client.rename(result.fileid, "new")
    client.download(result.fileid, folder / "back")
    assert len(list(client.list(SPACE))) == 2
    client.delete(folderid)
    return [shown(error) for error in failures(client, server, path)]


def failures(client, server, path):
    def refused(operation, fault, attempt):
        server.faults.add(operation, fault, times=20)
        try:
            attempt()
        finally:
            server.faults.clear()

    def large():
        client.upload(LARGE[7:], selected_ticket=TICKET, name="y")

    attempts = [
        lambda: client.info("s.1_f.1"),
        lambda: client.download("s.1_f.1", path.with_name("nothing")),
        lambda: client.upload(b"", spaceid=SPACE, name="x"),
        lambda: refused("wedrive.file_upload_part", faults.Refusal(640027), large),
        lambda: refused("wedrive.file_upload_part", faults.Refusal(42001), large),
        lambda: refused("wedrive.file_upload_part", faults.ResetAfter(0), large),
        lambda: refused("wedrive.file_upload_part", faults.NotJson(), large),
        lambda: refused("wedrive.file_upload_finish", faults.LostAnswer(), large),
        lambda: refused("wedrive.file_upload_finish", faults.TruncatedJson(), large),
        lambda: refused("wedrive.file_info", faults.HttpStatus(500), lambda: client.info("x")),
    ]
    for attempt in attempts:
        with pytest.raises((cosfast.CosError, OSError)) as caught:
            attempt()
        yield caught.value


@pytest.mark.parametrize("adapter", ["own", "of the user's session"])
def test_nothing_shows_what_gives_access(minted, log, tmp_path, adapter):
    journal = cosfast.Journal(tmp_path / "journal.sqlite3")
    (tmp_path / "work").mkdir()
    session = None if adapter == "own" else requests.Session()
    with start_drive(tmp_path / "root") as server:
        with connect(server.endpoint, session=session, journal=journal, timeout=5) as client:
            told = do_everything(client, server, tmp_path / "work")
            told += [repr(client), repr(client.context), repr(client.journal), repr(server)]
            told += [repr(wedrive.CorpToken(CORPID, SECRET)), repr(server.settings)]
        with connect("http://127.0.0.1:9", session=session) as nobody:
            with pytest.raises(cosfast.TransportError) as caught:
                nobody.info("x")
            told.append(shown(caught.value))
    if session is not None:
        session.close()
    assert any("urllib3" in line for line in log.lines)
    assert any("cosfast.emulator" in line for line in log.lines)
    told += log.lines
    assert len(minted) >= 7
    for secret in (SECRET, TICKET, *minted):
        assert not [text for text in told if secret in text]
    files = list(files_below(tmp_path))
    for secret in (SECRET, TICKET):
        assert not [path for path, stored in files if secret.encode() in stored]
    # Of what the server makes, the journal needs the key of an upload that is not finished.
    mine = [stored for path, stored in files if path.name.startswith("journal")]
    for token in [each for each in minted if len(each) > 100]:
        assert not [path for path, stored in files if token.encode() in stored]
    assert mine


def test_a_service_that_repeats_them_is_not_repeated(log):
    with scripted_drive() as drive:
        drive.tokens.add("token-" + "x" * 60)
        with connect(drive.endpoint, "token-" + "x" * 60) as client:
            for operation in ("init", "part", "finish"):
                drive.script[f"wedrive/file_upload_{operation}"] = [
                    {"errcode": 640004, "errmsg": f"access_token=token-{'x' * 60} and {TICKET}"}
                ]
                with pytest.raises(wedrive.PermissionDeniedError) as caught:
                    client.upload(LARGE, selected_ticket=TICKET, name="x")
                text = "\n".join([shown(caught.value), *log.lines])
                assert "xxxx" not in text
                assert TICKET not in text
            with contextlib.suppress(cosfast.CosError):
                client.upload(LARGE, selected_ticket=TICKET, name="x")
    assert not [line for line in log.lines if "xxxx" in line]
