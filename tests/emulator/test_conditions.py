"""Conditional downloads, by GET and HEAD (RFC 9110 section 13)."""

from __future__ import annotations

import hashlib
import time
from email.utils import formatdate, parsedate_to_datetime

import pytest
from emulator.wire import APPID, BUCKET, Wire, fileid, request, sign

CONTENT = bytes(range(256)) * 40
PATH = "/file.bin"
URL = f"/{BUCKET}-{APPID}.file.myqcloud.com/file.bin"


@pytest.fixture
def api(api):
    api.upload(PATH, CONTENT)
    return api


@pytest.fixture
def etag(api):
    return api.download(PATH).headers["ETag"]


@pytest.fixture
def modified(api):
    return parsedate_to_datetime(api.download(PATH).headers["Last-Modified"]).timestamp()


@pytest.fixture
def status(api):
    """Send GET and HEAD; check that they agree and that the bodies fit."""

    def ask(**headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        got = api.download(PATH, **headers)
        head = api.http.head(api.endpoint + URL, headers=headers)
        assert head.status_code == got.status_code
        assert head.content == b""
        assert got.content == (CONTENT if got.status_code == 200 else b"")
        assert got.headers["ETag"] == f'"{hashlib.sha1(CONTENT).hexdigest()}"'
        assert got.headers["Last-Modified"]
        return got.status_code

    return ask


def date(seconds):
    return formatdate(seconds, usegmt=True)


def update(api, **fields):
    assert api.json(PATH, sign(fileid(PATH), once=True), op="update", **fields).code == 0


def test_if_none_match(status, etag):
    lists = (f'"a,b" ,, {etag}', f'W/"x",{etag},"y"', f", {etag} ,")
    for same in (etag, f"W/{etag}", "*", f"{etag}\t", *lists):
        assert status(If_None_Match=same) == 304, same
    malformed = (etag.strip('"'), etag[:-1], f"w/{etag}", f'"{etag}"', "", f'"x" {etag}')
    for other in ('"other"', 'W/"other"', *malformed):
        assert status(If_None_Match=other) == 200, other


def test_if_match_is_compared_strongly(status, etag):
    for same in (etag, "*", f'"other", {etag}', f'W/"x" , {etag}'):
        assert status(If_Match=same) == 200, same
    for other in (f"W/{etag}", '"other"', etag.strip('"'), "", f"*, {etag}", f'W/{etag}, "x"'):
        assert status(If_Match=other) == 412, other


def test_if_modified_since(status, modified):
    assert status(If_Modified_Since=date(modified)) == 304
    assert status(If_Modified_Since=date(modified + 1000)) == 304
    assert status(If_Modified_Since=date(modified - 1)) == 200


def test_if_unmodified_since(status, modified):
    assert status(If_Unmodified_Since=date(modified)) == 200
    assert status(If_Unmodified_Since=date(modified + 1000)) == 200
    assert status(If_Unmodified_Since=date(modified - 1)) == 412


def test_dates_have_three_forms(status, modified):
    def written(seconds, form):
        return time.strftime(form, time.gmtime(seconds))

    for form in ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"):
        assert status(If_Modified_Since=written(modified, form)) == 304, form
        assert status(If_Modified_Since=written(modified - 1, form)) == 200, form
    long_ago = "Sunday, 06-Nov-94 08:49:37 GMT"  # of 1994, not of 2094
    assert status(If_Unmodified_Since=long_ago) == 412


@pytest.mark.parametrize(
    "text",
    [
        *("", "tomorrow", "0", "9" * 5000, "2030-01-01T00:00:00Z"),
        "Sun, 06 Nov 2030 08:49:37 +0000",
        "Sun, 31 Feb 2030 08:49:37 GMT",
        "Sun, 00 Nov 2030 08:49:37 GMT",
        "Sun, 06 Nov 2030 24:00:00 GMT",
        "Sun, 06 Nov 2030 08:60:00 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 12030 08:49:37 GMT",
        "Sun, 06 nov 2030 08:49:37 GMT",
        "Sun, 6 Nov 2030 08:49:37 GMT",
        "Sun, \u0660\u0666 Nov 2030 08:49:37 GMT",
        "Sun, 06 Nov 2030 08:49:37 GMT, Sun, 06 Nov 2030 08:49:37 GMT",
    ],
    ids=lambda value: value[:40],
)
def test_an_invalid_date_is_ignored(status, text):
    assert status(If_Modified_Since=text.encode()) == 200
    assert status(If_Unmodified_Since=text.replace("2030", "1980").encode()) == 200


def test_entity_tags_precede_dates(status, etag, modified):
    old, new = date(modified - 1000), date(modified + 1000)
    assert status(If_None_Match='"other"', If_Modified_Since=new) == 200
    assert status(If_None_Match=etag, If_Modified_Since=old) == 304
    assert status(If_Match=etag, If_Unmodified_Since=old) == 200
    assert status(If_Match='"other"', If_Unmodified_Since=new) == 412


def test_preconditions_precede_cache_validation(status, etag, modified):
    old, new = date(modified - 1000), date(modified + 1000)
    assert status(If_Match='"other"', If_None_Match=etag) == 412
    assert status(If_Match=etag, If_None_Match=etag) == 304
    assert status(If_Unmodified_Since=old, If_None_Match=etag) == 412
    assert status(If_Unmodified_Since=old, If_Modified_Since=new) == 412
    assert status(If_Unmodified_Since=new, If_Modified_Since=new) == 304


def test_conditions_precede_ranges(api, etag):
    for asked in ("bytes=0-3", "bytes=99999-"):
        for guard in ({}, {"If-Range": etag}, {"If-Range": '"other"'}):
            ranged = {"Range": asked, **guard}
            assert api.download(PATH, **ranged, **{"If-None-Match": etag}).status_code == 304
            assert api.download(PATH, **ranged, **{"If-Match": '"other"'}).status_code == 412
    part = api.download(PATH, Range="bytes=0-3", **{"If-Match": etag, "If-None-Match": '"x"'})
    assert (part.status_code, part.content) == (206, CONTENT[:4])


def test_if_range_is_compared_strongly(api, etag, modified):
    def ranged(guard):
        return api.download(PATH, Range="bytes=0-3", **{"If-Range": guard}).status_code

    assert ranged(date(modified)) == ranged(etag) == 206
    other_dates = (date(modified - 1), date(modified + 1))
    for other in (f"W/{etag}", "*", f'{etag}, "x"', "", "x", *other_dates):
        assert ranged(other) == 200, other
    beyond = api.download(PATH, Range="bytes=99999-", **{"If-Range": '"other"'})
    assert (beyond.status_code, beyond.content) == (200, CONTENT)
    whole = api.download(PATH, **{"If-Range": '"other"'})
    assert whole.status_code == 200, "it says nothing without a range"


def test_a_header_on_several_lines_is_one_list(emulator, api, etag):
    def ask(*headers):
        with Wire(emulator.endpoint) as wire:
            wire.send(request(URL, b"", *headers, "Authorization:", method="GET"))
            return wire.read_head()[0]

    assert ask('If-None-Match: "x"', f"If-None-Match: {etag}") == 304
    assert ask('If-Match: "x"', f"If-Match: {etag}") == 200
    assert ask("Range: bytes=0-1", "Range: bytes=5-6") == 200
    now = f"If-Modified-Since: {date(time.time() + 1000)}"
    assert (ask(now), ask(now, now)) == (304, 200)


def test_conditions_do_not_hide_404_and_403(api):
    for conditions in ({"If-None-Match": "*"}, {"If-Match": "*"}, {"If-Match": '"x"'}):
        assert api.download("/none", **conditions).status_code == 404
    update(api, authority="eWRPrivate")
    for conditions in ({"If-None-Match": "*"}, {"If-Match": '"x"'}):
        assert api.download(PATH, **conditions).status_code == 403


def test_a_response_without_the_file_has_only_cache_headers(api):
    encoded = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    update(api, custom_headers={"Cache-Control": "max-age=5", **encoded})
    for conditions in ({"If-None-Match": "*"}, {"If-Match": '"x"'}):
        answer = api.download(PATH, **conditions)
        assert answer.headers["Cache-Control"] == "max-age=5"
        assert "Content-Encoding" not in answer.headers
        assert "text/plain" not in answer.headers.get("Content-Type", "")
    assert "Content-Encoding" not in api.download(PATH, Range="bytes=99999-").headers


def test_the_connection_stays_in_step(emulator, etag):
    with Wire(emulator.endpoint) as wire:
        for method in ("GET", "HEAD", "GET"):
            condition = f"If-None-Match: {etag}"
            wire.send(request(URL, b"", condition, "Authorization:", method=method))
            assert wire.read_head()[0] == 304
        wire.send(request(URL, b"", 'If-Match: "x"', "Authorization:", method="GET"))
        assert wire.read_head()[0] == 412
        wire.send(request(URL, b"", "Authorization:", method="GET"))
        assert wire.read_head()[0] == 200
