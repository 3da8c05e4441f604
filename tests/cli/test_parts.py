"""`cosfast parts` and `cosfast verify`."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest
from cli.commandline import MIB, cosfast, environment, failed
from lengths import KERNEL_FILES, kernel_file
from worked_values import VECTORS

from cosfast.errors import CosError
from cosfast.parts.build import uploadparts


def test_parts_prints_the_list(vector, tmp_path):
    path = tmp_path / "content"
    path.write_bytes(vector["content"])
    run = cosfast("parts", path, "--slice-size", vector["slice_size"])
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout) == vector["uploadparts"]


def test_parts_for_wedrive(tmp_path):
    example = json.loads((VECTORS / "wedrive.json").read_text("ascii"))
    path = tmp_path / "demo"
    path.write_bytes((b"1234567890\r\n" * 500000)[:-2])
    run = cosfast("parts", path, "--format", "wedrive")
    assert json.loads(run.stdout) == {
        "size": example["size"],
        "block_sha": example["block_sha"],
    }
    assert cosfast("parts", path, "--format", "wedrive", "--slice-size", 64).returncode == 2


def test_parts_for_pds(file):
    run = cosfast("parts", file, "--format", "pds", "--slice-size", 5 * MIB)
    listed = json.loads(run.stdout)
    assert listed["content_hash"] == hashlib.sha1(file.read_bytes()).hexdigest().upper()
    first, second = listed["part_info_list"]
    assert first["parallel_sha1_ctx"] == {"h": [], "part_offset": 0}
    assert second["parallel_sha1_ctx"]["part_offset"] == first["part_size"] == 5 * MIB
    assert len(second["parallel_sha1_ctx"]["h"]) == 5


@pytest.mark.parametrize("form", ["cos", "wedrive"])
def test_verify(file, tmp_path, form):
    listed = tmp_path / "parts.json"
    listed.write_text(cosfast("parts", file, "--format", form).stdout)
    run = cosfast("verify", file, listed)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    with file.open("r+b") as opened:
        opened.seek(5 * MIB)
        opened.write(b"broken")
    run = cosfast("verify", file, listed)
    size = MIB if form == "cos" else 2 * MIB
    assert (run.returncode, run.stdout.split()) == (1, [str(5 * MIB // size * size)])


def test_verify_of_a_bare_list(file, tmp_path):
    listed = tmp_path / "parts.json"
    document = json.loads(cosfast("parts", file, "--format", "wedrive").stdout)
    listed.write_text(json.dumps(document["block_sha"]))
    assert cosfast("verify", file, listed).returncode == 0


def test_verify_of_what_is_no_list(file, tmp_path):
    listed = tmp_path / "parts.json"
    listed.write_text('[{"offset": 0}]')
    assert failed(cosfast("verify", file, listed), 1, "parts.json", "part 0")
    assert failed(cosfast("verify", file, tmp_path / "none"), 1, "none")


@pytest.mark.parametrize("as_json", [False, True])
def test_verify_of_a_file_that_is_longer_than_its_list(file, tmp_path, as_json):
    listed = tmp_path / "parts.json"
    listed.write_text(cosfast("parts", file).stdout)
    size = file.stat().st_size
    first = size // MIB  # the slice that the list ends in
    with file.open("ab") as opened:
        opened.write(bytes(2 * MIB))
    run = cosfast("verify", file, listed, *(["--json"] if as_json else []))
    assert (run.returncode, run.stderr) == (1, "")
    offsets = [index * MIB for index in range(first, (size + 2 * MIB - 1) // MIB + 1)]
    if as_json:
        found = [json.loads(line) for line in run.stdout.splitlines()]
        assert [entry["offset"] for entry in found] == offsets
        assert found[-1]["datalen"] == size + 2 * MIB - offsets[-1]
    else:
        assert list(map(int, run.stdout.split())) == offsets


@pytest.mark.parametrize("text", ["[]", '{"size": 0, "block_sha": []}'])
def test_verify_of_an_empty_list(file, tmp_path, text):
    listed = tmp_path / "parts.json"
    listed.write_text(text)
    run = cosfast("verify", file, listed)
    assert failed(run, 1, "list is empty", str(file))
    file.write_bytes(b"")
    assert cosfast("verify", file, listed).returncode == 0


@pytest.mark.parametrize("name", KERNEL_FILES)
@pytest.mark.parametrize("form", ["cos", "wedrive"])
def test_files_that_are_not_as_long_as_the_system_says(tmp_path, name, form):
    path, data = kernel_file(name)
    listed = tmp_path / "parts.json"
    listed.write_text(cosfast("parts", path, "--format", form).stdout)
    copy = tmp_path / "copy"
    copy.write_bytes(data)
    assert listed.read_text() == cosfast("parts", copy, "--format", form).stdout
    if form == "wedrive":
        listed.write_text(json.dumps(json.loads(listed.read_text())["block_sha"]))
    for file in (path, copy):
        run = cosfast("verify", file, listed)
        assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


FORMATS = {
    "cos": {"sha1"},
    "wedrive": {"sha1"},
    "pds": {"sha1", "sha256"},
    "oss": {"sha1"},
    "cmcc": {"sha256"},
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_every_format_is_printed_and_verified(file, tmp_path, form, algorithm):
    size = 2 * MIB
    run = cosfast("parts", file, "--format", form, "--algorithm", algorithm, "--slice-size", size)
    if algorithm not in FORMATS[form]:
        assert failed(run, 2, algorithm)
        return
    listed = tmp_path / "list.json"
    listed.write_text(run.stdout)
    assert cosfast("verify", file, listed).returncode == 0
    with file.open("r+b") as opened:
        opened.seek(-1, 2)
        opened.write(b"?")
    run = cosfast("verify", file, listed)
    last = (file.stat().st_size - 1) // size * size
    assert (run.returncode, run.stdout.split()) == (1, [str(last)])


def test_each_format_has_a_slice_size_of_its_own(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(101 * MIB)
    sizes = {"pds": 50 * MIB, "oss": 4 * MIB, "cmcc": 100 * MIB}
    for form, size in sizes.items():
        document = json.loads(cosfast("parts", path, "--format", form).stdout)
        listed = document.get("part_info_list") or document.get("parts") or document["partInfos"]
        assert (listed[0].get("part_size") or listed[0]["partSize"]) == size
    run = cosfast("parts", path, "--format", "pds", "--slice-size", 6 * 1024 * MIB)
    assert failed(run, 2, "5368709120")
    assert failed(cosfast("parts", path, "--slice-size", 100), 1, "multiple of 64")


def piped(*words, content):
    command = [sys.executable, "-m", "cosfast", *map(str, words)]
    run = subprocess.run(
        command, input=content, capture_output=True, env=environment(), check=False
    )
    return run.returncode, run.stdout.decode(), run.stderr.decode()


def test_several_files_and_standard_input(tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(path.name.encode() * 1000)
    code, out, err = piped("parts", paths[0], "-", paths[1], content=b"from a pipe")
    assert (code, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    contents = [b"a" * 1000, b"from a pipe", b"b" * 1000]
    assert [entry[0]["datasha"] for entry in lines] == [
        hashlib.sha1(content).hexdigest() for content in contents
    ]
    code, out, err = piped("parts", "-", "-", content=b"")
    assert (code, out) == (2, "")
    assert "once" in err
    run = cosfast("parts", paths[0], tmp_path / "none", paths[1])
    assert (run.returncode, len(run.stdout.splitlines())) == (1, 1)
    assert "none" in run.stderr


def test_verify_says_that_the_last_part_is_unchecked(file, tmp_path):
    listed = tmp_path / "contexts.json"
    contexts = uploadparts(file).oss_hash_contexts()
    listed.write_text(json.dumps(contexts))
    run = cosfast("verify", file, listed)
    assert (run.returncode, run.stdout) == (0, "")
    assert "the last part was not checked" in run.stderr


# -- folders


def lists_of(run):
    """Return the list of each file that was printed."""
    entries = [json.loads(line) for line in run.stdout.splitlines()]
    assert all(set(entry) == {"file", "parts"} for entry in entries)
    return {entry["file"]: entry["parts"] for entry in entries}


def printed_alone(path, *words):
    return json.loads(cosfast("parts", path, *words).stdout)


@pytest.fixture(params=["threads", "dask"])
def hashing(request):
    """Return the words that choose who hashes folders."""
    if request.param == "threads":
        return []
    scheduler = request.getfixturevalue("cluster").cluster.scheduler_address
    return ["--dask", scheduler]


@pytest.mark.parametrize("words", [[], ["--format", "cmcc", "--slice-size", "4096"]])
def test_a_folder_is_printed_file_by_file(tree, file, hashing, words):
    run = cosfast("parts", "-r", "tree", file, *words, *hashing, folder=tree.parent)
    assert (run.returncode, run.stderr) == (0, "")
    found = lists_of(run)
    names = {os.path.join("tree", *name.split("/")) for name in ("a", "sub/b", "sub/deeper/c")}
    assert set(found) == {*names, str(file)}
    for name, parts in found.items():
        assert parts == printed_alone(tree.parent / name, *words)


def test_a_failure_in_a_folder_is_one_line(tree, hashing):
    (tree / "dangling").symlink_to("nowhere")
    run = cosfast("parts", "-r", tree, tree / "none", *hashing)
    assert run.returncode == 1
    assert len(lists_of(run)) == 3
    assert sorted("dangling" in line for line in run.stderr.splitlines()) == [False, True]


def test_words_that_do_not_fit_folders(tree):
    assert failed(cosfast("parts", tree), 1, str(tree))
    assert failed(cosfast("parts", "-r", tree, "-"), 2, "standard input")
    assert failed(cosfast("parts", tree / "a", "--dask", "tcp://127.0.0.1:1"), 2, "-r")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x", "no such host", ""])
def test_a_scheduler_that_does_not_answer(tree, address):
    pytest.importorskip("distributed", reason="the dask extra is not installed")
    run = cosfast(
        "parts", "-r", tree, "--dask", address, DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="1"
    )
    assert failed(run, 1, address, "Dask")


def test_a_cluster_that_fails(tree, cluster):
    from cosfast.cli.parts import open_cluster

    address = cluster.cluster.scheduler_address
    with pytest.raises(CosError, match="Dask cluster failed.*no_such_module"):
        with open_cluster(address) as executor:
            executor.submit(__import__, "no_such_module").result(60)


def test_without_dask_the_extra_is_named(tree, tmp_path):
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "distributed.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'distributed'\", name='distributed')\n"
    )
    path = os.pathsep.join([str(tmp_path / "hidden"), os.environ.get("PYTHONPATH", "")])
    run = cosfast("parts", "-r", tree, "--dask", "tcp://127.0.0.1:1", PYTHONPATH=path)
    assert failed(run, 1, "install the extra cosfast[dask]", "distributed")
