"""What the parsers make of honest input, and how they word faults."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.schemas.json_places import lines_of
from gateway.schemas.parsers import JsonValue, number_text, parse_json, parse_xml

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "us-ascii"])
def test_xml_is_read_in_the_encodings_of_the_market(encoding: str) -> None:
    name = "utf-8" if encoding == "utf-8-sig" else encoding
    text = "A" if encoding == "us-ascii" else "Ærø"
    root = parse_xml(f'<?xml version="1.0" encoding="{name}"?><a>{text}</a>'.encode(encoding)).root
    assert root is not None
    assert root.text == text


def test_the_text_around_a_comment_is_one_piece() -> None:
    root = parse_xml(b"<a>1<!-- c -->2<?p i?>3<![CDATA[4]]>&#53;</a>").root
    assert root is not None
    assert (root.text, len(root)) == ("12345", 0)


@pytest.mark.parametrize(
    ("document", "line", "words"),
    [
        (b"", 1, "empty"),
        (b"plain text", 1, "line 1, column 1"),
        (b"<a>\n<b>\n</a>", 3, "mismatch"),
        (b"<a>\n&unknown;</a>", 2, "unknown"),
        (b"<a>\n\xff</a>", 2, "line 2"),
    ],
)
def test_a_fault_of_xml_is_placed(document: bytes, line: int, words: str) -> None:
    finding = parse_xml(document).finding
    assert finding is not None
    assert (finding.rule, finding.code, finding.line) == ("malformed", "malformed", line)
    assert words in finding.text


@pytest.mark.parametrize(
    ("document", "line", "words"),
    [
        (b"", 1, "Expecting value, line 1, column 1"),
        (b'{"a": 1,\n}', 2, "line 2, column 1"),
        (b'{"a": 1}\n\n x', 3, "Extra data"),
        (b'{"a":\n01}', 2, "line 2, column 2"),
        (b'{"a": "x\ny"}', 1, "control character"),
        (b'["a",\n"\xff"]', 2, "not UTF-8"),
        (b'["\\ud800"]', 0, "surrogate"),
        (b'{"a": "x\\u0000"}', 0, "XML does not know"),
        (b'{"a": 1,\n "b": 2, "a": 3}', 2, "the key 'a' occurs twice in one object, line 2, column 10"),
        (b"[1,\n NaN]", 2, "NaN is no number, line 2, column 2"),
    ],
)
def test_a_fault_of_json_is_placed(document: bytes, line: int, words: str) -> None:
    outcome = parse_json(document)
    assert outcome.finding is not None
    assert (outcome.finding.rule, outcome.finding.line) == ("malformed", line)
    assert words in outcome.finding.text


def test_json_with_a_byte_order_mark_is_read() -> None:
    assert parse_json(BOM + b'{"a": "\\ud83d\\ude00 \xc3\xa6"}').value == {"a": "😀 æ"}


@pytest.mark.parametrize("text", ["1.2500", "0", "-0.000", "12345678901234.5678", "1.0", "100"])
def test_a_number_keeps_its_digits_as_written(text: str) -> None:
    value = parse_json(text.encode()).value
    assert isinstance(value, int | Decimal)
    assert number_text(value) == text


def test_a_number_with_an_exponent_is_written_out() -> None:
    value = parse_json(b"1.5e-3").value
    assert isinstance(value, Decimal)
    assert number_text(value) == "0.0015"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(value=VALUES, indent=st.sampled_from([None, 0, 3]), ascii_only=st.booleans())
def test_json_is_read_as_it_was_written(value: JsonValue, indent: int | None, ascii_only: bool) -> None:
    try:
        data = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:  # a key with half of a surrogate pair
        return
    outcome = parse_json(data)
    if outcome.finding is None:
        assert outcome.value == value
    else:
        assert "surrogate" in outcome.finding.text
        assert any(re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", text) for text in _texts(value))


def _texts(value: JsonValue) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(text for below in value.values() for text in _texts(below))]
    if isinstance(value, list):
        return [text for below in value for text in _texts(below)]
    return [value] if isinstance(value, str) else []


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for step, each in steps for inner in _paths(each, (*path, step)))]


def _marked(value: Any, lines: dict[tuple[str | int, ...], int], path: tuple[str | int, ...] = ()) -> str:
    """The value as JSON with a line break before each value, noting the line each stands on."""
    lines[path] = len(lines) + 1
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)} : \n{_marked(inner, lines, (*path, key))}" for key, inner in value.items()]
        return "{" + " ,".join(parts) + " }"
    if isinstance(value, list):
        return "[" + ",".join(f" \n{_marked(inner, lines, (*path, index))}" for index, inner in enumerate(value)) + "]"
    return json.dumps(value)


@given(value=VALUES)
def test_the_line_of_every_path_is_found(value: JsonValue) -> None:
    expected: dict[tuple[str | int, ...], int] = {}
    text = _marked(value, expected)
    assert lines_of(text, _paths(value)) == expected


def test_a_path_that_is_not_there_has_the_line_of_what_it_is_missing_from() -> None:
    text = '{"a":\n [1,\n {"b": 2}]}'
    assert lines_of(text, [("a", 1, "c", "d"), ("x",), ("a", 9)]) == {("a", 1, "c", "d"): 3, ("x",): 1, ("a", 9): 2}


@given(data=st.binary(max_size=60) | st.text(alphabet='{}[]":,\\ 0123eE.-ntrue\n', max_size=60).map(str.encode))
def test_no_bytes_at_all_make_a_parser_raise(data: bytes) -> None:
    json_outcome = parse_json(data)
    assert json_outcome.finding is None or json_outcome.value is None
    xml_outcome = parse_xml(data)
    assert (xml_outcome.root is None) == (xml_outcome.finding is not None)
