"""Numbers, JSON and text from outside: what is taken, and that nothing else is raised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cosfast
from cosfast.cosv4.protocol.addresses import ObjectAddress, api_base, check_appid
from cosfast.parsing import load_json, parse_digits, whole_number
from cosfast.transfer.headers import retry_after
from cosfast.transfer.urls import is_bare_url

HUGE = 10**5000  # more digits than `str` spells
NOT_DIGITS = ["", " 5", "5 ", "+5", "1_0", "٣", "²", "0x5", "5.0", "5\n", "9" * 5000]


@pytest.mark.parametrize("text", [*NOT_DIGITS, "-5", "9223372036854775808"])
def test_digits_are_ascii_and_fit_in_64_bits(text):
    assert parse_digits(text) is None
    assert text == "-5" or whole_number(text) is None


def test_the_largest_number():
    assert parse_digits("9223372036854775807") == whole_number(2**63 - 1) == 2**63 - 1
    assert whole_number(2**63) is whole_number(-(2**63)) is whole_number(True) is None


@pytest.mark.parametrize(
    "text", ["NaN", "[-Infinity]", "[" * 100_000, "", "[1,", b"\xff", b'"\xff"']
)
def test_what_is_not_json(text):
    with pytest.raises(ValueError, match=r".") as refused:
        load_json(text)
    assert len(str(refused.value)) < 200


def test_a_number_that_does_not_fit_is_a_float():
    assert load_json('{"a": %s, "b": 7}' % ("9" * 5000)) == {"a": float("inf"), "b": 7}


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8080", "https://a-1.b_c.example./x//y@z;%20 ü", "http://[::1%25eth0]:1/"],
)
def test_urls_that_can_be_requested(url):
    assert is_bare_url(url)


@given(st.text("[]:%@/?#.0aü\\٣ ", max_size=20).map("http://".__add__))
def test_an_endpoint_is_taken_or_an_input_error(url):
    try:
        api_base(endpoint=url)
    except cosfast.InputError:
        assert not is_bare_url(url)


@given(st.text(max_size=60), st.text("0123456789 ,:-+GMTJan", max_size=40))
def test_retry_after_is_a_number_or_nothing(value, date):
    for given_value in (value, date):
        seconds = retry_after({"Retry-After": given_value, "Date": date})
        assert seconds is None or 0 <= seconds < float("inf")


@pytest.mark.parametrize(
    "appid", [HUGE, -1, "9" * 5000, "٣", "1_0", " 1", "1\n"], ids=lambda it: type(it).__name__
)
def test_an_appid_is_20_digits_at_most(appid):
    with pytest.raises(cosfast.InputError, match="appid"):
        check_appid(appid)


@pytest.mark.parametrize("number", [HUGE, -HUGE], ids=["huge", "minus huge"])
@pytest.mark.parametrize(
    "use",
    [
        lambda client, number: client.read("b", "f", start=number),
        lambda client, number: client.read("b", "f", length=number),
        lambda client, number: client.list("b", page_size=number),
        lambda client, number: client.upload(b"", "b", "f", concurrency=number),
        lambda client, number: client.upload(b"", "b", "f", slice_size=number),
        lambda client, number: client.upload(b"", "b", "f", deadline=number),
        lambda client, number: client.upload(b"", "b", "f", max_rate=number),
        lambda client, number: client.download_url("b", "f", expires_in=number),
        lambda client, number: client.slice_init("b", "f", filesize=number),
        lambda client, number: client.slice_data("b", "f", session="s", offset=number, content=b""),
        lambda client, number: cosfast.RetryPolicy(budget=number),
        lambda client, number: cosfast.RetryPolicy(tries=-abs(number)),
        lambda client, number: cosfast.uploadparts(b"", slice_size=number + 1),
        lambda client, number: cosfast.verify(
            b"", cosfast.uploadparts(b"1"), max_workers=-abs(number)
        ),
        lambda client, number: cosfast.sync_up(client, ".", "b", max_workers=-abs(number)),
    ],
)
def test_numbers_that_nothing_can_hold_are_input_errors(use, number):
    credentials = cosfast.Credentials("1", "id", "key")
    with cosfast.Client(credentials, endpoint="http://127.0.0.1:1", journal=None) as client:
        with pytest.raises(cosfast.InputError) as refused:
            use(client, number)
    assert len(str(refused.value)) < 300


ENTRY = '[{"offset":%s,"datalen":%s,"datasha":"' + "0" * 40 + '"}]'


@pytest.mark.parametrize(
    "text",
    [
        ENTRY % (0, "9" * 5000),
        ENTRY % ("9" * 5000, 64),
        ENTRY % (0, 2**63),
        ENTRY % (0, "NaN"),
        "[" * 100_000,
        b"\xff\xfe\xff",
        '["\\ud800"]',
        None,
    ],
)
def test_a_hostile_parts_list_is_an_input_error(text):
    with pytest.raises(cosfast.InputError) as refused:
        cosfast.UploadParts.from_json(text)
    str(refused.value).encode()
    assert len(str(refused.value)) < 300


def test_an_address_takes_no_digits_of_other_alphabets():
    with pytest.raises(cosfast.InputError):
        ObjectAddress("١٢٣", "b", "f")
