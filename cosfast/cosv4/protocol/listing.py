"""`list`: one page of a folder, and whether the pages lead anywhere (PROTOCOL.md, section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cosfast.cosv4.protocol.messages import MIN_ANSWER_LIMIT, Answer, Request
from cosfast.cosv4.protocol.stats import ObjectStat, read_file, read_folder
from cosfast.errors import AnswerError, InputError
from cosfast.parsing import shown, whole_number

if TYPE_CHECKING:
    from cosfast.cosv4.protocol.addresses import ObjectAddress

MAX_PAGE_SIZE = 1000
"""Entries on a page at most; older servers give fewer."""

_ENTRY_LIMIT = 64 * 1024
"""Bytes of an answer for each entry, on average. Names and URLs of 1,024 bytes take up to 20 KiB
once they are escaped; the rest is for `biz_attr` and headers."""


@dataclass(frozen=True)
class UnreadableEntry:
    """A file or a folder of which a list tells the name, and nothing else that makes sense.

    Attributes:
        path: where it is in its bucket; a folder's ends in ``/``.
        name: the last segment of its path.
        error: what is wrong with the rest.
    """

    path: str
    name: str
    error: AnswerError

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.path.endswith("/")


@dataclass(frozen=True)
class ListPage:
    """A page of a folder.

    Attributes:
        entries: files and folders.
        context: opaque, for the next page; None on the last.
    """

    entries: tuple[ObjectStat | UnreadableEntry, ...]
    context: str | None


def list_page(
    address: ObjectAddress, *, context: str = "", page_size: int = MAX_PAGE_SIZE
) -> Request[ListPage]:
    """Ask for a page of a folder.

    Args:
        address: the folder; or, not ending in ``/``, the folder and what its entries' names
            begin with.
        context: what the page before gave; empty for the first.
        page_size: entries on it, at most `MAX_PAGE_SIZE`.

    Raises:
        InputError: where the page size makes no sense.
    """
    if type(page_size) is not int or not 1 <= page_size <= MAX_PAGE_SIZE:
        raise InputError(f"page_size must be from 1 to {MAX_PAGE_SIZE}, not {shown(page_size)}")
    fields = (("num", str(page_size)), ("context", context))
    limit = max(MIN_ANSWER_LIMIT, page_size * _ENTRY_LIMIT)
    return Request(
        "list", "GET", address, "reusable", "query", fields, answer_limit=limit, read=read_list_page
    )


def read_list_page(answer: Answer) -> ListPage:
    """Read the answer of `list_page`.

    Raises:
        AnswerError: If it has no entries, one without a name or with one that leads elsewhere,
            or is not the last page and leads to no other.
    """
    infos = answer.data.get("infos")
    if not isinstance(infos, list):
        raise answer.error("data has no list 'infos'")
    entries = tuple(_read_entry(answer, info) for info in infos)
    if _is_last(answer):
        return ListPage(entries, None)
    if not entries:
        raise answer.error("an empty page is not the last")
    return ListPage(entries, answer.text("context"))


class Landmarks:
    """Notices a listing that does not end, in memory for two entries of each page.

    Whatever goes round comes to where a page began, or to a context, that was there before.

    Args:
        folder: What is listed.
    """

    def __init__(self, folder: ObjectAddress) -> None:
        self._folder = folder
        self._contexts: set[str] = set()
        self._paths: set[str] = set()

    def check(self, page: ListPage) -> None:
        """Take in the next page.

        Raises:
            AnswerError: If it repeats what was there before.
        """
        paths = {entry.path for entry in page.entries}
        again = self._paths & paths
        if again or len(paths) < len(page.entries):
            raise self._error(f"the list repeats {min(again, default='an entry of a page')!r}")
        if page.context in self._contexts:
            raise self._error("the list goes round: the context of an earlier page came again")
        if page.context is not None:
            self._contexts.add(page.context)
            self._paths |= {page.entries[0].path, page.entries[-1].path}

    def _error(self, reason: str) -> AnswerError:
        return AnswerError(reason, operation="list", target=str(self._folder), http_status=200)


def _read_entry(answer: Answer, info: Any) -> ObjectStat | UnreadableEntry:
    if not isinstance(info, dict):
        raise answer.error("an entry of 'infos' is not an object")
    entry = Answer(answer.request, answer.http_status, answer.request_id, info)
    name = _read_name(entry)
    path = _folder_of(answer.request.address) + name
    is_file = "filelen" in info
    try:
        return read_file(entry, path, located=False) if is_file else read_folder(entry, path + "/")
    except AnswerError as exc:
        return UnreadableEntry(path if is_file else path + "/", name, exc)


def _read_name(entry: Answer) -> str:
    """Return an entry's name; whoever makes a local file of it must not be led elsewhere."""
    name = entry.data.get("name")
    if not isinstance(name, str):
        raise entry.error("an entry of 'infos' has no name")
    if "filelen" not in entry.data:
        name = name.removesuffix("/")
    if "/" in name or "\0" in name or name in {"", ".", ".."}:
        raise entry.error(f"{name!r} cannot be the name of an entry")
    return name


def _folder_of(address: ObjectAddress) -> str:
    return address.path[: address.path.rindex("/") + 1]


def _is_last(answer: Answer) -> bool:
    given = answer.data.get("listover")
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.lower() in {"true", "false"}:
        return given.lower() == "true"
    number = whole_number(given)
    if number is None:
        raise answer.error("data has no 'listover'")
    return number != 0
