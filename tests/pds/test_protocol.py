"""What the client makes of answers, whoever wrote them; and what it never shows."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cosfast
from cosfast import pds
from cosfast.pds.protocol import calls
from cosfast.pds.protocol.values import PartUrl
from cosfast.transfer.redaction import redacted
from cosfast.transfer.request import HttpResponse

NAMES = {"drive_id": "1", "file_id": "2"}
REQUESTS = [
    calls.create_folder("t", drive_id="1", parent_file_id="3", name="n", check_name_mode="ignore"),
    calls.get_upload_url("t", **NAMES, upload_id="4", parts=[]),
    calls.list_uploaded_parts("t", **NAMES, upload_id="4"),
    calls.complete("t", **NAMES, upload_id="4", etags=None),
    calls.get("t", **NAMES),
    calls.list_folder("t", drive_id="1", parent_file_id="3", page_size=5, marker=""),
    calls.delete("t", **NAMES),
    calls.get_download_url("t", **NAMES, expire_sec=5),
]
FIELDS = [
    *("file_id", "upload_id", "exist", "rapid_upload", "part_info_list", "upload_url", "url"),
    *("part_number", "content_type", "uploaded_parts", "next_part_number_marker", "size"),
    *("content_hash", "content_hash_name", "items", "next_marker", "name", "type", "code"),
    *("message", "parallel_upload", "etag", "part_size", "status"),
]


class Url:
    current = PartUrl("http://x/y?Signature=secret", "")

    def renew(self, expired):
        pass


PUT = calls.put_part("t", Url(), b"")


def read(request, status, content, **headers):
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    return request.read_response(HttpResponse(status, headers, content))


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["http://x/y?a=b", "http://[/", "7", "sha1", "A" * 40, "sha256", "A" * 64]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6)
    ),
    max_leaves=12,
)


@given(
    st.sampled_from([*REQUESTS, PUT]),
    st.sampled_from([200, 201, 204, 301, 400, 401, 403, 404, 409, 429, 500, 503]),
    st.dictionaries(st.sampled_from(FIELDS), values, max_size=8) | values,
)
def test_any_answer_is_read_or_a_typed_error(request_, status, answer):
    with suppress(cosfast.RequestError):
        read(request_, status, answer)


@given(st.sampled_from([*REQUESTS, PUT]), st.integers(200, 599), st.binary(max_size=200))
def test_any_bytes(request_, status, content):
    with suppress(cosfast.RequestError):
        read(request_, status, content)


@pytest.mark.parametrize("request_", [REQUESTS[3], REQUESTS[4]], ids=["complete", "get"])
@pytest.mark.parametrize(("name", "digits"), [("sha1", 40), ("SHA256", 64), ("sha256", 64)])
def test_hashes_of_files(request_, name, digits):
    file = read(
        request_,
        200,
        {"file_id": "2", "content_hash_name": name, "content_hash": "AB" * (digits // 2)},
    )
    known = {name.lower(): "ab" * (digits // 2)}
    assert (file.sha1, file.sha256) == (known.get("sha1"), known.get("sha256"))
    for wrong in ("A" * (104 - digits), "A" * (digits - 1), "G" * digits, "\u0660" * digits, 5):
        answer = {"file_id": "2", "content_hash_name": name, "content_hash": wrong}
        with pytest.raises(cosfast.AnswerError):
            read(request_, 200, answer)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "AccessTokenInvalid", pds.TokenError),
        (400, "AccessTokenExpired", pds.TokenError),
        (401, "Other", pds.TokenError),
        (403, "ForbiddenNoPermission.File", pds.ForbiddenError),
        (404, "NotFound.File", pds.NotFoundError),
        (404, "NotFound.UploadId", pds.SessionError),
        (409, "AlreadyExist.File", pds.ExistsError),
        (409, "PreHashMatched", pds.PreHashMatchedError),
        (400, "InvalidParameterNotSupported.ParallelUpload", pds.ParallelUploadError),
        (400, "InvalidParameterNotSupported.Other", pds.PdsError),
        (429, "", pds.ThrottledError),
        (400, "QuotaExhausted.Drive", pds.QuotaError),
        (500, "InternalError", pds.PdsError),
    ],
)
def test_codes_of_the_api(status, code, kind):
    with pytest.raises(pds.PdsError) as refused:
        read(REQUESTS[4], status, {"code": code, "message": "m"}, **{"X-Ca-Request-Id": "r"})
    error = refused.value
    assert type(error) is kind
    assert (error.code, error.message, error.http_status, error.request_id) == (
        code,
        "m",
        status,
        "r",
    )
    assert isinstance(error, cosfast.RequestError)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, b"<Error><Message>Request has expired.</Message></Error>", pds.UrlExpiredError),
        (403, b'{"code":"X","message":"The URL Expired"}', pds.UrlExpiredError),
        (403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>", pds.ForbiddenError),
        (409, b"", pds.PartExistsError),
        (400, b"<Error><Code>PartNotSequential</Code></Error>", pds.PartOrderError),
        (404, b"The specified upload does not exist", pds.SessionError),
        (503, b"<html>", cosfast.AnswerError),
        (200, b"", None),
    ],
)
def test_answers_of_the_storage(status, body, kind):
    if kind is None:
        assert read(PUT, status, body, ETag='"e"') == '"e"'
        return
    with pytest.raises(cosfast.RequestError) as refused:
        read(PUT, status, body)
    assert type(refused.value) is kind


@pytest.mark.parametrize(
    "url", ["ftp://x/y?z", "http://x/y", "http://u:p@x/y?z", "http://x/y?a b", "http://x/\n?z", 5]
)
def test_urls_that_cannot_be_requested(url):
    answer = {"part_info_list": [{"part_number": 1, "upload_url": url}]}
    with pytest.raises(cosfast.AnswerError):
        read(REQUESTS[1], 200, answer)
    with pytest.raises(cosfast.AnswerError):
        read(REQUESTS[7], 200, {"url": url})


@pytest.mark.parametrize(
    "text",
    [
        "http://x/y?Expires=1&OSSAccessKeyId=SECRET&Signature=SECRET%3D",
        "Authorization: Bearer SECRET",
        "bearer SECRET",
        '{"access_token": "SECRET"}',
        "x-share-token=SECRET",
        "security-token: SECRET",
    ],
)
def test_no_token_and_no_signature_is_shown(text):
    assert "SECRET" not in redacted(text)
    with pytest.raises(pds.PdsError) as refused:
        read(REQUESTS[4], 400, {"code": "X", "message": f"bad: {text}"})
    assert "SECRET" not in str(refused.value)


def test_a_message_stays_readable():
    text = "the access token has expired: use a signature of today"
    assert redacted(text) == text


def test_nothing_shows_a_url():
    assert "secret" not in repr(PUT) + repr(Url.current)
    assert "secret" not in repr(calls.get_download_url("t", **NAMES, expire_sec=1))
