"""Each request of cosfast is one that the other clients could have sent.

What these send is kept in `vectors/recorded_requests.json`; `make interop` checks that they do.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from emulated import CREDENTIALS, connect, start_emulator
from interop import cosfast_calls, recording
from interop.likeness import differences
from interop.recorder import RecordingProxy
from interop.shape import shape_of
from interop.subject import FILE, FOLDER, OTHER, SMALL

import cosfast
from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.cosv4.service import CosService

KNOWN = [entry.shape for entry in recording.read()]

_IN_THE_HEADER = "a signature is `Authorization`, or `?sign=` in the query (section 2)"

# What cosfast does unlike any one client of the recording, by operation, and why it may. The
# sections are PROTOCOL.md's.
EXPLAINED = {
    "copy": {
        "form json, not multipart": "copy and move are JSON too, in Java and Node (section 5)",
    },
    "download": {
        "header Authorization": _IN_THE_HEADER,
        "signature in Authorization": _IN_THE_HEADER,
        "header Range": "a range gives 206 (section 1)",
    },
    "move": {
        "to_over_write as text, not a number": "a field may be a string or a number (section 1)",
    },
    "update": {
        "custom_headers as JSON text, not an object": "it is either (section 5); Node's is text",
    },
    "upload_slice_list": {
        "header Authorization": _IN_THE_HEADER,
        "signature in Authorization": _IN_THE_HEADER,
    },
}

# What Node's SDK does in the place of init, data and finish (section 4); cosfast does not.
OLDER_FORM = "upload_slice"

# Sections 4 and 5.
OPERATIONS = {
    "upload_slice_init",
    "upload_slice_list",
    "upload_slice_data",
    "upload_slice_finish",
    OLDER_FORM,
    "upload",
    "stat",
    "list",
    "create",
    "update",
    "delete",
    "move",
    "copy",
    "download",
}


@pytest.fixture(scope="module")
def proxy():
    pytest.importorskip("aiohttp", reason="the emulator's extra is not installed")
    with start_emulator() as emulator, RecordingProxy(emulator.endpoint) as running:
        yield running


@contextmanager
def slices_for_small_files():
    """Have the subject sent in slices: it is as small as it is for the clients that hash slowly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cosfast.cosv4.upload.SIMPLE_LIMIT", len(SMALL))
        yield


@pytest.fixture(scope="module")
def sent(proxy):
    """Make all calls, each function's in a bucket of its own; return what was sent for each."""
    found = {}
    with connect(proxy.endpoint) as client, slices_for_small_files():
        for calls in cosfast_calls.ALL:
            bucket = calls.__name__
            calls(client, bucket)
            found[calls] = [shape_of(raw, CREDENTIALS.appid, bucket) for raw in proxy.take()]
    return found


def found_in(shape):
    return differences(shape, KNOWN, EXPLAINED.get(shape.operation, ()))


def unexplained(shape):
    return found_in(shape).difference(EXPLAINED.get(shape.operation, ()))


@pytest.mark.parametrize("calls", cosfast_calls.ALL, ids=lambda calls: calls.__name__)
def test_every_request_is_one_that_a_client_sends(calls, sent):
    strange = [(shape, unexplained(shape)) for shape in sent[calls] if unexplained(shape)]
    assert not strange


def test_every_operation_is_recorded():
    assert {shape.operation for shape in KNOWN} == OPERATIONS


def test_every_operation_is_asked_for(sent):
    asked = {shape.operation for shapes in sent.values() for shape in shapes}
    assert asked == OPERATIONS - {OLDER_FORM}


def test_every_explanation_is_needed(sent):
    found = {operation: set() for operation in EXPLAINED}
    for shape in (shape for shapes in sent.values() for shape in shapes):
        found.get(shape.operation, set()).update(found_in(shape))
    assert found == {operation: set(reasons) for operation, reasons in EXPLAINED.items()}


# -- and a request that none could have sent is told


def changed(**changes):
    return lambda request: replace(request, **changes)


def with_field(request):
    return replace(request, fields=(*request.fields, ("colour", "red")))


