"""Any sequence of imports against a plain model: what the hub says of any moment, as known at any transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from gateway.demo.market import sample_gln, sample_gsrn
from gateway.hub.database import Database, allocate
from gateway.hub.masterdata import registry
from gateway.hub.masterdata.files import MasterDataSet
from gateway.hub.masterdata.pages import page
from gateway.hub.ports import MasterDataTable, Page
from gateway.messages.codes import (
    ConnectionState,
    DocumentKind,
    MeteringPointType,
    Resolution,
    Role,
    SettlementMethod,
    Unit,
)
from gateway.messages.masterdata import FOREVER, Delegation, GridArea, MasterData, MeteringPointVersion, PartyRole
from gateway.messages.times import Interval

POINTS = [sample_gsrn(number) for number in range(4)]
PARTIES = [sample_gln(number) for number in range(3)]
AREAS = ["990", "991"]
MOMENTS = range(0, 100, 10)

some = st.sampled_from
party = some(PARTIES)
ends = st.lists(some(MOMENTS), min_size=2, max_size=5, unique=True).map(sorted)


@st.composite
def timelines(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Spans in order of time without overlap, with and without gaps, the last one with or without an end."""
    chosen = [span for span in pairwise(draw(ends)) if draw(st.integers(0, 3))] or [(0, 10)]
    return [*chosen[:-1], (chosen[-1][0], FOREVER if draw(st.booleans()) else chosen[-1][1])]


@st.composite
def point_versions(draw: st.DrawFn, point: str) -> list[MeteringPointVersion]:
    return [
        MeteringPointVersion(
            metering_point=point,
            kind=draw(some(MeteringPointType)),
            grid_area=draw(some(AREAS)),
            valid_from=start,
            valid_to=end,
            settlement_method=draw(st.none() | some(SettlementMethod)),
            connection_state=draw(some(ConnectionState)),
            resolution=draw(some(Resolution)),
            unit=draw(some(Unit)),
            energy_supplier=draw(st.none() | party),
            balance_responsible=draw(st.none() | party),
            parent=draw(st.none() | some(POINTS)),
            from_grid_area=draw(st.none() | some(AREAS)),
        )
        for start, end in draw(timelines())
    ]


@st.composite
def imports(draw: st.DrawFn) -> MasterDataSet:
    """One import: some points, parties, areas and delegations, each with a timeline of its own."""

    def chosen(names: list[str]) -> list[str]:
        return draw(st.lists(some(names), unique=True, max_size=len(names)))

    return MasterDataSet(
        points=[version for point in chosen(POINTS) for version in draw(point_versions(point))],
        grid_areas=[
            GridArea(area, draw(party), draw(st.text("ab", max_size=2)), *span)
            for area in chosen(AREAS)
            for span in draw(timelines())
        ],
        roles=[
            PartyRole(name, role, "", *span)
            for name in chosen(PARTIES)
            for role in draw(st.sets(some(Role), min_size=1, max_size=2))
            for span in draw(timelines())
        ],
        delegations=[
            Delegation(
                DocumentKind.MEASURE_DATA, "990", name, Role.ENERGY_SUPPLIER, draw(party), draw(some(Role)), *span
            )
            for name in chosen(PARTIES)
            for span in draw(timelines())
        ],
    )


class Model:
    """What is known, in dicts: the newest timeline of each key."""

    def __init__(self) -> None:
        self.points: dict[str, list[MeteringPointVersion]] = {}
        self.areas: dict[str, list[GridArea]] = {}
        self.roles: dict[str, list[PartyRole]] = {}
        self.delegations: dict[str, list[Delegation]] = {}

    def after(self, dataset: MasterDataSet) -> Model:
        """The model with an import on top."""
        result = Model()
        result.points = self.points | {
            v.metering_point: [w for w in dataset.points if w.metering_point == v.metering_point]
            for v in dataset.points
        }
        result.areas = self.areas | {
            a.code: [b for b in dataset.grid_areas if b.code == a.code] for a in dataset.grid_areas
        }
        result.roles = self.roles | {r.party: [s for s in dataset.roles if s.party == r.party] for r in dataset.roles}
        result.delegations = self.delegations | {
            d.from_party: [e for e in dataset.delegations if e.from_party == d.from_party] for d in dataset.delegations
        }
        return result

    def check(self, seen: MasterData) -> None:
        """Compare a view with the model: as a whole, and at every moment."""
        assert set(seen.roles) == {role for roles in self.roles.values() for role in roles}
        assert set(seen.grid_areas) == {area for areas in self.areas.values() for area in areas}
        assert set(seen.delegations) == {d for ds in self.delegations.values() for d in ds}
        for point in POINTS:
            assert seen.versions(point) == self.points.get(point, [])
            for at in MOMENTS:
                true = [v for v in self.points.get(point, []) if v.valid_from <= at < v.valid_to]
                assert seen.versions(point, Interval(at, at + 1)) == true
        for area in AREAS:
            for at in MOMENTS:
                operators = [a.grid_operator for a in self.areas.get(area, []) if a.valid_from <= at < a.valid_to]
                assert seen.grid_operator(area, at) == (operators[0] if operators else None)


class _UndoneError(Exception):
    """Raised to roll an example back."""


@contextmanager
def undone(database: Database) -> Iterator[Connection]:
    """A writing transaction that leaves nothing behind."""
    try:
        with database.write() as connection:
            yield connection
            raise _UndoneError
    except _UndoneError:
        pass


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=st.lists(imports(), min_size=1, max_size=5))
def test_any_history_is_seen_as_it_was_known(database: Database, sequence: list[MasterDataSet]) -> None:
    with undone(database) as connection:
        models = {0: Model()}
        for number, dataset in enumerate(sequence):
            transaction = allocate(connection, number)
            registry.import_set(connection, transaction, dataset)
            assert registry.latest_transaction(connection) == transaction
            models[transaction] = models[transaction - 1].after(dataset)
        for transaction, model in models.items():
            seen = registry.view(connection, transaction)
            assert seen.transaction == transaction
            model.check(seen)
        models[len(sequence)].check(registry.view(connection))
        for table in MasterDataTable:
            rows = page(connection, table, "", Page(limit=10_000)).rows
            assert len(rows) == sum(dataset.counts()[table] for dataset in sequence)
