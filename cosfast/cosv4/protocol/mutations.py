"""Changes of existing files: `update`, `move`, `copy` (PROTOCOL.md, section 5)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.addresses import ObjectAddress, check_text, require_file
from cosfast.cosv4.protocol.messages import Request
from cosfast.cosv4.protocol.stats import Authority
from cosfast.cosv4.protocol.validation import optional_fields
from cosfast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

STANDARD_HEADERS = (
    "Cache-Control",
    "Content-Type",
    "Content-Disposition",
    "Content-Language",
    "Content-Encoding",
)
"""Headers that can be set in addition to ``x-cos-meta-*``; all five are replaced together."""

_CANONICAL = {name.lower(): name for name in STANDARD_HEADERS}
_META = re.compile(r"x-cos-meta-[0-9a-z!#$%&'*+.^_`|~-]+")  # RFC 9110's token, in lower case
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def update(
    address: ObjectAddress,
    *,
    biz_attr: str | None = None,
    authority: Authority | None = None,
    headers: Mapping[str, str] | None = None,
) -> Request[None]:
    """Build the request that changes attributes of a file or a folder; None keeps an attribute.

    Args:
        address: A file, or a folder, which has only a `biz_attr`.
        biz_attr: Text attribute; may be empty.
        authority: Who may read and write the file.
        headers: Headers of downloads of the file: `STANDARD_HEADERS` and ``x-cos-meta-*``, with
            names in any case.

    Raises:
        InputError: If no attribute is given, or one is not valid.
    """
    if biz_attr is None and authority is None and headers is None:
        raise InputError(f"{address}: nothing to update: give biz_attr, authority or headers")
    if address.is_root:
        raise InputError(
            f"{address} is the root of the bucket, which cannot be updated: give the path of a file"
            " or folder in it"
        )
    if address.is_folder and not (authority is None and headers is None):
        raise InputError(
            f"{address} is a folder, which has neither authority nor headers: give only biz_attr"
        )
    fields = optional_fields(
        biz_attr=biz_attr,
        authority=None if authority is None else _check_authority(authority).value,
        # As text, as a form would send it: the server accepts both.
        custom_headers=None if headers is None else json.dumps(_check_headers(headers)),
    )
    return Request("update", "POST", address, "once", "json", fields)


def move(
    address: ObjectAddress, target: ObjectAddress, *, overwrite: bool = False
) -> Request[None]:
    """Build the request that moves a file in its bucket; it keeps its attributes.

    Raises:
        InputError: If one address is that of a folder, or they are in different buckets.
    """
    return _relocation("move", address, target, overwrite)


def copy(
    address: ObjectAddress, target: ObjectAddress, *, overwrite: bool = False
) -> Request[None]:
    """Build the request that copies a file in its bucket.

    Raises:
        InputError: If one address is that of a folder, or they are in different buckets.
    """
    return _relocation("copy", address, target, overwrite)


def _relocation(
    operation: str,
    address: ObjectAddress,
    target: ObjectAddress,
    overwrite: bool,  # noqa: FBT001 - passed on by position
) -> Request[None]:
    require_file(address)
    require_file(target)
    if (address.appid, address.bucket) != (target.appid, target.bucket):
        raise InputError(
            f"cannot {operation} {address} to {target}: the service does it only within a bucket;"
            " download and upload the file instead"
        )
    if address.path == target.path:
        raise InputError(f"cannot {operation} {address} to itself: give another path as the target")
    fields = (("dest_fileid", _fileid(target)), ("to_over_write", "1" if overwrite else "0"))
    return Request(operation, "POST", address, "once", "json", fields)


def _fileid(target: ObjectAddress) -> str:
    """Return ``/<path>``, as the official SDKs send it, not percent-encoded.

    The server also accepts ``/<appid>/<bucket>/<path>``, which is needed if the path itself begins
    like that.
    """
    if target.path.startswith(f"/{target.appid}/"):
        return f"/{target.appid}/{target.bucket}{target.path}"
    return target.path


def _check_authority(authority: Authority) -> Authority:
    try:
        return Authority(authority)
    except ValueError:
        known = ", ".join(each.value for each in Authority)
        raise InputError(f"authority must be one of {known}, not {authority!r}") from None


def _check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return dict(_check_header(name, value) for name, value in headers.items())


def _check_header(name: str, value: str) -> tuple[str, str]:
    check_text("a header's name", name)
    canonical = _CANONICAL.get(name.lower(), name.lower())
    if canonical not in STANDARD_HEADERS and not _META.fullmatch(canonical):
        raise InputError(
            f"header {name!r} cannot be set: use {', '.join(STANDARD_HEADERS)} or x-cos-meta-*"
        )
    check_text(f"header {name!r}", value)
    if _CONTROL.search(value):
        raise InputError(f"the value of header {name!r} has a control character: remove it")
    return canonical, value
