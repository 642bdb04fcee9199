"""What is written: reasons, attributes, decimals, and the rules that fill what a dialect cannot say."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gateway.codecs.codes_ebix import list_attributes
from gateway.codecs.completion import short_id
from gateway.codecs.reasons import wire_reason, written
from gateway.codecs.table import Decoded, decode, encode
from gateway.messages.codes import Dialect, DocumentKind, Quality, Resolution, Role
from gateway.messages.documents import (
    Acknowledgement,
    AggregatedMeasureDataRequest,
    MeasureData,
    Reason,
    RejectedTransaction,
)
from gateway.messages.series import SeriesTable
from gateway.messages.times import NO_INSTANT, WrittenInstant
from tests.unit.codecs.documents import CREATED, FEBRUARY, GOLDEN, JANUARY, header, measure_data, period, series
from tests.unit.codecs.round_trip import through

ACKNOWLEDGEMENT = DocumentKind.ACKNOWLEDGEMENT
REJECT = DocumentKind.MEASURE_DATA_REQUEST_REJECT
SUMS_REJECT = DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST_REJECT
CHARGES_REJECT = DocumentKind.WHOLESALE_SETTLEMENT_REQUEST_REJECT
DANISH_REASONS = (
    *("E10", "D50", "D16", "D18", "D37", "E73", "D23", "E50", "E17", "D66", "E87", "E86", "E89", "D12"),
    *("D02", "D64", "E16", "E18", "D11", "D15", "D14", "E0H", "D46"),
)


def acknowledgement(*series_of: RejectedTransaction, message_id: str = "message-1") -> Acknowledgement:
    head = header(Role.HUB, Role.METERED_DATA_RESPONSIBLE, None).model_copy(update={"message_id": message_id})
    return Acknowledgement(header=head, received_message_id="received", series=series_of)


@pytest.mark.parametrize("code", DANISH_REASONS)
@pytest.mark.parametrize("dialect", list(Dialect))
def test_every_reason_of_the_rules_can_be_said(code: str, dialect: Dialect) -> None:
    refused = RejectedTransaction(transaction="t", reasons=(Reason(code=code, text="why"),))
    said = through(acknowledgement(refused), dialect)
    assert isinstance(said, Acknowledgement)
    (reason,) = said.series[0].reasons
    assert reason == written(Reason(code=code, text="why"), dialect, ACKNOWLEDGEMENT)
    assert code in (reason.code, (reason.text or "")[1:4])


@pytest.mark.parametrize(
    ("code", "dialect", "kind", "wire"),
    [
        ("E89", Dialect.CIM_XML, ACKNOWLEDGEMENT, "E86"),
        ("E89", Dialect.CIM_JSON, ACKNOWLEDGEMENT, "E86"),
        ("E89", Dialect.EBIX_XML, ACKNOWLEDGEMENT, "E86"),
        ("D66", Dialect.CIM_XML, ACKNOWLEDGEMENT, "D66"),
        ("D66", Dialect.EBIX_XML, ACKNOWLEDGEMENT, "E50"),
        ("D66", Dialect.EBIX_XML, REJECT, "D66"),
        ("D64", Dialect.EBIX_XML, ACKNOWLEDGEMENT, "E86"),
        ("D46", Dialect.EBIX_XML, SUMS_REJECT, "D46"),
        ("D64", Dialect.EBIX_XML, SUMS_REJECT, "D64"),
        ("D66", Dialect.EBIX_XML, CHARGES_REJECT, "D66"),
        ("E89", Dialect.EBIX_XML, CHARGES_REJECT, "E86"),
        ("D64", Dialect.CIM_JSON, CHARGES_REJECT, "D64"),
        ("E10", Dialect.EBIX_XML, ACKNOWLEDGEMENT, "E10"),
        ("XYZ", Dialect.CIM_XML, REJECT, "E86"),
    ],
)
def test_a_reason_without_a_word_takes_the_nearest(code: str, dialect: Dialect, kind: DocumentKind, wire: str) -> None:
    assert wire_reason(code, dialect, kind) == wire
    expected = "why" if code == wire else f"({code}) why"
    assert written(Reason(code=code, text="why"), dialect, kind) == Reason(code=wire, text=expected)


def test_texts_of_ebix_are_cut() -> None:
    reason = Reason(code="E89", text="x" * 600)
    assert len(written(reason, Dialect.EBIX_XML, ACKNOWLEDGEMENT).text or "") == 512
    assert len(written(reason, Dialect.CIM_XML, ACKNOWLEDGEMENT).text or "") == 606


def test_each_rejected_transaction_has_its_own_series() -> None:
    # the original writes all of them into one Series, which no schema accepts
    one, other = (RejectedTransaction(transaction=t, reasons=(Reason(code="E10"),)) for t in ("t-1", "t-2"))
    data = encode(acknowledgement(one, other), Dialect.CIM_XML)
    assert data.count(b"<cim:Series>") == 2
    assert through(acknowledgement(one, other), Dialect.CIM_XML) == acknowledgement(one, other)


def test_ebix_says_the_first_reason_and_numbers_its_events() -> None:
    reasons = (Reason(code="E86", text="first"), Reason(code="E87", text="second"))
    refused = [RejectedTransaction(transaction=f"t-{n}", reasons=reasons) for n in range(1200)]
    document = acknowledgement(*refused, message_id="m" * 36)
    said = through(document, Dialect.EBIX_XML)
    assert isinstance(said, Acknowledgement)
    assert {row.reasons for row in said.series} == {reasons[:1]}
    events = re.findall(rb"<ns0:Identification>(m+-\d+)<", encode(document, Dialect.EBIX_XML))
    assert len(set(events)) == 1200
    assert max(map(len, events)) == 35


def test_an_acknowledgement_of_the_whole_message_points_at_it_in_ebix() -> None:
    document = acknowledgement().model_copy(update={"reasons": (Reason(code="E0H", text="all of it"),)})
    said = through(document, Dialect.EBIX_XML)
    assert isinstance(said, Acknowledgement)
    assert said.series == (RejectedTransaction(transaction="received", reasons=document.reasons),)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("0b6ff1a6-9c1e-4b8e-9d4c-1f0a2b3c4d5e", "0b6ff1a69c1e4b8e9d4c1f0a2b3c4d5e"),
        ("x" * 36, "x" * 35),
        ("t-1", "t-1"),
    ],
)
def test_ids_of_ebix(text: str, short: str) -> None:
    assert short_id(text) == short


@pytest.mark.parametrize(
    ("code", "attributes"),
    [
        ("9", ' listAgencyIdentifier="6"'),
        ("294", ' listAgencyIdentifier="6"'),
        ("D42", ' listAgencyIdentifier="260" listIdentifier="DK"'),
        ("DDQ", ' listAgencyIdentifier="260"'),
        ("E66", ' listAgencyIdentifier="260"'),
    ],
)
def test_attributes_of_ebix_codes(code: str, attributes: str) -> None:
    assert list_attributes(code) == attributes


def test_what_ebix_does_not_know_is_filled_for_cim() -> None:
    table = SeriesTable.of([series("t", period("2025-01-14", [1], Resolution.HOUR, [Quality.ABSENT]))])
    table.start[0] = table.end[0] = table.registered_at[0] = NO_INSTANT
    head = measure_data([]).header
    unknown = head.model_copy(update={"receiver": head.receiver.model_copy(update={"role": None})})
    said = through(MeasureData(header=unknown, series=table), Dialect.CIM_XML)
    assert isinstance(said, MeasureData)
    created = int(CREATED.timestamp())
    assert said.header.receiver.role == Role.HUB
    assert (said.series.registered_at[0], said.series.start[0], said.series.end[0]) == (created, created, created)


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize(
    ("decimals", "texts"),
    [(0, ["0", "0.5", "12"]), (1, ["0.0", "0.5", "12.0"]), (3, ["0.000", "0.500", "12.000"])],
)
def test_decimals_are_written_as_received(dialect: Dialect, decimals: int, texts: list[str]) -> None:
    # DK-6.2.1.a: decimals as written, and never fewer than exactness needs
    table = SeriesTable.of([series("t", period("2025-01-14", [0, 500, 12_000], Resolution.HOUR, [Quality.MEASURED]))])
    table.decimals[:] = decimals
    data = encode(MeasureData(header=measure_data([]).header, series=table), dialect)
    name = rb"EnergyQuantity|quantity"
    found = re.findall(rb"(?:%s)\"?[>:] ?([0-9.]+)" % name, data)
    assert [text.decode() for text in found] == texts


@pytest.mark.parametrize("dialect", list(Dialect))
def test_what_the_column_cannot_hold_is_written_as_it_was(dialect: Dialect) -> None:
    # DK-6.2.1.a: 1.2500 has four decimals, and the rule that refuses it must see them
    table = SeriesTable.of([series("t", period("2025-01-14", [1250, 1], Resolution.HOUR, [Quality.MEASURED]))])
    table.as_written[0] = "1.2500"
    said = through(MeasureData(header=measure_data([]).header, series=table), dialect)
    assert isinstance(said, MeasureData)
    assert said.series.as_written == {0: "1.2500"}
    assert said.series.decimals.tolist() == [4]
    assert said.series.quantity.tolist() == [1250, 1]


@pytest.mark.parametrize(("text", "number"), [("+.5", "0.5"), ("007.25001", "7.25001"), ("-.00001", "-0.00001")])
def test_odd_spellings_become_numbers_of_json(text: str, number: str) -> None:
    table = SeriesTable.of([series("t", period("2025-01-14", [0], Resolution.HOUR, [Quality.MEASURED]))])
    table.as_written[0] = text
    data = encode(MeasureData(header=measure_data([]).header, series=table), Dialect.CIM_JSON)
    assert f'"quantity": {number},'.encode() in data


@pytest.mark.parametrize("dialect", list(Dialect))
def test_characters_that_no_document_can_carry_do_not_break_one(dialect: Dialect) -> None:
    hostile = 'a\x00\x0b<b a="1">&amp;]]>\r\n\ufffe'
    document = acknowledgement(RejectedTransaction(transaction="t", reasons=(Reason(code="E10", text=hostile),)))
    said = through(document, dialect)
    assert isinstance(said, Acknowledgement)
    text = said.series[0].reasons[0].text
    assert text == 'a\ufffd\ufffd<b a="1">&amp;]]>\r\n\ufffd'


def test_qualities_without_a_code_count_as_estimated() -> None:
    qualities = [Quality.INCOMPLETE, Quality.UNCERTAIN, Quality.CALCULATED]
    document = measure_data([series("t", period("2025-01-14", [1, 2, 3], Resolution.HOUR, qualities))])
    assert through(document, Dialect.EBIX_XML).series.quality.tolist() == [3, 3, 6]  # values
    assert through(document, Dialect.CIM_XML).series.quality.tolist() == [5, 3, 6]  # values


def test_points_are_numbered_as_received() -> None:
    table = GOLDEN["measure-data"]["quarters"]
    assert isinstance(table, MeasureData)
    assert table.series.position.tolist() == np.arange(1, 97).tolist()


def start_of(text: str, dialect: Dialect = Dialect.CIM_JSON) -> WrittenInstant | None:
    """The start of a request for sums, read from a text and written and read once more."""
    document = GOLDEN["aggregated-measure-data-request"]["full"]
    data = encode(document, Dialect.CIM_JSON).replace(b"2024-12-31T23:00:00Z", text.encode())
    taken = decode(data, Dialect.CIM_JSON)
    assert isinstance(taken, Decoded), taken
    again = decode(encode(taken.document, dialect), dialect)
    assert isinstance(again, Decoded), again
    assert isinstance(again.document, AggregatedMeasureDataRequest)
    return again.document.series[0].start


@pytest.mark.parametrize("dialect", [Dialect.CIM_XML, Dialect.CIM_JSON])
@pytest.mark.parametrize(
    "text",
    ["2025-01-01T00:00:00+01:00", "2024-12-31T23:00:00.000Z", "2024-12-31T23:00:00", "2024-12-31T23:00:00-00:00"],
)
def test_how_a_bound_was_written_survives(dialect: Dialect, text: str) -> None:
    # D66 is about the spelling, so the spelling must reach the rule
    assert start_of(text, dialect) == WrittenInstant(JANUARY.instant, text)
    assert start_of("2024-12-31T23:00:00Z", dialect) == JANUARY


def test_a_start_that_is_no_date_becomes_the_end_in_another_form() -> None:
    # JSON's pattern takes 31 February; XML needs a start that is one, and an empty period is refused by the rules
    assert start_of("2025-02-31T23:00:00Z") == FEBRUARY
