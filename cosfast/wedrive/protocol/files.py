"""The calls other than uploads: token, list, info, download, create, rename, move and delete."""

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
"""Maximum number of entries on a page."""

MAX_TOKEN = 512
"""Maximum length of an access token in bytes."""

SORT_TYPES = range(1, 7)
"""The service's numbers for sorting by name, size and time; even ones are descending."""

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
        fileid: Id of the entry.
        name: Name of the entry.
        spaceid: Id of its space.
        fatherid: Fileid of its folder.
        size: Size in bytes; 0 for a folder.
        created: Time of creation, in seconds since the epoch.
        modified: Time of the last modification, in seconds since the epoch.
        file_type: 1 folder, 2 file, 3 document, 4 sheet, 5 form.
        file_status: The service's `file_status`.
        sha1: SHA-1, 40 lower-case hex digits; None if the service sends none.
        url: URL of the entry for people; empty if the service sends none.
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
        """Whether the entry is a folder."""
        return self.file_type == FOLDER_TYPE

    @property
    def is_file(self) -> bool:
        """Whether the entry is a regular file, which can be downloaded."""
        return self.file_type == FILE_TYPE


@dataclass(frozen=True)
class ListPage:
    """A page of the list of a folder.

    Attributes:
        entries: Entries on the page.
        next_start: Index of the first entry of the next page; None on the last page.
    """

    entries: tuple[DriveEntry, ...]
    next_start: int | None


@dataclass(frozen=True)
class DownloadLocation:
    """The URL of the content of a file, valid for two hours and only with the cookie.

    Attributes:
        url: The URL, a secret.
        cookie: Value of the `Cookie` header, a secret.
    """

    url: str = field(repr=False)
    cookie: str = field(repr=False)


@dataclass(frozen=True)
class AccessToken:
    """An access token and its lifetime.

    Attributes:
        value: The token.
        expires_in: Lifetime in seconds.
    """

    value: str = field(repr=False)
    expires_in: int


def gettoken(corpid: str, corpsecret: str) -> Request[AccessToken]:
    """Build the call that fetches an access token."""
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
    """Build the call that lists a page of a folder.

    Raises:
        InputError: If `limit` or `sort_type` is out of range.
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
    """Build the call that returns the metadata of a file or folder."""
    check_id("fileid", fileid)
    return Request(
        "wedrive/file_info",
        f"wedrive:{fileid}",
        {"fileid": fileid},
        read=lambda answer: _read_entry(answer.inner("file_info")),
    )


def file_download(fileid: str) -> Request[DownloadLocation]:
    """Build the call that returns the URL of the content of a file.

    Raises:
        InputError: If `fileid` is the id of a space or folder.
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
    """Build the call that creates a folder in `folder` and returns its fileid."""
    check_name(name)
    return Request(
        "wedrive/file_create",
        f"{folder}/{name}",
        {**folder.fields, "file_type": FOLDER_TYPE, "file_name": name},
        read=lambda answer: answer.text("fileid"),
    )


def file_rename(fileid: str, name: str) -> Request[None]:
    """Build the call that renames a file or folder."""
    check_id("fileid", fileid)
    check_name(name)
    return Request("wedrive/file_rename", f"wedrive:{fileid}", {"fileid": fileid, "new_name": name})


def file_move(fileids: Sequence[str], fatherid: str, *, replace: bool) -> Request[None]:
    """Build the call that moves files or folders to another folder."""
    check_id("fatherid", fatherid)
    return Request(
        "wedrive/file_move",
        _several(fileids),
        {"fatherid": fatherid, "replace": replace, "fileid": list(fileids)},
    )


def file_delete(fileids: Sequence[str]) -> Request[None]:
    """Build the call that deletes files or folders."""
    return Request("wedrive/file_delete", _several(fileids), {"fileid": list(fileids)})


def _several(fileids: Sequence[str]) -> str:
    if not fileids:
        raise InputError("give at least one fileid")
    for fileid in fileids:
        check_id("fileid", fileid)
    more = f" and {len(fileids) - 1} more" if len(fileids) > 1 else ""
    return f"wedrive:{fileids[0]}{more}"


def _read_token(answer: Answer) -> AccessToken:
    value = answer.text("access_token")
    if not is_visible(value) or len(value) > MAX_TOKEN:
        raise answer.error("the response has an access_token that is not valid")
    return AccessToken(value, answer.integer("expires_in"))


def _read_page(answer: Answer) -> ListPage:
    listed = answer.inner("file_list").data.get("item", [])
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise answer.error("the response has no list of objects 'item'")
    entries = tuple(
        _read_entry(Answer(answer.request, answer.http_status, item)) for item in listed
    )
    if not answer.boolean("has_more"):
        return ListPage(entries, None)
    fields: Any = answer.request.fields
    next_start = answer.integer("next_start")
    if not entries or next_start <= fields["start"]:
        raise answer.error("the list would not end: the next page does not begin after this one")
    return ListPage(entries, next_start)


def _read_entry(entry: Answer) -> DriveEntry:
    sha1 = entry.text("sha", "").lower()
    if sha1 and (len(sha1) != _SHA1_DIGITS or not _HEX_DIGITS.issuperset(sha1)):
        raise entry.error("the response has a 'sha' that is not 40 hex digits")
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
        raise answer.error("the response has a download_url that is not a valid http(s) URL")
    cookie = f"{name}={value}"
    if not is_visible(cookie) or ";" in cookie:
        raise answer.error("the response has a cookie that is not valid in a header")
    return DownloadLocation(url, cookie)
