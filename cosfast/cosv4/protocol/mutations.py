"""What changes a file that is there: `update`, `move`, `copy` (PROTOCOL.md, section 5)."""

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
"""What may be set beside ``x-cos-meta-*``; the five replace one another as a set."""

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
    """Change what a file or a folder carries; None leaves it as it is.

    Args:
        address: the file, or a folder, which has a `biz_attr` alone.
        biz_attr: a text; may be empty.
        authority: who may read and write the file.
        headers: with which it is downloaded, out of `STANDARD_HEADERS` and ``x-cos-meta-*``,
            in any case.

    Raises:
        InputError: where nothing is given, or naming what cannot be.
    """
    if biz_attr is None and authority is None and headers is None:
        raise InputError(f"{address}: neither biz_attr, authority nor headers are given")
    if address.is_root:
        raise InputError(f"{address} is the bucket's root, which cannot be updated")
    if address.is_folder and not (authority is None and headers is None):
        raise InputError(f"{address} is a folder, which has neither authority nor headers")
    fields = optional_fields(
        biz_attr=biz_attr,
        authority=None if authority is None else _check_authority(authority).value,
        # As text, which is how a form would carry it: the server takes both.
        custom_headers=None if headers is None else json.dumps(_check_headers(headers)),
    )
    return Request("update", "POST", address, "once", "json", fields)


def move(
    address: ObjectAddress, target: ObjectAddress, *, overwrite: bool = False
) -> Request[None]:
    """Give a file another path in its bucket; it keeps its attributes.

    Raises:
        InputError: where one of them is a folder's, or they are in different buckets.
    """
    return _relocation("move", address, target, overwrite)


def copy(
    address: ObjectAddress, target: ObjectAddress, *, overwrite: bool = False
) -> Request[None]:
    """Put a file's content at another path of its bucket too.

    Raises:
        InputError: where one of them is a folder's, or they are in different buckets.
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
        raise InputError(f"{address} cannot go to {target}: files stay in their bucket")
    if address.path == target.path:
        raise InputError(f"{address} is what it is to become")
    fields = (("dest_fileid", _fileid(target)), ("to_over_write", "1" if overwrite else "0"))
    return Request(operation, "POST", address, "once", "json", fields)


def _fileid(target: ObjectAddress) -> str:
    """Return ``/<path>``, as the official SDKs send it, not percent-encoded.

    The whole ``/<appid>/<bucket>/<path>`` is taken too. It has to be that where a path could be
    mistaken for one.
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
            f"header {name!r} cannot be set: {', '.join(STANDARD_HEADERS)} and x-cos-meta-* can"
        )
    check_text(f"header {name!r}", value)
    if _CONTROL.search(value):
        raise InputError(f"header {name!r} holds a control character")
    return canonical, value
