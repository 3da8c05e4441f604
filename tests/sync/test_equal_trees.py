"""A sync with deletion makes any two trees equal; a second one has nothing to do."""

from __future__ import annotations

import itertools

import pytest
from emulated import BUCKET
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import done, put_tree, read_tree, remote_tree, with_folders, write_tree

import cosfast

NAMES = st.sampled_from(["a", "b", "a.b", ".h", "ü", "名 前", "-n", "A%20"])
CONTENTS = st.sampled_from([None, b"", b"1", b"2", b"22"])


@st.composite
def trees(draw):
    """Few names, so that two trees share many, as files in one and as folders in the other."""
    tree = {}
    for segments, data in draw(
        st.lists(st.tuples(st.lists(NAMES, min_size=1, max_size=3), CONTENTS), max_size=8)
    ):
        name = "/".join(segments)
        others = with_folders({name: data})
        clash = [o for o in others if (o[:-1] if o.endswith("/") else o + "/") in tree]
        if data is None:
            clash += [name] if name in tree else []
            others.pop(name)
            others[name + "/"] = None
        else:
            clash += [name + "/"] if name + "/" in tree else []
        if not clash:
            tree.update(others)
    return tree


DELETE = {"delete": True, "force_delete": True}  # a tree may be empty


@pytest.fixture
def fresh(tmp_path):
    """Return names of a source and a target that no other example uses."""
    numbers = itertools.count()
    return lambda: next(numbers)


@pytest.mark.slow
@settings(max_examples=60)
@given(here=trees(), there=trees())
def test_up(client, tmp_path, fresh, here, there):
    number = fresh()
    folder, base = tmp_path / str(number), f"/{number}/"
    write_tree(folder, here)
    put_tree(client, base, there)
    planned = done(cosfast.sync_up(client, folder, BUCKET, base, **DELETE, dry_run=True))
    assert remote_tree(client, base) == there
    assert done(cosfast.sync_up(client, folder, BUCKET, base, **DELETE)) == planned
    assert remote_tree(client, base) == here == read_tree(folder)
    again = done(cosfast.sync_up(client, folder, BUCKET, base, **DELETE))
    assert again == ({"keep": set(here)} if here else {})


@pytest.mark.slow
@settings(max_examples=60)
@given(here=trees(), there=trees())
def test_down(client, tmp_path, fresh, here, there):
    number = fresh()
    folder, base = tmp_path / str(number), f"/{number}/"
    write_tree(folder, here)
    put_tree(client, base, there)
    planned = done(cosfast.sync_down(client, BUCKET, base, folder, **DELETE, dry_run=True))
    assert read_tree(folder) == here
    assert done(cosfast.sync_down(client, BUCKET, base, folder, **DELETE)) == planned
    assert read_tree(folder) == there == remote_tree(client, base)
    again = done(cosfast.sync_down(client, BUCKET, base, folder, **DELETE))
    assert again == ({"keep": set(there)} if there else {})


@pytest.mark.slow
@settings(max_examples=25)
@given(here=trees(), there=trees())
def test_without_delete_nothing_goes(client, tmp_path, fresh, here, there):
    """Existing files stay or get the source's content; only conflicts fail."""
    number = fresh()
    folder, base = tmp_path / str(number), f"/{number}/"
    write_tree(folder, here)
    put_tree(client, base, there)
    failed = {step.name for step in cosfast.sync_up(client, folder, BUCKET, base) if step.error}
    after = remote_tree(client, base)
    assert set(after) == set(there) | (set(here) - failed)
    for name, data in here.items():
        other = name[:-1] if name.endswith("/") else name + "/"
        if name not in failed:
            assert after[name] == data
        else:
            assert other in there or any(name.startswith(above) for above in failed)
