"""Every operation of the API, as each of the clients is asked for it; all of it is undone again.

A call is one of the client's methods by its own name, as `driven` has it. Where a client reads an
answer to make its next request, that is done here too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from interop.subject import (
    AUTHORITY,
    BIZ_ATTR,
    FILE,
    FOLDER,
    HEADERS,
    LARGEST_PAGE,
    NAME,
    OTHER,
    PAGE,
    PREFIX,
    SLICE_SIZE,
)

if TYPE_CHECKING:
    from interop.driven import DrivenClient

KEEP, REPLACE = 1, 0
_INNER = FOLDER.strip("/")


def official_python(sdk: DrivenClient, bucket: str, local: dict[str, str]) -> None:
    """Call the official Python SDK."""
    sdk.create_folder("CreateFolderRequest", bucket, FOLDER, BIZ_ATTR)
    for content, insert_only in (("empty", KEEP), ("small", REPLACE), ("small", REPLACE)):
        request = ("UploadFileRequest", bucket, FILE, local[content], BIZ_ATTR, insert_only)
        sdk.upload_single_file(*request)
    sdk.stat_file("StatFileRequest", bucket, FILE)
    sdk.stat_folder("StatFolderRequest", bucket, FOLDER)
    sdk.update_folder("UpdateFolderRequest", bucket, FOLDER, BIZ_ATTR)
    sdk.update_file("UpdateFileRequest", bucket, FILE, set_biz_attr=[BIZ_ATTR])
    sdk.update_file("UpdateFileRequest", bucket, FILE, set_authority=[AUTHORITY])
    content_type, meta = HEADERS.items()
    headers = {"set_content_type": [content_type[1]], "set_x_cos_meta": list(meta)}
    sdk.update_file("UpdateFileRequest", bucket, FILE, **headers)
    every = {"set_biz_attr": [BIZ_ATTR], "set_authority": [AUTHORITY], **headers}
    sdk.update_file("UpdateFileRequest", bucket, FILE, **every)
    sdk.upload_single_file("UploadFileRequest", bucket, OTHER, local["small"], "", KEEP)
    sdk.download_file("DownloadFileRequest", bucket, OTHER, local["download"])
    page = sdk.list_folder("ListFolderRequest", bucket, FOLDER, PAGE)
    sdk.list_folder("ListFolderRequest", bucket, FOLDER, PAGE, "", page["data"]["context"])
    sdk.list_folder("ListFolderRequest", bucket, FOLDER, PAGE, PREFIX)
    sdk.list_folder("ListFolderRequest", bucket, "/", PAGE)
    sdk.list_folder("ListFolderRequest", bucket, FOLDER, LARGEST_PAGE)
    sdk.stat_file("StatFileRequest", bucket, OTHER)
    sdk.del_file("DelFileRequest", bucket, OTHER)
    sdk.move_file("MoveFileRequest", bucket, FILE, OTHER, False)
    sdk.upload_single_file("UploadFileRequest", bucket, FILE, local["small"], BIZ_ATTR, KEEP)
    sdk.move_file("MoveFileRequest", bucket, FILE, OTHER, True)
    sdk.del_file("DelFileRequest", bucket, OTHER)
    for hashed, insert_only in ((False, KEEP), (True, KEEP), (True, REPLACE)):
        request = (bucket, FILE, local["large"], SLICE_SIZE, BIZ_ATTR, hashed)
        sdk.upload_slice_file("UploadSliceFileRequest", *request, set_insert_only=[insert_only])
        sdk.del_file("DelFileRequest", bucket, FILE)
    sdk.del_folder("DelFolderRequest", bucket, FOLDER)


def official_node(sdk: DrivenClient, bucket: str, local: dict[str, str]) -> None:
    """Call the official Node SDK, which has neither copy nor download."""
    sdk.createFolder(bucket, FOLDER, BIZ_ATTR)
    sdk.upload(local["empty"], bucket, FILE)
    sdk.upload(local["small"], bucket, FILE, BIZ_ATTR, REPLACE)
    sdk.statFile(bucket, FILE)
    sdk.statFolder(bucket, FOLDER)
    sdk.updateFolder(bucket, FOLDER, BIZ_ATTR)
    sdk.updateFile(bucket, FILE, BIZ_ATTR, AUTHORITY, HEADERS)
    sdk.updateFile(bucket, FILE, "", "", HEADERS)
    sdk.upload(local["small"], bucket, OTHER, "", KEEP)
    page = sdk.list(bucket, FOLDER, PAGE, "eListBoth", 0, "")
    sdk.list(bucket, FOLDER, PAGE, "eListBoth", 0, page["data"]["context"])
    sdk.prefixSearch(bucket, FOLDER, PREFIX, PAGE, "eListBoth", 0, "")
    sdk.deleteFile(bucket, OTHER)
    sdk.moveFile(bucket, FILE, OTHER, 0)
    sdk.upload(local["small"], bucket, FILE, BIZ_ATTR, KEEP)
    sdk.moveFile(bucket, FILE, OTHER, 1)
    sdk.deleteFile(bucket, OTHER)
    for insert_only in (KEEP, REPLACE):
        sdk.upload_slice(local["large"], bucket, FILE, BIZ_ATTR, SLICE_SIZE, "", insert_only)
        sdk.deleteFile(bucket, FILE)
    sdk.deleteFolder(bucket, FOLDER)


def official_browser(sdk: DrivenClient, bucket: str, local: dict[str, str]) -> None:
    """Call the official SDK for browsers, where a download is the page's own link."""
    sdk.createFolder(bucket, _INNER, BIZ_ATTR)
    sdk.uploadFile(bucket, FILE, KEEP, file=local["small"])
    sdk.uploadFile(bucket, FILE, REPLACE, file=local["empty"])
    sdk.getFileStat(bucket, FILE)
    sdk.getFolderStat(bucket, _INNER)
    sdk.updateFolder(bucket, _INNER, BIZ_ATTR)
    sdk.updateFile(bucket, FILE, BIZ_ATTR, AUTHORITY, HEADERS)
    sdk.copyFile(bucket, FILE, OTHER, 0)
    sdk.copyFile(bucket, FILE, OTHER, 1)
    page = sdk.getFolderList(bucket, _INNER, PAGE, "")
    sdk.getFolderList(bucket, _INNER, PAGE, page["data"]["context"])
    sdk.deleteFile(bucket, OTHER)
    sdk.moveFile(bucket, FILE, OTHER, 0)
    sdk.uploadFile(bucket, FILE, KEEP, file=local["small"])
    sdk.moveFile(bucket, FILE, OTHER, 1)
    sdk.deleteFile(bucket, OTHER)
    for insert_only in (KEEP, REPLACE):
        options = (insert_only, SLICE_SIZE, BIZ_ATTR)
        sdk.sliceUploadFile(bucket, FILE, *options, file=local["large"])
        sdk.deleteFile(bucket, FILE)
    sdk.deleteFolder(bucket, _INNER)


