"""The libraries that read and write through fsspec; each is skipped where it is not installed."""

from __future__ import annotations

import random

import fsspec
import pytest


@pytest.fixture
def pandas():
    return pytest.importorskip("pandas")


@pytest.fixture
def pyarrow():
    return pytest.importorskip("pyarrow")


@pytest.fixture
def table(pandas):
    numbers = random.Random(3)
    return pandas.DataFrame(
        {
            "number": range(10_000),
            "share": [numbers.random() for _ in range(10_000)],
            "city": [numbers.choice(["广州", "Köln", "上海"]) for _ in range(10_000)],
        }
    )


# fsspec's own


@pytest.mark.parametrize("compression", ["gzip", "bz2", "xz"])
def test_compressed(settings, compression):
    text = "eine Zeile\n" * 10_000
    with fsspec.open("cosv4://bucket/text", "w", compression=compression) as file:
        file.write(text)
    with fsspec.open("cosv4://bucket/text", "r", compression=compression) as file:
        assert file.read() == text
    fs = fsspec.filesystem("cosv4")
    assert fs.size("bucket/text") < len(text)


def test_many_files_by_a_pattern(settings):
    with fsspec.open_files("cosv4://bucket/many/*.txt", "w", num=3) as files:
        for number, file in enumerate(files):
            file.write(str(number))
    with fsspec.open_files("cosv4://bucket/many/*.txt", "r") as files:
        assert [file.read() for file in files] == ["0", "1", "2"]


# fsspec's own cache leaves the file behind its blocks open
LEFT_OPEN = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@pytest.mark.parametrize(
    "kind", ["simplecache", "filecache", pytest.param("blockcache", marks=LEFT_OPEN)]
)
def test_kept_on_disk(settings, tmp_path, kind):
    fs = fsspec.filesystem("cosv4")
    fs.pipe_file("bucket/file", b"0123456789" * 1000)
    url, options = f"{kind}::cosv4://bucket/file", {kind: {"cache_storage": str(tmp_path)}}
    for _ in range(2):
        with fsspec.open(url, **options) as file:
            file.seek(9_995)
            assert file.read() == b"56789"
    assert any(tmp_path.iterdir())


def test_a_kept_file_is_fetched_again_when_it_changed(settings, tmp_path):
    fs = fsspec.filesystem("cosv4")
    options = {"filecache": {"cache_storage": str(tmp_path), "check_files": True}}
    for content in (b"one", b"two"):
        fs.pipe_file("bucket/file", content)
        with fsspec.open("filecache::cosv4://bucket/file", **options) as file:
            assert file.read() == content


def test_in_a_folder(settings):
    fs = fsspec.filesystem("dir", path="bucket/folder", fs=fsspec.filesystem("cosv4"))
    fs.pipe_file("below/file", b"1")
    assert fs.find("") == ["below/file"]
    assert fsspec.filesystem("cosv4").cat_file("bucket/folder/below/file") == b"1"


def test_between_filesystems(settings, tmp_path):
    (tmp_path / "file").write_bytes(b"1")
    generic = fsspec.filesystem("generic", default_method="current")
    fs = fsspec.filesystem("cosv4")
    fsspec.generic.rsync(tmp_path.as_uri(), "cosv4://bucket/folder", fs=generic)
    assert fs.cat_file("bucket/folder/file") == b"1"


# pandas and pyarrow


def test_pandas_csv(settings, pandas, table):
    table.to_csv("cosv4://bucket/table.csv.gz", index=False)
    again = pandas.read_csv("cosv4://bucket/table.csv.gz")
    pandas.testing.assert_frame_equal(again, table)


def test_pandas_with_storage_options(settings, monkeypatch, pandas, table):
    for name in settings:
        monkeypatch.delenv(f"COSFAST_{name.upper()}")
    table.to_json("cosv4://bucket/table.json", orient="split", storage_options=settings)
    again = pandas.read_json(
        "cosv4://bucket/table.json", orient="split", storage_options=settings, precise_float=True
    )
    pandas.testing.assert_frame_equal(again, table, check_dtype=False)


