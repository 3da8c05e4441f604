"""`list`: pages of a folder, and detection of endless listings (PROTOCOL.md, section 5)."""

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
"""Maximum number of entries on a page; older servers send fewer."""

_ENTRY_LIMIT = 64 * 1024
"""Maximum bytes of a response for each entry, on average.

Names and URLs of 1,024 bytes take up to 20 KiB when they are escaped; the rest is for `biz_attr`
and headers.
"""


@dataclass(frozen=True)
class UnreadableEntry:
    """An entry of a list of which only the name is readable.

    Attributes:
        path: Path in the bucket; that of a folder ends in ``/``.
        name: Last segment of the path.
        error: Why the other fields are not readable.
    """

    path: str
    name: str
    error: AnswerError

    @property
    def is_folder(self) -> bool:
        """Whether the entry is a folder."""
        return self.path.endswith("/")


@dataclass(frozen=True)
class ListPage:
    """One page of a folder.

    Attributes:
        entries: Files and folders.
        context: Opaque marker of the next page; None on the last page.
    """

    entries: tuple[ObjectStat | UnreadableEntry, ...]
    context: str | None


def list_page(
    address: ObjectAddress, *, context: str = "", page_size: int = MAX_PAGE_SIZE
) -> Request[ListPage]:
    """Build the request for one page of a folder.

    Args:
        address: The folder; or, if it does not end in ``/``, a folder and the start of the names
            of the entries to list.
        context: Marker from the page before; empty for the first page.
        page_size: Number of entries on the page, at most `MAX_PAGE_SIZE`.

    Raises:
        InputError: If the page size is not valid.
    """
    if type(page_size) is not int or not 1 <= page_size <= MAX_PAGE_SIZE:
        raise InputError(f"page_size must be from 1 to {MAX_PAGE_SIZE}, not {shown(page_size)}")
    fields = (("num", str(page_size)), ("context", context))
    limit = max(MIN_ANSWER_LIMIT, page_size * _ENTRY_LIMIT)
    return Request(
        "list", "GET", address, "reusable", "query", fields, answer_limit=limit, read=read_list_page
    )


def read_list_page(answer: Answer) -> ListPage:
    """Read the response of `list_page`.

    Raises:
        AnswerError: If it has no list of entries, if the name of an entry is missing or unsafe, or
            if it is not the last page and has no marker of the next.
    """
    infos = answer.data.get("infos")
    if not isinstance(infos, list):
        raise answer.error("the response has no list 'infos'")
    entries = tuple(_read_entry(answer, info) for info in infos)
    if _is_last(answer):
        return ListPage(entries, None)
    if not entries:
        raise answer.error("the page is empty, but not the last one: the listing seems endless")
    return ListPage(entries, answer.text("context"))


class Landmarks:
    """Detects an endless listing, with memory for two entries of each page.

    A listing in a loop repeats the first or last entry of an earlier page, or an earlier context.

    Args:
        folder: The folder that is listed.
    """

    def __init__(self, folder: ObjectAddress) -> None:
        self._folder = folder
        self._contexts: set[str] = set()
        self._paths: set[str] = set()

    def check(self, page: ListPage) -> None:
        """Check the next page.

        Raises:
            AnswerError: If it repeats an entry or a context.
        """
        paths = {entry.path for entry in page.entries}
        again = self._paths & paths
        if again or len(paths) < len(page.entries):
            repeated = min(again, default="an entry of a page")
            raise self._error(f"the server's listing is in a loop: it repeats {repeated!r}")
        if page.context in self._contexts:
            raise self._error("the server's listing is in a loop: it repeats a page's context")
        if page.context is not None:
            self._contexts.add(page.context)
            self._paths |= {page.entries[0].path, page.entries[-1].path}

    def _error(self, reason: str) -> AnswerError:
        return AnswerError(reason, operation="list", target=str(self._folder), http_status=200)


def _read_entry(answer: Answer, info: Any) -> ObjectStat | UnreadableEntry:
    if not isinstance(info, dict):
        raise answer.error("the response has an entry of 'infos' that is not a JSON object")
    entry = Answer(answer.request, answer.http_status, answer.request_id, info)
    name = _read_name(entry)
    path = _folder_of(answer.request.address) + name
    is_file = "filelen" in info
    try:
        return read_file(entry, path, located=False) if is_file else read_folder(entry, path + "/")
    except AnswerError as exc:
        return UnreadableEntry(path if is_file else path + "/", name, exc)


def _read_name(entry: Answer) -> str:
    """Return the name of an entry, checked so that it is safe as the name of a local file."""
    name = entry.data.get("name")
    if not isinstance(name, str):
        raise entry.error("the response has an entry of 'infos' without a name")
    if "filelen" not in entry.data:
        name = name.removesuffix("/")
    if "/" in name or "\0" in name or name in {"", ".", ".."}:
        raise entry.error(f"the response has an entry with a name that is not valid: {name!r}")
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
        raise answer.error("the response has no 'listover'")
    return number != 0
