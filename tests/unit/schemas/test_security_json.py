"""Hostile JSON: numbers that are none, huge and deep documents, keys that occur twice."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from gateway.messages.codes import Dialect, DocumentKind
from gateway.messages.findings import Finding
from gateway.schemas.json_places import MAX_NUMBER
from gateway.schemas.parsers import MAX_DEPTH, parse_json

from .conftest import FullDocument


def _refused(data: bytes) -> Finding:
    outcome = parse_json(data)
    assert outcome.value is None
    assert outcome.finding is not None
    assert outcome.finding.rule == "malformed"
    return outcome.finding


@pytest.mark.sec_11
@pytest.mark.parametrize(
    "literal",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "nan",
        "inf",
        "1e400",
        "-1e400",
        "1e-400",
        "1E+999999",
        "0e999999999",
        "1e99999999999999999999999",
    ],
)
@pytest.mark.parametrize("around", ["{}", "[{}]", '{{"a": [1, {{"b": {}}}]}}'])
def test_a_number_that_is_none_is_refused_wherever_it_stands(literal: str, around: str) -> None:
    finding = _refused(around.format(literal).encode())
    assert finding.line == 1


@pytest.mark.sec_11
def test_the_quantity_of_a_document_cannot_be_infinite(full_document: FullDocument) -> None:
    document = full_document(DocumentKind.MEASURE_DATA, Dialect.CIM_JSON)
    for literal in (b"NaN", b"1e400"):
        finding = _refused(document.replace(b"1.250", literal))
        assert literal.decode() in finding.text
        assert finding.line == document[: document.index(b"1.250")].count(b"\n") + 1


@pytest.mark.sec_11
@pytest.mark.parametrize("literal", ["1e300", "1.5E-3", "-0", "0.1", "0e5", "9007199254740993"])
def test_a_number_a_double_can_hold_is_read_exactly(literal: str) -> None:
    assert parse_json(literal.encode()).value == Decimal(literal)


@pytest.mark.sec_12
@pytest.mark.parametrize("number", ["9" * 5_000, "9" * 5_000_000, "0." + "1" * 5_000, "-" + "1" * MAX_NUMBER])
def test_a_number_of_many_digits_is_refused(number: str) -> None:
    assert "characters" in _refused(f'{{"a": {number}}}'.encode()).text


@pytest.mark.sec_12
def test_the_longest_number_is_read_exactly() -> None:
    assert parse_json(b"1" * MAX_NUMBER).value == int("1" * MAX_NUMBER)


@pytest.mark.sec_12
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_deep_nesting_is_refused_before_it_is_read(opening: str, closing: str) -> None:
    for depth in (MAX_DEPTH + 1, 100_000):
        assert "deeper" in _refused((opening * depth + "1" + closing * depth).encode()).text
    assert "deeper" in _refused((opening * 100_000).encode()).text


@pytest.mark.sec_12
def test_nesting_up_to_the_limit_is_read() -> None:
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH).finding is None


@pytest.mark.sec_12
def test_brackets_within_text_are_no_nesting() -> None:
    texts = ["[" * 1000, '"' + "{" * 1000, "\\" + "[" * 1000, '\\"' + "[" * 1000]
    assert parse_json(json.dumps(texts).encode()).value == texts


@pytest.mark.sec_12
def test_a_text_that_never_ends_is_refused() -> None:
    for tail in (b"[" * 100_000, b'\\"' * 100_000, b"\\" * 100_001):
        _refused(b'{"a": "' + tail)


@pytest.mark.sec_13
@pytest.mark.parametrize(
    "document",
    [
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b'{"x": [{"a": 1}, {"b": {"a": 1, "c": 2, "a": null}}]}',
        b'{"": 1, "": 2}',
    ],
)
def test_a_key_that_occurs_twice_is_refused(document: bytes) -> None:
    assert "twice" in _refused(document).text


@pytest.mark.sec_13
def test_the_second_of_two_quantities_is_pointed_at(full_document: FullDocument) -> None:
    document = full_document(DocumentKind.MEASURE_DATA, Dialect.CIM_JSON)
    doubled = document.replace(b'"quantity": 1.250,', b'"quantity": 1.250,\n"quantity": 99999,')
    finding = _refused(doubled)
    assert "'quantity' occurs twice" in finding.text
    assert finding.line == doubled[: doubled.index(b"99999")].count(b"\n") + 1


@pytest.mark.sec_13
def test_the_same_key_in_two_objects_is_no_repetition() -> None:
    assert parse_json(b'[{"a": {"a": 1}}, {"a": 2}]').value == [{"a": {"a": 1}}, {"a": 2}]
