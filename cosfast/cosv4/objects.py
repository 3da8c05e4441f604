"""Operations on single objects that take more than one request: folders, and what is in them."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING

from cosfast.concurrency import run_workers
from cosfast.cosv4.call import Call
from cosfast.cosv4.folders import with_folders
from cosfast.cosv4.listing import check_depth, list_folder, listed_address
from cosfast.cosv4.options import UploadOptions
from cosfast.cosv4.protocol import mutations, objects
from cosfast.cosv4.protocol.addresses import require_folder
from cosfast.cosv4.protocol.listing import MAX_PAGE_SIZE
from cosfast.cosv4.settle import with_advice
from cosfast.errors import AnswerError, ExistsError, NotFoundError
from cosfast.transfer.journal import NO_JOURNAL

if TYPE_CHECKING:
    from cosfast.cosv4.protocol.addresses import ObjectAddress
    from cosfast.transfer.http import Transport

DELETIONS = 8
"""Deletions on their way at a time."""


def exists(transport: Transport, address: ObjectAddress) -> bool:
    """Tell whether there is a file or a folder at `address`."""
    try:
        transport.send(objects.stat(address))
    except NotFoundError:
        return False
    return True


def create_folder(
    transport: Transport, folder: ObjectAddress, biz_attr: str, *, parents: bool
) -> None:
    """Make a folder; with `parents`, those above it that are missing too."""
    request = objects.create_folder(folder, biz_attr=biz_attr)
    try:
        if parents:
            with Call.running(transport, NO_JOURNAL, folder, UploadOptions()) as call:
                with_folders(call, lambda: call.send(request))
        else:
            transport.send(request)
    except ExistsError as exc:
        # An earlier try, whose response was lost, may have made it: then it is as it should be.
        if not exc.tried_before or not _is_folder(transport, folder, biz_attr):
            raise


def _is_folder(transport: Transport, folder: ObjectAddress, biz_attr: str) -> bool:
    try:
        found = objects.read_stat(transport.send(objects.stat(folder)))
    except NotFoundError:
        return False
    return found.biz_attr == biz_attr


def delete(transport: Transport, address: ObjectAddress) -> None:
    """Delete a file or an empty folder."""
    try:
        transport.send(objects.delete(address))
    except NotFoundError as exc:
        if not exc.tried_before:  # else it may have gone by that try, whose answer was lost
            raise


def move(
    transport: Transport, source: ObjectAddress, target: ObjectAddress, *, overwrite: bool
) -> None:
    """Give a file another path."""
    try:
        transport.send(mutations.move(source, target, overwrite=overwrite))
    except (NotFoundError, ExistsError) as exc:
        # Where an earlier try may have done it, its answer lost, the server tells how things are.
        if not exc.tried_before or exists(transport, source) or not exists(transport, target):
            if isinstance(exc, ExistsError):
                raise with_advice(exc) from exc
            raise


def copy(
    transport: Transport, source: ObjectAddress, target: ObjectAddress, *, overwrite: bool
) -> None:
    """Put a file at another path too."""
    try:
        transport.send(mutations.copy(source, target, overwrite=overwrite))
    except ExistsError as exc:
        if not exc.tried_before or not _same_content(transport, source, target):
            raise with_advice(exc) from exc


def _same_content(transport: Transport, source: ObjectAddress, target: ObjectAddress) -> bool:
    original, other = (
        objects.read_stat(transport.send(objects.stat(address))) for address in (source, target)
    )
    return original.sha is not None and original.sha == other.sha


def delete_tree(transport: Transport, folder: ObjectAddress) -> None:
    """Delete a folder and all that is in it; what others delete meanwhile is no failure.

    Raises:
        AnswerError: where the server goes on listing what it has deleted.
    """
    require_folder(folder)
    opened = [folder]
    deleted: set[str] = set()
    while opened:
        inner = _empty_of_files(transport, opened[-1])
        if inner is not None:
            _check_gone(opened[-1], deleted, {inner})
            opened.append(listed_address(folder, inner))
            check_depth(opened[-1], len(opened))
            continue
        emptied = opened.pop()
        with suppress(*([NotFoundError] if opened else [])):
            delete(transport, emptied)
        deleted.add(emptied.path)


def _empty_of_files(transport: Transport, folder: ObjectAddress) -> str | None:
    """Delete the files of a folder; return the path of one of its folders, or None."""
    deleted: set[str] = set()
    while True:
        # Always the first entries: what a context stands for may go with what is deleted.
        listed = list_folder(transport, folder, page_size=MAX_PAGE_SIZE)
        entries = list(islice(listed, MAX_PAGE_SIZE))
        files = {entry.path for entry in entries if not entry.is_folder}
        if not files:
            return entries[0].path if entries else None
        _check_gone(folder, deleted, files)
        run_workers(
            lambda path: _delete_file(transport, folder, path),
            files,
            threads=min(DELETIONS, len(files)),
            stop=Event(),
        )
        deleted = files


def _check_gone(folder: ObjectAddress, deleted: set[str], listed: set[str]) -> None:
    again = deleted & listed
    if again:
        raise AnswerError(
            f"{min(again)!r} is listed after it was deleted", operation="list", target=str(folder)
        )


def _delete_file(transport: Transport, folder: ObjectAddress, path: str) -> None:
    with suppress(NotFoundError):
        delete(transport, listed_address(folder, path))
