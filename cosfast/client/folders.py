"""Folders that an upload needs and the server does not have yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cosfast.errors import ExistsError, NotFoundError
from cosfast.protocol import objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.protocol.addresses import ObjectAddress
    from cosfast.transport.session import Transport

Result = TypeVar("Result")


def with_folders(
    transport: Transport, address: ObjectAddress, call: Callable[[], Result]
) -> Result:
    """Return ``call()``; where the server misses the folder of `address`, make it and call again.

    Folders are there nearly always, so it is cheaper to be told than to ask first.
    """
    try:
        return call()
    except NotFoundError:
        if not address.parents():
            raise
    make_parents(transport, address)
    return call()


def make_parents(transport: Transport, address: ObjectAddress) -> None:
    """Make every folder above `address` that is missing, outermost first."""
    for folder in address.parents():
        try:
            transport.send(objects.create_folder(folder))
        except ExistsError:
            continue
