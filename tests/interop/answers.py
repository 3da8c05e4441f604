"""Reading what the clients hand back of the server's answers."""

from __future__ import annotations

from typing import Any


def succeeded(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the data of an answer that tells of success."""
    assert (answer["code"], answer["message"]) == (0, "SUCCESS"), answer
    return answer["data"]


def names(listing: dict[str, Any]) -> list[str]:
    return [info["name"] for info in listing["infos"]]
