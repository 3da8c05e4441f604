"""Codes, the errors they become, and what may be tried again (PROTOCOL.md, section 7)."""

from __future__ import annotations

import pytest

from cosfast import errors
from cosfast.cosv4.protocol.codes import RETRYABLE_CODES, Code
from cosfast.cosv4.protocol.errors import answer_error, is_retryable, server_error

NAMED_IN_SECTION_7 = {
    *(-61, -62, -63, -71, -73, -74, -77, -79, -80, -81, -96, -97),
    *(-166, -173, -174, -175, -177, -178, -180, -197, -284, -285, -290),
    *(-4013, -4015, -4016, -4018, -4019, -4024, -4025, -4026, -4027),
    *(-5971, -5973, -5979, -5980, -5983, -5984, -5990, -5991, -5993, -5997, -29094),
}
RETRYABLE = {-71, -66, -152, -196, -300, -4017, -4024, -4025, -5989, -5997}
KINDS = {
    errors.AuthenticationError: {-61, -62, -63, -73, -74, -77, -79, -80, -81, -96, -97},
    errors.NotFoundError: {-166, -197},
    errors.ExistsError: {-177, -178, -4018},
    errors.IntegrityRefusal: {-174, -175, -4016, -5984},
    errors.SessionError: {-290, -4013, -5983, -4026, -4027},
    errors.ThrottledError: {-71},
    errors.UnfinishedUploadRefusal: {-4019},
}


def refusal(code: int, status: int = 200) -> errors.ServerError:
    return server_error(code, "message", "id", status)


def test_every_code_of_the_document_has_a_name():
    assert set(Code) >= NAMED_IN_SECTION_7 | RETRYABLE


def test_the_retryable_codes_are_the_documents():
    assert RETRYABLE_CODES == RETRYABLE


@pytest.mark.parametrize("code", sorted(NAMED_IN_SECTION_7 | RETRYABLE))
def test_each_code_becomes_its_error_on_any_status(code):
    expected = next((kind for kind, codes in KINDS.items() if code in codes), errors.ServerError)
    for status in (200, 400):
        assert type(refusal(code, status)) is expected
    assert isinstance(refusal(code, 404), expected)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, errors.AuthenticationError),
        (403, errors.AuthenticationError),
        (404, errors.NotFoundError),
        (400, errors.ServerError),
        (200, errors.ServerError),
    ],
)
def test_a_code_without_a_name_goes_by_the_status(status, kind):
    assert type(refusal(-987654, status)) is kind


@pytest.mark.parametrize("code", sorted(NAMED_IN_SECTION_7 | RETRYABLE | {-1, -987654}))
def test_only_the_documents_codes_are_tried_again(code):
    assert is_retryable(refusal(code, 400)) == (code in RETRYABLE)
    assert is_retryable(refusal(code, 503))


def test_transport_errors_and_5xx_are_tried_again():
    assert is_retryable(errors.TransportError("reset"))
    assert is_retryable(errors.TransportTimeout("slow"))
    assert is_retryable(answer_error("not JSON", b"<html>", http_status=502))
    assert is_retryable(answer_error("not JSON", b"<html>", http_status=200, lost=True))


@pytest.mark.parametrize(
    "error",
    [
        answer_error("not JSON", b"<html>", http_status=200),
        answer_error("not JSON", b"<html>", http_status=404),
        errors.AnswerError("no status"),
        errors.InputError("bad"),
        errors.SourceChanged("path"),
        KeyboardInterrupt(),
        ValueError("other"),
    ],
    ids=repr,
)
def test_nothing_else_is_tried_again(error):
    assert not is_retryable(error)


def test_an_excerpt_is_short_and_on_one_line():
    error = answer_error("not JSON", b"<html>\n\t<p>\xff" + b"word " * 1000, http_status=502)
    assert error.excerpt.startswith("<html> <p>\ufffd")
    assert len(error.excerpt) <= 100
