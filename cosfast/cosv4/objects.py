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

DELETIONS = 8
"""Deletions in flight."""


def exists(context: TransferContext, address: ObjectAddress) -> bool:
    """Tell whether there is a file or a folder at `address`."""
    try:
        context.call(objects.stat(address))
    except NotFoundError:
        return False
    return True


def create_folder(
    context: TransferContext, folder: ObjectAddress, biz_attr: str, *, parents: bool
) -> None:
    """Make a folder; with `parents`, those above it that are missing too."""
    request = objects.create_folder(folder, biz_attr=biz_attr)
    try:
        try:
            context.call(request)
        except NotFoundError:
            if not parents or not create_parents(context, folder):
                raise
            context.call(request)
    except ExistsError as exc:
        # An earlier try, whose response was lost, may have made it: then it is as it should be.
        if not exc.tried_before or not _is_folder(context, folder, biz_attr):
            raise


def _is_folder(context: TransferContext, folder: ObjectAddress, biz_attr: str) -> bool:
    try:
        found = context.call(objects.stat(folder))
    except NotFoundError:
        return False
    return found.biz_attr == biz_attr


def create_parents(context: TransferContext, address: ObjectAddress) -> bool:
    """Make every folder above `address` that is missing, outermost first.

    Folders are there nearly always, so it is cheaper to be told than to ask first.

    Returns:
        Whether there are any above it, below the root.
    """
    parents = address.parents()
    for folder in parents:
        with suppress(ExistsError):
            context.call(objects.create_folder(folder))
    return bool(parents)


def find_completed_upload(
    context: TransferContext, address: ObjectAddress, size: int, digest: Callable[[], str]
) -> Uploaded | None:
    """Return the file at `address` if it has the source's content, else None.

    It may be there since an earlier try of an upload, whose response was lost, has made it.

    Args:
        context: Sends the request.
        address: The file.
        size: Bytes of the source.
        digest: Returns the SHA-1 of the source, 40 hex digits; called only if a file of this size
            is there, as it may have to read the source.
    """
    try:
        found = context.call(objects.stat(address))
    except NotFoundError:
        return None
    if (found.filesize, found.filelen) != (size, size) or found.sha is None:
        return None
    if found.sha != digest():
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
    """Return the file that `refusal` is about if it has the source's content.

    Raises:
        ExistsError: If it has other content.
    """
    found = None
    if refusal.code != Code.PATH_CONFLICT:
        found = find_completed_upload(context, address, size, digest)
    if found is None:
        raise with_advice(refusal, "its content is not the source's") from refusal
    return found


def with_advice(refusal: ExistsError, reason: str = "") -> ExistsError:
    """Return `refusal` with what to do about it.

    A file cannot replace a folder, so a path conflict (-178) stays as it is.
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
    advised.tried_before = refusal.tried_before
    return advised


def delete(context: TransferContext, address: ObjectAddress) -> None:
    """Delete a file or an empty folder."""
    try:
        context.call(objects.delete(address))
    except NotFoundError as exc:
        if not exc.tried_before:  # else it may have gone by that try, whose answer was lost
            raise


def move(
    context: TransferContext, source: ObjectAddress, target: ObjectAddress, *, overwrite: bool
) -> None:
    """Give a file another path."""
    try:
        context.call(mutations.move(source, target, overwrite=overwrite))
    except (NotFoundError, ExistsError) as exc:
        # If an earlier try may have done it, its answer lost, the server tells how things are.
        if not exc.tried_before or exists(context, source) or not exists(context, target):
            if isinstance(exc, ExistsError):
                raise with_advice(exc) from exc
            raise


def copy(
    context: TransferContext, source: ObjectAddress, target: ObjectAddress, *, overwrite: bool
) -> None:
    """Put a file at another path too."""
    try:
        context.call(mutations.copy(source, target, overwrite=overwrite))
    except ExistsError as exc:
        if not exc.tried_before or not _same_content(context, source, target):
            raise with_advice(exc) from exc


def _same_content(context: TransferContext, source: ObjectAddress, target: ObjectAddress) -> bool:
    original, other = (context.call(objects.stat(address)) for address in (source, target))
    return original.sha is not None and original.sha == other.sha


def delete_tree(context: TransferContext, folder: ObjectAddress) -> None:
    """Delete a folder and all that is in it; what others delete meanwhile is no failure.

    Raises:
        AnswerError: If the server goes on listing what it has deleted.
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
        # Always the first entries: what a context stands for may go with what is deleted.
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
            f"{min(again)!r} is listed after it was deleted", operation="list", target=str(folder)
        )


def _delete_file(context: TransferContext, folder: ObjectAddress, path: str) -> None:
    with suppress(NotFoundError):
        delete(context, listed_address(folder, path))
