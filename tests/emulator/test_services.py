"""A test service beside COS v4: routing, refusals, faults, and the page."""

from __future__ import annotations

import logging
import socket
import threading
from urllib.parse import urlsplit

import pytest
import requests
from aiohttp import web
from emulator.wire import Api

from cosfast.emulator import Emulator, faults
from cosfast.emulator.errors import BadRequestError, Problem, RefusalError
from cosfast.emulator.faults.injector import Injector
from cosfast.emulator.services import Service
from cosfast.emulator.services.cosv4.service import CosV4
from cosfast.emulator.store import sessions, tree
from cosfast.emulator.store.parts import digest_of, receive_part
from cosfast.emulator.wire.body import read_content


class NotesError(RefusalError):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Notes(Service):
    """PUT and GET of notes below /notes/, each its own content; POST keeps the first part."""

    name = "notes"
    title = "Notes & Co."
    operations = frozenset({"notes.put", "notes.get", "notes.begin"})
    session_lifetime = 3600.0

    def __init__(self, context):
        super().__init__(context)
        self.requests = 0

    def owns_path(self, path):
        return path.startswith("/notes/")

    def owns_host(self, host):
        return host == "notes.test"

    async def handle(self, request, target, exchange):
        exchange.operation = {"PUT": "notes.put", "POST": "notes.begin"}.get(
            request.method, "notes.get"
        )
        injector = Injector(self.context.faults, request, lambda code: NotesError(code, "asked"))
        injector.operation_is(exchange.operation)
        with self.context.new_content() as content:
            limits = self.context.settings.limits
            await read_content(
                request,
                content,
                limits,
                1000,
                spill=lambda chunk: self.context.run(content.add, chunk),
                on_received=injector.body_came,
            )
            await injector.before_work()
            self.requests += 1
            key = tree.Key(self.name, "all", target.path)
            answer = await self.context.run(self._work, exchange.operation, key, content)
        response = web.json_response({**answer, "requests": self.requests})
        return await injector.after_work(response)

    def _work(self, operation, key, content):
        store, now = self.context.store, self.context.now()
        if operation == "notes.get":
            entry = store.database.read(lambda connection: tree.find(connection, key))
            if entry is None:
                raise NotesError("NoNote", "there is no such note")
            return {"note": b"".join(store.files.blocks(entry.content.file)).decode()}
        if operation == "notes.begin":
            file = store.files.create(10)
            session = sessions.Session(
                self.name, key.id, key.space, key.id, "", "a <note>", 10, 4, file, float(now)
            )
            store.adopt(file, lambda tx: sessions.add(tx, session))
            opened = store.database.read(lambda c: sessions.find_for(c, key))
            receive_part(store, opened, 0, content, is_checked=False)
            return {}
        digest = digest_of(content.blocks())
        file = store.files.save(content.blocks(), content.size)

        def add(tx):
            stored = tree.add_content(tx, "sha1", digest, content.size, file)
            tree.put(tx, tree.Entry(key, "", "a <note>", stored, {}, now, now))

        store.adopt(file, add)
        return {}

    def refuse(self, error, exchange):
        if isinstance(error, BadRequestError):
            exchange.code = error.problem.value
            return web.json_response({"problem": error.problem.value}, status=400)
        exchange.code = error.code
        return web.json_response({"code": error.code, "message": error.message}, status=418)

    def reset(self):
        self.requests = 0


@pytest.fixture
def emulator(monkeypatch):
    monkeypatch.setattr("cosfast.emulator.server.SERVICES", (CosV4, Notes))
    with Emulator() as running:
        yield running


@pytest.fixture
def url(emulator):
    return f"{emulator.endpoint}/notes/a"


def test_both_services_answer_on_one_server(emulator, url):
    assert requests.put(url, b"text", timeout=10).json() == {"requests": 1}
    assert requests.get(url, timeout=10).json() == {"note": "text", "requests": 2}
    api = Api(emulator.endpoint)
    assert api.upload("/notes", b"of COS").code == 0
    assert api.download("/notes").content == b"of COS"


def test_content_of_one_service_is_an_instant_upload_to_the_other(emulator, url):
    requests.put(url, b"text", timeout=10)
    sha = "372ea08cab33e71c02c651dbc83a474d32c676ea"
    data = Api(emulator.endpoint).init("/a", b"text", sha=sha).data
    assert "access_url" in data
    assert "session" not in data


