"""Operations that take more than one call: lists of several pages, outcomes of lost responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from cosfast.errors import AnswerError
from cosfast.wedrive.protocol.errors import NotFoundError, UnconfirmedError
from cosfast.wedrive.protocol.files import (
    NEWEST_FIRST,
    file_create,
    file_delete,
    file_list,
    space_create,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cosfast.transfer.context import TransferContext
    from cosfast.wedrive.protocol.files import DriveEntry
    from cosfast.wedrive.protocol.targets import Folder


def list_folder(
    context: TransferContext, folder: Folder, sort_type: int, page_size: int
) -> Iterator[DriveEntry]:
    """Yield the entries of a folder; pages are requested when they are needed.

    Raises:
        AnswerError: If the service returns a page twice, so that the list would not end.
    """
    start: int | None = 0
    first: set[str] = set()  # first fileid of each page: a repeated page contains one of them
    while start is not None:
        request = file_list(folder, start=start, limit=page_size, sort_type=sort_type)
        page = context.call(request)
        if page.entries:
            if not first.isdisjoint(entry.fileid for entry in page.entries):
                raise AnswerError(
                    "the list would not end: the service returned a page twice",
                    operation=request.operation,
                    target=request.target,
                )
            first.add(page.entries[0].fileid)
        yield from page.entries
        start = page.next_start


def create_space(context: TransferContext, name: str, managers: Sequence[str]) -> str:
    """Make a space; return its spaceid."""
    request = space_create(name, managers)

    def find_result() -> NoReturn:
        raise UnconfirmedError(
            "the answer was lost, and no call lists spaces: a manager of the space sees in WeDrive"
            " whether it is there",
            operation=request.operation,
            target=request.target,
        )

    return context.call(request, find_result=find_result)


def create_folder(context: TransferContext, folder: Folder, name: str) -> str:
    """Create a folder and return its fileid."""

    def find_result() -> str | None:
        page = context.call(file_list(folder, sort_type=NEWEST_FIRST))
        found = (entry for entry in page.entries if entry.is_folder and entry.name == name)
        return next((entry.fileid for entry in found), None)

    return context.call(file_create(folder, name), find_result=find_result)


def delete(context: TransferContext, fileids: Sequence[str]) -> None:
    """Delete files or folders."""
    try:
        context.call(file_delete(fileids))
    except NotFoundError as exc:
        # An earlier attempt, whose response was lost, may have deleted them.
        if not exc.tried_before:
            raise
