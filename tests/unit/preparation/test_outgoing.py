"""Prepared series as messages: how they are divided, and what they say of themselves."""

from __future__ import annotations

from datetime import datetime

from gateway.codecs.table import Decoded, decode
from gateway.markets.registry import changed_profile
from gateway.messages.codes import Dialect, MeteringPointType, Role
from gateway.messages.documents import MeasureData
from gateway.messages.series import AreaId
from gateway.preparation.outgoing import Desk, messages
from gateway.preparation.prepare import Prepared
from tests.gs1_codes import gsrn
from tests.unit.preparation.office import DAY, DK, OPERATOR, assignment, curve, joined, master_of, prepared, version

ORDER = assignment(master_of(*(version(gsrn(number)) for number in range(1, 8))))
WEEK = prepared(joined(*(curve(DAY, [250] * 24, gsrn(number)) for number in range(1, 8))), ORDER)


def documents(result: Prepared, desk: Desk) -> list[MeasureData]:
    """The messages, read again."""
    found = [decode(message.content, desk.dialect) for message in messages(result.draft, result.good, desk)]
    return [one.document for one in found if isinstance(one, Decoded) and isinstance(one.document, MeasureData)]


def desk(**bundling: int) -> Desk:
    """A desk of a market with other bundles."""
    market = changed_profile("dk", {"bundling": bundling}, {})
    return Desk(market, ORDER, Dialect.CIM_XML, iter(f"id-{n}" for n in range(1000)).__next__)


def test_a_message_holds_no_more_series_and_values_than_a_bundle() -> None:
    by_series = documents(WEEK, desk(transactions=3))
    assert [len(document.series) for document in by_series] == [3, 3, 1]
    by_values = documents(WEEK, desk(points=49))
    assert [len(document.series) for document in by_values] == [2, 2, 2, 1]
    one_by_one = documents(WEEK, desk(points=1))
    assert [len(document.series) for document in one_by_one] == [1] * 7
    points = [point for document in by_values for point in document.series.point]
    assert points == [gsrn(number) for number in range(1, 8)]


def test_every_id_is_new() -> None:
    found = documents(WEEK, desk(transactions=3))
    ids = [document.header.message_id for document in found] + [t for d in found for t in d.series.transaction]
    assert len(ids) == len(set(ids)) == 3 + 7


def test_the_header_is_that_of_the_grid_operator() -> None:
    (document,) = documents(WEEK, desk())
    header = document.header
    assert (header.sender.id, header.sender.role) == (OPERATOR, Role.METERED_DATA_RESPONSIBLE)
    assert (header.receiver.id, header.receiver.role) == (DK.hub, Role.HUB)
    assert (header.type_code, header.process_type, header.business_sector) == ("E66", "periodic-metering", "23")
    assert header.created_at == datetime.fromisoformat("2025-06-19T06:00:00Z")


def test_an_exchange_point_names_its_areas() -> None:
    border = version(kind=MeteringPointType.EXCHANGE, settlement_method=None, from_grid_area="543", to_grid_area="544")
    order = assignment(master_of(border))
    result = prepared(curve(DAY, [250] * 24), order)
    (document,) = documents(result, Desk(DK, order, Dialect.CIM_XML, iter("abc").__next__))
    (series,) = document.series
    assert (series.in_area, series.out_area) == (AreaId("544"), AreaId("543"))
