"""Parts lists as JSON documents in all formats: `write_parts` and `read_parts`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cosfast.errors import InputError
from cosfast.parsing import shown
from cosfast.parts.formats import CMCC, COS, FORMATS, OSS, PDS, WEDRIVE
from cosfast.parts.model import UploadParts, load_json, slice_size_for_one

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosfast.hashing.state import HashState
    from cosfast.parts.formats import Format, Layout


def write_parts(parts: UploadParts, form: Format) -> str:
    """Return a parts list in the JSON format of a service's API, on one line.

    COS: the array of `uploadparts`. WeDrive: ``{"size":..., "block_sha": [...]}``. Others: the size
    and digest of the file, and an array of parts, each with its number, size and hash context.

    Raises:
        InputError: If the service does not support the algorithm or the slice size of the list.
    """
    form.check_algorithm(parts.algorithm)
    form.check_slice_size(parts.slice_size)
    if form is COS:
        return parts.to_json()
    if form.layout is None:
        return json.dumps({"size": parts.filesize, form.field[parts.algorithm]: parts.datashas})
    return json.dumps(_context_document(parts, form, form.layout))


def _context_document(parts: UploadParts, form: Format, layout: Layout) -> dict[str, Any]:
    digest, algorithm = parts.digest, parts.algorithm
    document: dict[str, Any] = {
        "size": parts.filesize,
        layout.digest: digest.upper() if layout.upper_digest else digest,
    }
    if layout.algorithm:
        name = algorithm.upper() if layout.upper_algorithm else algorithm
        document[layout.algorithm] = name
    listed = document[layout.parts] = []
    for number, (part, context) in enumerate(zip(parts, parts.contexts_for(form), strict=True), 1):
        entry = {layout.number: number, layout.size: part.datalen}
        if context is not None:
            entry[form.field[algorithm]] = context
        listed.append(entry)
    return document


def read_parts(
    text: str | bytes, *, filesize: int | None = None, digest: str | None = None
) -> UploadParts:
    """Read a parts list in any of the formats.

    A list of hash contexts without a digest does not cover the last part: the result has no digest
    (`UploadParts.has_digest`), and `verify` does not check the last part.

    Args:
        text: JSON as returned by `write_parts`, or only the array: of WeDrive's hex digits, or the
            result of `contexts`, `oss_hash_contexts` or `parallel_hash_contexts`.
        filesize: Size of the file in bytes, which an array does not contain.
        digest: Digest of the file in hex, for a list without it.

    Raises:
        InputError: If the list is in none of the formats, or not valid.
    """
    document = load_json(text)
    if isinstance(document, dict):
        return _read_document(document, filesize, digest)
    if isinstance(document, list) and document:
        first = document[0]
        if isinstance(first, str):
            return _read_wedrive(document, filesize)
        form = _context_format(document)
        if form is not None:
            states = _read_contexts(form, document)
            return _from_contexts(form, states, filesize, None, digest)
    return UploadParts.from_entries(document)


def _read_document(
    document: dict[str, Any], filesize: int | None, digest: str | None
) -> UploadParts:
    size = document.get("size", document.get("file_size", filesize))
    if isinstance(document.get("block_sha"), list):
        return _read_wedrive(document["block_sha"], size)
    for form in FORMATS.values():
        layout = form.layout
        if layout is not None and isinstance(document.get(layout.parts), list):
            return _read_context_document(document, form, layout, size, digest)
    return UploadParts.from_entries(document)  # raises InputError


def _read_wedrive(block_sha: list[str], filesize: object) -> UploadParts:
    if type(filesize) is not int or filesize < 0:
        raise InputError("the block_sha list has no valid file size: give filesize")
    return UploadParts(block_sha, filesize, WEDRIVE.slice_size)


def _context_format(contexts: list[Any]) -> Format | None:
    """Return the format of a list of hash contexts; None if they are not hash contexts."""
    probe = next((each for each in contexts if each is not None), None)
    if isinstance(probe, dict):
        if "part_offset" in probe:
            return PDS
        return CMCC if "partOffset" in probe else None
    return OSS if probe is None or isinstance(probe, str) else None


def _read_context_document(
    document: dict[str, Any], form: Format, layout: Layout, filesize: object, digest: str | None
) -> UploadParts:
    entries = document[layout.parts]
    values = []
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise InputError(f"part {index} is not a JSON object")
        if entry.get(layout.number, index + 1) != index + 1:
            raise InputError(
                f"part {index}: {layout.number} is {shown(entry[layout.number])}, not {index + 1}"
            )
        values.append(next((entry[name] for name in form.field.values() if name in entry), None))
    states = _read_contexts(form, values)
    algorithm = _algorithm_of(document, form, layout, entries)
    sizes = [entry.get(layout.size) for entry in entries]
    if filesize is None and all(type(size) is int and size >= 0 for size in sizes):
        filesize = sum(sizes)
    listed = document.get(layout.digest, digest)
    if listed is not None and not isinstance(listed, str):
        raise InputError(f"{layout.digest} must be a digest in hex, not {shown(listed)}")
    parts = _from_contexts(form, states, filesize, algorithm, listed)
    for index, size in enumerate(sizes):
        expected = min(parts.slice_size, parts.filesize - index * parts.slice_size)
        if size is not None and size != expected:
            raise InputError(f"part {index}: {layout.size} is {shown(size)}, not {expected}")
    return parts


def _algorithm_of(
    document: dict[str, Any], form: Format, layout: Layout, entries: list[dict[str, Any]]
) -> str | None:
    """Return the algorithm of a document, from its algorithm field or the names of its fields."""
    name = document.get(layout.algorithm) if layout.algorithm else None
    if name is not None:
        if not isinstance(name, str) or name.lower() not in form.field:
            raise InputError(
                f"{layout.algorithm} is {shown(name)}, which {form.service} does not support"
            )
        return name.lower()
    for algorithm, field in form.field.items():
        if any(field in entry for entry in entries):
            return algorithm
    return None


def _read_contexts(form: Format, values: list[Any]) -> list[HashState[Any]]:
    """Return the states in the hash contexts of all parts, except the first part."""
    decode = form.decode
    if decode is None:
        raise InputError(f"{form.service} has no hash contexts")
    states = []
    for index, value in enumerate(values):
        try:
            state = decode(value)
        except InputError as exc:
            raise InputError(f"part {index}: {exc}") from exc
        if (state is None or not state.length) != (index == 0):
            kind = "no context" if index else "a context, although it is the first part"
            raise InputError(f"part {index} has {kind}")
        if state is not None and index:
            states.append(state)
    return states


def _from_contexts(
    form: Format,
    states: Sequence[HashState[Any]],
    filesize: object,
    algorithm: str | None,
    digest: str | None,
) -> UploadParts:
    if type(filesize) is not int or filesize < 0:
        raise InputError("the list of hash contexts has no valid file size: give filesize")
    if algorithm is None:
        algorithm = states[0].algorithm if states else next(iter(form.field))
    alone = slice_size_for_one(filesize, form.slice_size)
    slice_size = states[0].length if states else alone
    return UploadParts.from_states(states, filesize, slice_size, algorithm=algorithm, digest=digest)
