"""The register of documents, and how a document is recognised."""

from __future__ import annotations

import pytest

from gateway.messages.codes import Dialect, DocumentKind
from gateway.messages.findings import Finding
from gateway.schemas.detection import detect
from gateway.schemas.registry import ENTRIES, Registry, SchemaEntry, shipped

from .conftest import FullDocument

DATA = "urn:ediel.org:measure:notifyvalidatedmeasuredata"


FORMS = [(entry.kind, entry.dialect) for entry in ENTRIES]

NOT_IN_EBIX = {DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST, DocumentKind.WHOLESALE_SETTLEMENT_REQUEST}
"""Requests that the third version of the ebIX documents does not know."""


def test_every_kind_has_a_schema_in_every_dialect_that_knows_it() -> None:
    every = {(kind, dialect) for kind in DocumentKind for dialect in Dialect}
    assert set(FORMS) == every - {(kind, Dialect.EBIX_XML) for kind in NOT_IN_EBIX}
    assert len({entry.key for entry in ENTRIES}) == len(ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_every_schema_compiles_and_stays_compiled(entry: SchemaEntry) -> None:
    first, second = (entry.xml_schemas, entry.xml_schemas) if entry.is_xml else (entry.json_schemas, entry.json_schemas)
    assert len(first) == 1
    assert first[0] is second[0]


def test_a_document_without_a_row_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Registry(entries=()).entry(DocumentKind.MEASURE_DATA, Dialect.CIM_XML)


@pytest.mark.parametrize(("kind", "dialect"), FORMS)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf \r\n\t"])
def test_a_document_is_recognised(
    full_document: FullDocument, kind: DocumentKind, dialect: Dialect, mark: bytes
) -> None:
    document = full_document(kind, dialect)
    if document.startswith(b"<?xml"):
        mark = mark.rstrip()  # an XML declaration stands at the very beginning
    for data in (mark + document, (mark + document)[:400]):
        entry = detect(data)
        assert isinstance(entry, SchemaEntry)
        assert (entry.kind, entry.dialect) == (kind, dialect)


def test_a_document_in_utf_16_is_recognised(measure_data: bytes) -> None:
    entry = detect(measure_data.decode().replace('encoding="utf-8"', 'encoding="utf-16"').encode("utf-16"))
    assert isinstance(entry, SchemaEntry)
    assert entry.kind is DocumentKind.MEASURE_DATA


@pytest.mark.parametrize(
    ("document", "rule", "words"),
    [
        (f'<A xmlns="{DATA}:bad:1"/>', "unknown-namespace", f"no schema for the namespace '{DATA}:bad:1'"),
        (f'<A xmlns="{DATA}:0:2"/>', "unknown-namespace", ":0:2"),
        (f'<A xmlns="{DATA}:0"/>', "schema-invalid", "names no document and version"),
        ("<A/>", "schema-invalid", "the namespace '' names no"),
        (f'<A xmlns="{DATA}:0:1"/>', "schema-invalid", "the root element is 'A', expected 'NotifyValidatedMeasure"),
        (f'<A xmlns="{DATA}:{"x" * 5000}:1"/>', "unknown-namespace", "xx…xx"),
        ("{}", "schema-invalid", "there is no document"),
        ('{ "Unknown": {} }', "schema-invalid", "'Unknown' is no document the exchange knows"),
        ('{"\\u004eotify": 1}', "schema-invalid", "'Notify'"),
        ("{1: 2}", "malformed", "no first key"),
        ('{"a', "malformed", "no first key"),
        ('{"\\q": 1}', "malformed", "escape"),
        ("", "malformed", "neither XML nor JSON"),
        ("[1]", "malformed", "neither XML nor JSON"),
        ("mRID;position;quantity", "malformed", "neither XML nor JSON"),
        ("<!-- only -->", "malformed", "not well-formed"),
        ("<<", "malformed", "not well-formed"),
    ],
)
def test_what_is_no_document_of_ours_is_said(document: str, rule: str, words: str) -> None:
    finding = detect(document.encode())
    assert isinstance(finding, Finding)
    assert (finding.rule, finding.code) == (rule, rule)
    assert words in finding.text
    assert len(finding.text) < 300


def test_an_escaped_root_key_is_recognised() -> None:
    entry = detect(b'{"Acknowledgement\\u005fMarketDocument": {}}')
    assert isinstance(entry, SchemaEntry)
    assert entry is shipped().entry(DocumentKind.ACKNOWLEDGEMENT, Dialect.CIM_JSON)
