"""Hostile XML: entities, expansion, DOCTYPE, depth, size, schema locations."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from lxml import etree

from gateway.messages.codes import Dialect, DocumentKind
from gateway.messages.findings import Finding
from gateway.schemas import compiled
from gateway.schemas.check_xml import check_xml
from gateway.schemas.compiled import SchemaFault, SchemaFile
from gateway.schemas.detection import detect
from gateway.schemas.parsers import MAX_ATTRIBUTES, parse_xml
from gateway.schemas.registry import SchemaEntry, shipped
from gateway.schemas.stream_xml import stream_xml

from .listener import Listener, Trap

ENTRY = shipped().entry(DocumentKind.MEASURE_DATA, Dialect.CIM_XML)
SERIES = f"{{{ENTRY.namespace}}}Series"


def _refused(data: bytes) -> str:
    """What every reader of XML says against the document: they all refuse it, and none leaks."""
    outcome = parse_xml(data)
    assert outcome.root is None
    assert outcome.finding is not None
    stream = stream_xml(io.BytesIO(data), SERIES, ENTRY)
    assert list(stream) == []
    detected = detect(data)
    assert isinstance(detected, Finding)
    return " ".join(finding.text for finding in (outcome.finding, *stream.findings, detected))


def _entity_documents(canary: Path, address: str) -> list[bytes]:
    root = f'<NotifyValidatedMeasureData_MarketDocument xmlns="{ENTRY.namespace}"><mRID>&leak;</mRID>'
    root += "</NotifyValidatedMeasureData_MarketDocument>"
    declarations = [
        f'<!ENTITY leak SYSTEM "{canary.as_uri()}">',
        f'<!ENTITY leak SYSTEM "{address}/general">',
        f'<!ENTITY leak PUBLIC "x" "{address}/public">',
        f'<!ENTITY % other SYSTEM "{address}/parameter"> %other;',
        f'<!ENTITY % other SYSTEM "{canary.as_uri()}"> %other;',
    ]
    documents = [f"<!DOCTYPE x [{declaration}]>{root}" for declaration in declarations]
    for place in (f"{address}/external.dtd", canary.as_uri(), str(canary)):
        documents.append(f'<!DOCTYPE x SYSTEM "{place}">{root}')
        documents.append(f'<!DOCTYPE x PUBLIC "x" "{place}" [<!ELEMENT x ANY>]>{root}')
    return [document.encode() for document in documents]


@pytest.mark.sec_01
def test_external_entities_leak_no_file_and_call_nobody(canary: Path, listener: Listener) -> None:
    for document in _entity_documents(canary, listener.address):
        assert "CANARY" not in _refused(document)


@pytest.mark.sec_01
@pytest.mark.parametrize("encoding", ["UTF-16", "UTF-16LE", "UTF-16BE", "UTF-7", "UTF-32", "cp037"])
def test_external_entities_in_another_encoding_are_seen(canary: Path, listener: Listener, encoding: str) -> None:
    for document in _entity_documents(canary, listener.address):
        text = f'<?xml version="1.0" encoding="{encoding}"?>{document.decode()}'
        assert "CANARY" not in _refused(text.encode(encoding))


@pytest.mark.sec_01
def test_no_file_is_even_opened(trap: Trap, listener: Listener) -> None:
    for document in _entity_documents(trap.path, listener.address):
        _refused(document)


@pytest.mark.sec_01
def test_the_entity_attack_is_a_real_one(canary: Path, listener: Listener) -> None:
    document = _entity_documents(canary, listener.address)[0]
    careless = etree.fromstring(document, etree.XMLParser(resolve_entities=True))
    assert careless[0].text == "CANARY-4711"


@pytest.mark.sec_01
def test_the_trap_notices_being_opened(tmp_path: Path) -> None:
    trap = Trap(tmp_path / "pipe")
    document = _entity_documents(trap.path, "http://127.0.0.1:1")[0]
    etree.fromstring(document, etree.XMLParser(resolve_entities=True))
    assert trap.close() > 0


@pytest.mark.sec_02
def test_entities_that_multiply_are_refused() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    _refused(f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x>&l11;</x>'.encode())


@pytest.mark.sec_02
def test_one_large_entity_used_often_is_refused() -> None:
    _refused(f'<!DOCTYPE x [<!ENTITY big "{"x" * 100_000}">]><x>{"&big;" * 10_000}</x>'.encode())


@pytest.mark.sec_02
def test_entities_that_contain_themselves_are_refused() -> None:
    _refused(b'<!DOCTYPE x [<!ENTITY a "&b;"><!ENTITY b "&a;">]><x>&a;</x>')


@pytest.mark.sec_03
@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE x>",
        "<!DOCTYPE x []>",
        '<!DOCTYPE x [<!ENTITY harmless "1">]>',
        "<!DOCTYPE x [<!ELEMENT x ANY>]>",
        '<!DOCTYPE x [<!ATTLIST x codingScheme CDATA "A10">]>',
        '<!DOCTYPE x SYSTEM "nowhere.dtd">',
        '<!DOCTYPE x PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "nowhere.dtd">',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_any_doctype_is_refused(measure_data: bytes, doctype: str, encoding: str) -> None:
    _, body = measure_data.decode().split("?>", 1)
    document = f'<?xml version="1.0" encoding="{encoding}"?>{doctype}{body}'.encode(encoding)
    assert "DOCTYPE is not accepted" in _refused(document)


@pytest.mark.sec_03
def test_a_doctype_that_is_only_text_is_no_doctype(measure_data: bytes) -> None:
    document = measure_data.replace(b"0e3a", b"<![CDATA[<!DOCTYPE x>]]><!-- <!DOCTYPE x> -->")
    root = parse_xml(document).root
    assert root is not None
    assert check_xml(root, ENTRY) == []


@pytest.mark.sec_04
def test_deep_nesting_is_refused() -> None:
    assert parse_xml(b"<a>" * 200 + b"</a>" * 200).root is not None
    for depth in (300, 100_000):
        finding = parse_xml(b"<a>" * depth + b"</a>" * depth).finding
        assert finding is not None
        assert "depth" in finding.text


@pytest.mark.sec_04
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_many_attributes_on_one_element_are_refused(encoding: str) -> None:
    def document(count: int) -> bytes:
        attributes = " ".join(f'a{number}="&gt;>"' for number in range(count))
        return f"<x><y {attributes}/></x>".encode(encoding)

    assert parse_xml(document(MAX_ATTRIBUTES)).root is not None
    for count in (MAX_ATTRIBUTES + 1, 200_000):
        finding = parse_xml(document(count)).finding
        assert finding is not None
        assert "attributes" in finding.text


@pytest.mark.sec_04
def test_many_equals_signs_in_a_text_are_no_attributes() -> None:
    assert parse_xml(b"<x>" + b"=" * 10_000 + b"</x>").root is not None


@pytest.mark.sec_04
@pytest.mark.parametrize(
    "document",
    [
        b"<" + b"x" * 11_000_000 + b"/>",
        b'<x y="' + b"v" * 11_000_000 + b'"/>',
        b"<x>" + b"t" * 11_000_000 + b"</x>",
        b"<x><!--" + b"c" * 11_000_000 + b"--></x>",
        b"<x><?p " + b"i" * 11_000_000 + b"?></x>",
    ],
    ids=["name", "attribute", "text", "comment", "instruction"],
)
def test_a_huge_single_piece_is_refused(document: bytes) -> None:
    assert parse_xml(document).finding is not None


@pytest.mark.sec_04
def test_a_document_over_the_limit_is_not_read(measure_data: bytes) -> None:
    finding = parse_xml(measure_data, limit=len(measure_data) - 1).finding
    assert finding is not None
    assert finding.rule == "too-large"
    stream = stream_xml(io.BytesIO(measure_data), SERIES, ENTRY, limit=len(measure_data) - 1)
    assert list(stream) == []
    assert [finding.rule for finding in stream.findings] == ["too-large"]


@pytest.mark.sec_08
def test_schema_locations_in_a_document_are_ignored(measure_data: bytes, listener: Listener) -> None:
    hints = (
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{ENTRY.namespace} {listener.address}/own.xsd urn:other {listener.address}/other.xsd" '
        f'xsi:noNamespaceSchemaLocation="{listener.address}/none.xsd" xmlns="urn:ediel'
    )
    document = measure_data.replace(b'xmlns="urn:ediel', hints.encode(), 1)
    root = parse_xml(document).root
    assert root is not None
    assert check_xml(root, ENTRY) == []
    stream = stream_xml(io.BytesIO(document), SERIES, ENTRY)
    assert len(list(stream)) == 1
    assert stream.findings == []


@pytest.mark.sec_08
def test_a_schema_within_a_document_does_not_loosen_ours(measure_data: bytes) -> None:
    inline = (
        b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="%b">'
        b'<xs:element name="x" type="xs:anyType"/></xs:schema><x/>' % ENTRY.namespace.encode()
    )
    root = parse_xml(measure_data.replace(b"<Series>", inline + b"<Series>", 1)).root
    assert root is not None
    assert check_xml(root, ENTRY) != []


@pytest.mark.sec_08
@pytest.mark.parametrize("statement", ["include", "import", "redefine"])
def test_a_schema_that_reaches_out_of_its_pack_is_refused(tmp_path: Path, listener: Listener, statement: str) -> None:
    outside = tmp_path / "outside.xsd"
    outside.write_text('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>')
    pack = tmp_path / "pack"
    pack.mkdir()
    for location in (f"{listener.address}/x.xsd", "../outside.xsd", outside.as_uri(), "ftp://127.0.0.1/x.xsd"):
        namespace = 'namespace="urn:x" ' if statement == "import" else ""
        (pack / "main.xsd").write_text(
            f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
            f'<xs:{statement} {namespace}schemaLocation="{location}"/>'
            f'<xs:element name="x" type="xs:string"/></xs:schema>'
        )
        with pytest.raises(SchemaFault, match=r"refused: .*x\.xsd|refused: .*outside\.xsd"):
            compiled.compile_xsd(SchemaFile(pack / "main.xsd", pack))


@pytest.mark.sec_08
def test_a_json_schema_that_refers_elsewhere_is_refused(tmp_path: Path, listener: Listener, canary: Path) -> None:
    for reference in (f"{listener.address}/x.json", canary.as_uri(), "https://json-schema.invalid/x"):
        (tmp_path / "main.json").write_text(
            f'{{"$schema": "http://json-schema.org/draft-07/schema#", "$id": "urn:x", "$ref": "{reference}"}}'
        )
        with pytest.raises(SchemaFault, match=r"main\.json"):
            compiled.compile_json(SchemaFile(tmp_path / "main.json", tmp_path))


def _all(entries: tuple[SchemaEntry, ...]) -> list[SchemaEntry]:
    return [entry for entry in entries if entry.is_xml]


@pytest.mark.sec_08
@pytest.mark.parametrize("entry", _all(shipped().entries), ids=lambda entry: entry.key)
def test_our_schemas_refer_to_our_files_alone(entry: SchemaEntry, listener: Listener) -> None:
    for file in entry.files:
        assert compiled.compile_xsd(file) is not None
        assert b"http://" not in file.path.read_bytes().replace(b"http://www.w3.org/2001/XMLSchema", b"")
