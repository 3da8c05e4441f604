"""Headers: names are case-insensitive; parsing of `Retry-After`."""

from __future__ import annotations

import pytest

from cosfast.transfer.headers import header, retry_after

DATE = "Tue, 12 Sep 2017 07:36:45 GMT"
LATER = "Tue, 12 Sep 2017 07:37:15 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"Retry-After": LATER, "Date": DATE}, 30.0),
        ({"Retry-After": DATE, "Date": LATER}, 0.0),
        ({"Retry-After": LATER}, None),
        ({"Retry-After": "soon", "Date": DATE}, None),
        ({"Retry-After": "-5", "Date": DATE}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": ""}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert retry_after(headers) == seconds


def test_header_names_are_case_insensitive():
    assert header({"CONTENT-range": "x"}, "Content-Range") == "x"
    assert header({}, "Content-Range") == ""
