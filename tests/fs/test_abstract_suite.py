"""fsspec's own tests of what any filesystem has to do."""

from __future__ import annotations

import pytest

pytest.importorskip("fsspec", reason="the fsspec extra is not installed")

from fsspec.tests import abstract


class Fixtures(abstract.AbstractFixtures):
    @pytest.fixture
    def fs(self, client):
        from cosfast.fs import CosV4FileSystem

        return CosV4FileSystem(client=client)

    @pytest.fixture
    def fs_path(self):
        return "bucket/suite"

    @pytest.fixture
    def fs_join(self):
        return lambda *segments: "/".join(segments)


class TestCopy(abstract.AbstractCopyTests, Fixtures):
    pass


class TestGet(abstract.AbstractGetTests, Fixtures):
    pass


class TestOpen(abstract.AbstractOpenTests, Fixtures):
    pass


class TestPipe(abstract.AbstractPipeTests, Fixtures):
    pass


class TestPut(abstract.AbstractPutTests, Fixtures):
    pass
