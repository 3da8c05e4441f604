"""Paginated listings: `list_folder` for one folder, `walk` for a tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.cosv4.protocol.listing import Landmarks, UnreadableEntry, list_page
from cosfast.errors import AnswerError, InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosfast.cosv4.protocol.stats import ObjectStat
    from cosfast.transfer.context import TransferContext

OnError = Callable[[UnreadableEntry], object] | None

MAX_DEPTH = 256
"""Maximum depth of folders; a deeper listing is taken for an endless one."""

_UNSENDABLE_PREFIXES = (".", "..")  # HTTP libraries remove such segments from a URL


def list_folder(
    context: TransferContext,
    folder: ObjectAddress,
    *,
    prefix: str = "",
    page_size: int,
    onerror: OnError = None,
) -> Iterator[ObjectStat]:
    """Iterate over the entries of a folder; pages are requested as they are needed.

    Args:
        context: Sends the requests.
        folder: The folder to list.
        prefix: Start of the names of the entries to return.
        page_size: Number of entries per request.
        onerror: Called with each unreadable entry; without it, the entry's error is raised.

    Raises:
        InputError: If the prefix or the page size is not valid; raised by the call itself.
    """
    if not isinstance(prefix, str) or "/" in prefix:
        raise InputError(
            f"prefix must be the start of a name without '/', not {prefix!r}: put the folder into"
            " the path"
        )
    listed = folder
    if prefix not in _UNSENDABLE_PREFIXES and not prefix.isspace():
        listed = ObjectAddress(folder.appid, folder.bucket, folder.path + prefix)
    list_page(listed, page_size=page_size)
    return _entries(context, listed, prefix, page_size, onerror)


def walk(
    context: TransferContext,
    folder: ObjectAddress,
    *,
    prefix: str = "",
    page_size: int,
    onerror: OnError = None,
) -> Iterator[ObjectStat]:
    """Iterate over a folder as `list_folder` does, with each folder's entries after the folder.

    Holds one page of each folder on the current path in memory. A folder that is deleted meanwhile
    counts as empty.

    Raises:
        InputError: As `list_folder` does.
    """
    top = list_folder(context, folder, prefix=prefix, page_size=page_size, onerror=onerror)
    return _walk(context, folder, top, page_size, onerror)


def check_depth(folder: ObjectAddress, depth: int) -> None:
    """Refuse a folder that is `MAX_DEPTH` or more levels below the listed one.

    Raises:
        AnswerError: If it is.
    """
    if depth >= MAX_DEPTH:
        raise AnswerError(
            f"the folder is nested {depth} levels deep, more than the {MAX_DEPTH} that are listed:"
            " the server's listing seems endless",
            operation="list",
            target=str(folder),
        )


def listed_address(folder: ObjectAddress, path: str) -> ObjectAddress:
    """Return the address of an entry at `path` that a list of `folder` or of a subfolder has.

    Raises:
        AnswerError: If the path is not valid in the protocol.
    """
    try:
        return ObjectAddress(folder.appid, folder.bucket, path)
    except InputError as exc:
        raise AnswerError(
            f"the list has an entry that cannot be requested: {exc}",
            operation="list",
            target=str(folder),
        ) from exc


def _walk(
    context: TransferContext,
    folder: ObjectAddress,
    top: Iterator[ObjectStat],
    page_size: int,
    onerror: OnError,
) -> Iterator[ObjectStat]:
    open_folders = [top]
    while open_folders:
        try:
            entry = next(open_folders[-1], None)
        except NotFoundError:
            if len(open_folders) == 1:
                raise
            entry = None
        if entry is None:
            open_folders.pop()
            continue
        yield entry
        if entry.is_folder:
            inner = listed_address(folder, entry.path)
            check_depth(inner, len(open_folders))
            listed = list_folder(context, inner, page_size=page_size, onerror=onerror)
            open_folders.append(listed)


def _entries(
    context: TransferContext, address: ObjectAddress, prefix: str, page_size: int, onerror: OnError
) -> Iterator[ObjectStat]:
    marker: str | None = ""
    landmarks = Landmarks(address)
    while marker is not None:
        page = context.call(list_page(address, context=marker, page_size=page_size))
        landmarks.check(page)
        for entry in page.entries:
            if not entry.name.startswith(prefix):
                continue
            if not isinstance(entry, UnreadableEntry):
                yield entry
            elif onerror is None:
                raise entry.error
            else:
                onerror(entry)
        marker = page.context
