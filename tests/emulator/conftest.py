"""A server for each test, and a client of it that shares no code with cosfast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulator.wire import Api
from worked_values import content, upload_vectors

from cosfast.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def api(emulator: Emulator) -> Api:
    return Api(emulator.endpoint)


def worked_value(size: int) -> dict[str, Any]:
    case = next(
        case for case in upload_vectors() if case["size"] == size and case["slice_size"] == 1048576
    )
    return {**case, "content": content(size)}


@pytest.fixture(scope="session")
def six_slices() -> dict[str, Any]:
    """A file of five whole slices and a short one, with its parts list."""
    return worked_value(5243003)


@pytest.fixture(scope="session")
def two_slices() -> dict[str, Any]:
    return worked_value(1048577)