def without(name):
    def change(request):
        return replace(request, fields=tuple(field for field in request.fields if field[0] != name))

    return change


def with_value(name, value):
    def change(request):
        fields = tuple((each, value if each == name else old) for each, old in request.fields)
        return replace(request, fields=fields)

    return change


def at(path):
    def change(request):
        address = request.address
        return replace(request, address=ObjectAddress(address.appid, address.bucket, path))

    return change


CALLS = {
    "upload": lambda client: client.upload(SMALL, "bucket", FILE, biz_attr="mine"),
    "stat": lambda client: client.stat("bucket", FILE),
    "delete": lambda client: client.delete("bucket", FILE),
    "update": lambda client: client.update("bucket", FILE, biz_attr="mine"),
    "move": lambda client: client.move("bucket", FILE, OTHER),
    "list": lambda client: list(client.list("bucket", FOLDER, page_size=1)),
    "download": lambda client: client.read("bucket", OTHER),
}


@pytest.fixture
def client(proxy):
    """Return a client of a bucket with both files."""
    with connect(proxy.endpoint) as made:
        for path in (FILE, OTHER):
            made.upload(SMALL, "bucket", path, overwrite=True)
        yield made


@pytest.fixture
def seen(client, proxy, monkeypatch):
    """Make a call, and each request of that operation another; return what is strange then."""

    def call(operation, change):
        def changing(method):
            def encode(service, request):
                changed = change(request) if request.operation == operation else request
                return method(service, changed)

            return encode

        monkeypatch.setattr(CosService, "encode", changing(CosService.encode))
        proxy.take()
        with suppress(cosfast.CosError):  # what the server makes of it is not the question
            CALLS[operation](client)
        shapes = [shape_of(raw, CREDENTIALS.appid, "bucket") for raw in proxy.take()]
        return set().union(*map(unexplained, shapes))

    return call


@pytest.mark.parametrize("operation", CALLS)
def test_nothing_is_strange_where_nothing_is_changed(operation, seen):
    assert seen(operation, changed()) == set()


@pytest.mark.parametrize(
    ("operation", "change", "strange"),
    [
        ("upload", with_field, "with colour"),
        ("upload", without("insertOnly"), "without insertOnly"),
        ("upload", with_value("insertOnly", "true"), "insertOnly 'true', not"),
        ("upload", with_value("sha", SMALL.hex()), f"sha {SMALL.hex()!r}, not"),
        ("upload", changed(encoding="json"), "form json, not multipart"),
        ("upload", changed(operation="write"), "no client sends write"),
        ("upload", changed(signing="once"), "signature once"),
        ("stat", changed(method="POST"), "method POST, not GET"),
        ("stat", changed(signing="once"), "signature once"),
        ("stat", changed(signing="download"), "signature reusable for /d/"),
        ("stat", changed(headers=(("X-Strange", "1"),)), "header X-Strange"),
        ("stat", with_field, "with colour"),
        ("delete", changed(signing="reusable"), "signature reusable"),
        ("delete", changed(encoding="query"), "form query, not"),
        ("delete", at("/d/x"), "target /files/v2/<appid>/<bucket>/d/x, not"),
        ("update", without("biz_attr"), "without "),
        ("update", changed(signing="reusable"), "signature reusable"),
        ("move", with_value("dest_fileid", "x"), "dest_fileid 'x', not '/d/other'"),
        ("list", without("num"), "without num"),
        ("list", with_value("num", "5000"), "num '5000', not"),
        ("download", changed(signing="reusable"), "signature reusable for /<appid>/<bucket>/d/"),
        ("download", changed(headers=(("If-Match", "x"),)), "header If-Match"),
    ],
)
def test_a_request_that_none_could_have_sent_is_told(operation, change, strange, seen):
    found = seen(operation, change)
    assert any(each.startswith(strange) for each in found), found


def test_a_signature_that_lasts_too_long_is_told(seen, monkeypatch):
    sign = cosfast.Credentials.sign_request
    monkeypatch.setattr(
        cosfast.Credentials,
        "sign_request",
        lambda self, request: sign(self, request, expires_in=3600),
    )
    assert seen("stat", changed()) == {"signature for 3600 s"}
