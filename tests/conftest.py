"""What the whole suite shares: seeds and worked values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from worked_values import content, upload_vectors, vector_id

settings.register_profile(
    "cosfast",
    derandomize=True,  # the same cases on each run, on each machine
    deadline=None,  # machines are shared: speed is no property of a test
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("cosfast")


@pytest.fixture(params=upload_vectors(), ids=vector_id)
def vector(request: pytest.FixtureRequest) -> dict[str, Any]:
    """One worked value of uploadparts, with its `content`."""
    return {**request.param, "content": content(request.param["size"])}
