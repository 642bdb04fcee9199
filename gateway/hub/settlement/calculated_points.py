"""Values of calculated metering points on a day: the hub's own, by formula over other points (DK-6.1.3)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from decimal import Decimal

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.period_groups import STATUS_BITS, series_kind
from gateway.hub.series.merge import Run
from gateway.hub.series.store import Batch
from gateway.messages.codes import Quality, Resolution, Unit
from gateway.messages.masterdata import RESOLUTIONS, MasterData, Rows
from gateway.messages.settlement_masterdata import FACTOR_ONE
from gateway.messages.times import HOUR, STEP_SECONDS, Interval, MarketZone
from gateway.settlement.formulas import Formula, PointValues, Term, evaluate
from gateway.settlement.quality_sets import SET_OF, joint_quality, status_of

log = logging.getLogger(__name__)

_QUARTERS = HOUR // STEP_SECONDS[Resolution.QUARTER]


def formulas_of(office: Office, connection: Connection, day: Interval, as_of: int) -> tuple[Formula, ...]:
    """The formulas in force at the beginning of a day, each after those it needs."""
    facts = office.settlement_facts(connection, as_of)
    return tuple(
        Formula(
            formula.point,
            tuple(
                Term(term, Decimal(factor) / FACTOR_ONE)
                for term, factor in zip(formula.terms.tolist(), formula.factors.tolist(), strict=True)
            ),
        )
        for formula in facts.formulas_at(day.start)
    )


def calculated_values(
    office: Office, connection: Connection, formulas: tuple[Formula, ...], view: tuple[MasterData, Interval, int]
) -> Iterator[Batch]:
    """The values of calculated points on a day as known at a version, over the steps of the coarsest point involved.

    What comes out negative is kept as it is, and told in the log.
    """
    master, day, as_of = view
    if not formulas:
        return
    points = np.array(sorted({term.point for one in formulas for term in one.terms}), dtype=np.int64)
    own = np.array([one.point for one in formulas], dtype=np.int64)
    resolution = _coarsest(master, np.union1d(points, own), day)
    steps = (day.end - day.start) // STEP_SECONDS[resolution]
    found = office.store.read(connection, points, day, kind=series_kind(Unit.KWH), as_of=as_of)
    known = {
        point: values
        for point, runs in zip(points.tolist(), found.runs, strict=True)
        if runs and (values := _dense(runs, day, resolution, office.profile.zone)) is not None
    }
    evaluated = evaluate(formulas, known, steps)
    for finding in evaluated.findings:
        log.warning("%s", finding.text)
    quantity = np.stack([evaluated.values[point].quantity for point in own.tolist()])
    quality = np.stack([evaluated.values[point].quality for point in own.tolist()])
    yield Batch(resolution, day.start, own, quantity, quality, np.zeros_like(quantity))


def _coarsest(master: MasterData, points: Rows, day: Interval) -> Resolution:
    """Hours where any of the points is read in hours on the day, else quarters."""
    located = master.locate(points, np.full(len(points), day.start), np.full(len(points), day.end))
    rows = located.first[located.number > 0]
    in_hours = (master.points.resolution[rows] == RESOLUTIONS.index(Resolution.HOUR)).any()
    return Resolution.HOUR if in_hours else Resolution.QUARTER


def _dense(runs: tuple[Run, ...], day: Interval, resolution: Resolution, zone: MarketZone) -> PointValues:
    """The values of a point over all steps of the day; quarters are joined to hours where these are wanted."""
    quarters = (day.end - day.start) // STEP_SECONDS[Resolution.QUARTER]
    quantity = np.zeros(quarters, dtype=np.int64)
    sets = np.full(quarters, SET_OF[Quality.MISSING], dtype=np.uint8)
    hourly = np.zeros(quarters // _QUARTERS, dtype=np.int64)
    for run in runs:
        if run.resolution not in STEP_SECONDS:
            continue
        place = (run.starts(zone) - day.start) // STEP_SECONDS[Resolution.QUARTER]
        own = SET_OF[run.quality & STATUS_BITS]
        if run.resolution == Resolution.QUARTER:
            quantity[place], sets[place] = run.quantity, own
        else:
            hourly[place // _QUARTERS] = run.quantity
            for quarter in range(_QUARTERS):
                sets[place + quarter] = own
    if resolution == Resolution.QUARTER:
        return PointValues(quantity, status_of(sets))
    hours = quantity.reshape(-1, _QUARTERS).sum(axis=1) + hourly
    joint = joint_quality(np.bitwise_or.reduce(sets.reshape(-1, _QUARTERS), axis=1))
    return PointValues(hours, status_of(joint))
