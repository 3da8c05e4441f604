"""Files read, written, downloaded and uploaded."""

from __future__ import annotations

import random

import pytest
from emulated import BUCKET, connect
from fsspec.callbacks import Callback
from lengths import KERNEL_FILES, empty_array, kernel_file

import cosfast
from cosfast.emulator import faults
from cosfast.fs import CosV4FileSystem

LEFT_OPEN = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # by fsspec's own
CONTENT = random.Random(6).randbytes(300_000)
LARGE = random.Random(7).randbytes(9 * 1024 * 1024 + 5)  # in slices, from a spool on disk


@pytest.fixture
def file(fs):
    fs.pipe_file("bucket/folder/file", CONTENT)
    return "cosv4://bucket/folder/file"


class Broken(Exception):
    """What ends a block."""


class Told(Callback):
    def __init__(self):
        super().__init__()
        self.sizes, self.counts = [], []

    def set_size(self, size):
        self.sizes.append(size)

    def relative_update(self, inc=1):
        self.counts.append(inc)


# Reading


CACHES = (
    *("readahead", "none", "bytes", "blockcache", "all", "background"),
    pytest.param("mmap", marks=LEFT_OPEN),
)


@pytest.mark.parametrize("cache", CACHES)
def test_any_place_through_any_cache(fs, file, cache):
    places = random.Random(1).sample(range(len(CONTENT)), 20)
    with fs.open(file, block_size=10_000, cache_type=cache) as opened:
        for place in places:
            opened.seek(place)
            assert opened.read(3_000) == CONTENT[place : place + 3_000]
        assert opened.seek(0) == 0
        assert opened.read() == CONTENT
        assert opened.read(1) == b""


def test_lines_and_text(fs):
    fs.write_text("bucket/text", "eins\nzwei\ndrei ü")
    with fs.open("bucket/text") as file:
        assert file.readlines() == [b"eins\n", b"zwei\n", "drei ü".encode()]
    with fs.open("bucket/text", "r", encoding="utf-8") as file:
        assert list(file) == ["eins\n", "zwei\n", "drei ü"]
    assert fs.head("bucket/text", 4) == b"eins"
    assert fs.tail("bucket/text", 2) == "ü".encode()


@pytest.mark.parametrize(
    ("start", "end"),
    [(None, None), (0, 10), (5, None), (-10, None), (None, -10), (-20, -10), (10, 5), (9**9, None)],
)
def test_cat_file_counts_as_a_slice_does(fs, file, start, end):
    assert fs.cat_file(file, start, end) == CONTENT[start:end]


@pytest.mark.parametrize("mode", ["rb", "ab"])
def test_a_folder_is_no_file(fs, file, mode):
    with pytest.raises(IsADirectoryError):
        fs.open("bucket/folder", mode)
    with pytest.raises(IsADirectoryError):
        fs.cat_file("bucket/folder")


def test_many_at_once(fs):
    content = {f"bucket/many/{number}": bytes([number]) * number for number in range(40)}
    fs.pipe(content)
    assert fs.cat("bucket/many", recursive=True) == content
    assert fs.cat("bucket/many/1*") == {
        path: content[path] for path in content if path.startswith("bucket/many/1")
    }
    assert fs.cat("bucket/many/7") == content["bucket/many/7"]
    paths = ["bucket/many/5", "bucket/many/none"]
    assert fs.cat(paths, on_error="omit") == {paths[0]: content[paths[0]]}
    returned = fs.cat(paths, on_error="return")
    assert isinstance(returned[paths[1]], FileNotFoundError)
    with pytest.raises(FileNotFoundError):
        fs.cat(paths)


def test_ranges(fs, file):
    bounds = [(0, 5), (100, 200), (len(CONTENT) - 3, None), (-4, None)]
    starts, ends = (list(each) for each in zip(*bounds, strict=True))
    expected = [CONTENT[start:end] for start, end in bounds]
    assert fs.cat_ranges([file] * 4, starts, ends) == expected
    assert fs.cat_ranges([file, file], 0, 7) == [CONTENT[:7]] * 2
    found, error = fs.cat_ranges([file, "bucket/none"], 0, 7)
    assert found == CONTENT[:7]
    assert isinstance(error, FileNotFoundError)
    with pytest.raises(FileNotFoundError):
        fs.cat_ranges([file, "bucket/none"], 0, 7, on_error="raise")
    with pytest.raises(ValueError):
        fs.cat_ranges([file], [0, 1], 7)


