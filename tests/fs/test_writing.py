"""Streams for writing: positions, text with a byte order mark, what libraries do with them."""

from __future__ import annotations

import codecs
import io
import zipfile

import pytest
from emulated import BUCKET

TEXT = "erste Zeile\nzweite: ü€😀\n"
ENCODINGS = ("utf-16", "utf-32", "utf-8-sig", "utf-16-le", "utf-8", "utf-7", "gb18030")
MEMORY = 8 * 1024 * 1024


def stored(fs, path="text"):
    return fs.client.read(BUCKET, path)


@pytest.fixture
def expected(tmp_path):
    """Write to a local file what a test writes to a bucket; return its bytes."""

    def write(mode, content, **options):
        with (tmp_path / "local").open(mode, **options) as file:
            file.write(content)
        return (tmp_path / "local").read_bytes()

    return write


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("newline", [None, "", "\r\n"])
def test_text_is_what_a_local_file_holds(fs, expected, encoding, newline):
    options = {"encoding": encoding, "newline": newline}
    fs.write_text("bucket/text", TEXT, **options)
    assert stored(fs) == expected("w", TEXT, **options)
    assert fs.read_text("bucket/text", encoding=encoding) == TEXT


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_appended_text_has_one_byte_order_mark(fs, expected, encoding):
    for text in ("eins\n", "", "zwei\n"):
        with fs.open("bucket/text", "a", encoding=encoding) as file:
            file.write(text)
        assert stored(fs) == expected("a", text, encoding=encoding)
    assert fs.read_text("bucket/text", encoding=encoding) == "eins\nzwei\n"


@pytest.mark.parametrize("mode", ["w", "x"])
def test_text_in_a_transaction(fs, expected, mode):
    with fs.transaction, fs.open("bucket/text", mode, encoding="utf-16") as file:
        file.write(TEXT)
    assert stored(fs) == expected("w", TEXT, encoding="utf-16")


def test_text_positions(fs, expected):
    with fs.open("bucket/text", "w", encoding="utf-16") as file:
        file.write("x" * 10)
        file.flush()
        assert file.tell() == 22
        file.seek(0)
        file.write(TEXT)
    assert stored(fs) == expected("w", TEXT, encoding="utf-16")


def test_gzip_around_text(fs):
    with fs.open("bucket/text.gz", "w", compression="gzip", encoding="utf-16") as file:
        file.write(TEXT)
    with fs.open("bucket/text.gz", compression="gzip") as file:
        assert file.read().startswith(codecs.BOM_UTF16)
    with fs.open("bucket/text.gz", "r", compression="gzip", encoding="utf-16") as file:
        assert file.read() == TEXT


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_csv_of_pandas(fs, encoding):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"name": ["ä", "ö"], "number": [1, 2]})
    with fs.open("bucket/table.csv", "w", encoding=encoding) as file:
        table.to_csv(file, index=False)
    with fs.open("bucket/table.csv", "rb") as file:
        pandas.testing.assert_frame_equal(pandas.read_csv(file, encoding=encoding), table)
    with fs.open("bucket/binary.csv", "wb") as file:
        table.to_csv(file, index=False, encoding=encoding)
    with fs.open("bucket/binary.csv", "rb") as file:
        pandas.testing.assert_frame_equal(pandas.read_csv(file, encoding=encoding), table)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_csv_of_pandas_by_its_url(settings, client, encoding):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"name": ["ä", "ö"], "number": [1, 2]})
    table.to_csv("cosv4://bucket/table.csv", index=False, encoding=encoding)
    expected = table.to_csv(index=False).encode(encoding)
    assert client.read(BUCKET, "table.csv") == expected
    read = pandas.read_csv("cosv4://bucket/table.csv", encoding=encoding)
    pandas.testing.assert_frame_equal(read, table)


# Positions


def exercise(file, size):
    """Write at positions all over a file; return what each call returned."""
    returned = [file.tell(), file.write(b"0123456789" * size), file.tell()]
    returned += [file.seek(5), file.tell(), file.write(bytearray(b"five")), file.tell()]
    returned += [file.seek(-3, 2), file.write(b"end and more"), file.tell()]
    returned += [file.seek(10), file.seek(5, 1), file.write(memoryview(b"abcd").cast("H"))]
    returned += [file.seek(20, 2), file.write(b"behind a hole"), file.tell()]
    returned += [file.truncate(10 * size + 60), file.tell(), file.seek(0, 2)]
    returned += [file.truncate(10 * size), file.seek(0, 2), file.seek(30), file.truncate()]
    returned += [file.write(b"end"), file.seek(100), file.tell(), file.seek(0), file.write(b"")]
    return [*returned, file.seekable(), file.writable(), file.readable()]


@pytest.mark.parametrize("mode", ["wb", "xb", "ab"])
@pytest.mark.parametrize("size", [10, 900_000], ids=["in memory", "on disk"])
def test_positions_are_those_of_a_local_file(fs, tmp_path, mode, size):
    with (tmp_path / "local").open(mode, buffering=0) as file:
        expected = exercise(file, size)
    with fs.open("bucket/text", mode) as file:
        assert exercise(file, size) == expected
        assert not fs.exists("bucket/text")
    assert stored(fs) == (tmp_path / "local").read_bytes()


@pytest.mark.parametrize("end", [MEMORY - 1, MEMORY, MEMORY + 1])
def test_a_hole_is_of_zeros_in_memory_and_on_disk(fs, end):
    with fs.open("bucket/text", "wb") as file:
        file.write(b"1")
        file.seek(end - 1)
        file.write(b"2")
        file.seek(0)
        file.write(b"0")
    assert stored(fs) == b"0" + bytes(end - 2) + b"2"
    with fs.open("bucket/text", "wb") as file:
        assert file.truncate(end) == end
        assert file.tell() == 0
    assert stored(fs) == bytes(end)


def test_positions_that_cannot_be(fs):
    with fs.open("bucket/text", "wb") as file:
        file.write(b"12")
        for offset, whence in ((-1, 0), (-3, 1), (-3, 2), (0, 3)):
            with pytest.raises(ValueError):
                file.seek(offset, whence)
        with pytest.raises(ValueError):
            file.truncate(-1)
        with pytest.raises((ValueError, io.UnsupportedOperation)):
            file.read()
        assert file.tell() == 2
    assert stored(fs) == b"12"
    for call in (lambda: file.seek(0), lambda: file.write(b"3"), lambda: file.truncate(0)):
        with pytest.raises(ValueError, match="closed"):
            call()
    assert not file.seekable()
    assert stored(fs) == b"12"


def test_a_zip_archive(fs):
    with fs.open("bucket/text", "wb") as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr("one", b"1")
        with archive.open("two", "w") as member:
            member.write(b"2" * 1000)
    with fs.open("bucket/text", "rb") as file, zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert archive.read("two") == b"2" * 1000
