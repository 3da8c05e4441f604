"""The kinds of faults, which `injector` injects into requests."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST = 10**12
_LONGEST = 200
_STATUSES = range(200, 600)


@dataclass(frozen=True)
class Fault:
    """A fault of one request. Times are in seconds, sizes in bytes.

    Raises:
        ValueError: If an attribute has a wrong type or is out of range; the message names it.
    """

    kind: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type == "bool":
                if not isinstance(value, bool):
                    raise ValueError(f"fault {self.kind!r}: {field.name} is not true or false")
            elif field.type == "int | str" and isinstance(value, str):
                if not 1 <= len(value) <= _LONGEST:
                    raise ValueError(
                        f"fault {self.kind!r}: {field.name} must have 1 to {_LONGEST} characters"
                    )
            else:
                self._check_number(field, value)

    def _check_number(self, field: dataclasses.Field[object], value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(  # noqa: TRY004 - the same as for a number that is out of range
                f"fault {self.kind!r}: {field.name} is not a number: {value!r}"
            )
        whole = field.type == "float" or isinstance(value, int)
        least = -_LARGEST if field.name == "code" else 0
        if not whole or not least <= value <= _LARGEST:  # NaN fails every comparison
            raise ValueError(f"fault {self.kind!r}: {field.name} is out of range: {value!r}")


@dataclass(frozen=True)
class HttpStatus(Fault):
    """No work is done; the response is an HTML page with this status, like that of a proxy."""

    kind: ClassVar[str] = "status"
    status: int = 503
    retry_after: float = 0

    def __post_init__(self) -> None:
        """Refuse a status outside 200 to 599."""
        super().__post_init__()
        if self.status not in _STATUSES:
            raise ValueError(f"fault 'status': status must be from 200 to 599, not {self.status}")


@dataclass(frozen=True)
class Refusal(Fault):
    """No work is done; the response has this code.

    Attributes:
        code: A code of the operation's service, which selects the HTTP status. The default is COS
            v4's code for too many requests.
    """

    kind: ClassVar[str] = "code"
    code: int | str = -71


@dataclass(frozen=True)
class ResetAfter(Fault):
    """The connection is reset after `after` bytes of the request's body; no work is done."""

    kind: ClassVar[str] = "reset"
    after: int = 0


@dataclass(frozen=True)
class Stall(Fault):
    """No work is done; the connection is reset after `seconds` without a response."""

    kind: ClassVar[str] = "stall"
    seconds: float = 1.0


@dataclass(frozen=True)
class Malformed(Fault):
    """An unreadable response, from which a client cannot tell whether the work was done.

    Attributes:
        done: Whether the work was done. The fault always replaces a download.
    """

    done: bool = True


@dataclass(frozen=True)
class TruncatedJson(Malformed):
    """The body of the response is cut in half; its Content-Length is that of the half."""

    kind: ClassVar[str] = "truncated-json"


@dataclass(frozen=True)
class NotJson(Malformed):
    """The response is an HTML page with status 200."""

    kind: ClassVar[str] = "not-json"
    done: bool = False


@dataclass(frozen=True)
class EmptyAnswer(Malformed):
    """The response has status 200 and an empty body."""

    kind: ClassVar[str] = "empty-answer"


@dataclass(frozen=True)
class LostAnswer(Fault):
    """The work is done; the connection is reset before the response."""

    kind: ClassVar[str] = "lost-answer"


@dataclass(frozen=True)
class WrongSliceSize(Fault):
    """The work is done; the response has another slice size than the session. For COS v4."""

    kind: ClassVar[str] = "slice-size"
    size: int = 524288


@dataclass(frozen=True)
class SessionSliceSize(Fault):
    """The session that the request opens, and the response, have this slice size. For COS v4."""

    kind: ClassVar[str] = "session-slice-size"
    size: int = 524288

    def __post_init__(self) -> None:
        """Refuse a size below 1."""
        super().__post_init__()
        if self.size < 1:
            raise ValueError("fault 'session-slice-size': size must be more than 0")


@dataclass(frozen=True)
class SessionExpired(Fault):
    """The upload session of the request ends before the operation runs."""

    kind: ClassVar[str] = "session-expired"


@dataclass(frozen=True)
class Latency(Fault):
    """The work is done at once; the response is delayed by `seconds`."""

    kind: ClassVar[str] = "latency"
    seconds: float = 0.1


@dataclass(frozen=True)
class Bandwidth(Fault):
    """The request's body is read at no more than `bytes_per_second`."""

    kind: ClassVar[str] = "bandwidth"
    bytes_per_second: float = 1048576

    def __post_init__(self) -> None:
        """Refuse a rate that is not above 0."""
        super().__post_init__()
        if self.bytes_per_second <= 0:
            raise ValueError("fault 'bandwidth': bytes_per_second must be more than 0")


KINDS: Mapping[str, type[Fault]] = {
    kind.kind: kind
    for kind in (
        HttpStatus,
        Refusal,
        ResetAfter,
        Stall,
        TruncatedJson,
        NotJson,
        EmptyAnswer,
        LostAnswer,
        WrongSliceSize,
        SessionSliceSize,
        SessionExpired,
        Latency,
        Bandwidth,
    )
}


def fault_from(document: Mapping[str, object]) -> Fault:
    """Return the fault that a JSON object describes by the name of its kind and its attributes.

    Raises:
        ValueError: If the kind or an attribute is unknown, or a value is out of range.
    """
    attributes = dict(document)
    name = attributes.pop("fault", None)
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"unknown fault {name!r}: must be one of {', '.join(KINDS)}")
    known = {field.name for field in dataclasses.fields(kind)}
    unknown = sorted(set(attributes) - known)
    if unknown:
        raise ValueError(f"fault {name!r} has no attribute {', '.join(unknown)}")
    return kind(**attributes)
