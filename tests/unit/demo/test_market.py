"""The sample market: complete, consistent, invented, and the same every time."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.demo import market as names
from gateway.demo.market import SampleMarket, sample_market
from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.files import files_of, read_files, write_files
from gateway.messages.codes import ConnectionState, MeteringPointType, Resolution, Role, SettlementMethod, Subtype
from gateway.messages.identifiers import has_gs1_check_digit, is_gln, is_gsrn
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.times import Interval, MarketZone

ZONE = MarketZone("Europe/Copenhagen")
DAY = date(2025, 3, 30)
"""A day of 23 hours."""


@pytest.fixture(scope="module")
def market() -> SampleMarket:
    return sample_market(ZONE, DAY)


def versions(market: SampleMarket, name: str) -> list[MeteringPointVersion]:
    return market.view.versions(market.named[name])


def test_there_is_a_point_of_every_kind(market: SampleMarket) -> None:
    # DK-1.48, DK-6.1.1
    points = market.dataset.points
    assert len({v.metering_point for v in points}) >= 200
    assert {v.kind for v in points} == set(MeteringPointType) - {MeteringPointType.AGGREGATION}
    assert {v.subtype for v in points} == set(Subtype)
    assert {v.settlement_method for v in points} == {*SettlementMethod, None}
    assert {v.connection_state for v in points} == set(ConnectionState)
    assert {v.resolution for v in points} == {Resolution.QUARTER, Resolution.HOUR, Resolution.MONTH}
    assert {v.kind for v in points if v.parent} == set(names.CHILD_TYPES)
    quarters = sum(v.resolution is Resolution.QUARTER for v in points)
    assert quarters > len(points) / 2


def test_every_identifier_is_invented_and_well_formed(market: SampleMarket) -> None:
    # DK-1.17
    for version in market.dataset.points:
        assert is_gsrn(version.metering_point)
        assert has_gs1_check_digit(version.metering_point)
        assert version.metering_point.startswith("2")
    for party in {role.party for role in market.dataset.roles}:
        assert is_gln(party)
        assert has_gs1_check_digit(party)
        assert party.startswith("2")


def test_its_files_import_without_a_finding(market: SampleMarket, tmp_path: Path) -> None:
    write_files(market.dataset, tmp_path / "market")
    reading = read_files(files_of(tmp_path / "market"), Manner(ZONE, strict=True))
    assert not reading.findings
    assert reading.dataset == market.dataset


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2025, 1, 1), date(2025, 12, 31)])
def test_it_is_the_same_every_time_on_any_day(day: date) -> None:
    market = sample_market(ZONE, day)
    assert market.dataset == sample_market(ZONE, day).dataset
    assert {v.metering_point for v in market.view.versions(market.named["parent"])}


def test_the_named_points_are_what_their_names_say(market: SampleMarket) -> None:
    change = ZONE.midnight(market.change_day)
    before, after = versions(market, "supplier-change")
    assert (before.energy_supplier, before.valid_to) == (names.SUPPLIER_A, change)
    assert (after.energy_supplier, after.valid_from) == (names.SUPPLIER_B, change)
    assert [v.connection_state for v in versions(market, "closed-down")] == ["connected", "closed-down"]
    assert [v.connection_state for v in versions(market, "connected-late")] == ["new", "connected"]
    assert [v.settlement_method for v in versions(market, "settlement-change")] == ["profiled", "flex"]
    (child,), (parent,) = versions(market, "child"), versions(market, "parent")
    assert child.parent == parent.metering_point
    assert child.energy_supplier is None
    assert parent.energy_supplier in (names.SUPPLIER_A, names.SUPPLIER_B)
    (neighbours,) = versions(market, "neighbours")
    assert market.view.grid_operator(neighbours.grid_area, change) == names.NEIGHBOUR
    expected = {
        "virtual": ("subtype", Subtype.VIRTUAL),
        "calculated": ("subtype", Subtype.CALCULATED),
        "disconnected": ("connection_state", ConnectionState.DISCONNECTED),
        "new": ("connection_state", ConnectionState.NEW),
        "hourly-values": ("resolution", Resolution.HOUR),
        "monthly": ("resolution", Resolution.MONTH),
        "exchange": ("kind", MeteringPointType.EXCHANGE),
        "production": ("kind", MeteringPointType.PRODUCTION),
    }
    for name, (field, value) in expected.items():
        assert {getattr(v, field) for v in versions(market, name)} == {value}, name


def test_every_party_is_in_its_role_on_the_day(market: SampleMarket) -> None:
    # DK-3.4.c: the one delegation there was is over
    day = ZONE.day_interval(DAY)
    for party, _, roles in names.PARTIES:
        assert all(market.view.holds(party, role, day.start) for role in roles)
    assert len(market.view.holders(Role.ENERGY_SUPPLIER, day.start)) == 2
    assert market.dataset.delegations
    assert not market.view.delegations_at(market.dataset.delegations[0].process, day.start)
    supplied = [
        [v.energy_supplier for v in market.view.versions(v.metering_point, Interval(day.start, day.end))]
        for v in market.dataset.points
    ]
    assert min(supplied.count([names.SUPPLIER_A]), supplied.count([names.SUPPLIER_B])) > 50
