"""What is printed, without a process: escapes, amounts, times."""

from __future__ import annotations

import argparse
import json
import unicodedata
from datetime import UTC, datetime

import pytest

from cosfast.cli.output import as_json, escape
from cosfast.cli.units import byte_count, duration, human_size, integer, iso_time


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü 北京 🎬", "plain ü 北京 🎬"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\r\nb\tc\x7f", r"a\x0d\x0ab\x09c\x7f"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        (b"latin-\xe9".decode("utf-8", "surrogateescape"), r"latin-\xe9"),
        ("half \ud83d", r"half \ud83d"),
        ("a\u3000b\xa0c", "a\u3000b\xa0c"),
        ("in\u200bvoice", r"in\u200bvoice"),
        ("\ufeffname", r"\ufeffname"),
        ("\U000e0041", r"\U000e0041"),
        ("private \ue000 \U0010fffd", r"private \ue000 \U0010fffd"),
        ("not assigned \u0378 \uffff", r"not assigned \u0378 \uffff"),
        ("lines\u2028and\u2029", r"lines\u2028and\u2029"),
        ("soft\xadhyphen", r"soft\xadhyphen"),
        ("joined\u200d", r"joined\u200d"),
        ("filler \u3164 \u115f \uffa0", r"filler \u3164 \u115f \uffa0"),
        ("variant \ufe0f \U000e0100", r"variant \ufe0f \U000e0100"),
        ("e\u0301 نص हिन्दी", "e\u0301 نص हिन्दी"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text, shown):
    assert escape(text) == shown


@pytest.mark.parametrize("category", ["Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"])
def test_whole_categories_are_escaped(category):
    codes = (code for code in range(0x110000) if unicodedata.category(chr(code)) == category)
    assert [hex(code) for code in codes if escape(chr(code)) == chr(code)] == []


def test_all_else_but_what_is_invisible_stays():
    escaped = [code for code in range(0x110000) if escape(chr(code)) != chr(code)]
    others = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
    left = [code for code in escaped if unicodedata.category(chr(code)) not in others]
    assert len(left) < 300
    assert {unicodedata.category(chr(code)) for code in left} == {"Lo", "Mn"}


def test_json_is_visible_ascii_and_the_same():
    value = {"name": "".join(map(chr, range(256))) + "\u200b\ufeff\u202e\U000e0041\udce9"}
    text = as_json(value)
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text) == value


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0"),
        (1023, "1023"),
        (1024, "1.0K"),
        (1536, "1.5K"),
        (1024**2 - 1, "1024.0K"),
        (5 * 1024**3, "5.0G"),
        (3000 * 1024**4, "3000.0T"),
    ],
)
def test_sizes(size, shown):
    assert human_size(size) == shown


@pytest.mark.parametrize(
    ("text", "count"), [("0", 0), ("500K", 512000), ("4M", 4 * 1024**2), ("1.5G", 1610612736)]
)
def test_amounts(text, count):
    assert byte_count(text) == count


@pytest.mark.parametrize("wrong", ["", "M", "4MB", "-4M", "4 M", "inf", "1e3", "٣", "4m"])
def test_what_is_no_amount(wrong):
    with pytest.raises(argparse.ArgumentTypeError, match="number of bytes"):
        byte_count(wrong)


def test_spans():
    assert [duration(each) for each in ("0.5", "90", "2m", "1.5h", "90d")] == [
        0.5,
        90,
        120,
        5400,
        7776000,
    ]


def test_times_are_utc():
    assert iso_time(datetime(2024, 5, 17, 8, 30, tzinfo=UTC)) == "2024-05-17T08:30:00Z"


@pytest.mark.parametrize(
    "wrong", ["", "1_000", "+1", " 1", "1 ", "\u0661", "\uff11", "1.0", "1" * 31, "x"]
)
def test_numbers_are_ascii_digits_alone(wrong):
    with pytest.raises(argparse.ArgumentTypeError, match="whole number"):
        integer(wrong)
    assert [integer(each) for each in ("0", "-1", "65536")] == [0, -1, 65536]
