"""The calls around uploads: list, info, download, folders, names, deletions; and the token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from cosfast.errors import InputError
from cosfast.parsing import is_unicode, shown
from cosfast.transfer.urls import is_bare_url, is_signed_url
from cosfast.wedrive.protocol.messages import ANSWER_LIMIT, Answer, Request
from cosfast.wedrive.protocol.targets import check_fileid, check_id, check_name, is_visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosfast.wedrive.protocol.targets import Folder

MAX_PAGE_SIZE = 1000
"""Entries on a page at most."""

MAX_TOKEN = 512
"""Bytes in an access token at most."""

SORT_TYPES = range(1, 7)
"""By name, size or time: the vendor's numbers; the even ones are descending."""

NEWEST_FIRST = 6

MAX_MANAGERS = 3
"""Managers of a new space at most, beside the app."""

_PERSON = 1  # the type of a member
_MANAGES = 7  # the right of a member

FOLDER_TYPE = 1
FILE_TYPE = 2

_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_SHA1_DIGITS = 40


@dataclass(frozen=True)
class DriveEntry:
    """A file, a folder or an online document.

    Attributes:
        fileid: Its id.
        name: Its name.
        spaceid: The space that it is in.
        fatherid: The folder that it is in.
        size: Bytes; 0 for a folder.
        created: Seconds since the epoch.
        modified: Seconds since the epoch.
        file_type: 1 folder, 2 file, 3 document, 4 sheet, 5 form.
        file_status: The service's.
        sha1: 40 lower-case hex digits; None if the service gives none.
        url: Where people see it; empty if the service gives none.
    """

    fileid: str
    name: str
    spaceid: str
    fatherid: str
    size: int
    created: int
    modified: int
    file_type: int
    file_status: int
    sha1: str | None
    url: str

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.file_type == FOLDER_TYPE

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file, which can be downloaded."""
        return self.file_type == FILE_TYPE


@dataclass(frozen=True)
class ListPage:
    """A page of a folder.

    Attributes:
        entries: What is on it.
        next_start: Where the next begins; None on the last.
    """

    entries: tuple[DriveEntry, ...]
    next_start: int | None


@dataclass(frozen=True)
class DownloadLocation:
    """Where a file's bytes are for two hours, for who has the cookie.

    Attributes:
        url: Where it is requested, a secret too.
        cookie: The value of the `Cookie` header.
    """

    url: str = field(repr=False)
    cookie: str = field(repr=False)


@dataclass(frozen=True)
class AccessToken:
    """A token and how long it lives.

    Attributes:
        value: The token.
        expires_in: Seconds.
    """

    value: str = field(repr=False)
    expires_in: int


def gettoken(corpid: str, corpsecret: str) -> Request[AccessToken]:
    """Fetch an access token."""
    return Request(
        "gettoken",
        f"corpid {corpid}",
        query=urlencode({"corpid": corpid, "corpsecret": corpsecret}),
        secrets=(corpsecret,),
        read=_read_token,
    )


def file_list(
    folder: Folder, *, start: int = 0, limit: int = MAX_PAGE_SIZE, sort_type: int = 1
) -> Request[ListPage]:
    """Ask for a page of a folder.

    Raises:
        InputError: If a number makes no sense.
    """
    if type(limit) is not int or not 1 <= limit <= MAX_PAGE_SIZE:
        raise InputError(f"page_size must be from 1 to {MAX_PAGE_SIZE}, not {shown(limit)}")
    if type(sort_type) is not int or sort_type not in SORT_TYPES:
        raise InputError(f"sort_type must be from 1 to {SORT_TYPES[-1]}, not {shown(sort_type)}")
    return Request(
        "wedrive/file_list",
        str(folder),
        {**folder.fields, "sort_type": sort_type, "start": start, "limit": limit},
        answer_limit=max(ANSWER_LIMIT, limit * 16 * 1024),
        read=_read_page,
    )


def file_info(fileid: str) -> Request[DriveEntry]:
    """Ask what the service knows of a file or a folder."""
    check_id("fileid", fileid)
    return Request(
        "wedrive/file_info",
        f"wedrive:{fileid}",
        {"fileid": fileid},
        read=lambda answer: _read_entry(answer.inner("file_info")),
    )


def file_download(fileid: str) -> Request[DownloadLocation]:
    """Ask where a file's bytes are.

    Raises:
        InputError: If it is a folder's id.
    """
    check_fileid(fileid)
    return Request(
        "wedrive/file_download", f"wedrive:{fileid}", {"fileid": fileid}, read=_read_location
    )


def space_create(name: str, managers: Sequence[str]) -> Request[str]:
    """Make a space of the app's own; the answer is its spaceid.

    The vendor's document 93655 has the fields.

    Raises:
        InputError: If the name is not a text, or the managers are not userids.
    """
    if not isinstance(name, str) or not name or not is_unicode(name):
        raise InputError(f"the space's name must be a text that is not empty, not {shown(name)}")
    if not isinstance(managers, (list, tuple)) or len(managers) > MAX_MANAGERS:
        raise InputError(f"managers must be a list of up to {MAX_MANAGERS} userids")
    for userid in managers:
        check_id("userid", userid)
    members = [{"type": _PERSON, "userid": userid, "auth": _MANAGES} for userid in managers]
    return Request(
        "wedrive/space_create",
        f"wedrive:{name}",
        {"space_name": name, "auth_info": members, "space_sub_type": 0},
        read=lambda answer: answer.text("spaceid"),
    )


def file_create(folder: Folder, name: str) -> Request[str]:
    """Make a folder in `folder`; the answer is its fileid."""
    check_name(name)
    return Request(
        "wedrive/file_create",
        f"{folder}/{name}",
        {**folder.fields, "file_type": FOLDER_TYPE, "file_name": name},
        read=lambda answer: answer.text("fileid"),
    )


def file_rename(fileid: str, name: str) -> Request[None]:
    """Give a file or a folder another name."""
    check_id("fileid", fileid)
    check_name(name)
    return Request("wedrive/file_rename", f"wedrive:{fileid}", {"fileid": fileid, "new_name": name})


def file_move(fileids: Sequence[str], fatherid: str, *, replace: bool) -> Request[None]:
    """Move files or folders to another folder."""
    check_id("fatherid", fatherid)
    return Request(
        "wedrive/file_move",
        _several(fileids),
        {"fatherid": fatherid, "replace": replace, "fileid": list(fileids)},
    )


def file_delete(fileids: Sequence[str]) -> Request[None]:
    """Delete files or folders."""
    return Request("wedrive/file_delete", _several(fileids), {"fileid": list(fileids)})


def _several(fileids: Sequence[str]) -> str:
    if not fileids:
        raise InputError("no fileid is given")
    for fileid in fileids:
        check_id("fileid", fileid)
    more = f" and {len(fileids) - 1} more" if len(fileids) > 1 else ""
    return f"wedrive:{fileids[0]}{more}"


def _read_token(answer: Answer) -> AccessToken:
    value = answer.text("access_token")
    if not is_visible(value) or len(value) > MAX_TOKEN:
        raise answer.error("the answer's access_token cannot be one")
    return AccessToken(value, answer.integer("expires_in"))


def _read_page(answer: Answer) -> ListPage:
    listed = answer.inner("file_list").data.get("item", [])
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise answer.error("the answer has no list of objects 'item'")
    entries = tuple(
        _read_entry(Answer(answer.request, answer.http_status, item)) for item in listed
    )
    if not answer.boolean("has_more"):
        return ListPage(entries, None)
    fields: Any = answer.request.fields
    next_start = answer.integer("next_start")
    if not entries or next_start <= fields["start"]:
        raise answer.error("the list goes round: the next page does not begin after this one")
    return ListPage(entries, next_start)


def _read_entry(entry: Answer) -> DriveEntry:
    sha1 = entry.text("sha", "").lower()
    if sha1 and (len(sha1) != _SHA1_DIGITS or not _HEX_DIGITS.issuperset(sha1)):
        raise entry.error("the answer has a sha that is not 40 hex digits")
    return DriveEntry(
        fileid=entry.text("fileid"),
        name=entry.text("file_name"),
        spaceid=entry.text("spaceid", ""),
        fatherid=entry.text("fatherid", ""),
        size=entry.integer("file_size", 0),
        created=entry.integer("ctime", 0),
        modified=entry.integer("mtime", 0),
        file_type=entry.integer("file_type"),
        file_status=entry.integer("file_status", 1),
        sha1=sha1 or None,
        url=entry.text("url", ""),
    )


def _read_location(answer: Answer) -> DownloadLocation:
    url = answer.text("download_url")
    name, value = answer.text("cookie_name"), answer.text("cookie_value")
    if not is_bare_url(url) and not is_signed_url(url):
        raise answer.error("the answer's download_url is not a URL that can be requested")
    cookie = f"{name}={value}"
    if not is_visible(cookie) or ";" in cookie:
        raise answer.error("the answer's cookie cannot be sent")
    return DownloadLocation(url, cookie)