@pytest.mark.parametrize("before", [b"before", bytes(len(CONTENT))], ids=["shorter", "as long"])
def test_a_local_file_is_replaced_as_fsspec_has_it(fs, file, tmp_path, before):
    target = tmp_path / "target"
    target.write_bytes(before)
    fs.get_file(file, str(target))
    assert target.read_bytes() == CONTENT
    target.write_bytes(before)
    with pytest.raises(FileExistsError):
        fs.get_file(file, str(target), overwrite=False)
    assert target.read_bytes() == before


@pytest.mark.parametrize("other", [b"another", bytes(len(CONTENT))], ids=["shorter", "as long"])
def test_a_file_that_changed_since_it_was_opened_is_no_mixture(fs, file, other):
    with fs.open(file, block_size=1000) as opened:
        assert opened.read(10) == CONTENT[:10]
        fs.client.upload(other, BUCKET, "folder/file", overwrite=True)
        opened.seek(200_000)
        with pytest.raises(OSError):
            opened.read(10)


def test_what_cannot_be_answered_is_an_os_error(emulator, file):
    with connect(emulator.endpoint, retry=cosfast.NO_RETRY) as client:
        fs = CosV4FileSystem(client=client)
        emulator.faults.add("stat", faults.ResetAfter(0))
        with pytest.raises(OSError) as caught:
            fs.cat_file(file)
    assert isinstance(caught.value.__cause__, cosfast.TransportError)
    emulator.faults.check_all_fired()


# Writing


@pytest.mark.parametrize("content", [b"", CONTENT, LARGE], ids=["empty", "small", "large"])
@pytest.mark.parametrize("step", [100_000, None])
def test_written_and_read_again(fs, content, step):
    with fs.open("bucket/new/folder/file", "wb") as file:
        for start in range(0, len(content), step or len(content) or 1):
            assert file.tell() == start
            file.write(content[start : start + (step or len(content))])
        assert not fs.exists("bucket/new/folder/file")
    assert fs.cat_file("bucket/new/folder/file") == content
    assert fs.info("bucket/new/folder/file")["size"] == len(content)


def test_overwriting(fs, file):
    with fs.open(file, "wb") as opened:
        opened.write(b"new")
    assert fs.cat_file(file) == b"new"


def test_exclusively(fs, file):
    with pytest.raises(FileExistsError):
        fs.open(file, "xb")
    with pytest.raises(FileExistsError):
        fs.open("bucket/folder", "xb")
    with fs.open("bucket/folder/other", "xb") as opened:
        opened.write(b"new")
    assert fs.cat_file("bucket/folder/other") == b"new"


def test_exclusively_where_somebody_is_faster(fs):
    with pytest.raises(FileExistsError) as caught:
        with fs.open("bucket/file", "xb") as opened:
            opened.write(b"mine")
            fs.client.upload(b"theirs", BUCKET, "file")
    assert isinstance(caught.value.__cause__, cosfast.ExistsError)
    assert fs.cat_file("bucket/file") == b"theirs"


@pytest.mark.parametrize("content", [b"", CONTENT, LARGE], ids=["empty", "small", "large"])
def test_appending(fs, content):
    fs.pipe_file("bucket/file", content)
    with fs.open("bucket/file", "ab") as file:
        assert file.tell() == len(content)
        file.write(b"more")
    assert fs.cat_file("bucket/file") == content + b"more"
    with fs.open("bucket/new", "ab") as file:
        file.write(b"first")
    assert fs.cat_file("bucket/new") == b"first"


def test_a_block_that_fails_uploads_nothing(fs, file):
    with pytest.raises(Broken):
        with fs.open(file, "wb") as opened:
            opened.write(b"half of it")
            raise Broken
    assert opened.closed
    assert fs.cat_file(file) == CONTENT


