"""Folders listed page by page: `list_folder`, and `walk` for what is in their folders too."""

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
"""Folders within one another, beyond which a server is taken to make them up."""

_UNSENDABLE_PREFIXES = (".", "..")  # an URL's path would lose them


def list_folder(
    context: TransferContext,
    folder: ObjectAddress,
    *,
    prefix: str = "",
    page_size: int,
    onerror: OnError = None,
) -> Iterator[ObjectStat]:
    """Return the entries of a folder, of which a page is fetched as it is needed.

    Args:
        context: Sends the requests.
        folder: whose.
        prefix: what their names begin with.
        page_size: entries to ask for at a time.
        onerror: called with each entry that cannot be read; without it, its error is raised.

    Raises:
        InputError: where the prefix or the page size makes no sense; at once.
    """
    if not isinstance(prefix, str) or "/" in prefix:
        raise InputError(f"prefix must be the beginning of a name, not {prefix!r}")
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
    """Return what `list_folder` does, and after each folder what is in it, at any depth.

    A page of each folder on the way down is kept, no more. A folder that goes meanwhile is taken
    as an empty one.

    Raises:
        InputError: as `list_folder` does.
    """
    top = list_folder(context, folder, prefix=prefix, page_size=page_size, onerror=onerror)
    return _walk(context, folder, top, page_size, onerror)


def check_depth(folder: ObjectAddress, depth: int) -> None:
    """Refuse a folder that is more than `MAX_DEPTH` below where the listing began.

    Raises:
        AnswerError: naming it.
    """
    if depth >= MAX_DEPTH:
        raise AnswerError(
            f"it is {depth} folders deep, with no end in sight",
            operation="list",
            target=str(folder),
        )


def listed_address(folder: ObjectAddress, path: str) -> ObjectAddress:
    """Return the address of what a list of `folder`, or of a folder below, has at `path`.

    Raises:
        AnswerError: If the protocol has no such path: the server made it up.
    """
    try:
        return ObjectAddress(folder.appid, folder.bucket, path)
    except InputError as exc:
        raise AnswerError(
            f"the list has an entry that no request can be about: {exc}",
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
