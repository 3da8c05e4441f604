"""Requests between a client and its server: failures, attempts, malformed responses."""

from __future__ import annotations

import base64
import json
import logging
import socket
import threading
from contextlib import suppress

import pytest
import requests
from emulated import BUCKET, CREDENTIALS, QUICK, connect
from requests.adapters import HTTPAdapter
from scripted import SUCCESS, header_of, http, refusal, scripted

import cosfast

RETRYABLE = {
    "closed without an answer": None,
    "closed in the middle": http(SUCCESS)[:-20],
    "503 HTML": http(b"<html>busy</html>", "503 Busy"),
    "500 JSON": refusal(-1, "500 Oops"),
    "HTML with status 200": http(b"<html>proxy</html>"),
    "an empty body": http(b""),
    "truncated as if that were all": http(json.dumps(SUCCESS).encode()[:60]),
    "a refusal that is truncated": http(b'{"code":-177,"mess', "400 Bad Request"),
    "not text": http(b"\xff\xfe\x00"),
    "nested too deep": http(b"[" * 100_000),
    **{
        str(code): refusal(code)
        for code in (-71, -66, -152, -196, -300, -4017, -4024, -4025, -5989, -5997)
    },
}


@pytest.mark.parametrize("failure", RETRYABLE.values(), ids=RETRYABLE.keys())
def test_a_retryable_failure_is_retried_with_a_new_signature(failure):
    with scripted(failure, failure, http(SUCCESS)) as (endpoint, seen):
        with connect(endpoint) as client:
            assert client.upload(b"data", BUCKET, "file").access_url == "http://a/x"
    assert len(seen) == 3
    assert len({header_of(request, "Authorization") for request in seen}) == 3


FINAL = {
    "no code": (http({"message": "x"}), cosfast.AnswerError),
    "an array": (http([]), cosfast.AnswerError),
    "no access_url": (http({"code": 0, "data": {}}), cosfast.AnswerError),
    "HTML of a 404": (http(b"<html>", "404 Not Found"), cosfast.AnswerError),
    "HTML of a 413": (http(b"<html>too large", "413 Too Large"), cosfast.AnswerError),
    "null": (http(b"null"), cosfast.AnswerError),
    "a redirect": (http(b"", "302 Found", "Location: http://127.0.0.1:1/"), cosfast.AnswerError),
    "-97": (refusal(-97, "403 Forbidden"), cosfast.AuthenticationError),
    "-178": (refusal(-178), cosfast.ExistsError),
    "-5984": (refusal(-5984), cosfast.IntegrityError),
    "-12345": (refusal(-12345), cosfast.ServerError),
}


@pytest.mark.parametrize(("answer", "error"), FINAL.values(), ids=FINAL.keys())
def test_other_failures_are_not_retried(answer, error):
    with scripted(answer) as (endpoint, seen):
        with connect(endpoint) as client, pytest.raises(error, match="upload cos://bucket/file"):
            client.upload(b"data", BUCKET, "file")
    assert len(seen) == 1


def test_the_attempts_are_counted():
    with scripted(*[refusal(-71)] * 4) as (endpoint, seen):
        with connect(endpoint) as client, pytest.raises(cosfast.ThrottledError) as caught:
            client.upload(b"data", BUCKET, "file")
    assert len(seen) == 4
    assert (caught.value.code, caught.value.request_id) == (-71, "r")


def test_the_retry_budget_ends_the_attempts():
    patient = cosfast.RetryPolicy(tries=100, base_delay=0, budget=5)
    answer = refusal(-71, "400 Bad Request", "Retry-After: 3600")
    with scripted(answer) as (endpoint, seen):
        with connect(endpoint, retry=patient) as client, pytest.raises(cosfast.ThrottledError):
            client.upload(b"data", BUCKET, "file")
    assert len(seen) == 1


def test_a_refused_connection():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        connect(f"http://127.0.0.1:{port}") as client,
        pytest.raises(cosfast.TransportError, match="upload cos://bucket/file: .*refused"),
    ):
        client.upload(b"data", BUCKET, "file")


def test_a_server_that_does_not_answer_times_out():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with connect(endpoint, retry=cosfast.NO_RETRY, timeout=(1, 0.05)) as client:
            with pytest.raises(cosfast.TransportTimeout):
                client.upload(b"data", BUCKET, "file")


def test_one_failing_slice_stops_the_others(emulator):
    class FailsAtFour(HTTPAdapter):
        sent = 0

        def send(self, request, **options):
            head = bytes(next(iter(request.body or b""), b""))
            if b"upload_slice_data" in head:
                self.sent += 1
                if b"\r\n\r\n4194304\r\n" in head:
                    raise requests.ConnectionError("broken on purpose")
            return super().send(request, **options)

    session, adapter = requests.Session(), FailsAtFour()
    session.mount("http://", adapter)
    with connect(emulator.endpoint, session=session) as client:
        with pytest.raises(cosfast.TransportError, match="broken on purpose"):
            client.upload(bytes(100 << 20), BUCKET, "file", concurrency=2)
        assert adapter.sent < 50
        with pytest.raises(cosfast.NotFoundError):
            client.stat(BUCKET, "file")


def test_a_netrc_entry_does_not_replace_the_signature(emulator, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with connect(emulator.endpoint) as client:
        client.upload(b"data", BUCKET, "file")


def test_certificates_are_verified():
    trustme = pytest.importorskip("trustme")
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection:
            with suppress(ssl.SSLError, OSError):
                context.wrap_socket(connection, server_side=True).close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    endpoint = f"https://127.0.0.1:{listener.getsockname()[1]}"
    with listener, connect(endpoint, retry=cosfast.NO_RETRY) as client:
        with pytest.raises(cosfast.TransportError, match="CERTIFICATE_VERIFY_FAILED"):
            client.upload(b"data", BUCKET, "file")
    thread.join(10)


def test_no_secret_is_logged_or_raised(caplog, emulator):
    """Not in a log at any level, nor in an error, its cause, or a repr."""
    caplog.set_level(logging.DEBUG)
    shown = []
    with scripted(refusal(-71), refusal(-97)) as (endpoint, seen):
        with connect(endpoint) as client:
            with pytest.raises(cosfast.AuthenticationError) as caught:
                client.upload(b"data", BUCKET, "file")
            shown += [repr(client), repr(CREDENTIALS), str(CREDENTIALS)]
    with connect("http://127.0.0.1:1", retry=QUICK) as client:
        with pytest.raises(cosfast.TransportError) as refused:
            client.upload(b"data", BUCKET, "file")
    with connect(emulator.endpoint) as client:
        client.upload(bytes(9 << 20), BUCKET, "file")
    for error in (caught.value, refused.value):
        while error is not None:
            shown += [repr(error), str(error)]
            error = error.__cause__ or error.__context__
    shown.append(caplog.text)
    everything = "\n".join(shown)
    secrets = [CREDENTIALS.secret_key]
    for request in seen:
        signature = header_of(request, "Authorization")
        secrets += [signature, base64.b64encode(base64.b64decode(signature)[:20]).decode()[:20]]
    assert [secret for secret in secrets if secret in everything] == []
