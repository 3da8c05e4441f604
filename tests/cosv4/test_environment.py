"""Which server is meant, where arguments and the environment both may say it."""

from __future__ import annotations

import pytest

from cosfast.cosv4.environment import server_settings

BOTH = {"COSFAST_REGION": "gz", "COSFAST_ENDPOINT": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    ("given", "environ", "expected"),
    [
        ((None, None), BOTH, ("gz", "http://127.0.0.1:1")),
        (("sh", None), BOTH, ("sh", None)),
        ((None, "http://127.0.0.1:2"), BOTH, (None, "http://127.0.0.1:2")),
        (("", ""), {"COSFAST_REGION": ""}, (None, None)),
        ((None, None), {}, (None, None)),
    ],
)
def test_an_argument_rules_out_both_variables(given, environ, expected):
    assert server_settings(*given, environ) == expected


def test_the_environment_is_that_of_the_process(monkeypatch):
    monkeypatch.setenv("COSFAST_REGION", "tj")
    monkeypatch.delenv("COSFAST_ENDPOINT", raising=False)
    assert server_settings() == ("tj", None)
