"""What a meter cannot have measured: all ones, or more than its greatest power makes in an interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from meter_adapters.meter_profiles.profile import PlausibilitySection
from meter_adapters.readings import Flag, IntervalRow, ProfileBlock, ProfileColumn

ALL_ONES = frozenset(2**bits - 1 for bits in (32, 48, 64))
"""Raw values that meters and converters write where they have none."""
_INTERVAL_ENERGY = 29
_HOUR = 3600


def with_limits(
    placed: Sequence[tuple[IntervalRow, int]], block: ProfileBlock, limits: PlausibilitySection
) -> list[tuple[IntervalRow, int]]:
    """Rows with their epochs; those that cannot be are flagged implausible."""
    return [
        (replace(row, flags=row.flags | {Flag.IMPLAUSIBLE}), epoch)
        if _is_implausible(row, block, limits)
        else (row, epoch)
        for row, epoch in placed
    ]


def _is_implausible(row: IntervalRow, block: ProfileBlock, limits: PlausibilitySection) -> bool:
    return any(
        raw is not None and (raw in ALL_ONES or _is_beyond(raw, column, block.period, limits.most_power))
        for column, raw in zip(block.columns, row.values, strict=True)
    )


def _is_beyond(raw: int, column: ProfileColumn, period: int, most_power: int | None) -> bool:
    """Whether the energy of an interval, or its mean power, is more than the meter can measure."""
    if most_power is None or column.unit not in ("Wh", "W", "varh", "var"):
        return False
    is_energy = column.unit.endswith("h")
    if is_energy and column.obis.d != _INTERVAL_ENERGY:
        return False
    value = abs(raw) * Fraction(10) ** column.scaler
    return value > (Fraction(most_power * period, _HOUR) if is_energy else most_power)
