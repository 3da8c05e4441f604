"""`Shape`: a request without what differs from one run to the next, to be kept and compared."""

from __future__ import annotations

import base64
import io
import json
import re
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from multipart import MultipartParser, parse_options_header

if TYPE_CHECKING:
    from interop.recorder import RawRequest

_SIGNED_TEXT = 20  # bytes: where the text begins, after the HMAC-SHA1
_JSON_TEXTS = {"uploadparts", "custom_headers"}
_OPAQUE = {"session", "context"}


@dataclass(frozen=True)
class Signature:
    """How a request was signed; None stands for what its client leaves to its user.

    Attributes:
        carried: by `Authorization`, or by `sign` in the query.
        kind: `reusable` or `once`.
        fields: the single letters of the signed text, in its order.
        fileid: the field `f`.
        lifetime: from `t` to `e`, rounded up to ten seconds, since a client may read the clock
            twice; None where it is good once, `over` where it has expired before it was made.
    """

    carried: str
    kind: str
    fields: str | None
    fileid: str | None
    lifetime: int | str | None


@dataclass(frozen=True)
class Shape:
    """What a request is.

    Attributes:
        operation: its `op`, or `download`.
        method: the HTTP method.
        target: the path of the API, or what follows the host of downloads; as it was encoded.
        headers: the names, sorted.
        signature: see there.
        form: how the fields travel: `query`, `multipart`, `json` or `none`.
        fields: lists of a name, its value and, in a multipart form, what the part has beside its
            name, in their order. JSON that travels as text is `{"json": ...}`.
    """

    operation: str
    method: str
    target: str
    headers: list[str]
    signature: Signature
    form: str
    fields: list[list[Any]]

    @classmethod
    def of_json(cls, entry: dict[str, Any]) -> Shape:
        return cls(**{**entry, "signature": Signature(**entry["signature"])})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def values(self) -> dict[str, Any]:
        """Values by name; COS takes `filecontent` in any case (PROTOCOL.md, section 6)."""
        return {_canonical(name): value for name, value, *_ in self.fields}


def shape_of(raw: RawRequest, appid: str, bucket: str) -> Shape:
    """Take a request of this account and this bucket apart."""
    hidden = {bucket: "<bucket>", appid: "<appid>"}
    parts = urlsplit(raw.target)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if pair)
    sign = unquote(query.pop("sign", ""))
    carried = "sign" if sign else "Authorization"
    forms = [*_query_form(query), *_body_form(raw)]
    assert len(forms) < 2, f"fields in two places: {raw.method} {raw.target}"
    form, fields = forms[0] if forms else ("none", [])
    named = {name: value for name, value, *_ in fields}
    return Shape(
        operation=named.get("op", "download"),
        method=raw.method,
        target=_hide(_target(parts.netloc, parts.path, f"{bucket}-{appid}"), hidden),
        headers=sorted(name for name, _ in raw.headers),
        signature=_signature(carried, sign or raw.header("Authorization"), hidden),
        form=form,
        fields=[[name, _normal(name, value, hidden), *beside] for name, value, *beside in fields],
    )


def _target(host: str, path: str, owner: str) -> str:
    """Make one of the ways to address the service, which differ by how a client is led here."""
    path = path.replace("/.file.myqcloud.com/", "/", 1)
    served = re.fullmatch(rf"/?{owner}\.[a-z.]*myqcloud\.com(/.*)", host + path)
    return f"<download>{served[1]}" if served else path


def _signature(carried: str, sign: str, hidden: dict[str, str]) -> Signature:
    text = base64.b64decode(sign)[_SIGNED_TEXT:].decode()
    fields = dict(pair.split("=", 1) for pair in text.split("&"))
    expires, now = int(fields["e"]), int(fields["t"])
    once = expires == 0
    lifetime = "over" if expires < now else -(-(expires - now) // 10) * 10
    return Signature(
        carried=carried,
        kind="once" if once else "reusable",
        fields="".join(fields),
        fileid=_hide(fields["f"], hidden),
        lifetime=None if once else lifetime,
    )


def _query_form(query: dict[str, str]) -> list[tuple[str, list[Any]]]:
    fields = [[name, unquote(value.replace("+", " "))] for name, value in query.items()]
    return [("query", fields)] if fields else []


def _body_form(raw: RawRequest) -> list[tuple[str, list[Any]]]:
    if not raw.body:
        return []
    kind, options = parse_options_header(raw.header("Content-Type"))
    if kind == "multipart/form-data":
        parser = MultipartParser(io.BytesIO(raw.body), options["boundary"], len(raw.body))
        return [("multipart", [_part_field(part) for part in parser])]
    assert kind == "application/json", kind
    return [("json", [list(pair) for pair in json.loads(raw.body).items()])]


def _part_field(part: Any) -> list[Any]:
    with closing(part):
        value = part.raw
    is_content = _canonical(part.name) == "filecontent"
    return [part.name, value if is_content else value.decode(), *_beside_name(part)]


def _beside_name(part: Any) -> list[str]:
    filename = [] if part.filename is None else ["filename"]
    headers = [name for name, _ in part.headers.items() if name.lower() != "content-disposition"]
    return filename + sorted(headers)


def _normal(name: str, value: Any, hidden: dict[str, str]) -> Any:
    if _canonical(name) == "filecontent":
        return f"<{len(value)} bytes>"
    if not isinstance(value, str) or not value:
        return value
    if name in _OPAQUE:
        return f"<{name}>"
    return {"json": json.loads(value)} if name in _JSON_TEXTS else _hide(value, hidden)


def _canonical(name: str) -> str:
    return name.lower() if name.lower() == "filecontent" else name


def _hide(text: str, hidden: dict[str, str]) -> str:
    for known, name in hidden.items():
        text = text.replace(known, name)
    return text