def test_a_failed_upload_is_told_once(emulator, fs, file):
    opened = fs.open(file, "wb")
    opened.write(b"new")
    emulator.faults.add("upload", faults.Refusal(-97))
    with pytest.raises(PermissionError):
        opened.close()
    opened.close()
    assert fs.cat_file(file) == CONTENT


def test_what_stands_in_the_way_is_named(fs, file):
    with pytest.raises(NotADirectoryError) as caught:
        fs.pipe_file("bucket/folder/file/below/it", b"1")
    assert caught.value.filename == "bucket/folder/file"
    with pytest.raises(IsADirectoryError):
        fs.pipe_file("bucket/folder", b"1")
    with pytest.raises(IsADirectoryError):
        fs.open("bucket", "wb")


@pytest.mark.parametrize("path", ["bucket/a?", "bucket/a\nb", "bu cket/a"])
def test_a_path_that_cannot_be_is_told_before_anything_is_written(fs, path):
    with pytest.raises(ValueError, match="bucket|path"):
        fs.open(path, "wb")


def test_options_of_the_upload(fs):
    with fs.open("bucket/file", "wb", biz_attr="mine") as file:
        file.write(b"1")
    assert fs.info("bucket/file")["biz_attr"] == "mine"
    with pytest.raises(TypeError, match="bizattr"):
        fs.open("bucket/file", "wb", bizattr="mine")
    with pytest.raises(NotImplementedError):
        fs.open("bucket/file", "r+b")


def test_touch(fs, file):
    fs.touch("bucket/new")
    assert fs.size("bucket/new") == 0
    with pytest.raises(NotImplementedError):
        fs.touch(file, truncate=False)
    fs.touch(file)
    assert fs.size(file) == 0


# Transactions


def write_three(fs, tmp_path):
    local = tmp_path / "local"
    local.write_bytes(b"3")
    with fs.open("bucket/t/1", "wb") as file:
        file.write(b"1")
    fs.pipe_file("bucket/t/2", b"2")
    fs.put_file(str(local), "bucket/t/3")


def test_a_transaction_shows_all_at_its_end(fs, tmp_path):
    assert not fs.exists("bucket/t")
    with fs.transaction:
        write_three(fs, tmp_path)
        assert not fs.exists("bucket/t")
    assert fs.cat("bucket/t", recursive=True) == {f"bucket/t/{n}": b"%d" % n for n in (1, 2, 3)}


def test_a_transaction_that_fails_shows_nothing(fs, tmp_path):
    with pytest.raises(Broken):
        with fs.transaction:
            write_three(fs, tmp_path)
            raise Broken
    assert not fs.exists("bucket/t")
    fs.pipe_file("bucket/t/4", b"4")
    assert fs.cat_file("bucket/t/4") == b"4"


def test_a_transaction_helps_a_text_file_that_fails(fs):
    with pytest.raises(Broken):
        with fs.transaction, fs.open("bucket/t/text", "w") as file:
            file.write("half of it")
            raise Broken
    assert not fs.exists("bucket/t")


def test_a_block_that_failed_within_stays_out_of_the_transaction(fs):
    with fs.transaction:
        with pytest.raises(Broken):
            with fs.open("bucket/t/1", "wb") as file:
                file.write(b"half of it")
                raise Broken
        fs.pipe_file("bucket/t/2", b"2")
    assert fs.find("bucket/t") == ["bucket/t/2"]


def test_exclusively_in_a_transaction(fs):
    with pytest.raises(FileExistsError):
        with fs.transaction:
            fs.pipe_file("bucket/t/1", b"mine", mode="create")
            fs.client.upload(b"theirs", BUCKET, "t/1")
    assert fs.cat_file("bucket/t/1") == b"theirs"


# Whole files


@pytest.mark.parametrize("content", [b"", CONTENT, LARGE], ids=["empty", "small", "large"])
def test_put_and_get_feed_their_callbacks(fs, tmp_path, content):
    local, back = tmp_path / "local", tmp_path / "new" / "folder" / "back"
    local.write_bytes(content)
    up, down = Told(), Told()
    fs.put_file(local, "bucket/up/file", callback=up)
    fs.get_file("bucket/up/file", str(back), callback=down)
    assert back.read_bytes() == content
    for told in (up, down):
        assert told.sizes == [len(content)]
        assert sum(told.counts) == len(content)


