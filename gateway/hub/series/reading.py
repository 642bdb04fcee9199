"""Reading values for a party: what it may see, as known at an instant, in the unit and step it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.access import ALWAYS, rights
from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import listed, on_driver, transaction_at
from gateway.hub.office import Office
from gateway.hub.period_groups import series_kind
from gateway.hub.ports import PointSeries, Principal, Refused, SeriesQuery
from gateway.hub.series.step_sums import Values, step_bounds, summed
from gateway.hub.series.value_versions import value_versions
from gateway.markets.series_terms import SeriesSort, SeriesTerms
from gateway.messages.codes import Flow, Resolution, Unit
from gateway.messages.findings import Finding
from gateway.messages.identifiers import is_point_id, point_key
from gateway.messages.masterdata import MasterData, MeteringPointVersion
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import Instants, Interval
from gateway.messages.units import SCALES, are_alike, in_unit

__all__ = ["read_series", "value_versions"]

_COARSENESS = {resolution: place for place, resolution in enumerate(Resolution)}
_RATES = (Unit.KW, Unit.MW, Unit.AMPERE)
"""Units whose values over time do not add up."""


Visible = Callable[[int], tuple[Interval, ...]]
"""The parts of all time, in order, in which a reader may see a metering point."""


class _Span(NamedTuple):
    """A part of the interval in which the reader may see a point and its unit is one.

    Attributes:
        limit: where the right ends; a value that reaches past it is not shown.
    """

    point: str
    unit: Unit
    resolution: Resolution
    start: int
    end: int
    limit: int
    flow: Flow | None


class _Sort(NamedTuple):
    """Values of one point in one unit and one direction."""

    point: str
    unit: Unit
    flow: Flow | None


@dataclass(frozen=True, slots=True)
class _Piece:
    """Values of one sort in one resolution."""

    sort: _Sort
    step: Resolution
    values: Values


def read_series(
    office: Office, connection: Connection, reader: Principal, query: SeriesQuery
) -> tuple[PointSeries, ...] | Refused | None:
    """Values of points that a party may see by its role in the market; see `read_visible`."""
    master, now = office.refresh(connection), office.clock.now()
    return read_visible(
        office, connection, query, lambda point: rights(office.profile, master, reader, point, (ALWAYS, now))
    )


def read_visible(
    office: Office, connection: Connection, query: SeriesQuery, visible: Visible
) -> tuple[PointSeries, ...] | Refused | None:
    """Values of points whose step begins in the interval, as known at an instant (`PointSeries`).

    None when one of the points is unknown or the reader may see nothing of it in the interval; where it may see a
    part, it gets the values that lie within that part. A point without values gives one empty series.

    With `step` None a point has one series for each run of values of one resolution, in order of time (D1 §1.48).
    With a step, quarters and hours are summed side by side into local hours, days, months and years; see `step_sums`
    for the quality of a sum. A step is named by its start, also where the interval or the reader's right begins within
    it; the sum of such a step is incomplete. Steps of which nothing is known are left out.

    With `unit`, quantities are turned into any unit of the same sort (Wh to GWh, varh to Gvarh); a sum is rounded once,
    half up (0.5 Wh becomes 1 Wh, -0.5 Wh becomes 0), to thousandths of the unit asked for. A point with a series for
    each direction gives one answer for each (FI-1.3).

    Findings: `unit-not-convertible`; `unit-not-summable` where powers or currents would be added up;
    `step-finer-than-stored` where a value covers more than the step asked for.
    """
    master = office.refresh(connection)
    spans: list[_Span] = []
    for point in dict.fromkeys(query.points):
        seen = _spans(master, visible, point, (query, office.profile.series))
        if not seen:
            return None
        spans += seen
    if refused := _unit_findings(query, spans):
        return Refused(refused)
    pieces = _read(office, connection, spans, query.as_of)
    if query.step is not None:
        if refused := _step_findings(query.step, pieces):
            return Refused(refused)
        pieces = _in_steps(office, query, pieces)
    elif query.unit is not None:
        pieces = [_in_unit(piece, query.unit) for piece in pieces]
    pieces = _of_one_step(pieces)
    return tuple(_answer(connection, _with_empty(query, spans, pieces)))


def _spans(master: MasterData, visible: Visible, point: str, wanted: tuple[SeriesQuery, SeriesTerms]) -> list[_Span]:
    """What the reader may see of a point in an interval, cut where the point's unit changes."""
    if not is_point_id(point):
        return []
    (query, terms), spans = wanted, list[_Span]()
    for part in visible(point_key(point)):
        start, end = max(part.start, query.start), min(part.end, query.end)
        for version in master.versions(point, Interval(start, end)) if start < end else ():
            begins, ends = max(start, version.valid_from), min(end, version.valid_to)
            for sort in _sorts(terms, version, query):
                span = _Span(point, sort.unit, version.resolution, begins, ends, part.end, sort.flow)
                last = next((one for one in reversed(spans) if (one.unit, one.flow) == (sort.unit, sort.flow)), None)
                if last is not None and (last.end, last.limit) == (begins, part.end):
                    spans[spans.index(last)] = last._replace(end=ends)
                else:
                    spans.append(span)
    return spans


