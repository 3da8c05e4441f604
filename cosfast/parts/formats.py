"""How each service writes the states of a parts list: the table of formats, and their values.

COS and WeDrive take the state *after* each slice, and the digest at the end (`datasha`). The others
take the state *before* each part, its hash context. `cosfast.parts.documents` writes and reads
whole lists.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, NamedTuple

from cosfast.errors import InputError
from cosfast.hashing.state import (
    BLOCK_SIZE,
    MAX_LENGTH,
    SHA1,
    SHA256,
    HashState,
    state_class,
)
from cosfast.parsing import MAX_INTEGER, load_json, parse_digits, shown

if TYPE_CHECKING:
    from collections.abc import Callable

SLICE_SIZE = 1048576
"""Bytes in a slice of COS v4 that comes with `uploadparts` (PROTOCOL.md, section 3)."""

WEDRIVE_BLOCK_SIZE = 2097152
"""Bytes in a WeDrive block, exactly (PROTOCOL.md, section 8)."""

PDS_PART_SIZE = 52428800
"""Bytes in a part of PDS, unless another size is chosen."""

OSS_PART_SIZE = 4194304
"""Bytes in a part of Quark Drive, unless the server's `pre` response says another size."""

CMCC_PART_SIZE = 104857600
"""Bytes in a part of China Mobile's cloud up to 30 GB of file, as its public clients have it."""

MAX_PART_SIZE = 5 * 1024**3
"""Bytes in the largest part of an OSS multipart upload, which PDS and Quark are built on."""

_LOW_WORD = 2**32 - 1


class Layout(NamedTuple):
    """The names in a JSON document that has hash contexts part by part, as the service's API does.

    Attributes:
        parts: The array of parts.
        number: In a part: its number, from 1.
        size: In a part: its bytes.
        digest: The whole file's digest.
        algorithm: That digest's algorithm; empty if the document does not tell.
        upper_digest: Whether the digest is written in upper case.
        upper_algorithm: Whether the algorithm is.
    """

    parts: str
    number: str
    size: str
    digest: str
    algorithm: str = ""
    upper_digest: bool = False
    upper_algorithm: bool = False


class Format(NamedTuple):
    """How one service writes a list.

    Attributes:
        name: As the command line has it.
        service: The service's name.
        field: What its API calls the value of one part, for each algorithm that it takes.
        slice_size: The service's own, in bytes.
        fixed_size: Whether it takes no other.
        encode: Makes that value from the state before a part, the first part's included; None
            if the service takes the state after it.
        decode: Reads that value; None for the first part's.
        layout: The document that holds these values.
    """

    name: str
    service: str
    field: dict[str, str]
    slice_size: int
    fixed_size: bool = False
    encode: Callable[[HashState[Any]], Any] | None = None
    decode: Callable[[Any], HashState[Any] | None] | None = None
    layout: Layout | None = None

    def check_algorithm(self, algorithm: str) -> None:
        """Refuse an algorithm that the service does not take.

        Raises:
            InputError: If that is so; it names both.
        """
        if algorithm not in self.field:
            takes = " and ".join(self.field)
            raise InputError(f"{self.service} takes {takes}, not {algorithm}")

    def check_slice_size(self, slice_size: int) -> None:
        """Refuse a slice size that the service forbids.

        Raises:
            InputError: If that is so; it names the size.
        """
        if self.fixed_size and slice_size != self.slice_size:
            raise InputError(
                f"{self.service} takes slices of {self.slice_size} bytes, not {shown(slice_size)}"
            )
        if type(slice_size) is int and slice_size > MAX_PART_SIZE:
            raise InputError(
                f"{self.service} takes parts of {MAX_PART_SIZE} bytes at most, not {slice_size}"
            )


def _encode_pds(state: HashState[Any]) -> dict[str, Any]:
    return {"h": list(state.words) if state.length else [], "part_offset": state.length}


def _decode_pds(value: Any) -> HashState[Any] | None:
    return _decode_words(value, "part_offset")


def _encode_cmcc(state: HashState[Any]) -> dict[str, Any] | None:
    return {"h": list(state.words), "partOffset": state.length} if state.length else None


def _decode_cmcc(value: Any) -> HashState[Any] | None:
    return _decode_words(value, "partOffset")


def _decode_words(value: Any, offset_name: str) -> HashState[Any] | None:
    """Read ``{"h": [...], offset_name: N}``; without words at offset 0 it is the first part's."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InputError(f"a hash context is a JSON object, not {shown(value)}")
    words, offset = value.get("h", []), _check_offset(value.get(offset_name))
    if not isinstance(words, list):
        raise InputError(f"h is a list of integers, not {shown(words)}")
    if not words and offset == 0:
        return None
    for algorithm in (SHA1, SHA256):
        if len(words) == len(algorithm.initial_words):
            return state_class(algorithm)(words, offset)
    raise InputError(f"h has 5 words (SHA-1) or 8 (SHA-256), not {len(words)}")


def _encode_oss(state: HashState[Any]) -> str | None:
    """Write OpenSSL's `SHA_CTX`, field for field; `Nl` and `Nh` count bits."""
    if not state.length:
        return None
    bits = state.length * 8
    words = ",".join(f'"h{index}":"{word}"' for index, word in enumerate(state.words))
    text = (
        f'{{"hash_type":"sha1",{words},"Nl":"{bits & _LOW_WORD}","Nh":"{bits >> 32}",'
        '"data":"","num":"0"}'
    )
    return base64.b64encode(text.encode("ascii")).decode("ascii")


