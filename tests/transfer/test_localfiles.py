"""Walks of local trees."""

from __future__ import annotations

import errno
import os

import pytest
from trees import write_tree

from cosfast.transfer.localfiles import files_below, walk

on_posix = pytest.mark.skipif(os.name != "posix", reason="POSIX has it, this system has not")


@pytest.fixture
def folder(tmp_path):
    write_tree(tmp_path / "tree", {"b/2": b"22", "b/1": b"1", "a": b"", "c/": None, "ü": b"333"})
    return tmp_path / "tree"


def test_in_order_and_a_folder_before_what_is_in_it(folder):
    found = list(walk(str(folder)))
    assert [each.name for each in found] == ["a", "b/", "b/1", "b/2", "c/", "ü"]
    assert [each.size for each in found if not each.is_folder] == [0, 1, 2, 3]
    assert all(os.path.samefile(each.path, folder / each.name) for each in found)
    assert not any(each.error for each in found)


def test_a_folder_that_is_not_entered(folder):
    found = walk(str(folder), enter=lambda name: name != "b/")
    assert [each.name for each in found] == ["a", "b/", "c/", "ü"]


@on_posix
def test_links_are_followed_or_not(folder):
    os.symlink("b", folder / "link")
    os.symlink("nowhere", folder / "dangling")
    names = {each.name: each for each in walk(str(folder))}
    assert {"link/", "link/1", "link/2"} <= set(names)
    assert isinstance(names["dangling"].error, FileNotFoundError)
    names = {each.name: each for each in walk(str(folder), follow=False)}
    assert names["link"].is_link
    assert names["dangling"].is_link
    assert "link/1" not in names
    assert not any(each.error for each in names.values())


@on_posix
def test_a_loop_ends(folder):
    os.symlink("..", folder / "b" / "loop")
    errors = [each for each in walk(str(folder)) if each.error]
    assert [(each.name, each.error.errno) for each in errors] == [("b/loop/", errno.ELOOP)]
    assert not any(each.error for each in walk(str(folder), follow=False))


def test_a_folder_that_cannot_be_read(folder, monkeypatch):
    really = os.scandir

    def refuse(path):
        if str(path).endswith("b"):
            raise PermissionError(errno.EACCES, "permission denied", path)
        return really(path)

    monkeypatch.setattr("cosfast.transfer.localfiles.os.scandir", refuse)
    found = list(walk(str(folder)))
    assert [each.name for each in found] == ["a", "b/", "b/", "c/", "ü"]
    assert [type(each.error) for each in found if each.error] == [PermissionError]


def test_what_a_command_names(folder):
    names = [each.name for each in files_below(str(folder), recursive=True)]
    assert names == ["a", "b/1", "b/2", "ü"]
    [named] = files_below(str(folder / "b" / "1"), recursive=False)
    assert (named.name, named.size, named.error) == ("1", 1, None)
    [refused] = files_below(str(folder), recursive=False)
    assert isinstance(refused.error, IsADirectoryError)
    [missing] = files_below(str(folder / "none"), recursive=True)
    assert isinstance(missing.error, FileNotFoundError)
