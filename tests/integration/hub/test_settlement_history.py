"""Any sequence of imports of settlement facts against a plain model: each view shows what was known then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.demo.market import sample_gln, sample_gsrn
from gateway.hub.database import Database, allocate
from gateway.hub.masterdata import registry
from gateway.hub.masterdata.files import MasterDataSet
from gateway.hub.masterdata.pages import page
from gateway.hub.masterdata.settlement_registry import facts_about, settlement_view
from gateway.hub.ports import MasterDataTable, Page
from gateway.messages.codes import GridLossRole, Permission
from gateway.messages.identifiers import point_id
from gateway.messages.masterdata import FOREVER
from gateway.messages.settlement_masterdata import (
    PERMISSIONS,
    FormulaTerm,
    GridLossPoint,
    LoadShare,
    PointPermission,
    PointTariff,
    SettlementFacts,
    SettlementMasterData,
)

from .test_masterdata_history import undone

POINTS = [sample_gsrn(number) for number in range(3)]
OWNERS = [sample_gln(number) for number in range(2)]
MOMENTS = range(0, 60, 10)
Fact = TypeVar("Fact", LoadShare, PointTariff, FormulaTerm, GridLossPoint, PointPermission)

some = st.sampled_from
points = st.lists(some(POINTS), unique=True)


@st.composite
def spans(draw: st.DrawFn) -> list[tuple[int, int]]:
    ends = draw(st.lists(some(MOMENTS), min_size=2, max_size=3, unique=True).map(sorted))
    return [*pairwise(ends[:-1]), (ends[-2], draw(some([ends[-1], FOREVER])))]


@st.composite
def facts(draw: st.DrawFn) -> SettlementFacts:
    """What one import says: some keys of each family, each with a timeline of its own."""
    return SettlementFacts(
        [LoadShare(point, draw(st.integers(0, 10**13)), *s) for point in draw(points) for s in draw(spans())],
        [
            PointTariff(point, tariff, owner, *s)
            for point in draw(points)
            for tariff, owner in draw(st.sets(st.tuples(some(["A", "NET-C é"]), some(OWNERS)), min_size=1))
            for s in draw(spans())
        ],
        [
            FormulaTerm(point, term, draw(st.integers(-999_999_999, 999_999_999)), *s)
            for point in draw(points)
            for term in draw(st.sets(some(POINTS), min_size=1))
            for s in draw(spans())
        ],
        [
            GridLossPoint(area, draw(some(POINTS)), role, *s)
            for area in draw(st.sets(some(["990", "991"])))
            for role in draw(st.sets(some(GridLossRole), min_size=1))
            for s in draw(spans())
        ],
        [
            PointPermission(point, permission, *s)
            for point in draw(points)
            for permission in draw(st.sets(some(Permission), min_size=1))
            for s in draw(spans())
        ],
    )


def after(known: SettlementFacts, stated: SettlementFacts) -> SettlementFacts:
    """What is known once an import came: its keys replace theirs."""

    def merged(old: Sequence[Fact], new: Sequence[Fact], key: Callable[[Fact], str]) -> list[Fact]:
        keys = set(map(key, new))
        kept = [fact for fact in old if key(fact) not in keys]
        kept.extend(new)
        return kept

    return SettlementFacts(
        merged(known.load_shares, stated.load_shares, lambda fact: fact.metering_point),
        merged(known.tariffs, stated.tariffs, lambda fact: fact.metering_point),
        merged(known.formulas, stated.formulas, lambda fact: fact.metering_point),
        merged(known.grid_loss, stated.grid_loss, lambda fact: fact.grid_area),
        merged(known.permissions, stated.permissions, lambda fact: fact.metering_point),
    )


def ordered(known: SettlementFacts) -> SettlementFacts:
    return SettlementFacts(*(sorted(rows) for rows in vars(known).values()))


def told(view: SettlementMasterData) -> SettlementFacts:
    """A view as rows again, after a look at whether its columns are in order."""
    shares, tariffs, terms, held = view.load_shares, view.tariffs, view.formulas, view.permissions
    for columns in (shares, tariffs, terms, held):
        assert all(one <= other for one, other in pairwise(columns.point.tolist()))

    def rows(*columns: Iterable[int]) -> Iterable[tuple[int, ...]]:
        return zip(*(list(column) for column in columns), strict=True)

    return ordered(
        SettlementFacts(
            [
                LoadShare(point_id(point), int(quantity), int(start), int(end))
                for point, quantity, start, end in rows(
                    shares.point, shares.quantity, shares.valid_from, shares.valid_to
                )
            ],
            [
                PointTariff(
                    point_id(point), view.tariff_ids.names[tariff], view.owners.names[owner], int(start), int(end)
                )
                for point, tariff, owner, start, end in rows(
                    tariffs.point, tariffs.tariff, tariffs.owner, tariffs.valid_from, tariffs.valid_to
                )
            ],
            [
                FormulaTerm(point_id(point), point_id(term), int(factor), int(start), int(end))
                for point, term, factor, start, end in rows(
                    terms.point, terms.term, terms.factor, terms.valid_from, terms.valid_to
                )
            ],
            list(view.grid_loss),
            [
                PointPermission(point_id(point), PERMISSIONS[permission], int(start), int(end))
                for point, permission, start, end in rows(held.point, held.permission, held.valid_from, held.valid_to)
            ],
        )
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=st.lists(facts(), min_size=1, max_size=4))
def test_any_history_is_seen_as_it_was_known(database: Database, sequence: list[SettlementFacts]) -> None:
    with undone(database) as connection:
        models = {0: SettlementFacts()}
        for number, stated in enumerate(sequence, 1):
            registry.import_set(connection, allocate(connection, number), MasterDataSet(settlement=stated))
            models[number] = after(models[number - 1], stated)
        for transaction, model in models.items():
            view = settlement_view(connection, transaction)
            assert view.transaction == transaction
            assert told(view) == told(SettlementMasterData.build(model)) == ordered(model)
            about = facts_about(connection, set(POINTS[:1]), transaction)
            assert ordered(about) == ordered(
                SettlementFacts(
                    [fact for fact in model.load_shares if fact.metering_point == POINTS[0]],
                    [fact for fact in model.tariffs if fact.metering_point == POINTS[0]],
                    model.formulas,
                    model.grid_loss,
                    [fact for fact in model.permissions if fact.metering_point == POINTS[0]],
                )
            )
        assert told(settlement_view(connection)) == ordered(models[len(sequence)])
        for table in MasterDataTable:
            rows = page(connection, table, "", Page(limit=10_000)).rows
            assert len(rows) == sum(MasterDataSet(settlement=stated).counts()[table] for stated in sequence)
