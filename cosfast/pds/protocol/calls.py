"""The calls of the API, and the requests to signed URLs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cosfast.pds.errors import ExistsError
from cosfast.pds.protocol.messages import PUT_PART, ApiRequest, ContentRequest, DeleteRequest
from cosfast.pds.protocol.values import (
    DEFAULT_HASH,
    HASHES,
    MAX_PARTS_LISTED,
    CreatedFile,
    File,
    Page,
    PartUrl,
    UploadedPart,
    UploadedParts,
)
from cosfast.transfer.ranges import byte_range
from cosfast.transfer.urls import is_signed_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cosfast.pds.protocol.messages import Answer, SignedUrl
    from cosfast.transfer.request import Body

CONTEXT_FIELDS: Mapping[str, str] = {
    "sha1": "parallel_sha1_ctx",
    "sha256": "parallel_sha256_ctx",
}
"""Name of the field that contains the chaining state before a part, by hash algorithm."""


def create_file(
    target: str,
    *,
    drive_id: str,
    parent_file_id: str,
    name: str,
    size: int,
    check_name_mode: str,
    content_type: str,
    parallel: bool,
    parts: Iterable[Mapping[str, Any]],
    algorithm: str,
    digest: str = "",
    pre_hash: str = "",
) -> ApiRequest[CreatedFile]:
    """Build the call that opens an upload, or creates the file if the service has the content.

    Args:
        target: Name of the file in error messages.
        drive_id: Id of the drive.
        parent_file_id: Id of the folder.
        name: Name of the file.
        size: Size of the file in bytes.
        check_name_mode: One of `CHECK_NAME_MODES`.
        content_type: Media type of the file; empty for none.
        parallel: Whether the server has to accept parts in any order.
        parts: The parts whose URLs are requested, as `part_entry` returns them.
        algorithm: Hash algorithm of `digest` and of the contexts of the parts.
        digest: Hash of the content in lower-case hex; empty if it is not known.
        pre_hash: SHA-1 of the first 1024 bytes, sent instead of `digest`.
    """
    fields: dict[str, Any] = {
        "drive_id": drive_id,
        "parent_file_id": parent_file_id,
        "name": name,
        "type": "file",
        "size": size,
        "check_name_mode": check_name_mode,
        "part_info_list": list(parts),
    }
    if content_type:
        fields["content_type"] = content_type
    if parallel:
        fields["parallel_upload"] = True
    if digest or algorithm != DEFAULT_HASH:
        fields["content_hash_name"] = algorithm
    if digest:
        fields["content_hash"] = digest.upper()
    if pre_hash:
        fields["pre_hash"] = pre_hash.upper()
    return ApiRequest("create", target, fields, _read_created)


def create_folder(
    target: str, *, drive_id: str, parent_file_id: str, name: str, check_name_mode: str
) -> ApiRequest[CreatedFile]:
    """Build the call that creates a folder."""
    fields = {
        "drive_id": drive_id,
        "parent_file_id": parent_file_id,
        "name": name,
        "type": "folder",
        "check_name_mode": check_name_mode,
    }
    return ApiRequest("create", target, fields, _read_created)


def part_entry(number: int, algorithm: str, context: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the entry of a part in `create` and `get_upload_url`.

    Args:
        number: Number of the part, from 1.
        algorithm: Hash algorithm of the context.
        context: The chaining state before the part; None if parts are sent in order.
    """
    entry: dict[str, Any] = {"part_number": number}
    if context is not None:
        entry[CONTEXT_FIELDS[algorithm]] = dict(context)
    return entry


def get_upload_url(
    target: str, *, drive_id: str, file_id: str, upload_id: str, parts: Iterable[Mapping[str, Any]]
) -> ApiRequest[Mapping[int, PartUrl]]:
    """Build the call that fetches URLs of parts; the parts are listed as in `create_file`."""
    fields = {
        "drive_id": drive_id,
        "file_id": file_id,
        "upload_id": upload_id,
        "part_info_list": list(parts),
    }
    return ApiRequest("get_upload_url", target, fields, lambda answer: answer.part_urls())


def list_uploaded_parts(
    target: str, *, drive_id: str, file_id: str, upload_id: str, marker: int = 0
) -> ApiRequest[UploadedParts]:
    """Build the call that lists the parts that the server has."""
    fields: dict[str, Any] = {
        "drive_id": drive_id,
        "file_id": file_id,
        "upload_id": upload_id,
        "limit": MAX_PARTS_LISTED,
    }
    if marker:
        fields["part_number_marker"] = marker
    return ApiRequest("list_uploaded_parts", target, fields, _read_uploaded_parts)


