"""Keywords that were renamed."""

from __future__ import annotations

import pytest
from emulated import BUCKET
from trees import done, put_tree, read_tree, remote_tree, write_tree

import cosfast
from cosfast.deprecation import renamed_keywords

TREE = {"a": b"1", "b": b"22"}
DEPRECATED = r"{}\(files=...\) is deprecated; use max_workers=..."


def test_files_is_the_old_name_of_max_workers(client, tmp_path):
    write_tree(tmp_path / "up", TREE)
    with pytest.warns(DeprecationWarning, match=DEPRECATED.format("sync_up")) as caught:
        done(cosfast.sync_up(client, tmp_path / "up", BUCKET, files=2))
    assert [warning.filename for warning in caught] == [__file__]
    assert remote_tree(client, "/") == TREE
    with pytest.warns(DeprecationWarning, match=DEPRECATED.format("sync_down")):
        done(cosfast.sync_down(client, BUCKET, "/", tmp_path / "down", files=2))
    assert read_tree(tmp_path / "down") == TREE
    jobs = [cosfast.UploadJob(tmp_path / "up" / name, BUCKET, f"many/{name}") for name in TREE]
    with pytest.warns(DeprecationWarning, match=DEPRECATED.format("upload_many")):
        assert len(dict(client.upload_many(jobs, files=2))) == 2
    assert remote_tree(client, "/many/") == TREE


@pytest.mark.parametrize("wrong", [0, True, "2"])
def test_an_old_keyword_is_checked_as_the_new_one(client, tmp_path, wrong):
    put_tree(client, "/", {})
    for call in (
        lambda: cosfast.sync_up(client, tmp_path, BUCKET, files=wrong),
        lambda: cosfast.sync_down(client, BUCKET, "/", tmp_path, files=wrong),
        lambda: client.upload_many([], files=wrong),
    ):
        with pytest.warns(DeprecationWarning, match="files"):
            with pytest.raises(cosfast.InputError, match="max_workers"):
                call()


def test_both_names_are_a_mistake():
    @renamed_keywords(old="new")
    def function(*, new=0):
        return new

    assert function(new=1) == 1
    assert function() == 0
    with pytest.raises(TypeError, match="'new' and its old name 'old'"):
        function(old=1, new=2)
    with pytest.raises(TypeError, match="other"):
        function(other=1)
