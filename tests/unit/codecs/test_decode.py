"""What survives decoding, by every path, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.codecs import fast_xml
from gateway.codecs.table import Decoded, How, Limits, Undecodable, decode, decode_by, encode
from gateway.messages.codes import Dialect, DocumentKind, Quality, Resolution, Role
from gateway.messages.documents import MeasureData
from gateway.messages.quantities import NO_QUANTITY
from gateway.schemas.registry import shipped
from tests.unit.codecs.documents import GOLDEN, differences, measure_data, period, series

BASE = encode(GOLDEN["measure-data"]["missing"], Dialect.CIM_XML)
SURE = (How.GENERAL, How.STREAM)


def xml_with(old: bytes, new: bytes, data: bytes = BASE) -> bytes:
    assert old in data
    return data.replace(old, new, 1)


def taken(how: How, data: bytes, dialect: Dialect = Dialect.CIM_XML) -> MeasureData:
    found = decode_by(how, data, dialect, None, shipped())
    assert isinstance(found, Decoded), found
    assert isinstance(found.document, MeasureData)
    return found.document


def first_quantity(text: bytes) -> bytes:
    return xml_with(b"<cim:quantity>0.000</cim:quantity>", b"<cim:quantity>" + text + b"</cim:quantity>")


@pytest.mark.parametrize("how", list(How))
@pytest.mark.parametrize(
    ("text", "thousandths", "decimals"),
    [(b"56", 56_000, 0), (b"5.5", 5500, 1), (b"0.25", 250, 2), (b"1.250", 1250, 3), (b"9999999999.999", 10**13 - 1, 3)],
)
def test_a_plain_quantity_is_exact_on_every_path(how: How, text: bytes, thousandths: int, decimals: int) -> None:
    # DK-6.2.1.a: at most three decimals, as written
    data = encode(GOLDEN["measure-data"]["minimal"], Dialect.CIM_XML)
    table = taken(how, xml_with(b"0.000", text, data)).series
    assert table.quantity.tolist() == [thousandths]
    assert table.decimals.tolist() == [decimals]
    assert table.as_written == {}


@pytest.mark.parametrize("how", list(How))
@pytest.mark.parametrize("dialect", list(Dialect))
def test_each_value_has_its_own_decimals(how: How, dialect: Dialect) -> None:
    # DK-6.2.1.a
    data = encode(GOLDEN["measure-data"]["long-day"], dialect)
    for number, text in enumerate((b"7", b"7.1", b"7.01", b"7.001", b"70", b"0.5")):
        data = xml_with(b"0.%03d" % number, text, data)
    table = taken(how, data, dialect).series
    assert table.quantity.tolist()[:7] == [7000, 7100, 7010, 7001, 70_000, 500, 6]
    assert table.decimals.tolist() == [3]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'version="1.0"', b"version=\"1.0'"),
        (b'encoding="UTF-8"', b"encoding=\"UTF-8'"),
        (b'encoding="UTF-8"', b'encoding="UTF-7"'),
        (b"cim:", b"xml:"),
        (b'xmlns:cim="urn', b'xmlns:cim="x" xmlns:cim="urn'),
        (b'codingScheme="A10"', b"codingScheme=\"A10'"),
        (b"<?xml", b" <?xml"),
        (b"</cim:NotifyValidated", b"<!-- --></cim:NotifyValidated"),
    ],
)
def test_beginnings_and_ends_of_doubt_are_left_to_the_parser(old: bytes, new: bytes) -> None:
    assert decode_by(How.FAST, BASE, Dialect.CIM_XML, None, shipped()) is not None
    data = BASE.replace(old, new).replace(b"xmlns:cim", b"xmlns:xml") if old == b"cim:" else xml_with(old, new)
    assert decode_by(How.FAST, data, Dialect.CIM_XML, None, shipped()) is None


@pytest.mark.sec_09
def test_ever_new_prefixes_do_not_make_us_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    # SEC-09
    assert decode_by(How.FAST, BASE, Dialect.CIM_XML, None, shipped()) is not None
    monkeypatch.setattr(fast_xml, "MOST_PLANS", 0)
    assert decode_by(How.FAST, BASE, Dialect.CIM_XML, None, shipped()) is not None
    new = BASE.replace(b"cim:", b"new:").replace(b":cim", b":new")
    assert decode_by(How.FAST, new, Dialect.CIM_XML, None, shipped()) is None
    assert isinstance(decode(new, Dialect.CIM_XML), Decoded)


@pytest.mark.parametrize("how", SURE)
@pytest.mark.parametrize(
    ("text", "thousandths", "decimals", "kept"),
    [
        (b"1.2500", 1250, 4, "1.2500"),
        (b"12345678901", 12345678901000, 3, "12345678901"),
        (b"-1.5", -1500, 3, None),
        (b" +7. ", 7000, 3, None),
        (b"1.<!-- -->5", 1500, 3, None),
        (b"<![CDATA[1.5]]>", 1500, 3, None),
        (b"&#49;.5", 1500, 3, None),
    ],
)
def test_an_odd_quantity_is_exact_too(how: How, text: bytes, thousandths: int, decimals: int, kept: str | None) -> None:
    # DK-6.2.1.a: what a rule needs to know of the text survives
    data = first_quantity(text)
    assert decode_by(How.FAST, data, Dialect.CIM_XML, None, shipped()) is None
    table = taken(how, data).series
    assert int(table.quantity[0]) == thousandths
    assert int(table.decimals[0]) == decimals
    assert table.as_written == ({} if kept is None else {0: kept})


@pytest.mark.parametrize("how", list(How))
@pytest.mark.parametrize("dialect", list(Dialect))
def test_points_of_all_shapes_stay_aligned(how: How, dialect: Dialect) -> None:
    # DK-4.1.3.c: read, estimated, missing, not stated
    values = [1000, None, 2000, 3000, None, 4000]
    stated = [Quality.MEASURED, Quality.MISSING, Quality.ABSENT, Quality.ESTIMATED, Quality.MISSING, Quality.CALCULATED]
    rows = [
        series(f"t-{n}", period("2025-01-14", values[n:] + values[:n], Resolution.HOUR, stated[n:] + stated[:n]))
        for n in range(6)
    ]
    document = measure_data(rows)
    read = taken(how, encode(document, dialect), dialect)
    assert read.series.quantity.tolist() == document.series.quantity.tolist()
    assert read.series.quality.tolist() == document.series.quality.tolist()
    assert read.series.offsets.tolist() == document.series.offsets.tolist()


def test_a_point_with_neither_quantity_nor_quality_is_missing() -> None:
    # DK-4.1.3.c; the original stores such a point as measured
    table = taken(
        How.GENERAL, xml_with(b"<cim:quantity>0.000</cim:quantity><cim:quality>A04</cim:quality>", b"")
    ).series
    assert int(table.quantity[0]) == NO_QUANTITY
    assert int(table.quality[0]) == Quality.ABSENT
    assert bool(table.is_missing[0])


def test_the_flag_of_ebix_outweighs_a_code_beside_it() -> None:
    flag, code = b"<ns0:QuantityMissing>true</ns0:QuantityMissing>", b'<ns0:QuantityQuality listAgencyIdentifier="6">56'
    data = encode(GOLDEN["measure-data"]["missing"], Dialect.EBIX_XML)
    data = xml_with(flag, flag + code + b"</ns0:QuantityQuality>", data)
    for how in How:
        assert int(taken(how, data, Dialect.EBIX_XML).series.quality[3]) == Quality.MISSING


def test_positions_beyond_32_bits_are_cut() -> None:
    data = encode(GOLDEN["measure-data"]["minimal"], Dialect.EBIX_XML)
    data = xml_with(b"<ns0:Position>1<", b"<ns0:Position>9999999999<", data)
    table = taken(How.GENERAL, data, Dialect.EBIX_XML).series
    assert table.position.dtype == np.int32
    assert table.position.tolist() == [2**31 - 1]


def test_the_decoder_takes_the_fast_path_the_general_one_and_the_stream() -> None:
    odd = xml_with(b"<cim:position>1<", b"<cim:position> 1<")
    found = [
        decode(BASE, Dialect.CIM_XML),
        decode(odd, Dialect.CIM_XML),
        decode(odd, Dialect.CIM_XML, limits=Limits(tree=10)),
    ]
    assert [how.how for how in found if isinstance(how, Decoded)] == [How.FAST, How.GENERAL, How.STREAM]


def test_too_much_is_refused_before_it_is_read() -> None:
    refused = decode(BASE, Dialect.CIM_XML, limits=Limits(document=100))
    assert isinstance(refused, Undecodable)
    assert refused.findings[0].rule == "too-large"


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("how", SURE)
def test_another_document_than_asked_for_is_refused(dialect: Dialect, how: How) -> None:
    # GW-1
    data = encode(GOLDEN["measure-data"]["minimal"], dialect)
    assert decode_by(How.FAST, data, dialect, DocumentKind.ACKNOWLEDGEMENT, shipped()) is None
    refused = decode_by(how, data, dialect, DocumentKind.ACKNOWLEDGEMENT, shipped())
    assert isinstance(refused, Undecodable)
    assert refused.findings[0].rule == "schema-invalid"


@pytest.mark.parametrize("how", list(How))
def test_another_dialect_is_refused(how: How) -> None:
    data = encode(GOLDEN["measure-data"]["minimal"], Dialect.EBIX_XML)
    assert not isinstance(decode_by(how, data, Dialect.CIM_XML, None, shipped()), Decoded)


def test_an_empty_type_means_its_default() -> None:
    data = xml_with(b"<cim:type>E66</cim:type>", b"<cim:type/>")
    for how in SURE:
        assert taken(how, data).header.type_code == "E66"


def test_the_empty_code_of_json_says_nothing() -> None:
    data = encode(GOLDEN["measure-data"]["quarters"], Dialect.CIM_JSON)
    data = data.replace(b'"A03"', b'""').replace(b'"DGL"', b'""').replace(b'"KWH"', b'""')
    document = taken(How.GENERAL, data, Dialect.CIM_JSON)
    assert document.header.receiver.role is None
    assert document.series.unit == [""]
    assert Quality.ESTIMATED not in document.series.quality.tolist()


@pytest.mark.parametrize("how", SURE)
def test_a_year_beyond_the_calendar_is_a_finding(how: How) -> None:
    data = xml_with(b"<cim:createdDateTime>2025", b"<cim:createdDateTime>12025")
    refused = decode_by(how, data, Dialect.CIM_XML, None, shipped())
    assert isinstance(refused, Undecodable)
    assert refused.findings[0].path == "createdDateTime"


def test_findings_of_the_stream_are_placed_like_those_of_the_tree() -> None:
    # GW-1: precise errors
    for dialect, old in ((Dialect.CIM_XML, b"A03"), (Dialect.CIM_JSON, b"A03"), (Dialect.EBIX_XML, b"E01")):
        data = encode(GOLDEN["measure-data"]["two-series"], dialect).replace(b"><", b">\n<").replace(b", ", b",\n")
        at = data.rindex(old)
        data = data[:at] + b"X99" + data[at + 3 :]
        tree, stream = (decode_by(how, data, dialect, None, shipped()) for how in SURE)
        assert isinstance(tree, Undecodable)
        assert isinstance(stream, Undecodable)
        assert [finding.path for finding in stream.findings] == [finding.path for finding in tree.findings]
        if dialect is Dialect.CIM_JSON:
            assert [finding.line for finding in stream.findings] == [finding.line for finding in tree.findings]


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_message_of_many_series_streams_to_equal_columns(dialect: Dialect) -> None:
    rows = [
        series(f"t-{n}", period("2025-01-14", [n, None, n], Resolution.HOUR, [Quality.MEASURED])) for n in range(9000)
    ]
    data = encode(measure_data(rows), dialect)
    fast, stream = taken(How.FAST, data, dialect), taken(How.STREAM, data, dialect)
    assert differences(fast, stream) == []


def test_roles_of_ebix() -> None:
    # one role on the wire: the sender's when it is MDR, else the receiver's
    sent = encode(GOLDEN["measure-data"]["minimal"], Dialect.EBIX_XML)
    document = taken(How.FAST, sent, Dialect.EBIX_XML)
    assert (document.header.sender.role, document.header.receiver.role) == (Role.METERED_DATA_RESPONSIBLE, None)
    document = taken(How.FAST, xml_with(b">MDR<", b">DDQ<", sent), Dialect.EBIX_XML)
    assert (document.header.sender.role, document.header.receiver.role) == (None, Role.ENERGY_SUPPLIER)
