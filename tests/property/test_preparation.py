"""Whatever a grid operator has, what it prepares is right: exact, never negative, accepted by the hub, stable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.codecs.table import Decoded, decode
from gateway.messages.codes import Dialect, MeteringPointType, Quality, Resolution, SettlementMethod
from gateway.messages.documents import MeasureData
from gateway.messages.findings import has_errors
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import STEP_SECONDS
from gateway.preparation.draft import Method
from gateway.preparation.due_series import Assignment
from gateway.preparation.estimation import NO_READINGS, Readings, SimilarPoints
from gateway.preparation.outgoing import Desk, messages
from gateway.preparation.point_values import PointValues
from tests.unit.preparation.office import (
    DK,
    ZONE,
    as_values,
    assignment,
    curve,
    gsrn,
    joined,
    master_of,
    prepared,
    version,
)

POINTS = (
    version(gsrn(1)),
    version(gsrn(2), resolution=Resolution.QUARTER),
    version(gsrn(3), settlement_method=SettlementMethod.HOURLY),
    version(gsrn(4), kind=MeteringPointType.PRODUCTION, settlement_method=None),
)
MASTER = master_of(*POINTS)
DAYS = (date(2025, 6, 18), date(2025, 6, 21), date(2025, 3, 30), date(2025, 3, 31), date(2025, 10, 26))


@dataclass(frozen=True)
class Situation:
    """What an operator has on some morning."""

    order: Assignment
    values: PointValues
    evidence: dict[str, Any]


def steps_on(day: date, resolution: Resolution) -> int:
    """How many steps a local day has."""
    span = ZONE.day_interval(day)
    return (span.end - span.start) // STEP_SECONDS[resolution]


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Some days of four points, with gaps, nonsense and zeros in the values and every kind of evidence or none."""
    first, count = draw(st.sampled_from(DAYS)), draw(st.integers(1, 3))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))

    def some(back: range, holes: float, wild: float, estimated: float) -> Iterator[PointValues]:
        for point in POINTS:
            level = int(chance.integers(0, 3000))
            for offset in back:
                day = first + timedelta(days=offset)
                number = steps_on(day, point.resolution)
                amounts = chance.integers(0, level + 1, number)
                amounts[chance.random(number) < wild] = chance.choice([-5, 2_000_000_000, 0])
                if chance.random() < 0.2:
                    amounts[: number // 2 + 3] = 0
                given_day = [
                    None if hole else int(n) for n, hole in zip(amounts, chance.random(number) < holes, strict=True)
                ]
                quality = Quality.ESTIMATED if chance.random() < estimated else Quality.MEASURED
                yield curve(day, given_day, point.metering_point, quality, point.resolution)

    holes = draw(st.sampled_from([0.0, 0.1, 1.0]))
    past = draw(st.sampled_from([0, 9, 30]))
    evidence: dict[str, Any] = {"history": joined(*some(range(-past, 0), draw(st.sampled_from([0.0, 0.01])), 0, 0.3))}
    if draw(st.booleans()):
        evidence["check_meter"] = joined(*some(range(count), 0.5, 0, 0))
    if draw(st.booleans()):
        evidence["knowledge"] = joined(*some(range(count), 0.5, 0, 1))
    pairs = [(1, 3), (3, 1), (2, 1)] if draw(st.booleans()) else []
    if pairs:
        evidence["similar"] = SimilarPoints(
            *(np.array([int(gsrn(n)) for n in side]) for side in zip(*sorted(pairs), strict=True))
        )
    if draw(st.booleans()):
        bounds = [ZONE.midnight(first + timedelta(days=n)) for n in range(count + 1)]
        rows = [(int(p.metering_point), a, b) for p in POINTS for a, b in pairwise(bounds)]
        energy = [int(amount) for amount in chance.integers(0, 200_000, len(rows))]
        point, start, end = (np.array(column) for column in zip(*rows, strict=True))
        evidence["readings"] = Readings(point, start, end, np.array(energy))
    values = joined(*some(range(count), holes, 0.02, 0.1))
    late = draw(st.sampled_from([8 * 3600, 40 * 86400]))
    order = assignment(MASTER, first, count)
    return Situation(order._replace(now=order.interval.end + late), values, evidence)


@settings(max_examples=120)
@given(situation=situations())
def test_what_is_prepared_is_right(situation: Situation) -> None:
    """DK-4.1.3.a, DK-4.1.3.b, DK-4.1.3.c, DK-6.2.2."""
    result = prepared(situation.values, situation.order, **situation.evidence)
    draft = result.draft
    is_there = draft.quantity != NO_QUANTITY
    assert (draft.quantity[is_there] >= 0).all()
    assert (draft.quantity <= draft.due.limit[draft.due.row]).all()
    assert ((draft.quality == Quality.MISSING) == ~is_there).all()
    assert ((draft.quality == Quality.ESTIMATED) == (draft.method != Method.NONE)).all()
    place, _ = draft.due.place(situation.values.point, situation.values.start)
    kept = draft.quality[place] == Quality.MEASURED
    assert (draft.quantity[place[kept]] == situation.values.quantity[kept]).all()
    readings = situation.evidence.get("readings", NO_READINGS)
    for point, start, end, energy in zip(*(column.tolist() for column in readings), strict=True):
        inside = (
            (draft.due.point[draft.due.row] == point) & (draft.due.step_start >= start) & (draft.due.step_start < end)
        )
        if (draft.method[inside] == Method.DAILY_READING).any():
            assert draft.quantity[inside].sum() == energy


@settings(max_examples=60)
@given(situation=situations(), dialect=st.sampled_from(Dialect))
def test_the_hub_takes_every_message(situation: Situation, dialect: Dialect) -> None:
    # DK-4.1.3.a: decoded as the hub does, every series passes every rule
    result = prepared(situation.values, situation.order, **situation.evidence)
    desk = Desk(DK, situation.order, dialect, iter(f"id-{n}" for n in range(10_000)).__next__)
    taken: list[tuple[str, int, list[int], list[int]]] = []
    for message in messages(result.draft, result.good, desk):
        assert message.findings == ()
        found = decode(message.content, dialect)
        assert isinstance(found, Decoded)
        assert isinstance(found.document, MeasureData)
        series = found.document.series
        sender, now = situation.order.sender, situation.order.now
        assert not has_errors(DK.check(DK.batch(series, MASTER, sender, now)).findings)
        assert DK.check_envelope(found.document, dialect, sender, MASTER, now) == ()
        taken += [
            (row.point, row.period.start, row.period.quantity.tolist(), row.period.quality.tolist()) for row in series
        ]
    due, draft = result.draft.due, result.draft
    assert taken == [
        (
            f"{due.point[row]:018d}",
            due.start[row],
            draft.quantity[due.offsets[row] : due.offsets[row + 1]].tolist(),
            draft.quality[due.offsets[row] : due.offsets[row + 1]].tolist(),
        )
        for row in result.good.tolist()
    ]


@settings(max_examples=120)
@given(situation=situations())
def test_to_prepare_again_changes_nothing(situation: Situation) -> None:
    once = prepared(situation.values, situation.order, **situation.evidence)
    again = prepared(as_values(once), situation.order, **situation.evidence)
    assert again.draft.quantity.tolist() == once.draft.quantity.tolist()
    assert again.draft.quality.tolist() == once.draft.quality.tolist()
    assert again.good.tolist() == once.good.tolist()
