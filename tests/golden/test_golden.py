"""Golden messages: what we write does not change by accident, and each dialect says what the others say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import etree

from gateway.codecs.table import Decoded, decode, encode, is_sayable
from gateway.messages.codes import Dialect, DocumentKind, Quality
from gateway.messages.documents import Document, MeasureData
from gateway.messages.quantities import NO_QUANTITY
from tests.unit.codecs.documents import GOLDEN, differences

HERE = Path(__file__).parent
ENDINGS = {Dialect.CIM_XML: "cim.xml", Dialect.CIM_JSON: "cim.json", Dialect.EBIX_XML: "ebix.xml"}
NAMES = [(kind, name) for kind, documents in GOLDEN.items() for name in documents]
FORMS = [(*named, dialect) for named in NAMES for dialect in Dialect if is_sayable(DocumentKind(named[0]), dialect)]


def golden(kind: str, name: str, dialect: Dialect) -> Path:
    return HERE / kind / f"{name}.{ENDINGS[dialect]}"


def canonical(data: bytes, dialect: Dialect) -> object:
    """What two spellings of one message have in common."""
    if dialect is Dialect.CIM_JSON:
        return json.loads(data, parse_float=str)
    root = etree.fromstring(data, etree.XMLParser(remove_blank_text=True))
    return etree.tostring(root, method="c14n")


def readable(data: bytes, dialect: Dialect) -> bytes:
    """The message with line breaks, for those who read the difference."""
    if dialect is Dialect.CIM_JSON:
        return data.replace(b"}, {", b"},\n{") + b"\n"
    root = etree.fromstring(data)
    etree.indent(root, "  ")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def read(data: bytes, dialect: Dialect) -> Document:
    taken = decode(data, dialect)
    assert isinstance(taken, Decoded), taken
    return taken.document


@pytest.mark.parametrize(("kind", "name", "dialect"), FORMS)
def test_we_write_the_golden_message(kind: str, name: str, dialect: Dialect, update_golden: bool) -> None:
    written = encode(GOLDEN[kind][name], dialect)
    path = golden(kind, name, dialect)
    if update_golden:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(readable(written, dialect))
    assert canonical(written, dialect) == canonical(path.read_bytes(), dialect)


@pytest.mark.parametrize(("kind", "name", "dialect"), FORMS)
def test_the_golden_message_is_read_and_written_to_the_letter(kind: str, name: str, dialect: Dialect) -> None:
    # GW-1: typed documents out of XML and JSON that our schemas accept
    data = golden(kind, name, dialect).read_bytes()
    document = read(data, dialect)
    assert document.kind == DocumentKind(kind)
    assert canonical(encode(document, dialect), dialect) == canonical(data, dialect)


@pytest.mark.parametrize("dialect", [Dialect.CIM_XML, Dialect.CIM_JSON])
@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_cim_says_the_whole_document(kind: str, name: str, dialect: Dialect) -> None:
    # DK-4.1.3.c, DK-6.2.1.a: status and decimals of every value survive
    document = GOLDEN[kind][name]
    assert differences(read(golden(kind, name, dialect).read_bytes(), dialect), document) == []


@pytest.mark.parametrize("other", [Dialect.CIM_XML, Dialect.CIM_JSON])
@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, name, own in FORMS if own is Dialect.EBIX_XML])
def test_what_ebix_says_goes_through_cim_and_back(kind: str, name: str, other: Dialect) -> None:
    said = read(golden(kind, name, Dialect.EBIX_XML).read_bytes(), Dialect.EBIX_XML)
    through = read(encode(said, other), other)
    back = encode(through, Dialect.EBIX_XML)
    expected = golden(kind, name, Dialect.EBIX_XML).read_bytes()
    assert canonical(back, Dialect.EBIX_XML) == canonical(expected, Dialect.EBIX_XML)


@pytest.mark.parametrize("name", GOLDEN["measure-data"])
def test_ebix_says_the_values(name: str) -> None:
    # DK-4.1.3.c: read, estimated or missing
    document = GOLDEN["measure-data"][name]
    said = read(golden("measure-data", name, Dialect.EBIX_XML).read_bytes(), Dialect.EBIX_XML)
    assert isinstance(document, MeasureData)
    assert isinstance(said, MeasureData)
    assert said.series.position.tolist() == document.series.position.tolist()
    assert said.series.quantity.tolist() == document.series.quantity.tolist()
    assert said.series.quality.tolist() == document.series.quality.tolist()
    assert said.series.start.tolist() == document.series.start.tolist()
    assert said.series.end.tolist() == document.series.end.tolist()


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_missing_value_is_missing_in_every_dialect(dialect: Dialect) -> None:
    # DK-4.1.3.c
    document = read(golden("measure-data", "missing", dialect).read_bytes(), dialect)
    assert isinstance(document, MeasureData)
    missing = document.series.is_missing.nonzero()[0].tolist()
    assert missing == [3, 4, 17]
    assert {int(document.series.quality[k]) for k in missing} == {Quality.MISSING}
    assert {int(document.series.quantity[k]) for k in missing} == {NO_QUANTITY}
