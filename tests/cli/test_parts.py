"""`cosfast parts` and `cosfast verify`."""

from __future__ import annotations

import hashlib
import json

import pytest
from cli.commandline import MIB, cosfast, failed
from lengths import KERNEL_FILES, kernel_file
from worked_values import VECTORS


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
