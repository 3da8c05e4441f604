"""The kinds of faults. Each is a value; `injector` applies it to a request."""

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
    """What happens to one request. Times are in seconds, sizes in bytes.

    Raises:
        ValueError: If an attribute is not of its type or out of its range; the message names it.
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
                    raise ValueError(f"fault {self.kind!r}: {field.name} makes no sense: {value!r}")
            else:
                self._check_number(field, value)

    def _check_number(self, field: dataclasses.Field[object], value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(  # noqa: TRY004 - the same as for a number that makes no sense
                f"fault {self.kind!r}: {field.name} is not a number: {value!r}"
            )
        whole = field.type == "float" or isinstance(value, int)
        least = -_LARGEST if field.name == "code" else 0
        if not whole or not least <= value <= _LARGEST:  # NaN fails every comparison
            raise ValueError(f"fault {self.kind!r}: {field.name} makes no sense: {value!r}")


@dataclass(frozen=True)
class HttpStatus(Fault):
    """Nothing is done; the answer is a page of HTML with this status, as proxies send them."""

    kind: ClassVar[str] = "status"
    status: int = 503
    retry_after: float = 0

    def __post_init__(self) -> None:
        """Refuse what is not the status of an answer."""
        super().__post_init__()
        if self.status not in _STATUSES:
            raise ValueError(f"fault 'status': status must be from 200 to 599, not {self.status}")


@dataclass(frozen=True)
class Refusal(Fault):
    """Nothing is done; the answer is this code.

    Attributes:
        code: Of the operation's service; its service says with which HTTP status. The default is
            COS v4's for too many requests.
    """

    kind: ClassVar[str] = "code"
    code: int | str = -71


@dataclass(frozen=True)
class ResetAfter(Fault):
    """The connection is reset after `after` bytes of the request's body; nothing is done."""

    kind: ClassVar[str] = "reset"
    after: int = 0


@dataclass(frozen=True)
class Stall(Fault):
    """Nothing is done or answered for `seconds`; then the connection is reset."""

    kind: ClassVar[str] = "stall"
    seconds: float = 1.0


@dataclass(frozen=True)
class Malformed(Fault):
    """The answer cannot be read; a client does not know from it whether the work was done.

    Attributes:
        done: Whether it was. A download has no work: there the answer replaces it.
    """

    done: bool = True


@dataclass(frozen=True)
class TruncatedJson(Malformed):
    """The answer is cut in half, with a Content-Length that fits."""

    kind: ClassVar[str] = "truncated-json"


@dataclass(frozen=True)
class NotJson(Malformed):
    """The answer is a page of HTML with status 200."""

    kind: ClassVar[str] = "not-json"
    done: bool = False


@dataclass(frozen=True)
class EmptyAnswer(Malformed):
    """The answer has status 200 and no body."""

    kind: ClassVar[str] = "empty-answer"


@dataclass(frozen=True)
class LostAnswer(Fault):
    """The work is done; the connection is reset instead of an answer."""

    kind: ClassVar[str] = "lost-answer"


@dataclass(frozen=True)
class WrongSliceSize(Fault):
    """The work is done; the answer has another slice size than the session. For COS v4."""

    kind: ClassVar[str] = "slice-size"
    size: int = 524288


@dataclass(frozen=True)
class SessionSliceSize(Fault):
    """The session that the request opens has this slice size, and the answer too. For COS v4."""

    kind: ClassVar[str] = "session-slice-size"
    size: int = 524288

    def __post_init__(self) -> None:
        """Refuse what is not the size of a slice."""
        super().__post_init__()
        if self.size < 1:
            raise ValueError("fault 'session-slice-size': size must be more than 0")


@dataclass(frozen=True)
class SessionExpired(Fault):
    """The upload session that the request is for ends before the operation runs."""

    kind: ClassVar[str] = "session-expired"


@dataclass(frozen=True)
class Latency(Fault):
    """The work is done at once; the answer comes `seconds` later."""

    kind: ClassVar[str] = "latency"
    seconds: float = 0.1


@dataclass(frozen=True)
class Bandwidth(Fault):
    """The body is read at `bytes_per_second` at most."""

    kind: ClassVar[str] = "bandwidth"
    bytes_per_second: float = 1048576

    def __post_init__(self) -> None:
        """Refuse what would never read anything."""
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
    """Return the fault that a JSON object describes by its kind's name and its attributes.

    Raises:
        ValueError: If the kind or an attribute is unknown or makes no sense.
    """
    attributes = dict(document)
    name = attributes.pop("fault", None)
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"unknown fault {name!r}: the kinds are {', '.join(KINDS)}")
    known = {field.name for field in dataclasses.fields(kind)}
    unknown = sorted(set(attributes) - known)
    if unknown:
        raise ValueError(f"fault {name!r} has no {', '.join(unknown)}")
    return kind(**attributes)
