"""Peers that download and check a file: curl with sha1sum, and requests with hashlib."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING

import requests
from harness.errors import UnavailableError

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1024 * 1024


def curl(url: str, target: Path) -> None:
    """Download with curl.

    Raises:
        UnavailableError: If curl is not installed.
    """
    subprocess.run(
        [_program("curl"), "--fail", "--silent", "--show-error", "--output", str(target), url],
        check=True,
    )


def curl_and_sha1sum(url: str, target: Path) -> str:
    """Download with curl and hash the file with sha1sum; return the SHA-1.

    Raises:
        UnavailableError: If one of them is missing.
    """
    curl(url, target)
    done = subprocess.run(
        [_program("sha1sum"), str(target)], check=True, capture_output=True, text=True
    )
    return done.stdout.split()[0].lstrip("\\")


def requests_and_hashlib(url: str, target: Path) -> str:
    """Download and hash 1 MiB at a time, on one connection; return the SHA-1."""
    digest = hashlib.sha1(usedforsecurity=False)
    with requests.get(url, stream=True, timeout=60) as response, target.open("wb") as file:
        response.raise_for_status()
        for block in response.iter_content(MIB):
            file.write(block)
            digest.update(block)
    return digest.hexdigest()


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise UnavailableError(f"there is no {name}")
    return found
