"""The calls of uploads: `file_upload`; `file_upload_init`, `_part`, `_finish` of both services."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cosfast.errors import InputError
from cosfast.transfer.bodies import base64_length
from cosfast.wedrive.protocol.messages import Answer, Request
from cosfast.wedrive.protocol.targets import Document, check_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosfast.wedrive.protocol.targets import Folder, Target, Ticket

INIT = "file_upload_init"
PART = "file_upload_part"
FINISH = "file_upload_finish"

MAX_ENCODED = 10 * 1024 * 1024
"""Maximum number of base64 characters in `file_upload`: 7.5 MiB of content."""


@dataclass(frozen=True)
class Uploaded:
    """A file on the server.

    Attributes:
        location: The `fileid` in WeDrive, or the `file_url` in WeDoc.
    """

    location: str


@dataclass(frozen=True)
class UploadKey:
    """An open upload.

    Attributes:
        value: The service's `upload_key`, a secret.
    """

    value: str = field(repr=False)


def service_of(target: Target) -> str:
    """Return the service of a target: ``wedrive`` or ``wedoc``."""
    return "wedoc" if isinstance(target, Document) else "wedrive"


def upload_init(
    target: Target, name: str, *, size: int, block_sha: Sequence[str], skip_push_card: bool = False
) -> Request[Uploaded | UploadKey]:
    """Build the call that opens an upload, or creates the file if the service has the content.

    Args:
        target: Destination of the file.
        name: Name of the file.
        size: Size of the file in bytes.
        block_sha: The parts list, with one entry for each block of 2 MiB.
        skip_push_card: Whether to suppress the card that members get about the new file.
    """
    check_name(name)
    fields: dict[str, Any] = {
        **target.fields,
        "file_name": name,
        "size": size,
        "block_sha": list(block_sha),
    }
    if skip_push_card:
        fields["skip_push_card"] = True
    return Request(
        f"{service_of(target)}/{INIT}",
        f"{target}/{name}",
        fields,
        secrets=_secrets(target),
        read=_read_init,
    )


def upload_part(
    target: Target, name: str, *, key: str, index: int, content: memoryview
) -> Request[None]:
    """Build the call that sends one block.

    Args:
        target: Destination of the file.
        name: Name of the file.
        key: The `upload_key`.
        index: Number of the block, from 1.
        content: Bytes of the block, encoded while they are sent.
    """
    return Request(
        f"{service_of(target)}/{PART}",
        f"{target}/{name} block {index}",
        {"upload_key": key, "index": index},
        content,
        secrets=(key, *_secrets(target)),
    )


def upload_finish(target: Target, name: str, *, key: str) -> Request[Uploaded]:
    """Build the call that combines the blocks to the file."""
    return Request(
        f"{service_of(target)}/{FINISH}",
        f"{target}/{name}",
        {"upload_key": key},
        secrets=(key, *_secrets(target)),
        read=_read_location,
    )


def upload_whole(target: Folder | Ticket, name: str, content: memoryview) -> Request[Uploaded]:
    """Build the call that uploads a small file.

    Raises:
        InputError: If the content in base64 is longer than `MAX_ENCODED`.
    """
    check_name(name)
    if base64_length(len(content)) > MAX_ENCODED:
        raise InputError(
            f"{name}: {len(content)} bytes are more than file_upload accepts; upload it in blocks"
        )
    return Request(
        "wedrive/file_upload",
        f"{target}/{name}",
        {**target.fields, "file_name": name},
        content,
        secrets=_secrets(target),
        read=_read_location,
    )


def _secrets(target: Target) -> tuple[str, ...]:
    ticket = target.fields.get("selected_ticket")
    return () if ticket is None else (ticket,)


def _read_init(answer: Answer) -> Uploaded | UploadKey:
    if answer.boolean("hit_exist"):
        return _read_location(answer)
    return UploadKey(answer.text("upload_key"))


def _read_location(answer: Answer) -> Uploaded:
    in_wedoc = answer.request.operation.startswith("wedoc/")
    return Uploaded(answer.text("file_url" if in_wedoc else "fileid"))
