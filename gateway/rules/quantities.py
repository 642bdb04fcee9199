"""The values of a series: numbers, signs, digits as written, qualities, limits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gateway.messages.codes import Quality, Unit
from gateway.messages.masterdata import Rows
from gateway.messages.quantities import MOST_INTEGER_DIGITS, NO_QUANTITY, Quantity, format_quantity, parse_quantity
from gateway.messages.times import HOUR, STEP_SECONDS
from gateway.rules.batch import NO_LIMIT, UNIT_CODES, Batch
from gateway.rules.hits import NOTHING, Hits, Words

_KWH = UNIT_CODES[Unit.KWH]
_MOST_STEPS = HOUR // min(STEP_SECONDS.values())
_MISSING = int(Quality.MISSING)  # numpy compares with a plain integer several times faster
_LONGEST_SHOWN = 40


def quantity_is_number(batch: Batch) -> Hits:
    """A quantity that is written is a number."""
    return _written_hits(batch, lambda _, quantity: quantity is None)


def quantity_not_negative(batch: Batch) -> Hits:
    """No quantity is below zero, exchange included: direction is master data (D1 §4.1.5, §6.2.2)."""
    quantity = batch.series.quantity
    if quantity.min(initial=0) >= 0 and not batch.series.as_written:
        return NOTHING
    below = np.flatnonzero((quantity < 0) & (quantity != NO_QUANTITY))
    cut = _written_points(batch, _is_negative)
    points = np.union1d(below, cut) if len(cut) else below
    return batch.point_hits(points, "quantity", _written(batch))


def quantity_digits(batch: Batch) -> Hits:
    """A quantity has no more integer digits than the market takes, leading zeros aside."""
    most = batch.facts.numbers.integer_digits
    points = _written_points(batch, lambda text, quantity: quantity is not None and _integer_digits(text) > most)
    if most < MOST_INTEGER_DIGITS:  # what the column holds may be too much for the market
        quantity = batch.series.quantity
        above = np.flatnonzero((np.abs(quantity) >= 10**most * 1000) & (quantity != NO_QUANTITY))
        points = np.union1d(points, above)
    return batch.point_hits(points, "quantity", _written(batch))


def quantity_decimals(batch: Batch) -> Hits:
    """A quantity has no more decimals, as written, than the market takes: 1.2500 has four (D1 §6.2.1)."""
    most = batch.facts.numbers.decimals
    return _written_hits(batch, lambda _, quantity: quantity is not None and quantity.decimals > most)


def quality_allowed(batch: Batch) -> Hits:
    """The quality is absent or one that a sender may state: missing, estimated, measured (D1 §4.1.3)."""
    quality = batch.series.quality
    allowed = batch.facts.accepted.qualities
    if sum(np.count_nonzero(quality == code) for code in allowed) == len(quality):
        return NOTHING
    wrong = np.flatnonzero(~np.isin(quality, allowed))
    return batch.point_hits(wrong, "quality", lambda point: {"quality": _quality(int(quality[point]))})


def missing_without_value(batch: Batch) -> Hits:
    """A value stated as missing has no quantity."""
    points = batch.missing_points
    if not len(points):
        return NOTHING
    return batch.point_hits(points[batch.series.quantity[points] != NO_QUANTITY], "quantity", _written(batch))


def value_with_status(batch: Batch) -> Hits:
    """A value stated in any status but missing has a quantity."""
    series = batch.series
    bare = np.flatnonzero((series.quantity == NO_QUANTITY) & (series.quality != _MISSING))
    return batch.point_hits(bare, "quantity", lambda point: {"quality": _quality(int(series.quality[point]))})


def quantity_within_limits(batch: Batch) -> Hits:
    """No hour holds more than the table allows for the type and settlement method; limits belong (D1 §4.1.5 table 4).

    A quarter may hold a quarter of it. Series in other units, or of types without a limit, are not compared.
    """
    least = _least_limits(batch)
    if batch.series.quantity.max(initial=0) <= least.min(initial=NO_LIMIT) // _MOST_STEPS:  # as nearly always
        return NOTHING
    compared = (batch.unit_codes == _KWH) & batch.known & (batch.step_seconds > 0) & (batch.counts > 0)
    rows = np.flatnonzero(compared & (least < NO_LIMIT))
    if not len(rows):
        return NOTHING
    offsets = batch.series.offsets
    filled = np.flatnonzero(batch.counts > 0)
    greatest = np.zeros(len(batch.keys), dtype=np.int64)
    greatest[filled] = np.maximum.reduceat(batch.series.quantity, offsets[filled])
    suspects = rows[greatest[rows] > least[rows] // (HOUR // batch.step_seconds[rows])]
    if not len(suspects):
        return NOTHING
    points = np.concatenate([np.arange(offsets[row], offsets[row + 1]) for row in suspects.tolist()])
    return _above_limit(batch, np.repeat(suspects, batch.counts[suspects]), points)


def _above_limit(batch: Batch, rows: Rows, points: Rows) -> Hits:
    """Hits among the points of suspect series, each beside the version that holds at its step."""
    version = batch.version_at(rows, batch.step_starts(rows, points))
    steps_per_hour = HOUR // batch.step_seconds[rows]
    limit = _hourly_limits(batch, version)
    above = np.flatnonzero((limit < NO_LIMIT) & (batch.series.quantity[points] > limit // steps_per_hour))
    allowed = dict(zip(points[above].tolist(), (limit // steps_per_hour)[above].tolist(), strict=True))
    written = _written(batch)
    return batch.point_hits(
        points[above],
        "quantity",
        lambda point: {**written(point), "limit": format_quantity(allowed[point], 0)},
    )


def _least_limits(batch: Batch) -> Rows:
    """The lowest hourly limit among the versions of each series, NO_LIMIT where none is set."""
    limits = _hourly_limits(batch, batch.version)
    if batch.is_plain:
        return limits
    least = np.full(len(batch.keys), NO_LIMIT, dtype=np.int64)
    np.minimum.at(least, batch.owner, limits)
    return least


def _hourly_limits(batch: Batch, versions: Rows) -> Rows:
    columns = batch.master.points
    limits: Rows = batch.facts.numbers.greatest_per_hour[
        columns.kind[versions], columns.settlement_method[versions] + 1
    ]
    return limits


def _written_hits(batch: Batch, is_wrong: Callable[[str, Quantity | None], bool]) -> Hits:
    return batch.point_hits(_written_points(batch, is_wrong), "quantity", _written(batch))


def _written_points(batch: Batch, is_wrong: Callable[[str, Quantity | None], bool]) -> Rows:
    """Places of the quantities whose text the column cannot hold, and which are wrong."""
    texts = batch.series.as_written
    if not texts:
        return np.empty(0, dtype=np.int64)
    return np.array([k for k in sorted(texts) if is_wrong(texts[k], parse_quantity(texts[k]))], dtype=np.int64)


def _is_negative(text: str, quantity: Quantity | None) -> bool:
    """Whether a number is below zero, also by less than a thousandth."""
    return quantity is not None and text.startswith("-") and any(digit in "123456789" for digit in _mantissa(text))


def _integer_digits(text: str) -> int:
    """How many digits stand before the decimal point once the number is written out."""
    mantissa, _, exponent = text.lower().lstrip("+-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    shift = int(exponent or "0")
    digits = whole + fraction
    place = len(whole) + shift
    leading = len(digits) - len(digits.lstrip("0"))
    return max(place - leading, 0) if leading < len(digits) else 0


def _mantissa(text: str) -> str:
    return text.lower().partition("e")[0]


def _written(batch: Batch) -> Callable[[int], Words]:
    """The wording of one value: as written where the column holds less, otherwise from the column."""
    series = batch.series

    def words(point: int) -> Words:
        text = series.as_written.get(point)
        if text is None:
            row = int(series.rows_of(np.array([point]))[0])
            text = format_quantity(int(series.quantity[point]), int(series.decimals[row]))
        return {"quantity": text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"}

    return words


def _quality(code: int) -> str:
    return Quality(code).name.lower() if code in set(Quality) else str(code)
