"""The schema checks: verdict, words, line, path, and their bounds."""

from __future__ import annotations

import io
import re
import threading

import pytest

from gateway.messages.codes import Dialect, DocumentKind
from gateway.messages.findings import Finding
from gateway.schemas.check_json import check_json
from gateway.schemas.check_xml import MAX_FINDINGS, check_xml
from gateway.schemas.parsers import parse_json, parse_xml
from gateway.schemas.registry import ENTRIES, shipped
from gateway.schemas.stream_xml import stream_xml

from .conftest import FullDocument

FORMS = [(entry.kind, entry.dialect) for entry in ENTRIES]
POINT = b"    <Point>\n<position>1</position>\n<quality>A02</quality>\n</Point>\n"


def _check(data: bytes, kind: DocumentKind, dialect: Dialect) -> list[Finding]:
    entry = shipped().entry(kind, dialect)
    if dialect is Dialect.CIM_JSON:
        return check_json(parse_json(data).value, entry, data)
    root = parse_xml(data).root
    assert root is not None
    return check_xml(root, entry)


def _line(data: bytes, marker: bytes) -> int:
    return data[: data.index(marker)].count(b"\n") + 1


@pytest.mark.parametrize(("kind", "dialect"), FORMS)
def test_a_full_document_is_valid(full_document: FullDocument, kind: DocumentKind, dialect: Dialect) -> None:
    assert _check(full_document(kind, dialect), kind, dialect) == []


@pytest.mark.parametrize(("kind", "dialect"), FORMS)
def test_a_wrong_role_is_found(full_document: FullDocument, kind: DocumentKind, dialect: Dialect) -> None:
    data = full_document(kind, dialect)
    wrong = re.sub(rb'(>|"value": ")(?:MDR|DDM)(<|")', rb"\1MDRX\2", data, count=1)
    (finding,) = _check(wrong, kind, dialect)
    assert (finding.code, finding.rule) == ("schema-invalid", "schema-invalid")
    assert finding.line == _line(wrong, b"MDRX")
    paths = {
        Dialect.CIM_XML: "sender_MarketParticipant.marketRole.type",
        Dialect.CIM_JSON: "sender_MarketParticipant.marketRole.type/value",
        Dialect.EBIX_XML: "ProcessEnergyContext/EnergyBusinessProcessRole",
    }
    assert finding.path == paths[dialect]


@pytest.mark.parametrize(
    ("dialect", "before", "path"),
    [
        (Dialect.CIM_XML, b"<quality>A02<", "Series/0/Period/Point/2/quality"),
        (Dialect.CIM_JSON, b'"value": "A02"', "Series/0/Period/Point/2/quality/value"),
        (Dialect.EBIX_XML, b'DK">E01<', "PayloadEnergyTimeSeries/0/IntervalEnergyObservation/0/QuantityQuality"),
    ],
)
def test_the_path_counts_repeatable_elements_from_0(
    full_document: FullDocument, dialect: Dialect, before: bytes, path: str
) -> None:
    data = full_document(DocumentKind.MEASURE_DATA, dialect).replace(before, before.replace(b"0", b"9"))
    (finding,) = _check(data, DocumentKind.MEASURE_DATA, dialect)
    assert finding.path == path


@pytest.mark.parametrize("prefix", [b"cim:", b"_:".replace(b"_", b"x-1")])
def test_the_path_is_the_same_whatever_the_prefix(measure_data: bytes, prefix: bytes) -> None:
    data = measure_data.replace(b"A02", b"A92").replace(b"</", b"\0").replace(b"<?", b"\1")
    data = data.replace(b"<", b"<" + prefix).replace(b"\0", b"</" + prefix).replace(b"\1", b"<?")
    data = data.replace(b"xmlns=", b"xmlns:" + prefix[:-1] + b"=")
    (finding,) = _check(data, DocumentKind.MEASURE_DATA, Dialect.CIM_XML)
    assert finding.path == "Series/0/Period/Point/2/quality"
    assert finding.text == "Element 'quality': 'A92' is not a valid value of the union type 'Quality_String'."


def test_the_line_is_right_far_down(measure_data: bytes) -> None:
    many = measure_data.replace(b"<Point>", POINT * 30_000 + b"<Point>", 1).replace(b"<quantity>0<", b"<quantity>zero<")
    (finding,) = _check(many, DocumentKind.MEASURE_DATA, Dialect.CIM_XML)
    assert finding.line == _line(many, b"zero")
    assert finding.line > 65_535
    assert finding.path == "Series/0/Period/Point/30001/quantity"


def test_missing_and_unexpected_fields_of_json_are_each_named(full_document: FullDocument) -> None:
    data = full_document(DocumentKind.MEASURE_DATA, Dialect.CIM_JSON)
    data = data.replace(b'"mRID": "0e3a"', b'"id": "0e3a", "x/y": 1')
    findings = _check(data, DocumentKind.MEASURE_DATA, Dialect.CIM_JSON)
    assert sorted((finding.path, finding.text) for finding in findings) == [
        ("Series/0", '"mRID" is a required property'),
        ("Series/0/id", "the field 'id' is not expected"),
        ("Series/0/x/y", "the field 'x/y' is not expected"),
    ]
    assert {finding.path: finding.line for finding in findings}["Series/0/id"] == _line(data, b'"id"')