def _sorts(terms: SeriesTerms, version: MeteringPointVersion, query: SeriesQuery) -> Iterator[SeriesSort]:
    """Which of a point's series are asked for: of the unit asked for, if it has any, else of its registered unit."""
    sorts = terms.sorts_of(version.kind, version.unit)
    alike = [sort for sort in sorts if query.unit is not None and are_alike(sort.unit, query.unit)]
    for sort in alike or [sort for sort in sorts if are_alike(sort.unit, version.unit)]:
        if query.flow is None or sort.flow is query.flow:
            yield sort


def _read(office: Office, connection: Connection, spans: Sequence[_Span], as_of: int | None) -> list[_Piece]:
    """The stored values of every span, in its order; equal spans of many points are read at once."""
    version = None if as_of is None else transaction_at(connection, as_of * MICROSECONDS)
    zone = office.profile.zone
    together: dict[tuple[int, int, int], list[int]] = {}
    for place, span in enumerate(spans):
        together.setdefault((span.start, span.end, series_kind(span.unit, span.flow)), []).append(place)
    pieces: dict[int, list[_Piece]] = {}
    for (start, end, kind), places in together.items():
        points = np.array([point_key(spans[place].point) for place in places], dtype=np.int64)
        found = office.store.read(connection, points, Interval(start, end), kind=kind, as_of=version)
        for place, runs in zip(places, found.runs, strict=True):
            span = spans[place]
            sort = _Sort(span.point, span.unit, span.flow)
            for run in runs:
                values = Values.of(run, zone)
                inside = values.where(values.ends <= span.limit)
                if len(inside):
                    pieces.setdefault(place, []).append(_Piece(sort, Resolution(run.resolution), inside))
    return [piece for place in range(len(spans)) for piece in pieces.get(place, ())]


