"""The error tree, and that an error crosses a process whole."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest

from cosfast import errors

CONTEXT = {"operation": "stat", "target": "cos://b/p", "retry_after": 2.5}
SERVER_ERRORS = [
    errors.ServerError,
    errors.AuthenticationError,
    errors.NotFoundError,
    errors.ExistsError,
    errors.IntegrityRefusal,
    errors.SessionError,
    errors.ThrottledError,
    errors.UnfinishedUploadRefusal,
]
FOUND_HERE = [errors.MismatchError, errors.ContentMismatchError, errors.OtherUploadError]
ABOUT = {"operation": "stat", "target": "cos://b/p"}
TRANSPORT_ERROR = errors.TransportError("connection reset", **CONTEXT)
EXAMPLES = [
    errors.CosError("anything"),
    errors.IntegrityError("it differs"),
    errors.UnfinishedUploadError("another upload is there"),
    *(kind("it has another SHA-1", **ABOUT) for kind in FOUND_HERE),
    errors.InputError("bucket 'a/b'"),
    errors.Cancelled("the upload was cancelled"),
    errors.DeadlineExceeded("the deadline is over"),
    errors.DeletionRefused("12 entries would be deleted", count=12, max_delete=10),
    errors.SourceChanged("films/film.mkv", "its size is another"),
    errors.RequestError("no", http_status=204, **CONTEXT),
    TRANSPORT_ERROR,
    errors.TransportTimeout("no answer in 10 s", **CONTEXT),
    errors.AnswerError("not JSON", excerpt="<html>", http_status=502, **CONTEXT),
    *(kind(-177, "file exists", "NTliNz", 400, **CONTEXT) for kind in SERVER_ERRORS),
]


def _name(error: errors.CosError) -> str:
    return type(error).__name__


def test_every_public_error_has_an_example_here():
    defined = {value for value in vars(errors).values() if isinstance(value, type)}
    assert {kind for kind in defined if issubclass(kind, BaseException)} == set(map(type, EXAMPLES))


@pytest.mark.parametrize("error", EXAMPLES, ids=_name)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_keeps_type_message_and_attributes(error, protocol):
    twin = pickle.loads(pickle.dumps(error, protocol))
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert twin.args == error.args
    assert vars(twin) == vars(error)


@pytest.mark.parametrize("error", EXAMPLES, ids=_name)
def test_copying_keeps_the_attributes(error):
    assert vars(copy.copy(error)) == vars(error)


def test_an_error_pickles_after_it_was_raised_from_another():
    try:
        raise TRANSPORT_ERROR from OSError(104, "reset")
    except errors.TransportError as raised:
        twin = pickle.loads(pickle.dumps(raised))
    assert (twin.operation, str(twin)) == ("stat", str(TRANSPORT_ERROR))


@pytest.mark.parametrize("error", EXAMPLES, ids=_name)
def test_all_are_cos_errors(error):
    assert isinstance(error, errors.CosError)


def test_input_error_is_a_value_error():
    assert issubclass(errors.InputError, ValueError)


@pytest.mark.parametrize("kind", SERVER_ERRORS)
def test_server_errors_are_failed_requests(kind):
    assert issubclass(kind, errors.ServerError)
    assert issubclass(kind, errors.RequestError)


def test_a_server_error_says_what_where_and_why():
    error = errors.ExistsError(-177, "file exists", "NTliNz", 400, **CONTEXT)
    assert str(error) == "stat cos://b/p: -177 file exists (HTTP 400, request id NTliNz)"
    assert (error.code, error.message) == (-177, "file exists")
    assert (error.request_id, error.http_status) == ("NTliNz", 400)
    assert (error.operation, error.target, error.retry_after) == ("stat", "cos://b/p", 2.5)


def test_a_server_error_without_context_still_reads_well():
    assert str(errors.ServerError(-1, "odd", "", 200)) == "-1 odd (HTTP 200)"
    assert str(errors.ServerError(-1, "", "", 200)) == "-1 (HTTP 200)"


def test_an_answer_error_shows_status_and_excerpt():
    error = errors.AnswerError("not JSON", excerpt="<html>", http_status=502, operation="stat")
    assert str(error) == "stat: not JSON (HTTP 502, it begins '<html>')"


def test_source_changed_names_the_path():
    error = errors.SourceChanged("films/film.mkv")
    assert error.path == "films/film.mkv"
    assert str(error).startswith("films/film.mkv: ")


def test_the_module_alone_imports_nothing_heavy():
    # by its file, since the package around it has imports of its own
    code = (
        "import runpy, sys; before = set(sys.modules);"
        f"runpy.run_path({errors.__file__!r});"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"requests", "dataclasses", "inspect", "json", "cffi", "cosfast"}


def test_what_is_found_here_is_caught_as_what_the_server_refuses_but_is_no_answer_of_its():
    for found, kind, refusal in (
        (errors.ContentMismatchError, errors.IntegrityError, errors.IntegrityRefusal),
        (errors.OtherUploadError, errors.UnfinishedUploadError, errors.UnfinishedUploadRefusal),
    ):
        assert issubclass(found, kind)
        assert issubclass(refusal, kind)
        assert issubclass(refusal, errors.ServerError)
        assert not issubclass(found, errors.RequestError)