@pytest.mark.parametrize("dialect", Dialect)
def test_findings_are_bounded(full_document: FullDocument, dialect: Dialect) -> None:
    data = full_document(DocumentKind.MEASURE_DATA, dialect)
    if dialect is Dialect.CIM_JSON:
        bad = data.replace(b'"Point": [', b'"Point": [' + b'{"position": {"value": 0}},' * 1000)
    elif dialect is Dialect.CIM_XML:
        bad = data.replace(b"<Point>", POINT.replace(b"A02", b"A99") * 1000 + b"<Point>", 1)
    else:
        start, end = data.index(b"<IntervalEnergy"), data.index(b"</IntervalEnergyObservation>") + 28
        bad = data[:start] + data[start:end].replace(b"E01", b"E99") * 1000 + data[start:]
    findings = _check(bad, DocumentKind.MEASURE_DATA, dialect)
    assert len(findings) == MAX_FINDINGS
    assert [finding.line for finding in findings] == sorted(finding.line for finding in findings)


def test_a_long_value_is_not_quoted_in_full(full_document: FullDocument) -> None:
    data = full_document(DocumentKind.MEASURE_DATA, Dialect.CIM_JSON).replace(b'"MDR"', b'"' + b"M" * 100_000 + b'"')
    (finding,) = _check(data, DocumentKind.MEASURE_DATA, Dialect.CIM_JSON)
    assert len(finding.text) < 300


def test_a_long_value_of_xml_is_not_quoted_in_full(measure_data: bytes) -> None:
    (finding,) = _check(
        measure_data.replace(b">MDR<", b">" + b"M" * 100_000 + b"<"), DocumentKind.MEASURE_DATA, Dialect.CIM_XML
    )
    assert len(finding.text) < 300


def test_threads_do_not_mix_up_their_findings(measure_data: bytes) -> None:
    entry = shipped().entry(DocumentKind.MEASURE_DATA, Dialect.CIM_XML)
    wrong: list[Finding] = []

    def check(code: str) -> None:
        root = parse_xml(measure_data.replace(b"<quality>A02", f"<quality>{code}".encode())).root
        assert root is not None
        for _ in range(200):
            wrong.extend(finding for finding in check_xml(root, entry) if code not in finding.text)

    threads = [threading.Thread(target=check, args=(f"B{number}",)) for number in range(10, 14)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


SERIES = "{urn:ediel.org:measure:notifyvalidatedmeasuredata:0:1}Series"


def _many_series(measure_data: bytes, count: int, bad: int = -1) -> bytes:
    start, end = measure_data.index(b"<Series>"), measure_data.index(b"</Series>") + len(b"</Series>")
    series = measure_data[start:end]
    parts = [series.replace(b"A02", b"A99") if number == bad else series for number in range(count)]
    return measure_data[:start] + b"\n".join(parts) + measure_data[end:]


def test_a_stream_hands_out_each_series_with_the_header(measure_data: bytes) -> None:
    entry = shipped().entry(DocumentKind.MEASURE_DATA, Dialect.CIM_XML)
    stream = stream_xml(io.BytesIO(_many_series(measure_data, 400)), SERIES, entry)
    count = 0
    for element in stream:
        assert stream.document is not None
        assert stream.document.findtext(f"{{{entry.namespace}}}mRID") == "6f1c7c0ad8b14a0c9d1c3f0e5b7a9d21"
        assert stream.document[-1] is element
        assert len(stream.document) == 10
        count += 1
    assert (count, stream.findings) == (400, [])


def test_a_stream_stops_at_the_first_series_that_is_not_valid(measure_data: bytes) -> None:
    entry = shipped().entry(DocumentKind.MEASURE_DATA, Dialect.CIM_XML)
    data = _many_series(measure_data, 400, bad=250)
    stream = stream_xml(io.BytesIO(data), SERIES, entry)
    assert len(list(stream)) == 250
    (finding,) = stream.findings
    assert finding.path == "Series/250/Period/Point/2/quality"
    assert finding.line == _line(data, b"A99")


def test_a_stream_without_a_series_is_checked_too(measure_data: bytes) -> None:
    entry = shipped().entry(DocumentKind.MEASURE_DATA, Dialect.CIM_XML)
    empty = _many_series(measure_data, 0)
    stream = stream_xml(io.BytesIO(empty), SERIES, entry)
    assert (list(stream), stream.findings) == ([], [])
    stream = stream_xml(io.BytesIO(empty.replace(b">E66<", b">E6X<")), SERIES, entry)
    assert list(stream) == []
    assert [finding.path for finding in stream.findings] == ["type"]


def test_a_stream_cut_short_has_a_finding_at_its_end(measure_data: bytes) -> None:
    entry = shipped().entry(DocumentKind.MEASURE_DATA, Dialect.CIM_XML)
    stream = stream_xml(io.BytesIO(_many_series(measure_data, 3)[:-5]), SERIES, entry)
    assert len(list(stream)) == 3
    assert [finding.rule for finding in stream.findings] == ["malformed"]
