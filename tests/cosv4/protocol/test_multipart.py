"""Bodies as independent parsers and an HTTP library see them."""

from __future__ import annotations

import array
import ctypes
import email.parser
import email.policy
import io
import json
import mmap

import multipart
import pytest
import requests
import urllib3.connection
from hypothesis import given
from hypothesis import strategies as st

from cosfast.cosv4.protocol.multipart import CONTENT_FIELD, JsonBody, MultipartBody, byte_view
from cosfast.errors import InputError

NAMES = st.sampled_from(["op", "sha", "session", "biz_attr", "filesize"])
VALUES = st.text(st.characters(blacklist_categories=("Cs",)), max_size=40)
FIELDS = st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=5)


def sent(body) -> bytes:
    return b"".join(body)


def parsed(body: MultipartBody) -> list[tuple[str, bytes]]:
    """Names and values in order, as the `multipart` package reads them."""
    boundary = body.content_type.partition("boundary=")[2]
    parts = multipart.MultipartParser(io.BytesIO(sent(body)), boundary).parts()
    return [(part.name, part.raw) for part in parts]


@given(FIELDS, st.one_of(st.none(), st.binary(max_size=200)))
def test_fields_and_content_come_back_in_order(fields, content):
    body = MultipartBody(fields, content)
    expected = [(name, value.encode()) for name, value in fields]
    if content is not None:
        expected.append((CONTENT_FIELD, content))
    assert parsed(body) == expected
    assert len(body) == len(sent(body))


@given(
    st.binary(max_size=200).filter(lambda content: b"\r" not in content and b"\n" not in content)
)
def test_the_standard_library_reads_the_same(content):
    body = MultipartBody([("op", "upload")], content)
    text = f"Content-Type: {body.content_type}\r\n\r\n".encode() + sent(body)
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(text)
    op, file = message.iter_parts()
    assert op.get_param("name", header="content-disposition") == "op"
    assert op.get_content() == "upload"
    assert file.get_param("name", header="content-disposition") == CONTENT_FIELD
    assert file.get_content() == content


def test_the_bytes_on_the_wire():
    body = MultipartBody([("op", "upload_slice_data"), ("offset", "0")], b"\r\n--x", boundary="x")
    assert body.content_type == "multipart/form-data; boundary=x"
    assert sent(body) == (
        b'--x\r\nContent-Disposition: form-data; name="op"\r\n\r\nupload_slice_data\r\n'
        b'--x\r\nContent-Disposition: form-data; name="offset"\r\n\r\n0\r\n'
        b'--x\r\nContent-Disposition: form-data; name="filecontent"; filename="filecontent"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n"
        b"\r\n--x\r\n"
        b"--x--\r\n"
    )


def test_the_content_is_not_copied():
    content = bytearray(b"0123456789")
    views = [chunk for chunk in MultipartBody([("op", "upload")], content) if len(chunk) == 10]
    (view,) = views
    assert isinstance(view, memoryview)
    assert view.obj is content


def test_each_iteration_starts_over():
    body = MultipartBody([("op", "upload")], b"content")
    assert sent(body) == sent(body)
    first = iter(body)
    next(first)
    assert next(iter(body)).startswith(b"--")


def test_each_body_has_a_boundary_of_its_own():
    assert len({MultipartBody([("op", "x")]).content_type for _ in range(10)}) == 10


@pytest.mark.parametrize(
    "content",
    [
        b"abcd",
        bytearray(b"abcd"),
        memoryview(b"xabcdx")[1:-1],
        array.array("H", b"abcd"),
        (ctypes.c_char * 4)(*b"abcd"),
        memoryview(b"abcd").cast("B", (2, 2)),
    ],
    ids=lambda content: type(content).__name__,
)
def test_any_contiguous_bytes_are_taken(content):
    assert parsed(MultipartBody([("op", "upload")], content))[1] == (CONTENT_FIELD, b"abcd")


def test_a_mapped_file_is_taken(tmp_path):
    path = tmp_path / "content"
    path.write_bytes(b"abcd" * 5000)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        body = MultipartBody([("op", "upload")], mapped)
        assert parsed(body)[1][1] == path.read_bytes()
        del body  # a mapping cannot be closed while its bytes are lent


@pytest.mark.parametrize("content", [b"", bytearray(), array.array("I"), memoryview(b"")])
def test_empty_content_is_a_part_of_its_own(content):
    body = MultipartBody([("op", "upload")], content)
    assert parsed(body) == [("op", b"upload"), (CONTENT_FIELD, b"")]


@pytest.mark.parametrize("content", ["text", 7, [1, 2], memoryview(b"abcdef")[::2]])
def test_other_content_is_refused(content):
    with pytest.raises(InputError, match="content"):
        byte_view(content)


@pytest.mark.parametrize("body", [MultipartBody, JsonBody])
@pytest.mark.parametrize("value", ["\udcff", b"bytes", 7, None])
def test_a_field_that_is_not_text_is_refused_by_name(body, value):
    with pytest.raises(InputError, match="biz_attr"):
        body([("biz_attr", value)])


@given(st.dictionaries(NAMES, VALUES))
def test_json_comes_back_and_is_ascii(fields):
    body = JsonBody(fields.items())
    assert json.loads(sent(body)) == fields
    assert len(body) == len(sent(body).decode("ascii"))
    assert sent(body) == sent(body)


@pytest.mark.parametrize(
    "body", [MultipartBody([("op", "upload")], b"content"), JsonBody([("op", "delete")])]
)
def test_requests_streams_it_with_a_length(body):
    prepared = requests.Request("POST", "http://host/", data=body).prepare()
    assert prepared.body is body
    assert prepared.headers["Content-Length"] == str(len(body))
    assert "Transfer-Encoding" not in prepared.headers


class RecordingSocket:
    """Takes what an HTTP library sends, piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes | memoryview] = []

    def settimeout(self, timeout: object) -> None:
        pass

    def sendall(self, data: bytes | memoryview) -> None:
        self.pieces.append(data)


def test_the_content_reaches_the_socket_as_it_was_given():
    content = bytes(100_000)
    body = MultipartBody([("op", "upload")], content)
    connection = urllib3.connection.HTTPConnection("host")
    connection.sock = socket = RecordingSocket()
    connection.request("POST", "/", body, {"Content-Length": str(len(body))})
    assert b"".join(socket.pieces).endswith(sent(body))
    assert any(getattr(piece, "obj", None) is content for piece in socket.pieces)