def test_pandas_parquet(settings, pandas, pyarrow, table):
    table.to_parquet("cosv4://bucket/table.parquet")
    again = pandas.read_parquet("cosv4://bucket/table.parquet", columns=["city"])
    pandas.testing.assert_frame_equal(again, table[["city"]])


def test_pyarrow_dataset(fs, pandas, pyarrow, table):
    from pyarrow import dataset
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    arrow = PyFileSystem(FSSpecHandler(fs))
    dataset.write_dataset(
        pyarrow.Table.from_pandas(table),
        "bucket/data",
        filesystem=arrow,
        format="parquet",
        partitioning=["city"],
        partitioning_flavor="hive",
    )
    assert sorted(fs.ls("bucket/data", detail=False)) == sorted(
        f"bucket/data/city={city}"
        for city in ("%E5%B9%BF%E5%B7%9E", "K%C3%B6ln", "%E4%B8%8A%E6%B5%B7")
    )
    found = dataset.dataset(
        "bucket/data", filesystem=arrow, format="parquet", partitioning="hive"
    ).to_table(filter=dataset.field("city") == "Köln")
    assert sorted(found["number"].to_pylist()) == list(table[table.city == "Köln"].number)


def test_pyarrow_sees_files_and_folders(fs, pyarrow):
    from pyarrow.fs import FileSelector, FileType, FSSpecHandler, PyFileSystem

    fs.pipe_file("bucket/folder/file", b"123")
    arrow = PyFileSystem(FSSpecHandler(fs))
    file, none = arrow.get_file_info(["bucket/folder/file", "bucket/none"])
    assert (file.type, file.size) == (FileType.File, 3)
    assert file.mtime == fs.modified("bucket/folder/file")
    assert none.type == FileType.NotFound
    (folder,) = arrow.get_file_info(FileSelector("bucket"))
    assert folder.type == FileType.Directory
    arrow.move("bucket/folder/file", "bucket/folder/moved")
    arrow.delete_dir_contents("bucket/folder")
    assert fs.ls("bucket/folder") == []


# Dask


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # between Dask and pandas
def test_dask_writes_and_reads_in_other_processes(settings, cluster, pandas, pyarrow, table):
    dataframe = pytest.importorskip("dask.dataframe")
    fs = fsspec.filesystem("cosv4")
    dataframe.from_pandas(table, npartitions=4).to_parquet("cosv4://bucket/parts")
    assert len(fs.glob("bucket/parts/*.parquet")) == 4
    again = dataframe.read_parquet("cosv4://bucket/parts")
    assert again.share.sum().compute() == pytest.approx(table.share.sum())
    pandas.testing.assert_frame_equal(again.compute(), table, check_dtype=False)
    again.to_csv("cosv4://bucket/csv/*.csv", index=False)
    read = dataframe.read_csv("cosv4://bucket/csv/*.csv", blocksize=20_000)
    assert read.npartitions > 4
    assert read.number.sum().compute() == table.number.sum()


@pytest.mark.slow
def test_a_filesystem_goes_to_workers_without_settings(settings, monkeypatch, cluster):
    fs = fsspec.filesystem("cosv4")
    fs.pipe({f"bucket/parts/{number}": bytes([number]) * number for number in range(20)})

    def work(path, fs=fs):
        import os

        assert "COSFAST_SECRET_KEY" not in os.environ
        fs.pipe_file(path + ".size", str(fs.size(path)).encode())
        return len(fs.cat_file(path))

    def forget(names):
        import os

        for name in names:
            os.environ.pop(f"COSFAST_{name.upper()}", None)

    cluster.run(forget, list(settings))
    sizes = cluster.gather(cluster.map(work, fs.find("bucket/parts")))
    assert sorted(sizes) == list(range(20))
    assert fs.cat_file("bucket/parts/7.size") == b"7"
