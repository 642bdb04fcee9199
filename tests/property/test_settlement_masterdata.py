"""Any facts against plain loops: what settlement reads of its master data at an instant, and which rings there are."""

from __future__ import annotations

from graphlib import CycleError
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.market import sample_gln, sample_gsrn
from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.files import MasterDataSet, csv_files, read_files
from gateway.messages.codes import GridLossRole, MeteringPointType, Permission, Role, SettlementMethod, Subtype
from gateway.messages.findings import Finding, Severity
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import FOREVER, GridArea, MasterData, MeteringPointVersion, PartyRole
from gateway.messages.settlement_masterdata import (
    FormulaTerm,
    GridLossPoint,
    LoadShare,
    PointPermission,
    PointTariff,
    SettlementFacts,
    SettlementMasterData,
    in_force,
)
from gateway.messages.times import MarketZone

POINTS = [sample_gsrn(number) for number in range(5)]
SUPPLIERS = [sample_gln(number) for number in range(2)]
MOMENTS = range(0, 60, 10)
MANNER = Manner(MarketZone("Europe/Copenhagen"))

some = st.sampled_from
span = st.lists(some(MOMENTS), min_size=2, max_size=2, unique=True).map(sorted).map(tuple)


@st.composite
def timelines(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Spans of one key: in order, without overlap, the last perhaps without an end."""
    ends = draw(st.lists(some(MOMENTS), min_size=2, max_size=4, unique=True).map(sorted))
    spans = list(pairwise(ends))
    return [*spans[:-1], (spans[-1][0], draw(some([spans[-1][1], FOREVER])))]


@st.composite
def markets(draw: st.DrawFn) -> MasterData:
    """Points that change their area, supplier and settlement, some of them unknown."""
    return MasterData.build(
        [
            MeteringPointVersion(
                point,
                MeteringPointType.CONSUMPTION,
                draw(some(["990", "991"])),
                *dates,
                settlement_method=draw(some([SettlementMethod.PROFILED, SettlementMethod.FLEX, None])),
                energy_supplier=draw(st.none() | some(SUPPLIERS)),
            )
            for point in draw(st.lists(some(POINTS), unique=True))
            for dates in draw(timelines())
        ]
    )


@given(st.data(), markets())
def test_load_shares_at_an_instant(data: st.DataObject, master: MasterData) -> None:
    # DK-3.4.a
    shares = [
        LoadShare(point, data.draw(st.integers(0, 10**12)), *dates)
        for point in data.draw(st.lists(some(POINTS), unique=True))
        for dates in data.draw(timelines())
    ]
    view = SettlementMasterData.build(SettlementFacts(load_shares=shares))
    for at in MOMENTS:
        found = view.load_shares_at(master, at)
        told = [
            (point_id(point), quantity, master.areas.name(area), master.parties.name(supplier))
            for point, quantity, area, supplier, _ in zip(*(column.tolist() for column in found), strict=True)
        ]
        assert told == sorted(
            (share.metering_point, share.quantity, version.grid_area, version.energy_supplier)
            for share in shares
            for version in master.versions(share.metering_point)
            if share.valid_from <= at < share.valid_to
            and version.valid_from <= at < version.valid_to
            and version.settlement_method is SettlementMethod.PROFILED
        )


@given(st.lists(st.builds(PointTariff, some(POINTS), some("ab"), some(SUPPLIERS), *[some(MOMENTS)] * 2)))
def test_tariffs_at_an_instant(tariffs: list[PointTariff]) -> None:
    view = SettlementMasterData.build(SettlementFacts(tariffs=tariffs))
    for at in MOMENTS:
        found = in_force(view.tariffs, at)
        assert np.all(np.diff(found.point) >= 0)
        told = [
            (point_id(point), view.tariff_ids.name(tariff), view.owners.name(owner))
            for point, tariff, owner in zip(
                found.point.tolist(), found.tariff.tolist(), found.owner.tolist(), strict=True
            )
        ]
        assert sorted(told) == sorted(row[:3] for row in tariffs if row.valid_from <= at < row.valid_to)


@given(st.lists(st.builds(PointPermission, some(POINTS), some(Permission), *[some(MOMENTS)] * 2)))
def test_permissions_at_an_instant(permissions: list[PointPermission]) -> None:
    # DK-5.1.1.c
    view = SettlementMasterData.build(SettlementFacts(permissions=permissions))
    points = np.array([point_key(point) for point in POINTS], dtype=np.int64)
    for at in MOMENTS:
        for permission in Permission:
            held = {r[0] for r in permissions if r.permission is permission and r.valid_from <= at < r.valid_to}
            assert view.permitted(points, permission, at).tolist() == [point in held for point in POINTS]


@given(st.data())
def test_loss_points_at_an_instant(data: st.DataObject) -> None:
    # DK-6.1.2
    losses = [
        GridLossPoint(area, data.draw(some(POINTS)), role, *dates)
        for area in ("990", "991")
        for role in GridLossRole
        for dates in data.draw(timelines())
    ]
    view = SettlementMasterData.build(SettlementFacts(grid_loss=losses))
    for at in MOMENTS:
        for area in ("990", "991", "992"):
            for role in GridLossRole:
                held = [r for r in losses if (r.grid_area, r.role) == (area, role) and r.valid_from <= at < r.valid_to]
                assert view.loss_point(area, role, at) == (held[0].metering_point if held else None)


terms = st.builds(
    lambda ends, factor, dates: FormulaTerm(ends[0], ends[1], factor, dates[0], dates[1]),
    st.tuples(some(POINTS), some(POINTS)),
    st.integers(1, 999_999_999),
    span,
)


@given(st.lists(terms, max_size=12, unique_by=lambda term: term[:2]))
def test_formulas_come_in_the_order_of_calculation_or_are_refused_for_a_ring(rows: list[FormulaTerm]) -> None:
    # DK-6.1.3
    view = SettlementMasterData.build(SettlementFacts(formulas=rows))
    has_ring = False
    for at in MOMENTS:
        needs = {(row.metering_point, row.term_point) for row in rows if row.valid_from <= at < row.valid_to}
        try:
            formulas = view.formulas_at(at)
        except CycleError:
            assert _leads_back(needs)
            has_ring = True
            continue
        assert not _leads_back(needs)
        assert {(point_id(f.point), point_id(term)) for f in formulas for term in f.terms.tolist()} == needs
        assert sum(len(f.factors) for f in formulas) == len(needs)
        place = {formula.point: number for number, formula in enumerate(formulas)}
        assert all(place.get(term, -1) < number for number, f in enumerate(formulas) for term in f.terms.tolist())
    found = {finding.rule for finding in _read(rows)}
    assert found == ({"formula-cycle"} if has_ring else set())


def _leads_back(needs: set[tuple[str, str]]) -> bool:
    """Whether any point needs itself, by multiplying the relation out."""
    reached = set(needs)
    while more := {(a, d) for a, b in reached for c, d in needs if b == c} - reached:
        reached |= more
    return any(a == b for a, b in reached)


def _read(rows: list[FormulaTerm]) -> list[Finding]:
    area = GridArea("990", SUPPLIERS[0])
    points = [
        MeteringPointVersion(point, MeteringPointType.CONSUMPTION, "990", 0, subtype=Subtype.CALCULATED)
        for point in POINTS
    ]
    roles = [PartyRole(SUPPLIERS[0], Role.GRID_OPERATOR)]
    dataset = MasterDataSet(points, [area], roles, settlement=SettlementFacts(formulas=rows))
    return [f for f in read_files(csv_files(dataset), MANNER).findings if f.severity is Severity.ERROR]
