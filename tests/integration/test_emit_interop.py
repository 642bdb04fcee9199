"""What we write is valid by the official schemas, and what the hub publishes we read and write again."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.codecs.table import Decoded, decode, encode, is_sayable
from gateway.messages.codes import Dialect, DocumentKind
from gateway.messages.documents import Document
from gateway.schemas.check_json import check_json
from gateway.schemas.check_xml import check_xml
from gateway.schemas.detection import detect
from gateway.schemas.packs import install_pack
from gateway.schemas.parsers import parse_json, parse_xml
from gateway.schemas.registry import ENTRIES, Registry, SchemaEntry
from tests.unit.codecs.documents import GOLDEN
from tests.unit.codecs.result_strategies import results
from tests.unit.codecs.strategies import documents

FORMS = [
    (kind, name, dialect)
    for kind, golden in GOLDEN.items()
    for name in golden
    for dialect in Dialect
    if is_sayable(DocumentKind(kind), dialect)
]
DIALECTS = {"xml": Dialect.CIM_XML, "json": Dialect.CIM_JSON, "ebix": Dialect.EBIX_XML}


@pytest.fixture(scope="session")
def both(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Our schemas with the official ones beside them."""
    target = tmp_path_factory.mktemp("packs") / "official"
    install_pack(shared / "data" / "dk", target, ENTRIES)
    return Registry(packs=[target])


def faults(data: bytes, registry: Registry) -> list[str]:
    """What either schema says against the bytes."""
    entry = detect(data, registry)
    assert isinstance(entry, SchemaEntry)
    assert len(entry.files) == 2
    if entry.is_xml:
        root = parse_xml(data).root
        assert root is not None
        return [finding.text for finding in check_xml(root, entry)]
    return [finding.text for finding in check_json(parse_json(data).value, entry, data)]


@pytest.mark.parametrize(("kind", "name", "dialect"), FORMS)
def test_golden_documents_are_officially_valid(kind: str, name: str, dialect: Dialect, both: Registry) -> None:
    # GW-1
    assert faults(encode(GOLDEN[kind][name], dialect), both) == []


@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(document=documents() | results(), dialect=st.sampled_from(Dialect))
def test_any_document_is_officially_valid(both: Registry, document: Document, dialect: Dialect) -> None:
    assume(is_sayable(document.kind, dialect))
    assert faults(encode(document, dialect), both) == []


def valid_samples(shared: Path) -> list[Path]:
    """The published samples of our documents that their index calls valid."""
    index = (shared / "data" / "dk" / "INDEX.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (RSM0(?:09|12|14|15|16|17|18|19)-\S+) \|[^|]*\|[^|]*\| yes ", index, re.MULTILINE)
    return [shared / "data" / "dk" / "samples" / name for name in rows]


def meaning(data: bytes, dialect: Dialect) -> object:
    """What counts of a message: names, texts and numbers, without spelling."""
    if dialect is Dialect.CIM_JSON:
        return json.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    root = etree.fromstring(data)
    named = [(etree.QName(element).localname, value(element), scheme(element)) for element in root.iter("*")]
    if named[0][0] == "DK_Acknowledgement":  # its events are numbered by whoever writes them
        return [row for row, before in zip(named[1:], named, strict=False) if before[0] != "PayloadResponseEvent"]
    return named


NUMBERS = frozenset(
    {"quantity", "EnergyQuantity", "energy_Quantity.quantity", "price.amount", "energySum_Quantity.quantity"}
)


def value(element: etree._Element) -> str | Decimal:
    """The text of an element; a row of quantities is written with the decimals of its finest."""
    text = (element.text or "").strip()
    return Decimal(text) if etree.QName(element).localname in NUMBERS else text


def scheme(element: etree._Element) -> str | None:
    """The attribute that carries meaning; the others only name the list of a code."""
    return element.get("codingScheme") or element.get("schemeAgencyIdentifier")


def test_published_samples_are_written_again(shared: Path, both: Registry) -> None:
    # GW-1: every valid sample of RSM-009, 012, 014, 015, 016, 017, 018, 019 means the same after us
    samples = valid_samples(shared)
    assert len(samples) == 44
    for path in samples:
        dialect, data = DIALECTS[path.name.split("-")[1]], path.read_bytes()
        taken = decode(data, dialect)
        assert isinstance(taken, Decoded), (path.name, taken)
        written = encode(taken.document, dialect)
        assert faults(written, both) == [], path.name
        assert meaning(written, dialect) == meaning(data, dialect), path.name
        for other in (form for form in Dialect if is_sayable(taken.document.kind, form)):
            assert faults(encode(taken.document, other), both) == [], (path.name, other)


def test_an_installed_pack_rests_the_fast_path(both: Registry) -> None:
    document = GOLDEN["measure-data"]["quarters"]
    taken = decode(encode(document, Dialect.CIM_XML), Dialect.CIM_XML, registry=both)
    assert isinstance(taken, Decoded)
    assert taken.how == "general"
