"""A hostile value against every regular expression our schemas ship."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from lxml import etree

from gateway.schemas import registry

pytestmark = pytest.mark.sec_09

SCHEMAS = Path(registry.__file__).parent
XS = "{http://www.w3.org/2001/XMLSchema}"

PIECES = ("0", "9", "2024-02-29T23:00", "2024-01-01T00:00:00.", "P1Y1M1DT1H1M1.", "Z", "-", "1Y", "[", "\u0661", " ")


def _hostile() -> Iterator[str]:
    """Long texts made of what the patterns look for, each failing only at its very end."""
    for piece in PIECES:
        for prefix in ("", "P", "PT", "1", "2024-01-01T00:00:00.", "-"):
            yield prefix + piece * (50_000 // len(piece)) + "!"


def _xsd_patterns() -> list[str]:
    return sorted(
        {
            element.get("value", "")
            for file in SCHEMAS.glob("xsd/**/*.xsd")
            for element in etree.parse(file).iter(f"{XS}pattern")
        }
    )


def _json_patterns() -> list[str]:
    def within(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from (inner for key, inner in value.items() if key == "pattern" and isinstance(inner, str))
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from within(inner)

    found = {pattern for file in SCHEMAS.glob("json/**/*.json") for pattern in within(json.loads(file.read_text()))}
    return sorted(found)


def test_there_are_patterns_to_attack() -> None:
    assert len(_xsd_patterns()) == 2
    assert len(_json_patterns()) == 5


@pytest.mark.parametrize("pattern", _xsd_patterns())
def test_a_hostile_value_is_refused_by_an_xsd_pattern(pattern: str) -> None:
    schema = etree.XMLSchema(
        etree.fromstring(
            f'''<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="x"><xs:simpleType>
            <xs:restriction base="xs:string"><xs:pattern value="{pattern}"/></xs:restriction>
            </xs:simpleType></xs:element></xs:schema>'''
        )
    )
    element = etree.Element("x")
    for value in _hostile():
        element.text = value
        assert not schema.validate(element)


@pytest.mark.parametrize("pattern", _json_patterns())
def test_a_json_pattern_needs_no_backtracking(pattern: str) -> None:
    linear = jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions())
    for value in _hostile():
        linear.is_valid(value)
        assert linear.is_valid(value) == bool(re.search(pattern, value))