def cos_lib3(lib: DrivenClient, bucket: str, local: dict[str, str]) -> None:
    """Call cos-lib3, which has neither update nor stat of a file."""
    lib.create_folder(bucket, _INNER)
    lib.upload_file(bucket, local["empty"], NAME, _INNER)
    lib.upload_file(bucket, local["small"], NAME, _INNER)
    lib.query_folder(bucket, _INNER)
    lib.copy_file(bucket, FILE, OTHER)
    page = json.loads(lib.list_folder(bucket, _INNER, num=PAGE))
    lib.list_folder(bucket, _INNER, num=PAGE, context=page["data"]["context"])
    lib.list_folder(bucket, _INNER, PREFIX, num=PAGE)
    lib.delete_file(bucket, OTHER)
    lib.move_file(bucket, FILE, OTHER)
    lib.delete_file(bucket, OTHER)
    lib.upload_slice_file(bucket, local["large"], SLICE_SIZE, NAME, dir_name=_INNER)
    lib.delete_file(bucket, FILE)
    lib.delete_folder(bucket, _INNER)


def qcloud_cos_py3(lib: DrivenClient, bucket: str, local: dict[str, str]) -> None:
    """Call qcloud-cos-py3, whose download asks at the API's address and finds nothing."""
    path, other = FILE.lstrip("/"), OTHER.lstrip("/")
    options: dict[str, Any] = {"dir_name": _INNER, "biz_attr": BIZ_ATTR}
    lib.create_folder(bucket, _INNER, biz_attr=BIZ_ATTR)
    lib.upload_file(bucket, local["empty"], NAME, replace=False, **options)
    lib.upload_file(bucket, local["small"], NAME, **options)
    lib.stat_file(bucket, path)
    lib.stat_folder(bucket, _INNER)
    lib.update_file_status(bucket, path, authority=AUTHORITY, custom_headers=HEADERS)
    lib.copy_file(bucket, path, OTHER)
    page = lib.list_folder(bucket, _INNER, num=PAGE)
    lib.list_folder(bucket, _INNER, num=PAGE, context=page["data"]["context"])
    lib.list_folder(bucket, _INNER, prefix=PREFIX, num=PAGE)
    lib.delete_file(bucket, other)
    lib.move_file(bucket, path, OTHER)
    lib.delete_file(bucket, other)
    for replace in (False, True):
        lib.upload_slice_file(bucket, local["large"], SLICE_SIZE, NAME, replace=replace, **options)
        lib.delete_file(bucket, path)
    lib.delete_folder(bucket, _INNER)
