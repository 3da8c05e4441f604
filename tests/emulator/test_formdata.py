"""The multipart parser: the parts do not depend on how the body is split into chunks."""

from __future__ import annotations

import itertools

import pytest
from emulator.wire import BOUNDARY, multipart, part
from hypothesis import given
from hypothesis import strategies as st

from cosfast.emulator.wire.formdata import (
    FormDataError,
    FormDataParser,
    PartBegin,
    PartEnd,
    boundary_of,
)

_TRICKY = [b"\r", b"\n", b"\r\n", b"-", b"--", b"\r\n--", b"\r\n--9fd4", f"--{BOUNDARY}".encode()]


def parse(body, cuts=()):
    """Parse the body, split at these offsets, to the name and value of each part."""
    parser = FormDataParser(BOUNDARY.encode(), max_header_size=1000)
    edges = [0, *sorted(cuts), len(body)]
    parts = []
    for start, end in itertools.pairwise(edges):
        for event in parser.feed(body[start:end]):
            if isinstance(event, PartBegin):
                parts.append([event.name, b"", False])
            elif isinstance(event, PartEnd):
                parts[-1][2] = True
            else:
                assert event, "no empty pieces"
                parts[-1][1] += event
    parser.close()
    assert all(ended for _, _, ended in parts)
    return [(name, value) for name, value, _ in parts]


@given(
    st.lists(st.lists(st.sampled_from(_TRICKY) | st.binary(max_size=9), max_size=6), max_size=4),
    st.data(),
)
def test_any_values_in_any_cut(pieces, data):
    values = [b"".join(value) for value in pieces]
    values = [value for value in values if f"\r\n--{BOUNDARY}".encode() not in b"\r\n" + value]
    body = multipart(*(part(f"n{index}", value) for index, value in enumerate(values)))
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=20))
    assert parse(body, cuts) == [(f"n{index}", value) for index, value in enumerate(values)]


def test_byte_by_byte():
    body = multipart(part("a", b"one"), part("b", b""), part("c", b"\r\n--\r\n"))
    expected = [("a", b"one"), ("b", b""), ("c", b"\r\n--\r\n")]
    assert parse(body, range(len(body))) == expected


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 40",),
        ("content-length: 0",),
        ("Content-Length: nonsense",),
        ("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"),
        ("X-Folded: one", " two"),
    ],
)
def test_other_headers_do_not_matter(headers):
    assert parse(multipart(part("a", b"1", *headers))) == [("a", b"1")]


@pytest.mark.parametrize(
    "disposition",
    [
        'form-data; name="op"',
        "form-data; name=op",
        'form-data; filename="x; name=y"; name="op"',
        'form-data; name="op"; filename="name=z"',
        'form-data ; NAME="op"',
        'form-data; name="o\\p"',
        'attachment; name="op"',
    ],
)
def test_a_part_is_known_by_its_name(disposition):
    body = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n1\r\n".encode()
    assert parse(multipart(body)) == [("op", b"1")]


def test_a_preamble_and_an_epilogue_are_skipped():
    body = multipart(part("a", b"1"))
    assert parse(b"hello\r\n" + body + b"more\r\n") == [("a", b"1")]


def test_padding_behind_a_boundary_is_skipped():
    body = multipart(part("a", b"1")).replace(
        BOUNDARY.encode() + b"\r\n", BOUNDARY.encode() + b" \t\r\n"
    )
    assert parse(body, range(len(body))) == [("a", b"1")]


def test_a_part_without_a_byte_may_leave_out_its_line_end():
    body = multipart(part("a", b""), part("b", b"2")).replace(b"\r\n\r\n\r\n", b"\r\n\r\n")
    assert parse(body, range(len(body))) == [("a", b""), ("b", b"2")]


def test_a_form_without_parts():
    assert parse(multipart()) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no boundary anywhere",
        multipart(part("a", b"1"))[:-4],
        part("a", b"1"),
        f"--{BOUNDARY}x\r\n\r\n".encode(),
        f"--{BOUNDARY}\r\n\r\nno headers\r\n--{BOUNDARY}--".encode(),
        multipart(f"--{BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nno name\r\n".encode()),
        multipart(part("a", b"1", "no colon")),
        multipart(part("a", b"1", "X: " + "x" * 2000)),
        f"--{BOUNDARY}\r\n".encode() + b"x" * 2000,
        f"--{BOUNDARY}".encode() + b" " * 2000,
    ],
)
def test_a_malformed_form_is_refused(body):
    for cuts in ((), range(len(body))):
        with pytest.raises(FormDataError):
            parse(body, cuts)


@pytest.mark.parametrize(
    "content_type",
    [
        f"multipart/form-data; boundary={BOUNDARY}",
        f'multipart/form-data; charset=utf-8; BOUNDARY="{BOUNDARY}"',
        f"multipart/form-data;boundary={BOUNDARY};charset=utf-8",
    ],
)
def test_the_boundary_is_read(content_type):
    assert boundary_of(content_type) == BOUNDARY.encode()


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "a; boundary=" + "b" * 300],
)
def test_a_bad_boundary_is_refused(content_type):
    with pytest.raises(FormDataError):
        boundary_of(content_type)
