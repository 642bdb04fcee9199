"""Rules of metering data: the point and whose it is, the resolution, the start, the values (Elering 12, EE-1.6 to 1.9).

Whether values are plausible or complete is no question here: the market passes them on unaltered. Net quantities have
rules of their own (`net_quantities`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache

import numpy as np

from gateway.messages.codes import AgreementKind, Commodity, Quality, Resolution, Unit
from gateway.messages.identifiers import has_eic_check_character, point_key
from gateway.messages.masterdata import NONE, RESOLUTIONS
from gateway.messages.metering_data import RESOLUTION_PLACES, Measure, MeasureColumns, Member
from gateway.messages.quantities import NO_QUANTITY, digits_of, format_quantity
from gateway.messages.series import Mask
from gateway.messages.times import DAY, Instants, Interval, MarketZone
from gateway.rules.batch import NO_POINT, minute_text
from gateway.rules.hits import Words
from gateway.rules.interval_hits import IntervalHits
from gateway.rules.metering_batch import NET_FLOWS, OWN_FLOWS, MeteringBatch

_QUARTER, _HOUR, _DAY = (RESOLUTION_PLACES[one] for one in (Resolution.QUARTER, Resolution.HOUR, Resolution.DAY))
_LONGEST_SHOWN = 40


# --- the metering point ---------------------------------------------------------------------------------------------


def point_code_valid(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """The code of the point is an EIC of type Z with its check character, or one that counts without (Elering 12)."""
    if bad := _bad_codes(batch):
        yield _of_points(np.isin(batch.point, bad))


def point_registered(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """The point is in the master data at the start of the interval."""
    if not batch.known.all():
        yield _of_points(~batch.known & ~np.isin(batch.point, _bad_codes(batch)))


def point_owned(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """The point lies in a grid area that the sender runs today (EE-1.8)."""
    strange = _of_others(batch)
    if strange.any():
        yield _of_points(strange, party=batch.sender.party)


def point_agreed_on(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """Who sends under an agreement has one at the start of the interval (Elering 12).

    An aggregator has it at its aggregation point, or at the point whose flexibility that is. A point without any is
    told once, of others each interval outside.
    """
    kinds = batch.terms.agreements_needed.get(batch.sender.role)
    if kinds is None:
        return
    own = np.flatnonzero(batch.known & ~_of_others(batch))
    own = own[np.argsort(batch.point[own], kind="stable")]
    places, first = np.unique(batch.point[own], return_index=True)
    outside = np.zeros(len(batch.data), dtype=np.bool_)
    bare = outside.copy()
    for place, intervals in zip(places.tolist(), np.split(own, first)[1:], strict=True):
        agreed = _agreed(batch, int(batch.points.keys[place]), batch.data.start[intervals], kinds)
        (outside if agreed.any() else bare)[intervals[~agreed]] = True
    words = {"party": batch.sender.party, "kinds": ", ".join(sorted(kinds))}
    if bare.any():
        yield _of_points(bare, **words)
    if outside.any():
        yield IntervalHits(np.flatnonzero(outside), Member.START, words=_always(**words))


def point_of_commodity(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """The point is one of the commodity the message is about."""
    is_gas = batch.data.commodity is Commodity.NATURAL_GAS
    other = batch.known & (batch.is_gas_point != is_gas)
    if other.any():
        yield _of_points(other, commodity=batch.data.commodity)


# --- time -----------------------------------------------------------------------------------------------------------


def resolution_of_market(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """The resolution is one the market takes at the start of the interval: hours, then quarters (EE-1.6)."""
    wrong = ~batch.takes_resolution

    def words(interval: int) -> Words:
        expected = " / ".join(batch.market_resolutions(int(batch.data.start[interval])))
        return {"resolution": RESOLUTIONS[batch.resolution[interval]], "expected": expected}

    if wrong.any():
        yield IntervalHits(np.flatnonzero(wrong), Member.RESOLUTION, words=words)


def start_on_quarter(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """A quarter begins at :00, :15, :30 or :45, to the fraction of a second (EE-1.6)."""
    yield from _off_step(batch, _QUARTER, batch.data.start % 900 != 0)


def start_on_hour(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """An hour begins at :00, to the fraction of a second (EE-1.6)."""
    yield from _off_step(batch, _HOUR, batch.data.start % 3600 != 0)


def start_on_day(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """A day begins at the hour of its commodity's day: gas at 07:00 (EE-1.7)."""
    if (batch.resolution == _DAY).any():
        yield from _off_step(batch, _DAY, batch.day_seconds != 0)


