"""Which kernel works is seen from outside, can be forced, and never changes a result."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest
from worked_values import content

import cosfast

DIGESTS = """
import json, sys, cosfast
here = cosfast.kernels()
lengths = json.loads(sys.stdin.read())
block = bytes(range(251)) * 4000
digests = [cosfast.new(name, block[:n]).hexdigest() for name in ("sha1", "sha256") for n in lengths]
print(json.dumps([here.one, here.many, digests]))
"""
LENGTHS = [*range(200), 4095, 4096, 4097, 1_000_000]


def run(code, kernel, data=""):
    return subprocess.run(
        [sys.executable, "-c", code],
        input=data,
        capture_output=True,
        text=True,
        env={**os.environ, "COSFAST_KERNEL": kernel},
        check=False,
    )


def test_the_names():
    here = cosfast.kernels()
    assert "portable" in here.built
    assert set(here.supported) <= set(here.built)
    assert {here.one, here.many} <= set(here.supported)


@pytest.mark.parametrize("kernel", ["portable", "shani", "avx2", "avx512", "armce"])
def test_a_forced_kernel_works_and_agrees(kernel):
    if kernel not in cosfast.kernels().supported:
        pytest.skip(f"{kernel} is not supported on this machine")
    outcome = run(DIGESTS, kernel, json.dumps(LENGTHS))
    one, many, digests = json.loads(outcome.stdout)
    block = bytes(range(251)) * 4000
    assert kernel in {one, many}
    assert {one, many} <= {kernel, "portable"}
    assert digests == [
        hashlib.new(name, block[:n]).hexdigest() for name in ("sha1", "sha256") for n in LENGTHS
    ]


@pytest.mark.parametrize("kernel", ["portable", "shani", "avx2", "avx512", "armce"])
def test_the_worked_values_under_each_kernel(kernel, vector):
    if kernel not in cosfast.kernels().supported:
        pytest.skip(f"{kernel} is not supported on this machine")
    code = f"""if True:
        import sys, cosfast, hashlib
        size = {vector["size"]}
        data = hashlib.shake_128(b"cosfast-vector-%d" % size).digest(size)
        print(cosfast.uploadparts(data, slice_size={vector["slice_size"]}).to_json())
    """
    assert len(content(vector["size"])) == vector["size"]
    assert json.loads(run(code, kernel).stdout) == vector["uploadparts"]


def test_an_unknown_kernel_is_an_error():
    outcome = run("import cosfast; cosfast.sha1()", "abacus")
    assert outcome.returncode != 0
    assert "InputError: COSFAST_KERNEL='abacus' is unknown" in outcome.stderr


def test_a_kernel_that_this_machine_lacks_is_an_error():
    missing = {"portable", "shani", "avx2", "avx512", "armce"} - set(cosfast.kernels().supported)
    if not missing:
        pytest.skip("this machine runs every kernel")
    for kernel in missing:
        outcome = run("import cosfast; cosfast.kernels()", kernel)
        assert outcome.returncode != 0
        assert f"COSFAST_KERNEL='{kernel}'" in outcome.stderr
