"""Folders that an upload needs and the server does not have yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cosfast.cosv4.protocol import objects
from cosfast.errors import ExistsError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.cosv4.call import Call

Result = TypeVar("Result")


def with_folders(call: Call, attempt: Callable[[], Result]) -> Result:
    """Return ``attempt()``; where the server misses the folder, make it and attempt again.

    Folders are there nearly always, so it is cheaper to be told than to ask first.
    """
    try:
        return attempt()
    except NotFoundError:
        if not call.address.parents():
            raise
    make_parents(call)
    return attempt()


def make_parents(call: Call) -> None:
    """Make every folder above the call's address that is missing, outermost first."""
    for folder in call.address.parents():
        try:
            call.send(objects.create_folder(folder))
        except ExistsError:
            continue