def _of_one_step(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Pieces that follow each other in one sort and resolution made one, also over a gap."""
    groups = groupby(pieces, lambda piece: (piece.sort, piece.step))
    return [_Piece(*alike, Values.joined([piece.values for piece in group])) for alike, group in groups]


def _in_steps(office: Office, query: SeriesQuery, pieces: Sequence[_Piece]) -> list[_Piece]:
    """The pieces summed into the step and unit asked for: one for each point and unit."""
    step = query.step or Resolution.QUARTER
    groups: dict[_Sort, list[_Piece]] = {}
    for piece in pieces:
        groups.setdefault(piece.sort._replace(unit=query.unit or piece.sort.unit), []).append(piece)
    summed_up: list[_Piece] = []
    known: dict[tuple[int, int], Instants] = {}
    for sort, group in groups.items():
        exact = _exact_unit(sort.unit, [piece.sort.unit for piece in group])
        values = Values.joined([_in_unit(piece, exact).values for piece in group])
        extent = (int(values.starts.min()), int(values.ends.max()))
        if extent not in known:
            known[extent] = step_bounds(office.profile.zone, step, Interval(*extent))
        piece = _Piece(sort._replace(unit=exact), step, summed(values, known[extent]))
        summed_up.append(_in_unit(piece, sort.unit))
    return summed_up


def _exact_unit(wanted: Unit, units: Sequence[Unit]) -> Unit:
    """The unit in which values are added up without a loss: their own where they share it, else the base unit."""
    if set(units) == {wanted} or wanted not in SCALES:
        return wanted
    return SCALES[wanted].base


def _in_unit(piece: _Piece, unit: Unit) -> _Piece:
    """A piece in another unit, rounded half up where that is the larger one."""
    if piece.sort.unit is unit:
        return piece
    quantities = in_unit(piece.values.quantities, piece.sort.unit, unit)
    return replace(piece, sort=piece.sort._replace(unit=unit), values=replace(piece.values, quantities=quantities))


def _unit_findings(query: SeriesQuery, spans: Sequence[_Span]) -> tuple[Finding, ...]:
    """What speaks against the unit asked for, once for each point and reason."""
    found: dict[tuple[str, str], Finding] = {}
    for span in spans:
        unit = query.unit or span.unit
        if not are_alike(unit, span.unit):
            text = f"{span.point} is measured in {span.unit}, which cannot be turned into {unit}"
            found.setdefault((span.point, "unit"), _refusal("unit-not-convertible", "unit", text))
        elif query.step is not None and unit in _RATES:
            text = f"{span.point} is measured in {unit}, and such values do not add up over time"
            found.setdefault((span.point, "step"), _refusal("unit-not-summable", "step", text))
    return tuple(found.values())


def _step_findings(step: Resolution, pieces: Sequence[_Piece]) -> tuple[Finding, ...]:
    """What is stored in longer steps than asked for, once for each point."""
    coarser = {piece.sort.point: piece.step for piece in pieces if _COARSENESS[piece.step] > _COARSENESS[step]}
    return tuple(
        _refusal("step-finer-than-stored", "step", f"{point} has values of {stored}, which {step} would cut up")
        for point, stored in coarser.items()
    )


def _refusal(rule: str, target: str, text: str) -> Finding:
    return Finding(code="BadRequest", text=text, rule=rule, target=target)


def _with_empty(query: SeriesQuery, spans: Sequence[_Span], pieces: Sequence[_Piece]) -> Iterator[_Piece]:
    """The pieces in the order of the points asked for, an empty one for a point that has none."""
    by_point: dict[str, list[_Piece]] = {}
    for piece in pieces:
        by_point.setdefault(piece.sort.point, []).append(piece)
    for point, first in {span.point: span for span in reversed(spans)}.items():
        sort = _Sort(point, query.unit or first.unit, first.flow)
        by_point.setdefault(point, [_Piece(sort, query.step or first.resolution, Values.joined([]))])
    for point in dict.fromkeys(query.points):
        yield from by_point[point]


def _answer(connection: Connection, pieces: Iterator[_Piece]) -> Iterator[PointSeries]:
    """Pieces as the ports have them, with the instants their versions were registered."""
    shown = list(pieces)
    numbers = np.unique(Values.joined([piece.values for piece in shown]).transactions)
    moments = registered_at(connection, numbers)
    for piece in shown:
        values = piece.values
        yield PointSeries(
            metering_point=piece.sort.point,
            unit=piece.sort.unit,
            step=piece.step,
            starts=values.starts,
            quantities=np.where(values.is_missing, NO_QUANTITY, values.quantities),
            qualities=values.qualities,
            registered_at=moments[np.searchsorted(numbers, values.transactions)],
            flow=piece.sort.flow,
        )


def registered_at(connection: Connection, numbers: Instants) -> Instants:
    """When transactions were committed, in whole seconds; `numbers` sorted."""
    statement = on_driver(connection, 'select committed_at from "transaction" where id in (*) order by id')
    moments = connection.exec_driver_sql(statement, (listed(connection, numbers.tolist()),)).scalars().all()
    return np.array(moments, dtype=np.int64) // MICROSECONDS