def complete(
    target: str,
    *,
    drive_id: str,
    file_id: str,
    upload_id: str,
    etags: Mapping[int, str] | None,
) -> ApiRequest[File]:
    """Build the call that combines the parts to the file.

    Args:
        target: Name of the file in error messages.
        drive_id: Id of the drive.
        file_id: Id of the file.
        upload_id: Id of the upload.
        etags: ETags of all parts, by part number from 1; None to send no list, so that the server
            uses its own.
    """
    fields: dict[str, Any] = {"drive_id": drive_id, "file_id": file_id, "upload_id": upload_id}
    if etags is not None:
        fields["part_info_list"] = [
            {"part_number": number, "etag": etags[number]} for number in sorted(etags)
        ]
    return ApiRequest("complete", target, fields, _read_file)


def get(target: str, *, drive_id: str, file_id: str) -> ApiRequest[File]:
    """Build the call that returns the metadata of a file or folder."""
    return ApiRequest("get", target, {"drive_id": drive_id, "file_id": file_id}, _read_file)


def list_folder(
    target: str, *, drive_id: str, parent_file_id: str, page_size: int, marker: str
) -> ApiRequest[Page]:
    """Build the call that fetches a page of a folder."""
    fields: dict[str, Any] = {
        "drive_id": drive_id,
        "parent_file_id": parent_file_id,
        "limit": page_size,
    }
    if marker:
        fields["marker"] = marker
    return ApiRequest("list", target, fields, _read_page)


def delete(target: str, *, drive_id: str, file_id: str) -> DeleteRequest:
    """Build the call that deletes a file, or a folder with everything in it."""
    return DeleteRequest(
        "delete", target, {"drive_id": drive_id, "file_id": file_id}, lambda _: None
    )


def get_download_url(
    target: str, *, drive_id: str, file_id: str, expire_sec: int
) -> ApiRequest[PartUrl]:
    """Build the call that fetches a URL of a file's content, valid for `expire_sec` seconds."""
    fields = {"drive_id": drive_id, "file_id": file_id, "expire_sec": expire_sec}
    return ApiRequest("get_download_url", target, fields, _read_download_url)


def put_part(target: str, signed: SignedUrl, body: Body) -> ContentRequest:
    """Build the request that sends a part."""
    return ContentRequest(PUT_PART, target, "PUT", signed, body)


def download(target: str, signed: SignedUrl, start: int, length: int) -> ContentRequest:
    """Build the request that fetches a range of a file."""
    headers = {"Range": byte_range(start, length)}
    return ContentRequest("download", target, "GET", signed, headers=headers)


def _read_created(answer: Answer) -> CreatedFile:
    if answer.flag("exist"):
        refusal = ExistsError(
            "AlreadyExist.File",
            "the name is taken; use another name, or check_name_mode (--check-name)"
            " auto_rename or ignore",
            answer.http_status,
            operation=answer.request.operation,
            target=answer.request.target,
        )
        refusal.file_id = answer.text("file_id", "")
        raise refusal
    rapid_upload = bool(answer.flag("rapid_upload"))
    return CreatedFile(
        file_id=answer.identifier("file_id"),
        name=answer.text("file_name", str(answer.request.fields["name"])),
        upload_id=answer.text("upload_id", ""),
        rapid_upload=rapid_upload,
        urls=answer.part_urls(),
    )


def _read_uploaded_parts(answer: Answer) -> UploadedParts:
    parts = [
        UploadedPart(part.part_number(), part.integer("part_size") or 0, part.text("etag", ""))
        for part in answer.objects("uploaded_parts")
    ]
    marker = answer.integer("next_part_number_marker") or 0
    return UploadedParts(parts, answer.flag("parallel_upload"), marker)


def _read_file(answer: Answer) -> File:
    name = answer.text("content_hash_name", "").lower() or DEFAULT_HASH
    digest = answer.text("content_hash", "").lower()
    if digest and name in HASHES and not re.fullmatch(f"[0-9a-f]{{{HASHES[name]}}}", digest):
        raise answer.error("its content_hash is not one")
    return File(
        file_id=answer.identifier("file_id"),
        name=answer.text("name", ""),
        type=answer.text("type", "") or "file",
        parent_file_id=answer.text("parent_file_id", ""),
        drive_id=answer.text("drive_id", ""),
        size=answer.integer("size"),
        content_hash=digest,
        content_hash_name=name,
        status=answer.text("status", ""),
        created_at=answer.text("created_at", ""),
        updated_at=answer.text("updated_at", ""),
    )


def _read_page(answer: Answer) -> Page:
    entries = [_read_file(entry) for entry in answer.objects("items")]
    return Page(entries, answer.text("next_marker", ""))


def _read_download_url(answer: Answer) -> PartUrl:
    url = answer.text("url")
    if not is_signed_url(url):
        raise answer.error("its url cannot be requested")
    return PartUrl(url, "")
