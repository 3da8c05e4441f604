"""What `import cosfast` gives, and what it does not load."""

from __future__ import annotations

import subprocess
import sys

import pytest

import cosfast


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_every_public_name_is_there():
    for name in cosfast.__all__:
        assert getattr(cosfast, name) is not None
        assert name in dir(cosfast)
    assert sorted(cosfast.__all__) == sorted(
        name for names in cosfast._HOMES.values() for name in names
    )
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = cosfast.no_such_name


def test_hashing_loads_neither_requests_nor_the_client():
    code = """if True:
        import sys, cosfast
        cosfast.uploadparts(b"x"), cosfast.sha1(b"x"), cosfast.kernels(), cosfast.verify
        print(*sorted({"requests", "urllib3", "ssl", "json", "dataclasses"} & set(sys.modules)))
    """
    # CPython 3.14 imports dataclasses in concurrent.futures.
    expected = "dataclasses" if sys.version_info[:2] == (3, 14) else ""
    assert run(code).stdout.strip() == expected


@pytest.mark.parametrize("first", ["sha1", "kernels", "uploadparts", "verify"])
def test_names_of_functions_are_not_taken_by_modules(first):
    """`cosfast.verify` is the function, whatever was imported before it."""
    code = f"import cosfast, cosfast.cli; print(callable(cosfast.{first}))"
    assert run(code).stdout == "True\n"