def ask(endpoint, target, host):
    address = urlsplit(endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(f"GET {target} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        received = b""
        while data := connection.recv(65536):
            received += data
    return received


def test_a_host_of_a_service_has_every_path_also_those_of_others(emulator):
    for path in ("/_emulator/", "/files/v2/1250000000/bucket/a", "/x"):
        assert b"NoNote" in ask(emulator.endpoint, path, "notes.test")
    assert b"NoNote" not in ask(emulator.endpoint, "/_emulator/", "127.0.0.1")


def test_requests_without_a_service_are_refused_by_the_first(emulator):
    reply = requests.get(f"{emulator.endpoint}/elsewhere", timeout=10)
    assert (reply.status_code, reply.json()["code"]) == (404, -197)


def test_every_refusal_is_in_the_service_s_own_envelope(emulator, url, monkeypatch, caplog):
    reply = requests.get(url, timeout=10)
    assert (reply.status_code, reply.json()["code"]) == (418, "NoNote")
    assert requests.put(url, bytes(1001), timeout=10).json() == {"problem": "too large"}
    with monkeypatch.context() as patch:
        patch.setattr("cosfast.emulator.store.files.RESERVE", 2**60)
        assert requests.put(url, b"text", timeout=10).json() == {"problem": "disk full"}
    monkeypatch.setattr(Notes, "_work", lambda *_: 1 / 0)
    assert requests.put(url, b"text", timeout=10).json() == {"problem": "internal error"}
    assert "ZeroDivisionError" in caplog.text


def test_the_log_has_the_operation_and_the_code_of_the_service(url, caplog):
    caplog.set_level(logging.INFO)
    requests.get(f"{url}?token=not-to-be-seen", timeout=10)
    line = next(text for text in caplog.messages if "/notes/a" in text)
    assert "op=notes.get status=418 code=NoNote" in line
    assert "not-to-be-seen" not in caplog.text


def test_faults_by_the_names_of_the_service_s_operations(emulator, url):
    emulator.faults.add("notes.put", faults.Refusal("Busy"))
    emulator.faults.add("notes.put", faults.LostAnswer())
    assert requests.put(url, b"text", timeout=10).json()["code"] == "Busy"
    with pytest.raises(requests.ConnectionError):
        requests.put(url, b"text", timeout=10)
    emulator.faults.check_all_fired()
    assert requests.get(url, timeout=10).json()["note"] == "text", "the work was done"
    with pytest.raises(ValueError, match="notes.delete"):
        emulator.faults.add("notes.delete", faults.LostAnswer())


def test_the_page_shows_its_files_and_uploads(emulator, url):
    requests.put(url, b"text", timeout=10)
    assert requests.post(url, b"four", timeout=10).status_code == 200
    text = requests.get(f"{emulator.endpoint}/_emulator/", timeout=10).text
    assert "COS v4, Notes &amp; Co." in text
    assert text.count("<td>Notes &amp; Co.") == 3
    assert text.count("all: a &lt;note&gt;") == 2
    assert "40 percent received" in text


def test_reset_clears_the_service_s_state_in_memory(emulator, url):
    requests.put(url, b"text", timeout=10)
    emulator.reset()
    assert requests.get(url, timeout=10).json()["code"] == "NoNote"
    assert requests.put(url, b"text", timeout=10).json() == {"requests": 2}


def test_uploads_expire_by_the_lifetime_of_their_service(monkeypatch, tmp_path):
    monkeypatch.setattr("cosfast.emulator.server.SERVICES", (CosV4, Notes))
    with Emulator(tmp_path) as emulator:
        requests.post(f"{emulator.endpoint}/notes/a", b"four", timeout=10)
        session = Api(emulator.endpoint).init("/a", b"content").data["session"]
    monkeypatch.setattr(Notes, "session_lifetime", -1.0)
    with Emulator(tmp_path) as emulator:
        api = Api(emulator.endpoint)
        for _ in range(100):
            if len(list((tmp_path / "files").iterdir())) == 1:
                break
            threading.Event().wait(0.05)
        assert len(list((tmp_path / "files").iterdir())) == 1
        assert api.list_slices("/a").data["session"] == session


def test_a_problem_has_a_code_in_every_service():
    """A missing code would otherwise fail only when the problem occurs."""
    from cosfast.emulator.services.cosv4.envelope import code_of

    for problem in Problem:
        assert code_of(BadRequestError(problem, "")) < 0


def test_operations_of_services_cannot_be_confused():
    from cosfast.emulator.server import SERVICES

    names = [service.name for service in SERVICES]
    assert len(set(names)) == len(names)
    operations = [operation for service in SERVICES for operation in service.operations]
    assert len(set(operations)) == len(operations)
    for service in SERVICES[1:]:
        assert all("." in operation for operation in service.operations)
    assert not any("." in operation for operation in SERVICES[0].operations)


@pytest.mark.parametrize("code", ["", "a" * 201, 1.5, True, None, 10**13])
def test_a_code_that_no_service_can_have_is_refused(code):
    with pytest.raises(ValueError, match="code"):
        faults.Refusal(code)


def test_a_code_of_another_service_is_unknown_to_cos(emulator):
    emulator.faults.add("stat", faults.Refusal("Busy"))
    assert Api(emulator.endpoint).stat("/").code == -5993
