"""Units of energy beside each other: which are of one sort, and how a quantity passes from one to another.

Every step is a power of ten, so that nothing is lost on the way to a finer unit (FI-2.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gateway.messages.codes import Unit
from gateway.messages.quantities import NO_QUANTITY, digits_of
from gateway.messages.series import Quantities, SeriesTable


class Scale(NamedTuple):
    """A unit as a power of ten of the base unit of its sort."""

    base: Unit
    exponent: int


SCALES: Mapping[Unit, Scale] = {
    Unit.WH: Scale(Unit.KWH, -3),
    Unit.KWH: Scale(Unit.KWH, 0),
    Unit.MWH: Scale(Unit.KWH, 3),
    Unit.GWH: Scale(Unit.KWH, 6),
    Unit.VARH: Scale(Unit.KVARH, -3),
    Unit.KVARH: Scale(Unit.KVARH, 0),
    Unit.MVARH: Scale(Unit.KVARH, 3),
    Unit.GVARH: Scale(Unit.KVARH, 6),
}
"""Units that can be turned into each other: those of active and those of reactive energy."""

REACTIVE = frozenset(unit for unit, scale in SCALES.items() if scale.base is Unit.KVARH)
"""Units of reactive energy."""


def are_alike(one: Unit, other: Unit) -> bool:
    """Whether quantities in one unit can be said in the other."""
    return one is other or (one in SCALES and other in SCALES and SCALES[one].base is SCALES[other].base)


def in_unit(quantities: Quantities, unit: Unit, wanted: Unit) -> Quantities:
    """Thousandths of one unit as thousandths of another that is alike, rounded half up where that is the larger."""
    if unit is wanted:
        return quantities
    exponent = SCALES[unit].exponent - SCALES[wanted].exponent
    parts = 10 ** max(-exponent, 0)
    said: Quantities = (quantities * 10 ** max(exponent, 0) + parts // 2) // parts
    return said


def in_base_units(table: SeriesTable, rows: Sequence[int]) -> SeriesTable:
    """The table with the given rows in the base unit of their sort, thousandths exact; others stay as they are.

    The rows must have passed the rules: no finer than a thousandth of the base unit, and within 64 bits.
    """
    scaled = [row for row in rows if (scale := _scale(table.unit[row])) is not None and scale.exponent]
    if not scaled:
        return table
    unit, quantity = list(table.unit), table.quantity.copy()
    as_written = dict(table.as_written)
    for row in scaled:
        scale = SCALES[Unit(table.unit[row])]
        unit[row] = scale.base
        first, last = int(table.offsets[row]), int(table.offsets[row + 1])
        held = quantity[first:last]
        there = held != NO_QUANTITY
        exponent = scale.exponent
        held[there] = held[there] * 10**exponent if exponent > 0 else held[there] // 10**-exponent
        for place in range(first, last) if as_written else ():
            text = as_written.pop(place, None)
            digits = None if text is None else digits_of(text)
            if digits is not None:
                quantity[place] = digits.scaled(3 + exponent)
    columns = {name: getattr(table, name) for name in table.__dataclass_fields__}
    return SeriesTable(**{**columns, "unit": unit, "quantity": quantity, "as_written": as_written})


def _scale(unit: str) -> Scale | None:
    return SCALES.get(Unit(unit)) if unit in _NAMES else None


_NAMES = frozenset(map(str, Unit))
