"""How a request differs from all that the other clients are known to send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from interop.shape import Shape


def differences(sent: Shape, known: Iterable[Shape], explained: Collection[str] = ()) -> set[str]:
    """Say what sets `sent` apart, in a few words each; nothing where a client sends the like.

    What is asked, where and in which form is held against whole requests of the same operation,
    of which the nearest counts: the one that leaves the fewest differences that are not
    `explained`. A signature, the headers and the parts of a form are held against what is usual.
    """
    known = list(known)
    alike = [other for other in known if other.operation == sent.operation]
    if not alike:
        return {f"no client sends {sent.operation}"}
    apart = (_request_differences(sent, other) for other in alike)
    nearest = min(apart, key=lambda found: (len(found.difference(explained)), len(found)))
    usual = (
        _encoding_differences(sent, known),
        _signature_differences(sent, alike, known),
        _header_differences(sent, alike),
        _part_differences(sent, known),
    )
    return nearest.union(*usual)


def _request_differences(sent: Shape, other: Shape) -> set[str]:
    found = {
        f"{name} {ours}, not {theirs}"
        for name, ours, theirs in (
            ("method", sent.method, other.method),
            ("target", unquote(sent.target), unquote(other.target)),
            ("form", sent.form, other.form),
        )
        if ours != theirs
    }
    ours, theirs = sent.values, other.values
    found |= {f"with {name}" for name in ours.keys() - theirs.keys()}
    found |= {f"without {name}" for name in theirs.keys() - ours.keys()}
    shared = ours.keys() & theirs.keys()
    return found.union(*(_value_differences(name, ours[name], theirs[name]) for name in shared))


def _value_differences(name: str, ours: Any, theirs: Any) -> set[str]:
    (our_kind, our_content), (their_kind, their_content) = _taken_apart(ours), _taken_apart(theirs)
    if our_content != their_content:
        return {f"{name} {our_content!r}, not {their_content!r}"}
    return {f"{name} as {our_kind}, not {their_kind}"} if our_kind != their_kind else set()


def _taken_apart(value: Any) -> tuple[str, Any]:
    """Return how a value travels, and what it is whichever way it does."""
    if isinstance(value, int):
        return "a number", str(value)
    if isinstance(value, str):
        return "text", value
    return ("JSON text", value["json"]) if "json" in value else ("an object", value)


def _encoding_differences(sent: Shape, known: list[Shape]) -> set[str]:
    """Clients encode a path in ways of their own (PROTOCOL.md, section 2); any of them will do."""
    return set() if sent.target in {other.target for other in known} else {f"encoded {sent.target}"}


def _signature_differences(sent: Shape, alike: list[Shape], known: list[Shape]) -> set[str]:
    """Its kind and its place are the operation's, what it is for the target's; the rest is any."""
    ours = sent.signature
    found = set()
    if ours.kind not in {other.signature.kind for other in alike}:
        found.add(f"signature {ours.kind}")
    if ours.carried not in {other.signature.carried for other in alike}:
        found.add(f"signature in {ours.carried}")
    if ours.fields not in {other.signature.fields for other in known}:
        found.add(f"signature of {ours.fields}")
    if _signed_for(sent) not in map(_signed_for, known):
        found.add(f"signature {ours.kind} for {ours.fileid}")
    lifetimes = {other.signature.lifetime for other in known} - {None, "over"}
    if ours.kind == "reusable" and not min(lifetimes) <= ours.lifetime <= max(lifetimes):
        found.add(f"signature for {ours.lifetime} s")
    return found


def _signed_for(shape: Shape) -> tuple[str, str, str | None]:
    """Return all decoded: which way it is encoded is looked at apart."""
    fileid = shape.signature.fileid
    signed = None if fileid is None else unquote(fileid)
    return unquote(shape.target), shape.signature.kind, signed


def _header_differences(sent: Shape, alike: list[Shape]) -> set[str]:
    usual = {name.lower() for other in alike for name in other.headers}
    return {f"header {name}" for name in sent.headers if name.lower() not in usual}


def _part_differences(sent: Shape, known: list[Shape]) -> set[str]:
    usual = {part for other in known for part in _parts(other)}
    return {
        f"{'content' if content else 'text'} in a part with {', '.join(beside) or 'nothing'}"
        for content, beside in _parts(sent) - usual
    }


def _parts(shape: Shape) -> set[tuple[bool, tuple[str, ...]]]:
    """Return what stands beside the names, of text and of content."""
    if shape.form != "multipart":
        return set()
    return {(name.lower() == "filecontent", tuple(beside)) for name, _, *beside in shape.fields}
