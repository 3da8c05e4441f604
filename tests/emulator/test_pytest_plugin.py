"""The fixtures of the pytest plugin."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

from cosfast.emulator import pytest_plugin

SERVICES = ("cos", "wedrive", "pds")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that runs the test files of another project and returns the output."""
    for name in ("COSFAST_ENDPOINT", "COSFAST_WEDRIVE_ENDPOINT", "COSFAST_PDS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)

    def run_files(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(dedent(text))
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, check=False
        ).stdout

    return run_files


def test_the_fixtures_in_a_project_of_its_own(run):
    printed = run(
        test_theirs="""
        from cosfast.emulator import faults

        def test_a_server_with_one_argument(cos_emulator):
            assert cos_emulator.endpoint.startswith("http://127.0.0.1:")

        def test_a_client(cos_client):
            assert cos_client.upload(b"data", "bucket", "file").filesize == 4

        def test_a_fault_that_never_fires(cos_emulator):
            cos_emulator.faults.add("stat", faults.NotJson())
        """
    )
    assert "3 passed, 1 error" in printed
    assert "1 faults never fired" in printed


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_fixtures(service):
    for suffix in ("emulator", "emulator_session", "client", "env"):
        assert hasattr(pytest_plugin, f"{service}_{suffix}")


@pytest.mark.parametrize("service", SERVICES)
def test_a_servers_life_is_the_tests_or_the_sessions(run, service):
    printed = run(
        test_theirs=f"""
        import pytest

        own, shared = [], []

        @pytest.mark.parametrize("turn", [1, 2])
        def test_own({service}_emulator, turn):
            own.append({service}_emulator)

        @pytest.mark.parametrize("turn", [1, 2])
        def test_shared({service}_emulator_session, turn):
            shared.append({service}_emulator_session)

        def test_how_many():
            assert own[0] is not own[1]
            assert shared[0] is shared[1]
            assert shared[0].endpoint
        """
    )
    assert "5 passed" in printed


def test_the_sessions_server_can_serve_every_fixture_and_is_emptied_by_reset(run):
    printed = run(
        conftest="""
        import pytest

        @pytest.fixture
        def cos_emulator(cos_emulator_session):
            cos_emulator_session.reset()
            yield cos_emulator_session
            cos_emulator_session.faults.check_all_fired()
        """,
        test_theirs="""
        import pytest

        @pytest.mark.parametrize("turn", [1, 2])
        def test_it_is_empty(cos_client, cos_env, cos_emulator_session, turn):
            assert cos_client.endpoint == cos_emulator_session.endpoint
            assert cos_env["COSFAST_ENDPOINT"] == cos_emulator_session.endpoint
            assert not cos_client.exists("bucket", "file")
            cos_client.upload(b"data", "bucket", "file")
        """,
    )
    assert "2 passed" in printed


def test_settings_of_a_project_of_a_module_and_of_one_test(run):
    module = """
        import pytest

        {override}

        def test_{name}(cos_emulator, wedrive_emulator, pds_emulator, cos_emulator_session):
            for emulator in (cos_emulator, wedrive_emulator, pds_emulator, cos_emulator_session):
                assert emulator.settings.appid == {appid!r}
            assert pds_emulator.settings.limits.pds_part_size == 64
        """
    printed = run(
        conftest="""
        import pytest

        @pytest.fixture(scope="session")
        def cosfast_emulator_settings():
            return {"appid": "1", "token": "a-token"}
        """,
        test_project=module.format(name="project", override="", appid="1"),
        test_single="""
        import pytest
        from cosfast.emulator import Limits

        @pytest.mark.parametrize("cosfast_emulator_settings", [{"slice_size": 524288}])
        def test_single(cos_emulator, cos_client):
            assert cos_emulator.settings.slice_size == 524288
            assert cos_client.slice_init("bucket", "file", filesize=2**21).slice_size == 524288

        @pytest.mark.parametrize(
            "cosfast_emulator_settings", [{"limits": Limits(pds_part_size=128)}]
        )
        def test_limits_are_replaced(pds_emulator):
            assert pds_emulator.settings.limits.pds_part_size == 128

        @pytest.mark.parametrize("cosfast_emulator_settings", [{"appid": "x"}])
        def test_a_wrong_one_is_named(cos_emulator):
            pass
        """,
    )
    assert "3 passed, 1 error" in printed
    assert "appid is not a number of at most 20 digits: 'x'" in printed


def test_settings_of_a_module(run):
    printed = run(
        test_module="""
        import pytest

        @pytest.fixture(scope="module")
        def cosfast_emulator_settings():
            return {"corpid": "my-corp"}

        def test_it(wedrive_emulator, wedrive_client):
            assert wedrive_emulator.settings.corpid == "my-corp"
            assert wedrive_client.upload(b"data", spaceid="s.1", name="file").calls == 2
        """
    )
    assert "1 passed" in printed


ENVIRONMENT = {
    "cos": (
        "cosfast.Client(cosfast.Credentials.from_env(), endpoint=env['COSFAST_ENDPOINT'])",
        "upload(b'data', 'bucket', 'file')",
        ["put", "FILE", "cos://bucket/file2"],
    ),
    "wedrive": (
        "wedrive.Client(wedrive.CorpToken.from_env(), endpoint=env['COSFAST_WEDRIVE_ENDPOINT'])",
        "upload(b'data', spaceid='s.1', name='file')",
        ["wedrive", "put", "FILE", "--space", "s.1"],
    ),
    "pds": (
        """pds.Client(
                token=env['COSFAST_PDS_TOKEN'],
                drive_id=env['COSFAST_PDS_DRIVE'],
                endpoint=env['COSFAST_PDS_ENDPOINT'],
            )""",
        "upload(b'data', name='file')",
        ["pds", "put", "FILE"],
    ),
}


@pytest.mark.parametrize("service", SERVICES)
def test_the_environment_is_that_of_the_server_for_python_and_for_programs(
    run, service, monkeypatch
):
    for left_over in ("COSFAST_REGION", "COSFAST_PDS_DOMAIN"):
        monkeypatch.setenv(left_over, "never.")
    client, upload, command = ENVIRONMENT[service]
    printed = run(
        test_theirs=f"""
        import os
        import subprocess
        import sys
        from pathlib import Path

        import cosfast
        from cosfast import pds, wedrive

        def test_it({service}_env, {service}_emulator, tmp_path):
            env = {service}_env
            assert env.items() <= os.environ.items()
            with {client} as client:
                client.{upload}
            source = tmp_path / "source"
            source.write_bytes(b"other")
            command = [str(source) if word == "FILE" else word for word in {command!r}]
            subprocess.run([sys.executable, "-m", "cosfast", *command], check=True)
            assert Path(env["COSFAST_JOURNAL"]).parent == tmp_path

        def test_it_is_over_with_the_test():
            names = [name for name in os.environ if name.startswith("COSFAST_")]
            assert not any("127.0.0.1" in os.environ[name] for name in names)
            assert os.environ["COSFAST_REGION"] == "never."
        """
    )
    assert "2 passed" in printed
