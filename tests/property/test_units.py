"""Units of energy: whatever is written within the rules arrives in the store to the Wh (FI-2.1)."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.codecs.points import PointTexts
from gateway.codecs.records import columns_of, table_of
from gateway.messages.codes import Unit
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import SeriesTable
from gateway.messages.units import SCALES, are_alike, in_base_units, in_unit

QUICK = settings(max_examples=80)
UNITS = st.sampled_from(sorted(SCALES))


def table(unit: Unit, texts: list[str | None]) -> SeriesTable:
    """One series as a decoder makes it of these texts."""
    points = PointTexts()
    for position, text in enumerate(texts, 1):
        points.position.append(str(position))
        points.quantity.append(text)
        points.quality.append(4 if text else 2)
    points.end_series()
    columns, offsets = points.columns()
    return table_of(columns_of([{"unit": unit, "resolution": "PT15M", "start": 0, "end": 900}]), 1, columns, offsets)


@QUICK
@given(UNITS, st.lists(st.none() | st.integers(0, 10**12), min_size=1, max_size=20), st.booleans())
def test_what_is_written_to_the_wh_is_stored_to_the_wh(unit: Unit, wh: list[int | None], trimmed: bool) -> None:
    places = SCALES[unit].exponent + 3
    texts = [None if value is None else f"{Decimal(value).scaleb(-places):f}" for value in wh]
    if trimmed:
        texts = [text.rstrip("0").rstrip(".") if text and "." in text else text for text in texts]
    stored = in_base_units(table(unit, texts), [0])
    assert stored.unit == [SCALES[unit].base]
    assert stored.quantity.tolist() == [NO_QUANTITY if value is None else value for value in wh]


@QUICK
@given(UNITS, st.lists(st.integers(0, 10**9), min_size=1, max_size=5))
def test_rows_that_are_not_named_stay_as_they_are(unit: Unit, wh: list[int]) -> None:
    before = table(unit, [str(value) for value in wh])
    assert in_base_units(before, []) is before


@QUICK
@given(UNITS, UNITS, st.lists(st.integers(0, 10**9), min_size=1, max_size=10))
def test_a_quantity_in_another_unit_is_rounded_half_up(unit: Unit, wanted: Unit, values: list[int]) -> None:
    if not are_alike(unit, wanted):
        assert SCALES[unit].base is not SCALES[wanted].base
        return
    exponent = SCALES[unit].exponent - SCALES[wanted].exponent
    exact = [Decimal(value).scaleb(exponent) for value in values]
    found = in_unit(np.array(values, dtype=np.int64), unit, wanted).tolist()
    assert found == [int((one + Decimal("0.5")) // 1) for one in exact]
    assert all(abs(Decimal(got) - one) <= Decimal("0.5") for got, one in zip(found, exact, strict=True))


def test_decimals_of_every_value_survive_a_join() -> None:
    parts = [table(Unit.KWH, ["1.2", "1.20"]), table(Unit.KWH, ["7", "0.125"])]
    joined = SeriesTable.concat(parts)
    assert joined.point_decimals is not None
    assert joined.point_decimals.tolist() == [1, 2, 0, 3]
    parts[0].point_decimals = None
    joined = SeriesTable.concat(parts)
    assert joined.point_decimals is not None
    assert joined.point_decimals.tolist() == [2, 2, 0, 3]
    assert SeriesTable.concat([parts[0]]).point_decimals is None
