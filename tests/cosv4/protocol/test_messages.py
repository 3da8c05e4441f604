"""Requests before they are sent, and the envelope of answers (PROTOCOL.md, section 1)."""

from __future__ import annotations

import dataclasses
import json
import pickle

import pytest

from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.cosv4.protocol.messages import Answer, Request, read_answer
from cosfast.cosv4.protocol.multipart import JsonBody, MultipartBody
from cosfast.errors import AnswerError, InputError, NotFoundError, ServerError
from cosfast.parsing import whole_number

ADDRESS = ObjectAddress("1250000001", "photos", "2017/a b.jpg")
BASE = "https://gz.file.myqcloud.com"
PATH = "/files/v2/1250000001/photos/2017/a%20b.jpg"
REQUEST = Request("stat", "GET", ADDRESS, "reusable", "query")
SIGNATURE = (
    "bb1V+V1WfoioKVmHNYA6+7BXjzRhPTEyNTAwMDAwMDEmaz1BS0lEZXhhbXBsZSZlPTE1MDUyMDIxMDUmdD0xNTA1"
)


def answered(envelope, status=200, headers=None) -> Answer:
    body = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
    return read_answer(REQUEST, status, headers or {}, body)


def request(encoding, **more) -> Request:
    return Request("op_name", "POST", ADDRESS, "reusable", encoding, (("a", "1 &"),), **more)


def test_a_query_carries_op_and_fields_in_the_url():
    assert request("query").url(BASE) == BASE + PATH + "?op=op_name&a=1%20%26"
    assert request("query").encode() is None


def test_a_form_carries_op_first_in_the_body():
    sent = request("multipart", content=b"bytes")
    assert sent.url(BASE) == BASE + PATH
    body = sent.encode()
    assert isinstance(body, MultipartBody)
    text = b"".join(body)
    assert text.index(b"op_name") < text.index(b"1 &") < text.index(b"bytes")


def test_json_carries_op_and_fields_in_the_body():
    sent = request("json")
    assert sent.url(BASE) == BASE + PATH
    body = sent.encode()
    assert isinstance(body, JsonBody)
    assert json.loads(b"".join(body)) == {"op": "op_name", "a": "1 &"}


def test_a_request_without_fields_has_no_body_and_no_query():
    sent = Request("download", "GET", ADDRESS, "download", "none", location="http://host/p")
    assert sent.url(BASE) == "http://host/p"
    assert sent.encode() is None


def test_a_request_is_encoded_anew_for_each_try():
    sent = request("multipart", content=b"bytes")
    assert sent.encode().content_type != sent.encode().content_type


def test_a_field_can_be_looked_up():
    assert request("json").field("a") == "1 &"
    assert request("json").field("b") is None


def test_a_request_cannot_be_changed_and_pickles():
    with pytest.raises(dataclasses.FrozenInstanceError):
        REQUEST.method = "POST"
    assert pickle.loads(pickle.dumps(request("json"))) == request("json")


def test_a_request_prints_without_its_content():
    assert "secret bytes" not in repr(request("multipart", content=b"secret bytes"))


def test_a_field_that_cannot_be_sent_is_named():
    bad = Request("create", "POST", ADDRESS, "reusable", "json", (("biz_attr", "\udcff"),))
    with pytest.raises(InputError, match="biz_attr"):
        bad.encode()


def test_success_gives_the_data():
    answer = answered({"code": 0, "message": "SUCCESS", "request_id": "NTli", "data": {"a": 1}})
    assert answer.data == {"a": 1}
    assert (answer.http_status, answer.request_id, answer.request) == (200, "NTli", REQUEST)


@pytest.mark.parametrize("envelope", [{"code": 0}, {"code": "0", "data": None}])
def test_success_may_have_no_data(envelope):
    assert answered(envelope).data == {}


def test_the_request_id_may_stand_in_the_headers_alone():
    assert answered({"code": 0}, headers={"X-COS-Request-ID": "NTli"}).request_id == "NTli"
    with pytest.raises(ServerError) as failed:
        answered({"code": -1}, headers={"x-cos-request-id": "NTli"})
    assert failed.value.request_id == "NTli"


@pytest.mark.parametrize("status", [200, 400, 403, 404, 500])
def test_a_negative_code_is_a_failure_on_any_status(status):
    envelope = {"code": -197, "message": "no such file", "request_id": "NTli"}
    with pytest.raises(NotFoundError) as failed:
        answered(envelope, status)
    error = failed.value
    assert (error.code, error.message, error.request_id) == (-197, "no such file", "NTli")
    assert (error.http_status, error.operation) == (status, "stat")
    assert error.target == "cos://photos/2017/a b.jpg"


