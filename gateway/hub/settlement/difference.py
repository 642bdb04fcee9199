"""Why two settlements of a day differ: down to the sums, the values, and the messages that brought these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.period_groups import STATUS_BITS, series_kind
from gateway.hub.ports import Principal
from gateway.hub.series.merge import Run as ValueRun
from gateway.hub.series.value_versions import value_versions
from gateway.hub.settlement.recipients import numbered
from gateway.hub.settlement.snapshots import Snapshot
from gateway.messages.codes import Quality, Role, Unit
from gateway.messages.identifiers import point_id
from gateway.messages.masterdata import MasterData, Rows
from gateway.messages.times import Interval
from gateway.settlement.energy import energy_plan
from gateway.settlement.results import ResultKey, ResultKind


@dataclass(frozen=True, slots=True)
class SumDifference:
    """A sum that came out differently: in how many steps, and by how many Wh altogether."""

    kind: ResultKind
    key: ResultKey
    steps: int
    change: int


@dataclass(frozen=True, slots=True)
class ValueDifference:
    """A value that was another when the second snapshot was calculated.

    Attributes:
        start: instant of its step.
        before, after: Wh; None where there was none.
        message_id, sender: the message that brought the later one.
    """

    metering_point: str
    start: int
    before: int | None
    after: int | None
    status_before: Quality
    status_after: Quality
    message_id: str
    sender: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs between two snapshots of one day and grid area.

    Attributes:
        sums: by kind and key.
        values: by metering point and step; at most `MOST_VALUES`.
        more_values: how many further ones there are.
        points: metering points that were registered differently: another supplier, type, method or span of time.
    """

    sums: tuple[SumDifference, ...]
    values: tuple[ValueDifference, ...]
    more_values: int
    points: tuple[str, ...]


MOST_VALUES = 10_000
"""Values told of one difference."""


class _Value(NamedTuple):
    """A value of a point as known at a version: Wh, its status, the transaction that brought it."""

    quantity: int
    status: Quality
    transaction: int


class _Change(NamedTuple):
    """A step of a point with the values before and after."""

    point: int
    step: int
    before: _Value | None
    after: _Value | None


def difference(office: Office, connection: Connection, first: Snapshot, second: Snapshot) -> Difference:
    """What differs from the first snapshot to the second; both are of the same day and grid area.

    Raises:
        ValueError: they are not.
    """
    if (first.run.day, first.grid_area) != (second.run.day, second.grid_area):
        raise ValueError("the snapshots are of different days or grid areas")
    day = office.profile.zone.day_interval(first.run.day)
    masters = [office.master_as_of(connection, one.run.as_of) for one in (first, second)]
    plans = [energy_plan(master, day, (first.grid_area,)).plan for master in masters]
    points = np.union1d(plans[0].points, plans[1].points)
    changes = list(_changes(office, connection, points, (day, first.run.as_of, second.run.as_of)))
    told = _told(office, connection, changes[:MOST_VALUES])
    registered = tuple(point_id(point) for point in points.tolist() if _registered_differently(masters, point, day))
    return Difference(tuple(_sums(first, second)), tuple(told), max(0, len(changes) - MOST_VALUES), registered)


def _sums(first: Snapshot, second: Snapshot) -> Iterator[SumDifference]:
    before, after = ({(row.kind, row.key): row.quantity for row in numbered(one.results)} for one in (first, second))
    nothing = np.zeros(first.results.steps, dtype=np.int64)
    for kind, key in sorted(before.keys() | after.keys(), key=str):
        change = after.get((kind, key), nothing) - before.get((kind, key), nothing)
        if change.any():
            yield SumDifference(kind, key, int(np.count_nonzero(change)), int(change.sum()))


def _changes(
    office: Office, connection: Connection, points: Rows, view: tuple[Interval, int, int]
) -> Iterator[_Change]:
    day, *versions = view
    kind = series_kind(Unit.KWH)
    earlier, later = (office.store.read(connection, points, day, kind=kind, as_of=version) for version in versions)
    for point, runs_before, runs_after in zip(points.tolist(), earlier.runs, later.runs, strict=True):
        before, after = (_values(office, runs) for runs in (runs_before, runs_after))
        for step in sorted(before.keys() | after.keys()):
            was, now = before.get(step), after.get(step)
            if (was and was[:2]) != (now and now[:2]):
                yield _Change(point, step, was, now)


def _values(office: Office, runs: Sequence[ValueRun]) -> dict[int, _Value]:
    found: dict[int, _Value] = {}
    for run in runs:
        columns = (run.starts(office.profile.zone), run.quantity, run.quality & STATUS_BITS, run.transaction)
        for step, quantity, status, transaction in zip(*(column.tolist() for column in columns), strict=True):
            found[step] = _Value(quantity, Quality(status), transaction)
    return found


def _told(office: Office, connection: Connection, changes: Sequence[_Change]) -> Iterator[ValueDifference]:
    """The changes with the message that brought the later value; asked for once for each point and transaction."""
    operator = Principal(office.profile.hub, Role.HUB, "settlement")
    origins: dict[tuple[int, int], tuple[str, str]] = {}
    for point, step, before, after in changes:
        brought = (point, after.transaction if after else 0)
        if brought not in origins:
            versions = value_versions(office, connection, operator, point_id(point), step) or ()
            said = [(one.message_id, one.sender) for one in versions if one.transaction == brought[1]]
            origins[brought] = said[-1] if said else ("", "")
        yield ValueDifference(
            metering_point=point_id(point),
            start=step,
            before=_energy(before),
            after=_energy(after),
            status_before=before.status if before else Quality.MISSING,
            status_after=after.status if after else Quality.MISSING,
            message_id=origins[brought][0],
            sender=origins[brought][1],
        )


def _energy(value: _Value | None) -> int | None:
    return None if value is None or value.status is Quality.MISSING else value.quantity


def _registered_differently(masters: Sequence[MasterData], point: int, day: Interval) -> bool:
    """Whether a point is another on the day by the later master data; only what holds on the day counts."""
    views = [
        [
            one._replace(valid_from=max(one.valid_from, day.start), valid_to=min(one.valid_to, day.end))
            for one in master.versions(point, day)
        ]
        for master in masters
    ]
    return views[0] != views[1]
