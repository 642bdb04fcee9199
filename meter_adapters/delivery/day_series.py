"""A metering point's local day out of the outbox: its values as a `Series`, whatever meters stood there (GW-7)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from gateway.messages.codes import Product, Unit
from gateway.messages.quantities import MOST_DECIMALS
from gateway.messages.series import Period, Series
from gateway.messages.times import DAY, Interval
from meter_adapters.collector.config import CollectorConfig, MeterSection, PointSection
from meter_adapters.delivery.point_values import (
    Cell,
    Energy,
    Steps,
    demand_energies,
    interval_energies,
    register_energies,
    steps_of,
)
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.outbox.cells import StoredCell, stored_cells
from meter_adapters.outbox.store import Outbox

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class PointSource:
    """Where a metering point's values come from, while they do: one meter's column."""

    meter: MeterSection
    profile: MeterProfile
    point: PointSection

    def covers(self, span: Interval) -> bool:
        """Whether the meter stood there at any moment of a span."""
        start, end = self.point.valid_from, self.point.valid_to
        return (start is None or start < span.end) and (end is None or end > span.start)


def sources_of(config: CollectorConfig, profiles: dict[str, MeterProfile], role: str) -> dict[str, list[PointSource]]:
    """The sources of each metering point, main meters or check meters."""
    found: dict[str, list[PointSource]] = {}
    for meter in config.meter:
        for point in meter.point:
            if point.role == role:
                found.setdefault(point.metering_point, []).append(PointSource(meter, profiles[meter.name], point))
    return found


def energies_of(outbox: Outbox, source: PointSource, span: Interval) -> list[Energy]:
    """Energies of one source over a span, before its factor; those outside the time the meter stood there left out."""
    point, limits = source.point, source.profile.plausibility
    cells = [
        _cell(one) for one in stored_cells(outbox, source.meter.name, str(point.column), span.start - DAY, span.end)
    ]
    match point.values:
        case "interval":
            energies = interval_energies(cells)
        case "demand":
            energies = demand_energies(cells)
        case "register":
            digits = limits.register_digits
            rollover = None if digits is None else 10**digits * Fraction(10) ** limits.register_scaler
            period = source.profile.load_profile.period
            most = None if limits.most_power is None else Fraction(limits.most_power * period, _HOUR)
            energies = register_energies(cells, rollover, most)
    start = span.start if point.valid_from is None else max(span.start, point.valid_from)
    end = span.end if point.valid_to is None else min(span.end, point.valid_to)
    # The interval in which a meter was taken away or put up belongs to it: its energy is what it measured of it.
    return [one for one in energies if one.end > start and one.end - one.period < end and one.end <= span.end]


def steps_over(outbox: Outbox, sources: Sequence[PointSource], span: Interval) -> Steps:
    """The steps of a metering point over a span, its meters' energies each times its own factor."""
    energies = [
        one._replace(amount=None if one.amount is None else one.amount * source.point.factor)
        for source in sources
        if source.covers(span)
        for one in energies_of(outbox, source, span)
    ]
    return steps_of(energies, span, sources[0].point.seconds)


def series_of(sources: Sequence[PointSource], span: Interval, steps: Steps, transaction: str, now: int) -> Series:
    """The steps as the series of a market document."""
    point = sources[-1].point
    return Series(
        transaction=transaction,
        point=point.metering_point,
        point_type=point.kind,
        unit=point.unit,
        period=Period(
            point.resolution, span.start, span.end, steps.position, steps.quantity, steps.quality, MOST_DECIMALS
        ),
        registered_at=now,
        product=Product.REACTIVE_ENERGY if point.unit is Unit.KVARH else Product.ACTIVE_ENERGY,
        settlement_method=point.settlement_method,
    )


def digest_of(steps: Steps) -> str:
    """What a series says, as a hash: the same values need not be sent again."""
    columns = np.concatenate([steps.quantity, steps.quality.astype(np.int64)])
    return hashlib.sha256(columns.tobytes()).hexdigest()


def _cell(one: StoredCell) -> Cell:
    return Cell(one.end, one.period, one.epoch, one.raw, one.scaler, one.billable, one.flags, one.meter)
