"""`cosfast stat`."""

from __future__ import annotations

import hashlib

from cli.commandline import cosfast, failed, lines, objects
from emulated import BUCKET


def test_a_field_a_line(client, settings):
    client.upload(b"content", BUCKET, "folder/file", biz_attr="red")
    client.update(BUCKET, "folder/file", headers={"x-cos-meta-colour": "blue"})
    found = lines(cosfast("stat", f"cos://{BUCKET}/folder/file", **settings))
    told = dict(line.split(maxsplit=1) for line in found)
    assert told["address:"] == f"cos://{BUCKET}/folder/file"
    assert (told["type:"], told["size:"], told["biz_attr:"]) == ("file", "7", "red")
    assert told["sha1:"] == hashlib.sha1(b"content").hexdigest()
    assert told["headers:"] == '{"x-cos-meta-colour": "blue"}'


def test_a_folder_with_or_without_its_slash(client, settings):
    client.create_folder(BUCKET, "folder")
    for path in ("folder", "folder/"):
        (told,) = objects(cosfast("stat", "--json", f"cos://{BUCKET}/{path}", **settings))
        assert (told["address"], told["type"]) == (f"cos://{BUCKET}/folder/", "folder")
        assert told["size"] is told["sha1"] is None


def test_what_is_not_there(client, settings):
    client.upload(b"x", BUCKET, "file")
    assert failed(cosfast("stat", f"cos://{BUCKET}/none", **settings), 1, "-197", "none")
    assert failed(cosfast("stat", f"cos://{BUCKET}/file/", **settings), 1, "-197", "file/")