def start_not_too_old(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """The interval starts on the local day that lies the given months back, or later (EE-1.9)."""
    months = batch.terms.oldest_months
    oldest = _months_before(batch.terms.zone, batch.today, months)
    old = np.flatnonzero(batch.data.start < oldest)
    if len(old):
        yield IntervalHits(old, Member.START, words=lambda i: {**_start(batch, i), "months": months})


def start_not_far_ahead(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """The interval starts no more than the given days from now (Elering 12)."""
    days = batch.terms.furthest_days
    ahead = np.flatnonzero(batch.data.start > batch.now + days * DAY)
    if len(ahead):
        yield IntervalHits(ahead, Member.START, words=lambda i: {**_start(batch, i), "days": days})


def interval_once(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """No interval of a point comes twice in a message, be it with another flow; the later ones are told."""
    point, start = batch.point, batch.data.start
    same = point[1:] == point[:-1]
    if np.where(same, start[1:] > start[:-1], point[1:] > point[:-1]).all():
        return  # in order, as nearly always
    order = np.lexsort((start, point))
    point, start = point[order], start[order]
    again = (point[1:] == point[:-1]) & (start[1:] == start[:-1])
    if again.any():
        yield IntervalHits(np.sort(order[1:][again]), Member.START, words=lambda i: _start(batch, i))


def reading_not_ahead(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """No value was read in the future, clocks that differ a little aside (Elering 12)."""
    latest = batch.now + batch.terms.clock_tolerance
    for columns in batch.data.measures.values():
        ahead = np.flatnonzero(columns.is_stated & (columns.read_at > latest))
        if len(ahead):
            yield IntervalHits(ahead, Member.READ_AT, columns.measure, _read_at(columns))


# --- values ---------------------------------------------------------------------------------------------------------


def interval_has_flow(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """An interval states what flowed in, out, or both (EE-1.8)."""
    empty = np.flatnonzero(~batch.stated((*OWN_FLOWS, *NET_FLOWS)))
    if len(empty):
        yield IntervalHits(empty, words=lambda i: _start(batch, i))


def electricity_in_kwh(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """Electricity is stated in kWh and in nothing else (EE-1.7)."""
    if batch.data.commodity is not Commodity.ELECTRICITY:
        return
    for columns in batch.data.measures.values():
        if columns.measure.unit != Unit.KWH and columns.is_stated.any():
            yield _of_measure(columns, columns.is_stated, _always(unit=columns.measure.unit))


def gas_in_both_units(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """A flow of gas is stated in kWh and in cubic metres (EE-1.7)."""
    if batch.data.commodity is not Commodity.NATURAL_GAS:
        return
    for flow in OWN_FLOWS:
        for unit, other in ((Unit.KWH, Unit.CUBIC_METRE), (Unit.CUBIC_METRE, Unit.KWH)):
            missing = batch.data.stated(flow, other) & ~batch.data.stated(flow, unit)
            if missing.any():
                yield IntervalHits(np.flatnonzero(missing), Member.QUANTITY, Measure(flow, unit), _always(field=unit))


def flow_not_negative(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """No quantity is below zero (EE-1.7)."""
    for columns in batch.data.measures.values():
        below = (columns.quantity < 0) & (columns.quantity != NO_QUANTITY)
        cut = [i for i, text in columns.as_written.items() if _is_below_zero(text)]
        below[cut] = True
        if below.any():
            yield _of_measure(columns, below, _written(columns))


def flow_decimals(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """A quantity has no more decimals, as written, than the market takes (EE-1.7)."""
    most = batch.terms.decimals
    for columns in batch.data.measures.values():
        if int(columns.decimals.max(initial=0)) > most:
            yield _of_measure(columns, columns.is_stated & (columns.decimals > most), _written(columns, decimals=most))


def flow_decimals_exact(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """Where the market wants all decimals written, they are: 0.000, not 0 (Elering 12)."""
    if not batch.terms.exact_decimals:
        return
    wanted = batch.terms.decimals
    for columns in batch.data.measures.values():
        short = columns.is_stated & (columns.decimals < wanted)
        if short.any():
            yield _of_measure(columns, short, _written(columns, decimals=wanted))


def flow_digits(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """A quantity has no more integer digits than the market takes, leading zeros aside."""
    most = batch.terms.integer_digits
    for columns in batch.data.measures.values():
        long = [i for i, text in columns.as_written.items() if _integer_digits(text) > most]
        if long:
            yield IntervalHits(
                np.array(sorted(long), dtype=np.int64),
                Member.QUANTITY,
                columns.measure,
                _written(columns, digits=most),
            )


def flow_type_stated(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """A quantity that flowed says whether it was metered or estimated (EE-1.5)."""
    for columns in batch.columns(OWN_FLOWS):
        silent = columns.is_stated & ~np.isin(columns.quality, (Quality.MEASURED, Quality.ESTIMATED))
        if silent.any():
            yield IntervalHits(np.flatnonzero(silent), Member.QUALITY, columns.measure)


# --- what rules share -----------------------------------------------------------------------------------------------


def _bad_codes(batch: MeteringBatch) -> list[int]:
    """The places of the points whose code is none; a code that has a key of its own is good."""
    doubtful = np.flatnonzero(batch.points.keys >= NO_POINT).tolist()
    return [place for place in doubtful if not _is_point_code(batch.points.ids[place])]


def _is_point_code(point: str) -> bool:
    return has_eic_check_character(point) and point[2] == "Z"


def _of_others(batch: MeteringBatch) -> Mask:
    """Where the point lies in a grid area that the sender does not run today."""
    areas = batch.master.points.grid_area
    if not len(areas):
        return np.zeros(len(batch.data), dtype=np.bool_)
    area = np.where(batch.known, areas[batch.version], NONE)
    strange = [code for code in np.unique(area).tolist() if code != NONE and not _runs(batch, code)]
    return np.isin(area, strange)


def _agreed(batch: MeteringBatch, point: int, start: Instants, kinds: frozenset[AgreementKind]) -> Mask:
    """At which instants the sender has an agreement at a point, or at the one this lies behind then."""
    agreed = _within(start, _own_spans(batch, point, kinds))
    for version in batch.master.versions(point):
        if version.parent is not None:
            behind = _own_spans(batch, point_key(version.parent), kinds)
            agreed |= _within(start, [Interval(version.valid_from, version.valid_to)]) & _within(start, behind)
    return agreed


def _own_spans(batch: MeteringBatch, point: int, kinds: frozenset[AgreementKind]) -> list[Interval]:
    spans = batch.agreements.of_point(point, kinds, batch.data.commodity)
    return [Interval(span.start, span.end) for span in spans if span.party == batch.sender.party]


def _within(instants: Instants, spans: Iterable[Interval]) -> Mask:
    inside = np.zeros(len(instants), dtype=np.bool_)
    for span in spans:
        inside |= (span.start <= instants) & (instants < span.end)
    return inside


def _runs(batch: MeteringBatch, area: int) -> bool:
    return batch.master.grid_operator(batch.master.areas.names[area], batch.now) == batch.sender.party


def _of_points(mask: Mask, **words: object) -> IntervalHits:
    return IntervalHits(np.flatnonzero(mask), Member.POINT, words=_always(**words), by_point=True)


def _always(**words: object) -> Callable[[int], Words]:
    return lambda _: words


def _read_at(columns: MeasureColumns) -> Callable[[int], Words]:
    return lambda interval: {"read_at": minute_text(int(columns.read_at[interval]))}


def _off_step(batch: MeteringBatch, resolution: int, off: Mask) -> Iterator[IntervalHits]:
    off = off.copy()
    off[batch.data.fractional] = True
    off &= batch.resolution == resolution
    if off.any():
        yield IntervalHits(np.flatnonzero(off), Member.START, words=lambda i: _start(batch, i))


def _start(batch: MeteringBatch, interval: int) -> Words:
    return {"start": minute_text(int(batch.data.start[interval]))}


@lru_cache(maxsize=64)
def _months_before(zone: MarketZone, day: date, months: int) -> int:
    return zone.end(Resolution.MONTH, zone.midnight(day), -months)


def _of_measure(columns: MeasureColumns, mask: Mask, words: Callable[[int], Words]) -> IntervalHits:
    return IntervalHits(np.flatnonzero(mask), Member.QUANTITY, columns.measure, words)


def _written(columns: MeasureColumns, **words: object) -> Callable[[int], Words]:
    """The wording of one quantity: as written where the column holds less, otherwise from the column."""

    def of(interval: int) -> Words:
        text = columns.as_written.get(interval)
        if text is None:
            text = format_quantity(int(columns.quantity[interval]), int(columns.decimals[interval]))
        return {"quantity": text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…", **words}

    return of


def _is_below_zero(text: str) -> bool:
    digits = digits_of(text)
    return digits is not None and digits.negative and any(one in "123456789" for one in digits.whole + digits.fraction)


def _integer_digits(text: str) -> int:
    digits = digits_of(text)
    return 0 if digits is None else len(digits.whole)