def test_a_failure_may_say_nothing_but_its_code():
    with pytest.raises(ServerError) as failed:
        answered({"code": "-5993"})
    assert (failed.value.code, failed.value.message, failed.value.request_id) == (-5993, "", "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b'{"code":0,"data":{"acc',
        b"\xff\xfe\xff",
        b"[" * 100_000,
        b'{"code":' + b"9" * 5000 + b"}",
    ],
    ids=["empty", "html", "truncated", "not-utf8", "deep", "huge-number"],
)
def test_what_is_not_json_is_an_answer_error(body):
    with pytest.raises(AnswerError) as failed:
        answered(body, 502)
    assert (failed.value.http_status, failed.value.operation) == (502, "stat")
    assert failed.value.target == "cos://photos/2017/a b.jpg"
    assert "stat cos://photos/2017/a b.jpg: the response" in str(failed.value)
    assert len(failed.value.excerpt) <= 100


@pytest.mark.parametrize(
    "envelope",
    [{}, [], 0, "text", {"message": "SUCCESS"}, {"code": None}, {"code": True}, {"code": 0.5}],
)
def test_json_without_a_code_is_an_answer_error(envelope):
    with pytest.raises(AnswerError, match="code"):
        answered(envelope)


@pytest.mark.parametrize("code", ["zero", "-", "--1", "1e3", "٣", "9" * 5000])
def test_a_code_that_is_no_number_is_an_answer_error(code):
    with pytest.raises(AnswerError, match="code"):
        answered({"code": code})


@pytest.mark.parametrize("status", [302, 404, 503])
def test_success_on_a_failing_status_is_an_answer_error(status):
    with pytest.raises(AnswerError, match=f"HTTP {status}"):
        answered({"code": 0, "data": {}}, status)


@pytest.mark.parametrize("data", [[], "text", 7, False])
def test_data_that_is_no_object_is_an_answer_error(data):
    with pytest.raises(AnswerError, match="data"):
        answered({"code": 0, "data": data})


def test_a_signature_repeated_by_the_server_never_gets_into_an_error():
    for envelope in (
        {"code": -97, "message": f"bad sign {SIGNATURE}", "request_id": SIGNATURE},
        {"message": SIGNATURE},
        f"<pre>GET /?sign={SIGNATURE} Authorization: {SIGNATURE[:30]}</pre>".encode(),
        {"code": 0, "data": [SIGNATURE]},
    ):
        with pytest.raises((ServerError, AnswerError)) as failed:
            answered(envelope)
        shown = f"{failed.value} {failed.value!r} {vars(failed.value)}"
        assert not any(SIGNATURE[at : at + 12] in shown for at in range(len(SIGNATURE) - 12))


def test_retry_after_reaches_every_error():
    headers = {"retry-after": "7"}
    with pytest.raises(ServerError) as refused:
        answered({"code": -71}, 503, headers)
    with pytest.raises(AnswerError) as broken:
        answered(b"<html>", 503, headers)
    assert refused.value.retry_after == broken.value.retry_after == 7.0


def test_texts_are_read():
    answer = answered({"code": 0, "data": {"a": "x", "empty": "", "number": 5, "none": None}})
    assert answer.text("a") == answer.text("a", "other") == "x"
    assert answer.text("empty", "other") == ""
    assert answer.text("none", "other") == answer.text("missing", "other") == "other"
    for name in ("empty", "number", "none", "missing"):
        with pytest.raises(AnswerError, match=name):
            answer.text(name)
    with pytest.raises(AnswerError, match="number"):
        answer.text("number", "other")


def test_numbers_are_read_as_numbers_or_text():
    data = {"a": 5, "b": "5", "minus": -1, "half": 5.0, "true": True, "word": "five", "none": None}
    answer = answered({"code": 0, "data": data})
    assert answer.integer("a") == answer.integer("b") == answer.integer("b", 7) == 5
    assert answer.integer("missing", 7) == answer.integer("none", 7) == 7
    for name in ("minus", "half", "true", "word", "none", "missing"):
        with pytest.raises(AnswerError, match=name):
            answer.integer(name)
    with pytest.raises(AnswerError, match="word"):
        answer.integer("word", 7)


@pytest.mark.parametrize(
    ("value", "number"),
    [(0, 0), ("-4019", -4019), ("007", 7), ("", None), ("-", None), ("+1", None), (" 1", None)],
)
def test_whole_numbers(value, number):
    assert whole_number(value) == number
