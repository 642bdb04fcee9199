"""A grid operator's office: one grid area with a few points, their raw values, and what is known besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import numpy as np

from gateway.markets.profile import MarketProfile
from gateway.markets.registry import profile
from gateway.messages.codes import MeteringPointType, Quality, Resolution, Role, SettlementMethod
from gateway.messages.findings import Finding
from gateway.messages.masterdata import GridArea, MasterData, MeteringPointVersion, PartyRole
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import STEP_SECONDS, Interval
from gateway.preparation.due_series import Assignment
from gateway.preparation.estimation import Evidence, Readings, SimilarPoints
from gateway.preparation.point_values import PointValues
from gateway.preparation.prepare import SENDER_ROLE, Prepared, Sources, prepare
from gateway.preparation.scaling import FINER
from gateway.rules.batch import Sender
from tests.gs1_codes import gsrn

DK = profile("dk")
ZONE = DK.zone
DAY = date(2025, 6, 18)
"""A Wednesday; the Tuesday before and the Monday are working days too."""
OPERATOR, SUPPLIER, NEIGHBOUR = "5790000000012", "5790000000029", "5790000000036"


POINT, OTHER = gsrn(1), gsrn(2)


def version(point: str = POINT, **changes: Any) -> MeteringPointVersion:
    """A flex settled hourly consumption point, for ever."""
    flex = MeteringPointVersion(
        point,
        MeteringPointType.CONSUMPTION,
        "543",
        valid_from=0,
        settlement_method=SettlementMethod.FLEX,
        resolution=Resolution.HOUR,
        energy_supplier=SUPPLIER,
    )
    return flex._replace(**changes)


def master_of(*versions: MeteringPointVersion) -> MasterData:
    """Master data with the given points in the operator's area."""
    areas = (GridArea("543", OPERATOR), GridArea("544", NEIGHBOUR))
    roles = (PartyRole(OPERATOR, Role.GRID_OPERATOR), PartyRole(SUPPLIER, Role.ENERGY_SUPPLIER))
    return MasterData.build(versions, areas, roles)


MASTER = master_of(version())


def curve(
    day: date,
    quantities: Sequence[int | None],
    point: str = POINT,
    quality: Quality = Quality.MEASURED,
    resolution: Resolution = Resolution.HOUR,
) -> PointValues:
    """Values of a point from local midnight on, thousandths; None is no value at all."""
    start, step = ZONE.midnight(day), STEP_SECONDS[resolution]
    there = [(place, quantity) for place, quantity in enumerate(quantities) if quantity is not None]
    return PointValues.of(
        np.full(len(there), int(point), dtype=np.int64),
        np.array([start + place * step for place, _ in there], dtype=np.int64),
        np.array([quantity for _, quantity in there], dtype=np.int64),
        np.full(len(there), quality, dtype=np.uint8),
        np.arange(2, len(there) + 2),
    )


def joined(*parts: PointValues) -> PointValues:
    """Several values as one."""
    whole = PointValues.none()
    for part in parts:
        whole = whole.joined(part)
    return whole


def days_before(count: int, quantities: Sequence[int], point: str = POINT, day: date = DAY, **how: Any) -> PointValues:
    """The same curve on each of the days before a day."""
    return joined(*(curve(day - timedelta(days=back), quantities, point, **how) for back in range(1, count + 1)))


def raw(values: PointValues) -> PointValues:
    """Values as raw ones, in millionths."""
    quantity = np.where(values.quantity == NO_QUANTITY, NO_QUANTITY, values.quantity * FINER)
    return PointValues.of(values.point, values.start, quantity, values.quality, values.line)


def similar(point: str, other: str) -> SimilarPoints:
    """A point whose curve resembles another's."""
    return SimilarPoints(np.array([int(point)]), np.array([int(other)]))


def reading(quantity: int, first: date = DAY, days: int = 1, point: str = POINT) -> Readings:
    """The energy of some days."""
    bounds = ZONE.midnight(first), ZONE.midnight(first + timedelta(days=days))
    return Readings(*(np.array([number]) for number in (int(point), *bounds, quantity)))


def assignment(master: MasterData = MASTER, first: date = DAY, days: int = 1, now: int | None = None) -> Assignment:
    """The operator's own points over some days, early on the day after."""
    interval = Interval(ZONE.midnight(first), ZONE.midnight(first + timedelta(days=days)))
    instant = interval.end + 8 * 3600 if now is None else now
    return Assignment(master, DK.facts(instant), Sender(OPERATOR, SENDER_ROLE), interval, instant)


def outcome(
    values: PointValues,
    order: Assignment | None = None,
    factors: Mapping[int, Fraction] | None = None,
    market: MarketProfile = DK,
    **evidence: Any,
) -> Prepared | tuple[Finding, ...]:
    """What comes of values in thousandths, or findings about the files."""
    sources = Sources(raw(values), factors or {}, Evidence(**evidence))
    return prepare(order or assignment(), sources, market)


def prepared(values: PointValues, order: Assignment | None = None, **given: Any) -> Prepared:
    """The completed series."""
    found = outcome(values, order, **given)
    assert isinstance(found, Prepared), found
    return found


def as_values(result: Prepared) -> PointValues:
    """Everything a draft holds, as values for another run."""
    draft = result.draft
    return PointValues.of(draft.due.point[draft.due.row], draft.due.step_start, draft.quantity, draft.quality)
