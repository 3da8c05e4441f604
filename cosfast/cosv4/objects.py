"""Operations that take more than one request: folders, deletions, outcomes of lost responses."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING

from cosfast.concurrency import run_tasks
from cosfast.cosv4.listing import check_depth, list_folder, listed_address
from cosfast.cosv4.protocol import mutations, objects
from cosfast.cosv4.protocol.addresses import require_folder
from cosfast.cosv4.protocol.codes import Code
from cosfast.cosv4.protocol.listing import MAX_PAGE_SIZE
from cosfast.cosv4.protocol.slices import Uploaded
from cosfast.errors import AnswerError, ExistsError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.cosv4.protocol.addresses import ObjectAddress
    from cosfast.transfer.context import TransferContext

_DIFFERENT = "the existing file has different content"

DELETIONS = 8
"""Number of deletions in flight."""


def exists(context: TransferContext, address: ObjectAddress) -> bool:
    """Return whether a file or a folder exists at `address`."""
    try:
        context.call(objects.stat(address))
    except NotFoundError:
        return False
    return True


def create_folder(
    context: TransferContext, folder: ObjectAddress, biz_attr: str, *, parents: bool
) -> None:
    """Create a folder; with `parents`, its missing parent folders too."""
    request = objects.create_folder(folder, biz_attr=biz_attr)
    try:
        try:
            context.call(request)
        except NotFoundError:
            if not parents or not create_parents(context, folder):
                raise
            context.call(request)
    except ExistsError as exc:
        # An earlier attempt, whose response was lost, may have created it.
        if not exc.tried_before or not _is_folder(context, folder, biz_attr):
            raise


def _is_folder(context: TransferContext, folder: ObjectAddress, biz_attr: str) -> bool:
    try:
        found = context.call(objects.stat(folder))
    except NotFoundError:
        return False
    return found.biz_attr == biz_attr


def create_parents(context: TransferContext, address: ObjectAddress) -> bool:
    """Create the missing parent folders of `address`, outermost first.

    Called only after a request has failed: parent folders nearly always exist, so asking for them
    before each request would cost more.

    Returns:
        Whether `address` has parent folders below the root.
    """
    parents = address.parents()
    for folder in parents:
        with suppress(ExistsError):
            context.call(objects.create_folder(folder))
    return bool(parents)


def find_completed_upload(
    context: TransferContext, address: ObjectAddress, size: int, digest: Callable[[], str]
) -> Uploaded | None:
    """Return the file at `address` if it has the content of the source, otherwise None.

    An earlier attempt of an upload, whose response was lost, may have created it.

    Args:
        context: Sends the request.
        address: Address of the file.
        size: Size of the source in bytes.
        digest: Returns the SHA-1 of the source, 40 hex digits; called only if the file has the same
            size, since it may have to read the source.
    """
    try:
        found = context.call(objects.stat(address))
    except NotFoundError:
        return None
    if (found.filesize, found.filelen) != (size, size) or found.sha1 is None:
        return None
    if found.sha1 != digest():
        return None
    return Uploaded(
        access_url=found.access_url or "",
        url=f"{context.http.base_url}{address.url_path}",
        source_url=found.source_url or "",
        resource_path=f"/{address.appid}/{address.bucket}{address.path}",
        vid="",
    )


def find_existing(
    context: TransferContext,
    address: ObjectAddress,
    refusal: ExistsError,
    size: int,
    digest: Callable[[], str],
) -> Uploaded:
    """Return the existing file that caused `refusal` if it has the content of the source.

    Raises:
        ExistsError: If it has different content.
    """
    found = None
    if refusal.code != Code.PATH_CONFLICT:
        found = find_completed_upload(context, address, size, digest)
    if found is None:
        raise with_advice(refusal, _DIFFERENT) from refusal
    return found


def with_advice(refusal: ExistsError, reason: str = "") -> ExistsError:
    """Return `refusal` with advice on what to do next.

    A path conflict (-178) gets none, since a file cannot replace a folder.
    """
    if refusal.code == Code.PATH_CONFLICT:
        return refusal
    advice = "use overwrite=True (--overwrite) to replace it"
    advised = ExistsError(
        refusal.code,
        "; ".join(filter(None, (refusal.message, reason, advice))),
        refusal.request_id,
        refusal.http_status or 0,
        operation=refusal.operation,
        target=refusal.target,
    )
    advised.tries = refusal.tries
    return advised


def delete(context: TransferContext, address: ObjectAddress) -> None:
    """Delete a file or an empty folder."""
    try:
        context.call(objects.delete(address))
    except NotFoundError as exc:
        if not exc.tried_before:  # otherwise that attempt, whose response was lost, deleted it
            raise


def move(
    context: TransferContext, source: ObjectAddress, target: ObjectAddress, *, overwrite: bool
) -> None:
    """Move a file to another path of its bucket."""
    try:
        context.call(mutations.move(source, target, overwrite=overwrite))
    except (NotFoundError, ExistsError) as exc:
        # An earlier attempt, whose response was lost, may have moved it: ask the server.
        if exc.tried_before and not exists(context, source) and exists(context, target):
            return
        if not isinstance(exc, ExistsError):
            raise
        if overwrite or not _same_content(context, source, target):
            raise with_advice(exc, _DIFFERENT) from exc
        # To replace it loses nothing. To delete the source could: another client may change either.
        move(context, source, target, overwrite=True)


def copy(
    context: TransferContext, source: ObjectAddress, target: ObjectAddress, *, overwrite: bool
) -> None:
    """Copy a file to another path of its bucket."""
    try:
        context.call(mutations.copy(source, target, overwrite=overwrite))
    except ExistsError as exc:
        if not _same_content(context, source, target):
            raise with_advice(exc, _DIFFERENT) from exc


def _same_content(context: TransferContext, source: ObjectAddress, target: ObjectAddress) -> bool:
    try:
        original, other = (context.call(objects.stat(address)) for address in (source, target))
    except NotFoundError:  # a folder, or an unfinished upload
        return False
    if original.sha1 is None or other.filelen != other.filesize:
        return False
    return (original.sha1, original.filesize) == (other.sha1, other.filesize)


def delete_tree(context: TransferContext, folder: ObjectAddress) -> None:
    """Delete a folder and everything in it; entries that others delete meanwhile are no error.

    Raises:
        AnswerError: If the server still lists what it has deleted.
    """
    require_folder(folder)
    opened = [folder]
    deleted: set[str] = set()
    while opened:
        inner = _delete_files(context, opened[-1])
        if inner is not None:
            _check_gone(opened[-1], deleted, {inner})
            opened.append(listed_address(folder, inner))
            check_depth(opened[-1], len(opened))
            continue
        emptied = opened.pop()
        with suppress(*([NotFoundError] if opened else [])):
            delete(context, emptied)
        deleted.add(emptied.path)


def _delete_files(context: TransferContext, folder: ObjectAddress) -> str | None:
    """Delete the files of a folder; return the path of one of its folders, or None."""
    deleted: set[str] = set()
    while True:
        # Always list from the start: deleting entries may invalidate a page's context.
        listed = list_folder(context, folder, page_size=MAX_PAGE_SIZE)
        entries = list(islice(listed, MAX_PAGE_SIZE))
        files = {entry.path for entry in entries if not entry.is_folder}
        if not files:
            return entries[0].path if entries else None
        _check_gone(folder, deleted, files)
        run_tasks(
            lambda path: _delete_file(context, folder, path),
            files,
            max_workers=min(DELETIONS, len(files)),
            stop=Event(),
        )
        deleted = files


def _check_gone(folder: ObjectAddress, deleted: set[str], listed: set[str]) -> None:
    again = deleted & listed
    if again:
        raise AnswerError(
            f"the server still lists {min(again)!r}, which it has deleted",
            operation="list",
            target=str(folder),
        )


def _delete_file(context: TransferContext, folder: ObjectAddress, path: str) -> None:
    with suppress(NotFoundError):
        delete(context, listed_address(folder, path))
