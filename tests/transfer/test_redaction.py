"""No secret of any service appears in an error or a log."""

from __future__ import annotations

import base64
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import SUCCESS, http, scripted
from toy_service import ToyRequest

import cosfast
from cosfast.transfer.cancellation import Cancellation
from cosfast.transfer.http import HttpClient
from cosfast.transfer.redaction import excerpt, excerpt_of_body, redacted
from cosfast.transfer.request import HttpRequest


@pytest.mark.parametrize(
    "text",
    [
        "connection reset by peer",
        "file /1250000001/photos/2017/a.jpg exists",
        "sha da39a3ee5e6b4b0d3255bfef95601890afd80709 differs",
        "bad signature, design: none",
        "access_token expired, hint: [1700000000_1]",
        "the upload_key is not known any more; the token has expired",
        "bearer token is missing",
        "what is it? a=b",
        "expires_in: 7200, tokens: 5",
    ],
)
def test_plain_words_stay(text):
    assert redacted(text) == text


@given(st.binary(min_size=60, max_size=200), st.sampled_from(["", "\r\n", "/?a=", "<b>"]))
def test_whatever_looks_like_a_signature_goes(raw, before):
    signature = base64.b64encode(raw).decode()
    assert signature not in redacted(f"{before}{signature} was wrong")
    assert redacted(f"{before}{signature} was wrong").endswith("[...] was wrong")


@pytest.mark.parametrize(
    "text", ["/?sign=c2hvcnQ=", "Authorization: c2hvcnQ=", '{"sign": "c2hvcnQ="}', "SIGN=c2hvcnQ="]
)
def test_what_is_called_a_signature_goes_however_short(text):
    assert "c2hvcnQ" not in redacted(text)


SECRET = "s3cr3t.~value"


@pytest.mark.parametrize(
    "text",
    [
        f"https://h/cgi-bin/wedrive/file_list?access_token={SECRET}&debug=1",
        f"GET /cgi-bin/gettoken?corpid=ww1&corpsecret={SECRET} HTTP/1.1",
        f"url: /upload?partNumber=1&uploadId=9&x-oss-signature={SECRET}, timed out",
        f"https://b.oss.aliyuncs.com/k?Expires=1700000000&OSSAccessKeyId=a&Signature={SECRET}",
        f"https://b.oss.aliyuncs.com/k?x-oss-date=1&x-oss-credential=ak%2F{SECRET}",
        f'<a href="https://h/k?security-token={SECRET}">',
        f"access_token={SECRET}",
        f'{{"access_token":"{SECRET}","expires_in":7200}}',
        f'{{"refresh_token": "{SECRET}"}}',
        f"{{'upload_key': '{SECRET}'}}",
        f"uploadKey={SECRET}",
        f'"corpsecret" : "{SECRET}"',
        f"x-oss-security-token: {SECRET}",
        f"x-acs-signature={SECRET}",
        f"&x-oss-expires=9&Signature={SECRET}&OSSAccessKeyId={SECRET}",
        f"Authorization: Bearer {SECRET}",
        f"Authorization: OSS ak:{SECRET}",
        f"authorization=Basic {SECRET}",
        f"refused: bearer {SECRET}",
        f"Cookie: a=1; b={SECRET}; c={SECRET}",
        f"Set-Cookie: session={SECRET}; Path=/",
        f'{{"cookie_name":"c","cookie_value":"{SECRET}"}}',
        f"SECRETKEY:{SECRET}",
    ],
)
def test_what_is_named_as_a_secret_goes(text):
    assert SECRET not in redacted(text)
    assert SECRET not in excerpt(text, 1000)
    assert SECRET not in excerpt_of_body(text.encode(), 1000)
    assert SECRET not in redacted(f"HTTPError\n{text}\n{text} and more")


def test_the_time_of_a_signed_url_goes():
    assert "1700000000" not in redacted("Expires=1700000000&Signature=x of /k?Expires=1700000000")


def test_long_hostile_text_takes_no_long_time():
    for piece in ("token-", "x-oss-a", "?a", "cookie", "bearer ", "sign ", "=", "-_key", "a:"):
        redacted(piece * 20_000)


class Answered(ToyRequest):
    """A request whose response is of no interest."""

    def read_response(self, response):
        return response.status


def send(endpoint, path):
    """Send one request to a URL with a token in it."""
    client = HttpClient(endpoint, session=None, timeout=5)
    try:
        encoded = HttpRequest("GET", f"{endpoint}{path}")
        return client.send(Answered("get", "a file"), encoded, cancellation=Cancellation())
    finally:
        client.close()


PATH = f"/file?access_token={SECRET}&x=1"


@pytest.fixture
def log(caplog):
    """Return what any library has logged, with the arguments of its messages."""
    caplog.set_level(1)
    for name in ("urllib3", "requests", "cosfast"):
        caplog.set_level(1, logger=name)
    return lambda: "\n".join(f"{each.getMessage()} {each.args!r}" for each in caplog.records)


def test_a_token_in_a_url_is_sent_and_not_logged(log):
    with scripted(http(SUCCESS)) as (endpoint, seen):
        assert send(endpoint, PATH) == 200
    assert seen[0].startswith(f"GET {PATH} HTTP/1.1\r\n")
    assert "GET /file?[...]" in log()
    assert SECRET not in log()


def test_nor_if_its_headers_are_malformed(log):
    with scripted(http(SUCCESS, "200 OK", "no colon in it")) as (endpoint, _):
        send(endpoint, PATH)
    assert "Failed to parse headers" in log()
    assert SECRET not in log()


@pytest.mark.parametrize("answer", [None, http(SUCCESS)[:-20], b"nonsense", b"HTTP/1.1 2000 OK"])
def test_a_token_in_a_url_is_in_no_traceback(answer, log):
    with scripted(answer) as (endpoint, _):
        with pytest.raises(cosfast.TransportError) as caught:
            send(endpoint, PATH)
    check_shown(caught.value, log)


@pytest.mark.parametrize("path", [PATH, f"/\x01{PATH}", PATH + " \r\nX: y"])
def test_nor_if_nobody_answers_or_the_url_is_malformed(path, log):
    with pytest.raises(cosfast.TransportError) as caught:
        send("http://127.0.0.1:1", path)
    check_shown(caught.value, log)


def check_shown(error, log):
    """Check what printing, logging or storing an error shows."""
    told = traceback.format_exception(error)
    while error is not None:
        told += [str(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    assert "TransportError: get a file" in "".join(told)
    for text in (*told, log()):
        assert SECRET not in text
