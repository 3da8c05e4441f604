"""`UploadPart` and `UploadParts`: the parts list, and its values in each service's protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from cosfast.errors import InputError
from cosfast.hashing.hashes import hash_class
from cosfast.hashing.state import (
    BLOCK_SIZE,
    MAX_LENGTH,
    SHA1,
    Algorithm,
    HashState,
    algorithm_named,
    datasha_bytes,
    state_class,
)
from cosfast.parsing import MAX_INTEGER, shown
from cosfast.parsing import load_json as load_strictly
from cosfast.parts.formats import CMCC, COS, OSS, PDS, SLICE_SIZE, check_slice_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cosfast.parts.formats import Format


class UploadPart(NamedTuple):
    """One slice: its offset and length in bytes, and the state of the hash after it.

    `datasha` is the chaining state, words little-endian, of an interior slice, and the digest of
    the whole file for the last one (PROTOCOL.md, section 3).
    """

    offset: int
    datalen: int
    datasha: str


class UploadParts(Sequence[UploadPart]):
    """The parts of one file, in order: an immutable sequence of `UploadPart`.

    Args:
        datashas: The `datasha` of each slice, in hex.
        filesize: Size of the file in bytes.
        slice_size: Bytes in each slice but the last, a positive multiple of 64.
        algorithm: ``"sha1"`` or ``"sha256"``.

    Attributes:
        filesize: Size of the file in bytes.
        slice_size: Bytes in each slice but the last.
        has_digest: Whether the digest of the file is known. It is not if the list was read from
            hash contexts without a digest, which do not cover the last part.

    Raises:
        InputError: If the number of entries does not match `filesize` and `slice_size`, or an entry
            does not have the algorithm's number of hex digits.
    """

    __slots__ = ("_algorithm", "_raw", "filesize", "has_digest", "slice_size")

    filesize: int
    slice_size: int
    has_digest: bool

    def __init__(
        self, datashas: Iterable[str], filesize: int, slice_size: int, *, algorithm: str = "sha1"
    ) -> None:
        kind = algorithm_named(algorithm)
        raw = b"".join(datasha_bytes(datasha, kind) for datasha in datashas)
        self._set(raw, filesize, slice_size, kind)

    @classmethod
    def from_raw(
        cls, raw: bytes, filesize: int, slice_size: int, algorithm: str = "sha1"
    ) -> UploadParts:
        """Return a list from the concatenated bytes of the `datasha` of each slice."""
        self = cls.__new__(cls)
        self._set(raw, filesize, slice_size, algorithm_named(algorithm))
        return self

    @classmethod
    def from_states(
        cls,
        states: Sequence[HashState[Any]],
        filesize: int,
        slice_size: int,
        *,
        algorithm: str = "sha1",
        digest: str | None = None,
    ) -> UploadParts:
        """Return a list from the states before its parts.

        Args:
            states: States before the second and all further parts.
            filesize: Size of the file in bytes.
            slice_size: Bytes in each part but the last.
            algorithm: Algorithm of the states.
            digest: Digest of the file in hex; None if it is not known.

        Raises:
            InputError: If a state is of another algorithm or not at the offset of its part, or if
                the number of states does not match `filesize` and `slice_size`.
        """
        kind = algorithm_named(algorithm)
        for number, state in enumerate(states, start=1):
            if not isinstance(state, state_class(kind)):
                raise InputError(f"the context of part {number} is not a state of {kind.title}")
            if state.length != number * slice_size:
                raise InputError(
                    f"the context of part {number} is at offset {state.length},"
                    f" not {number * slice_size}"
                )
        raw = b"".join(kind.words.pack(*state.words) for state in states)
        known = b"" if digest is None or not filesize else datasha_bytes(digest, kind)
        if digest is not None and not filesize and bytes.fromhex(digest) != _empty_digest(kind):
            raise InputError("the file is empty, and the digest is not that of an empty file")
        self = cls.__new__(cls)
        self._set(raw + known, filesize, slice_size, kind, has_digest=digest is not None)
        return self

    def _set(
        self,
        raw: bytes,
        filesize: int,
        slice_size: int,
        algorithm: Algorithm,
        *,
        has_digest: bool = True,
    ) -> None:
        check_slice_size(slice_size)
        if type(filesize) is not int or filesize > MAX_LENGTH:
            raise InputError(f"filesize must be a number of bytes below 2**61, not {filesize!r}")
        expected = -(-filesize // slice_size)
        missing = 0 if has_digest or not expected else 1  # the digest of an empty file is known
        size = algorithm.digest_size
        if filesize < 0 or len(raw) != (expected - missing) * size:
            raise InputError(
                f"{filesize} bytes in slices of {slice_size} make {max(expected, 0)} parts,"
                f" not {len(raw) // size + missing}"
            )
        self._raw = raw
        self._algorithm = algorithm
        self.filesize = filesize
        self.slice_size = slice_size
        self.has_digest = not missing

    @property
    def algorithm(self) -> str:
        """``"sha1"`` or ``"sha256"``."""
        return self._algorithm.name

    @property
    def digest(self) -> str:
        """Digest of the whole file in lower-case hex.

        Raises:
            InputError: If it is not known (`has_digest`).
        """
        return (
            self._datasha(len(self) - 1) if self.filesize else _empty_digest(self._algorithm).hex()
        )

    @property
    def sha1(self) -> str:
        """SHA-1 of the whole file, 40 hex digits: the last entry, or that of an empty file.

        Raises:
            InputError: If the list uses another algorithm, or the digest is not known.
        """
        if self._algorithm is not SHA1:
            raise InputError(f"the parts list uses {self._algorithm.title}: use .digest")
        return self.digest

    @property
    def datashas(self) -> list[str]:
        """The `datasha` of all parts in order; with slices of 2 MiB, WeDrive's `block_sha`."""
        return [self._datasha(index) for index in range(len(self))]

    def raw(self, index: int) -> bytes:
        """Return the bytes of the `datasha` of part `index`.

        Raises:
            InputError: If it is the last part and the digest is not known.
        """
        index = range(len(self))[index]
        if not self.has_digest and index == len(self) - 1:
            raise InputError(
                "the list does not hold the file's digest: pass digest=, or hash the file again"
            )
        size = self._algorithm.digest_size
        return self._raw[index * size : (index + 1) * size]

    def state_before(self, index: int) -> HashState[Any]:
        """Return the chaining state that part `index` starts from."""
        return state_class(self._algorithm)(self.words_before(index), index * self.slice_size)

    def words_before(self, index: int) -> tuple[int, ...]:
        """Return the words of the chaining state that part `index` starts from."""
        index = range(len(self))[index]
        if not index:
            return self._algorithm.initial_words
        return self._algorithm.words.unpack(self.raw(index - 1))

    def contexts(self) -> list[dict[str, Any]]:
        """Return PDS's `parallel_sha1_ctx` or `parallel_sha256_ctx`, the state *before* each part.

        ``{"h": [h0, h1...], "part_offset": bytes}``, with an empty `h` for the first part, as the
        SDK of PDS sends it (PROTOCOL.md, section 8). Quark's open platform uses the same format,
        without a value for the first part.
        """
        return self.contexts_for(PDS)

    def oss_hash_contexts(self) -> list[str | None]:
        """Return Quark Drive's `X-Oss-Hash-Ctx` of each part; None for the first.

        Raises:
            InputError: If the list does not use SHA-1.
        """
        return self.contexts_for(OSS)

    def parallel_hash_contexts(self) -> list[dict[str, Any] | None]:
        """Return China Mobile's `parallelHashCtx` of each part; None for the first.

        ``{"h": [h0..h7], "partOffset": bytes}``

        Raises:
            InputError: If the list does not use SHA-256.
        """
        return self.contexts_for(CMCC)

    def contexts_for(self, form: Format) -> list[Any]:
        """Return the hash context of each part in the format of a service.

        Raises:
            InputError: If the service does not take the list's algorithm or part size, or no such
                values.
        """
        form.check_algorithm(self.algorithm)
        form.check_slice_size(self.slice_size)
        encode = form.encode
        if encode is None:
            raise InputError(f"{form.service} does not use hash contexts")
        return [encode(self.state_before(index)) for index in range(len(self))]

    def to_json(self) -> str:
        """Return the JSON string of COS: compact, one object per part, in order (PROTOCOL.md, 3).

        Raises:
            InputError: If the list does not use SHA-1.
        """
        COS.check_algorithm(self.algorithm)
        return "[" + ",".join(map(_part_json, self)) + "]"

    @classmethod
    def from_json(cls, text: str | bytes, *, slice_size: int | None = None) -> UploadParts:
        """Read the JSON string of COS.

        Args:
            text: JSON array of ``{"offset":..., "datalen":..., "datasha":...}``.
            slice_size: Slice size in bytes. By default the length of the first of several parts;
                for a single part, `SLICE_SIZE`, or more if the part is larger.

        Raises:
            InputError: If `text` is not such an array, or the parts leave gaps, overlap, are out of
                order or of unequal length; the message names the part.
        """
        return cls.from_entries(load_json(text), slice_size=slice_size)

    @classmethod
    def from_entries(cls, entries: object, *, slice_size: int | None = None) -> UploadParts:
        """Read the parsed JSON of COS; see `from_json`."""
        parts = _read_parts(entries)
        size = _slice_size_of(parts) if slice_size is None else slice_size
        check_slice_size(size)
        filesize = sum(part.datalen for part in parts)
        for index, part in enumerate(parts):
            expected = (index * size, min(size, filesize - index * size))
            if (part.offset, part.datalen) != expected:
                raise InputError(
                    f"part {index} is {part.datalen} bytes at {part.offset},"
                    f" not {expected[1]} at {expected[0]}"
                )
        return cls((part.datasha for part in parts), filesize, size)

    @overload
    def __getitem__(self, index: int) -> UploadPart: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[UploadPart, ...]: ...
    def __getitem__(self, index: int | slice) -> UploadPart | tuple[UploadPart, ...]:
        positions = range(len(self))[index]
        if isinstance(positions, range):
            return tuple(self._part(position) for position in positions)
        return self._part(positions)

    def __len__(self) -> int:
        whole, rest = divmod(self.filesize, self.slice_size)
        return whole + (rest > 0)

    def __iter__(self) -> Iterator[UploadPart]:
        return map(self._part, range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, UploadParts):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        digest = self.digest if self.has_digest else "not known"
        return (
            f"<UploadParts {len(self)} of {self.slice_size} bytes,"
            f" file of {self.filesize} bytes, {self.algorithm} {digest}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, self._key()

    def _key(self) -> tuple[bytes, int, int, str, bool]:
        return self._raw, self.filesize, self.slice_size, self.algorithm, self.has_digest

    def _datasha(self, index: int) -> str:
        return self.raw(index).hex()

    def _part(self, index: int) -> UploadPart:
        offset = index * self.slice_size
        datalen = min(self.slice_size, self.filesize - offset)
        return UploadPart(offset, datalen, self._datasha(index))


def _restored(
    raw: bytes,
    filesize: int,
    slice_size: int,
    algorithm: str,
    has_digest: bool,  # noqa: FBT001
) -> UploadParts:
    parts = UploadParts.__new__(UploadParts)
    parts._set(raw, filesize, slice_size, algorithm_named(algorithm), has_digest=has_digest)  # noqa: SLF001
    return parts


def _empty_digest(algorithm: Algorithm) -> bytes:
    return hash_class(algorithm)().digest()


def _part_json(part: UploadPart) -> str:
    return f'{{"offset":{part.offset},"datalen":{part.datalen},"datasha":"{part.datasha}"}}'


def _slice_size_of(parts: list[UploadPart]) -> int:
    if len(parts) > 1:
        return parts[0].datalen
    largest = max((part.datalen for part in parts), default=0)
    return slice_size_for_one(largest, SLICE_SIZE)


def slice_size_for_one(filesize: int, usual: int) -> int:
    """Return the slice size to assume for a list of one part.

    Args:
        filesize: Size of that part in bytes.
        usual: Default slice size of the service.
    """
    return max(usual, -(-filesize // BLOCK_SIZE) * BLOCK_SIZE)


def load_json(text: str | bytes) -> object:
    """Parse the JSON of a parts list.

    Raises:
        InputError: If it is not valid JSON.
    """
    try:
        return load_strictly(text)
    except (ValueError, TypeError) as exc:
        raise InputError(f"the parts list is not JSON: {exc}") from exc


def _read_parts(entries: object) -> list[UploadPart]:
    if not isinstance(entries, list):
        raise InputError("the parts list is not a JSON array")
    return [_read_part(index, entry) for index, entry in enumerate(entries)]


def _read_part(index: int, entry: object) -> UploadPart:
    if not isinstance(entry, dict):
        raise InputError(f"part {index} is not a JSON object")
    for key in ("offset", "datalen"):
        value = entry.get(key)
        if type(value) is not int or not 0 <= value <= MAX_INTEGER:
            raise InputError(f"part {index}: {key} must be a number of bytes, not {shown(value)}")
    if entry["datalen"] == 0:
        raise InputError(f"part {index} is empty")
    try:
        datasha_bytes(entry.get("datasha", ""))
    except InputError as exc:
        raise InputError(f"part {index}: {exc}") from exc
    return UploadPart(entry["offset"], entry["datalen"], entry["datasha"])
