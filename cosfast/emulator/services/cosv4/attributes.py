"""Attributes of entries of COS v4: biz_attr, authority, headers; the fields of stat and list."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.services.cosv4.envelope import RefusedError
from cosfast.emulator.store.tree import Entry
from cosfast.emulator.wire.values import load_json

if TYPE_CHECKING:
    from cosfast.emulator.services.cosv4.addresses import Links, Place
    from cosfast.emulator.store.tree import Stored
    from cosfast.emulator.wire.forms import Form

BUCKET_DEFAULT = "eInvalid"
PRIVATE = "eWRPrivate"
PUBLIC_READ = "eWPrivateRPublic"
AUTHORITIES = frozenset({BUCKET_DEFAULT, PRIVATE, PUBLIC_READ})

REPLACED_AS_A_SET = (
    "Cache-Control",
    "Content-Type",
    "Content-Disposition",
    "Content-Language",
    "Content-Encoding",
)
MAX_HEADER = 4096
"""Maximum bytes of one custom header, name and value together."""

_CANONICAL = {name.lower(): name for name in REPLACED_AS_A_SET}
_META_NAME = re.compile(r"x-cos-meta-[!#$%&'*+.^_`|~0-9a-z-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Attributes:
    """The attributes of a file or a folder, except its content and its times."""

    biz_attr: str = ""
    authority: str = BUCKET_DEFAULT
    headers: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of(entry: Entry) -> Attributes:
        """Read an entry's attributes."""
        return Attributes(**entry.attributes)


def new_entry(place: Place, content: Stored | None, biz_attr: str, now: int) -> Entry:
    """Return a new file, or a new folder if there is no content."""
    attributes = asdict(Attributes(biz_attr))
    return Entry(place.key, place.parent, place.name, content, attributes, now, now)


def describe(place: Place, entry: Entry, links: Links) -> dict[str, object]:
    """Return the fields of an entry in stat and list. Only files have `filelen`."""
    attributes = Attributes.of(entry)
    about: dict[str, object] = {
        "name": entry.name.rstrip("/"),
        "biz_attr": attributes.biz_attr,
        "ctime": entry.created,
        "mtime": entry.modified,
    }
    if entry.content:
        about.update(
            filesize=entry.content.size,
            filelen=entry.content.size,
            sha=entry.content.sha1,
            authority=attributes.authority,
            custom_headers=attributes.headers,
            access_url=links.access_url(place),
            source_url=links.source_url(place),
        )
    return about


@dataclass(frozen=True)
class Change:
    """The changes of an update; None leaves an attribute unchanged."""

    biz_attr: str | None
    authority: str | None
    headers: dict[str, str] | None


def read_change(form: Form) -> Change:
    """Read the fields of an `update`.

    Raises:
        RefusedError: With code -5993, if a field is invalid; the message names it.
    """
    authority = form.text("authority") or None
    if authority not in {None, *AUTHORITIES}:
        allowed = ", ".join(sorted(AUTHORITIES))
        raise RefusedError(Code.BAD_FORM, f"authority must be one of {allowed}")
    return Change(
        form.text("biz_attr") if form.has("biz_attr") else None,
        authority,
        _read_headers(form.value("custom_headers")) if form.given("custom_headers") else None,
    )


def apply_change(entry: Entry, change: Change, *, now: int) -> Entry:
    """Return the changed entry. The five standard headers are replaced together.

    Raises:
        RefusedError: With code -5993, if authority or headers are changed on a folder.
    """
    if entry.content is None and (change.authority or change.headers):
        raise RefusedError(Code.BAD_FORM, "authority and headers cannot be set on a folder")
    old = Attributes.of(entry)
    attributes = Attributes(
        old.biz_attr if change.biz_attr is None else change.biz_attr,
        change.authority or old.authority,
        _merge(old.headers, change.headers or {}),
    )
    return replace(entry, attributes=asdict(attributes), modified=now)


def _merge(old: dict[str, str], new: dict[str, str]) -> dict[str, str]:
    if any(name in REPLACED_AS_A_SET for name in new):
        old = {name: value for name, value in old.items() if name not in REPLACED_AS_A_SET}
    return {**old, **new}


def _read_headers(value: object) -> dict[str, str]:
    """Read `custom_headers`, an object or its JSON text. PHP encodes an empty object as `[]`."""
    if isinstance(value, (str, bytes)):
        try:
            value = load_json(value)
        except ValueError:
            raise _malformed("is not JSON") from None
    if value == []:
        return {}
    if not isinstance(value, dict):
        raise _malformed("is not an object")
    return dict(_read_header(name, content) for name, content in value.items())


def _read_header(name: str, value: object) -> tuple[str, str]:
    canonical = _CANONICAL.get(name.lower(), name.lower())
    if canonical not in REPLACED_AS_A_SET and not _META_NAME.fullmatch(canonical):
        raise _malformed(f"has a header that cannot be set: {name[:80]!r}")
    if not isinstance(value, str) or _CONTROL.search(value):
        raise _malformed(f"has an invalid value for {name[:80]!r}")
    try:
        size = len(canonical) + len(value.encode("utf-8"))
    except UnicodeEncodeError:
        raise _malformed(f"has a value that is not Unicode, for {name[:80]!r}") from None
    if size > MAX_HEADER:
        raise _malformed(f"has a header of more than {MAX_HEADER} bytes: {name[:80]!r}")
    return canonical, value


def _malformed(complaint: str) -> RefusedError:
    return RefusedError(Code.BAD_FORM, f"field 'custom_headers' {complaint}")
