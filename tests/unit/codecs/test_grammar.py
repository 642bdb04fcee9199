"""The byte grammar: generated from our schemas, strict, and linear whatever it is given."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from lxml import etree

from gateway.codecs.catalogue import ROWS
from gateway.codecs.grammar import Grammar, NoGrammar, grammar_of
from gateway.messages.codes import Dialect, DocumentKind
from gateway.schemas.compiled import SchemaFile
from gateway.schemas.registry import shipped

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
KIND = DocumentKind.MEASURE_DATA


def schema_of(tmp_path: Path, body: str) -> Grammar:
    path = tmp_path / "schema.xsd"
    head = f'<xs:schema {XS} xmlns:d="d" targetNamespace="d" elementFormDefault="qualified">'
    path.write_text(f"{head}{body}</xs:schema>")
    return Grammar(SchemaFile(path, tmp_path))


def one_element(tmp_path: Path, type_body: str) -> re.Pattern[bytes]:
    inner = f'<xs:sequence><xs:element name="e">{type_body}</xs:element></xs:sequence>'
    grammar = schema_of(tmp_path, f'<xs:element name="r"><xs:complexType>{inner}</xs:complexType></xs:element>')
    return grammar.element("r", "e", b"", ()).regex


@pytest.mark.parametrize(
    ("base", "taken", "left"),
    [
        ("xs:decimal", ["0", "1.5", "9999999999.999"], ["", "-1", ".5", "1.", "1.2345", "12345678901", "1e3", " 1"]),
        ("xs:dateTime", ["2024-02-28T00:00:00Z"], ["2025-02-29T00:00:00Z", "2025-01-01T24:00:00Z"]),
        ("xs:duration", ["PT15M", "PT1H", "P1M"], ["P", "PT", "15M", "P1Y2M"]),
        ("xs:string", ["a", "x" * 64], ["", "x" * 65, "a b", "a&amp;b", "é", "a<b", "a>b"]),
    ],
)
def test_texts_of_built_in_types(tmp_path: Path, base: str, taken: list[str], left: list[str]) -> None:
    pattern = one_element(tmp_path, f'<xs:simpleType><xs:restriction base="{base}"/></xs:simpleType>')
    for text in taken:
        assert pattern.fullmatch(f"<e>{text}</e>".encode()), text
    for text in left:
        assert pattern.fullmatch(f"<e>{text}</e>".encode()) is None, text


def test_codes_share_beginnings_and_match_in_full(tmp_path: Path) -> None:
    codes = ["K3", "KWH", "KW", "A01", "A02", "A10", "MWH"]
    values = "".join(f'<xs:enumeration value="{code}"/>' for code in codes)
    body = f'<xs:simpleType><xs:restriction base="xs:NMTOKEN">{values}</xs:restriction></xs:simpleType>'
    pattern = one_element(tmp_path, body)
    for code in codes:
        assert pattern.fullmatch(f"<e>{code}</e>".encode()), code
    for code in ("", "K", "KWHX", "A0", "A03", "a01"):
        assert pattern.fullmatch(f"<e>{code}</e>".encode()) is None, code


@pytest.mark.parametrize(
    "body",
    [
        '<xs:simpleType><xs:restriction base="xs:float"/></xs:simpleType>',
        r'<xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="\d+"/></xs:restriction></xs:simpleType>',
        '<xs:simpleType><xs:restriction base="xs:decimal"><xs:totalDigits value="5"/></xs:restriction></xs:simpleType>',
        '<xs:simpleType><xs:list itemType="xs:string"/></xs:simpleType>',
    ],
)
def test_what_the_generator_does_not_know_has_no_grammar(tmp_path: Path, body: str) -> None:
    with pytest.raises(NoGrammar):
        one_element(tmp_path, body)


@pytest.mark.parametrize("dialect", [Dialect.CIM_XML, Dialect.EBIX_XML])
def test_nothing_that_the_points_keep_stands_in_a_name(dialect: Dialect) -> None:
    # a letter that means something in the stream of tokens must mean it wherever it stands
    row = ROWS[KIND, dialect]
    assert row.marks is not None
    node = row.points
    assert node is not None
    for name in (node.name, node.position, node.quantity, node.quality, node.missing):
        marked = set(name.encode()) & set(row.marks.kept)
        expected = {Dialect.CIM_XML: {ord("P")}, Dialect.EBIX_XML: {ord("b")}}[dialect] if name == node.name else set()
        assert marked == expected, name


@pytest.mark.parametrize("dialect", [Dialect.CIM_XML, Dialect.EBIX_XML])
def test_every_quality_of_the_schema_has_a_meaning(dialect: Dialect) -> None:
    # DK-4.1.3.c
    row, entry = ROWS[KIND, dialect], shipped().entry(KIND, dialect)
    assert row.points is not None
    place = {
        Dialect.CIM_XML: "Series/Period/Point/quality",
        Dialect.EBIX_XML: "PayloadEnergyTimeSeries/IntervalEnergyObservation/QuantityQuality",
    }[dialect]
    assert grammar_of(entry.files[0]).codes(entry.root, place) == set(row.points.qualities)


def test_json_has_the_codes_of_xml() -> None:
    # the grammar of JSON takes its codes from the XSD
    entry = shipped().entry(KIND, Dialect.CIM_JSON)
    lists = json.loads((entry.files[0].path.parent / "codelists.json").read_text())["definitions"]
    xsd = shipped().entry(KIND, Dialect.CIM_XML).files[0].path.parent / "codelists.xsd"
    xs = "{http://www.w3.org/2001/XMLSchema}"
    for declared in etree.parse(xsd).getroot().findall(f"{xs}simpleType"):
        codes = {value.get("value") for value in declared.iter(f"{xs}enumeration")}
        assert set(lists[declared.get("name", "")]["enum"]) >= codes


@pytest.mark.sec_09
@pytest.mark.parametrize("dialect", [Dialect.CIM_XML, Dialect.EBIX_XML])
def test_the_grammar_repeats_only_possessively(dialect: Dialect) -> None:
    # SEC-09: no repetition that backtracking could multiply
    row, entry = ROWS[KIND, dialect], shipped().entry(KIND, dialect)
    pattern = grammar_of(entry.files[0]).element(entry.root, row.series.name, b"x:", ()).regex.pattern
    outside_classes = re.sub(rb"\[[^\]]*\]", b"", pattern.replace(rb"\.", b""))
    assert not re.search(rb"[*](?!\+)|(?<![*+?}])\+(?!\+)|\?(?![:+=!<])", outside_classes)