def test_get_to_an_open_file(fs, file, tmp_path):
    with (tmp_path / "one").open("wb") as target:
        fs.get_file(file, target)
    with (tmp_path / "two").open("wb") as target:
        fs.get_file(file, outfile=target)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes() == CONTENT


def test_folders_up_and_down(fs, tmp_path):
    for path in ("here/a", "here/b/c", "here/b/d"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(path.encode())
    fs.put(str(tmp_path / "here"), "bucket/there", recursive=True)
    assert fs.find("bucket/there") == [f"bucket/there/{path}" for path in ("a", "b/c", "b/d")]
    fs.get("bucket/there/", str(tmp_path / "back"), recursive=True)
    assert (tmp_path / "back/b/d").read_bytes() == b"here/b/d"


def test_a_download_that_is_wrong_leaves_what_was_there(fs, file, tmp_path, monkeypatch):
    (tmp_path / "target").write_bytes(b"old")
    wrong = "0" * 40
    stat = fs.client.stat
    monkeypatch.setattr(
        "cosfast.cosv4.protocol.objects.read_stat",
        lambda answer, read=cosfast.cosv4.protocol.objects.read_stat: _with_sha(
            read(answer), wrong
        ),
    )
    assert stat(BUCKET, "folder/file").sha1 == wrong
    with pytest.raises(OSError) as caught:
        fs.get_file(file, str(tmp_path / "target"))
    assert isinstance(caught.value.__cause__, cosfast.IntegrityError)
    assert (tmp_path / "target").read_bytes() == b"old"
    with pytest.raises(OSError):
        fs.cat_file(file)


def _with_sha(stat, sha):
    import dataclasses

    return dataclasses.replace(stat, sha1=sha)


def test_a_local_file_that_is_missing_is_named(fs, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        fs.put_file(str(tmp_path / "none"), "bucket/file")
    assert str(caught.value.filename) == str(tmp_path / "none")


def test_create_never_replaces(fs, file, tmp_path):
    (tmp_path / "local").write_bytes(b"new")
    with pytest.raises(FileExistsError):
        fs.put_file(str(tmp_path / "local"), file, mode="create")
    with pytest.raises(FileExistsError):
        fs.pipe_file(file, b"new", mode="create")
    with pytest.raises(ValueError, match="mode"):
        fs.pipe_file(file, b"new", mode="replace")
    assert fs.cat_file(file) == CONTENT


def test_as_a_mapping(fs):
    mapping = fs.get_mapper("bucket/map", create=True)
    mapping["a/b"] = b"1"
    mapping["c"] = b"2"
    assert dict(mapping) == {"a/b": b"1", "c": b"2"}
    del mapping["c"]
    assert list(mapping) == ["a/b"]
    with pytest.raises(KeyError):
        mapping["c"]


# What is not as long as the system says, and what has no bytes


@pytest.mark.parametrize("name", KERNEL_FILES)
def test_put_of_a_kernel_file(fs, name):
    path, data = kernel_file(name)
    told = Told()
    fs.put_file(path, "bucket/kernel", callback=told)
    assert fs.cat_file("bucket/kernel") == data
    assert sum(told.counts) == told.sizes[-1] == len(data)
    with fs.transaction:
        fs.put_file(path, "bucket/again")
    assert fs.cat_file("bucket/again") == data


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_empty_arrays(fs, shape):
    empty = empty_array(shape)
    fs.pipe_file("bucket/piped", empty)
    with fs.transaction:
        fs.pipe_file("bucket/later", empty)
    with fs.open("bucket/written", "wb") as file:
        file.write(empty)
    for name in ("piped", "later", "written"):
        assert fs.cat_file(f"bucket/{name}") == b""


@pytest.mark.parametrize("size", [5, 9 * 1024 * 1024])
def test_exclusively_where_the_same_content_is(fs, size):
    """Whoever creates a lock file must know that another was faster, whatever is in it."""
    with pytest.raises(FileExistsError):
        with fs.open("bucket/lock", "xb") as opened:
            opened.write(bytes(size))
            fs.client.upload(bytes(size), BUCKET, "lock")
    with pytest.raises(FileExistsError):
        fs.pipe_file("bucket/lock", bytes(size), mode="create")