def _decode_oss(value: Any) -> HashState[Any] | None:
    """Read `X-Oss-Hash-Ctx`, also if all bits are in `Nl`, as some clients have them."""
    if value is None:
        return None
    fields = _oss_fields(value)
    if fields.get("hash_type") != SHA1.name:
        raise InputError(f"X-Oss-Hash-Ctx: hash_type is sha1, not {shown(fields.get('hash_type'))}")
    names = [f"h{index}" for index in range(len(SHA1.initial_words))]
    h0, h1, h2, h3, h4, low, high = (_oss_number(fields, name) for name in (*names, "Nl", "Nh"))
    if fields.get("data", "") != "" or fields.get("num", "0") != "0":
        raise InputError(
            "X-Oss-Hash-Ctx: data and num speak of pending bytes: no part begins there"
        )
    if high and low > _LOW_WORD:
        raise InputError(f"X-Oss-Hash-Ctx: Nl is not below 2**32: {low}")
    bits = (high << 32) + low
    if bits % 8:
        raise InputError(f"X-Oss-Hash-Ctx: {bits} bits are no whole number of bytes")
    return state_class(SHA1)((h0, h1, h2, h3, h4), _check_offset(bits // 8))


def _oss_fields(value: Any) -> dict[str, Any]:
    try:
        fields = load_json(base64.b64decode(value, validate=True))
    except (ValueError, TypeError, binascii.Error) as exc:
        raise InputError(f"X-Oss-Hash-Ctx is not JSON in base64: {exc}") from exc
    if not isinstance(fields, dict):
        raise InputError("X-Oss-Hash-Ctx is not a JSON object in base64")
    return fields


def _oss_number(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    number = parse_digits(value) if isinstance(value, str) else None
    if number is None:
        raise InputError(f"X-Oss-Hash-Ctx: {name} is not a decimal string: {shown(value)}")
    return number


def _check_offset(offset: Any) -> int:
    if type(offset) is not int or not 0 <= offset <= min(MAX_LENGTH, MAX_INTEGER):
        raise InputError(f"the offset of a part is not a number of bytes: {shown(offset)}")
    if offset % BLOCK_SIZE:
        raise InputError(f"the offset of a part is a multiple of {BLOCK_SIZE}, not {offset}")
    return offset


COS = Format("cos", "Tencent COS v4", {"sha1": "uploadparts"}, SLICE_SIZE)
WEDRIVE = Format(
    "wedrive", "WeCom WeDrive", {"sha1": "block_sha"}, WEDRIVE_BLOCK_SIZE, fixed_size=True
)
PDS = Format(
    "pds",
    "Alibaba Cloud PDS and Quark's open platform",
    {"sha1": "parallel_sha1_ctx", "sha256": "parallel_sha256_ctx"},
    PDS_PART_SIZE,
    encode=_encode_pds,
    decode=_decode_pds,
    layout=Layout(
        "part_info_list",
        "part_number",
        "part_size",
        "content_hash",
        "content_hash_name",
        upper_digest=True,
    ),
)
OSS = Format(
    "oss",
    "Quark Drive (OSS)",
    {"sha1": "X-Oss-Hash-Ctx"},
    OSS_PART_SIZE,
    encode=_encode_oss,
    decode=_decode_oss,
    layout=Layout("parts", "part_number", "part_size", "sha1"),
)
CMCC = Format(
    "cmcc",
    "China Mobile's cloud (139)",
    {"sha256": "parallelHashCtx"},
    CMCC_PART_SIZE,
    encode=_encode_cmcc,
    decode=_decode_cmcc,
    layout=Layout(
        "partInfos",
        "partNumber",
        "partSize",
        "contentHash",
        "contentHashAlgorithm",
        upper_algorithm=True,
    ),
)
FORMATS = {each.name: each for each in (COS, WEDRIVE, PDS, OSS, CMCC)}


def check_slice_size(slice_size: int) -> None:
    """Refuse what is not a positive multiple of the hash's block (PROTOCOL.md, section 3).

    Raises:
        InputError: If that is so; it names the size.
    """
    if not isinstance(slice_size, int) or slice_size <= 0 or slice_size % BLOCK_SIZE:
        raise InputError(f"slice_size must be a positive multiple of 64, not {shown(slice_size)}")
