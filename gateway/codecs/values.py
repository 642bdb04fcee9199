"""The points of results: out of their texts into columns, and back, alike for every dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.codecs.fields import Amount, Record, Status, Values
from gateway.codecs.points import PointColumns, PointTexts, column_texts
from gateway.messages.amounts import Amounts
from gateway.messages.codes import Quality
from gateway.messages.series import Period

VALUES = "values"
"""Where a record read from the wire carries its `ValueTexts`."""
PERIOD = "period"
"""Where a record to be written carries its `Period`; prices and amounts of money stand under their own keys."""

_QUANTITY = "quantity"


@dataclass(slots=True)
class ValueTexts:
    """The points of one series as they are read, point by point."""

    _points: PointTexts = field(default_factory=PointTexts)
    _money: dict[str, list[str | None]] = field(default_factory=dict)

    def add(self, node: Values, stated: Mapping[str, str]) -> None:
        """Add a point, given the texts of its elements; a flag outweighs a code beside it."""
        flagged = quality = int(Quality.ABSENT)
        quantity: str | None = None
        for part in node.parts:
            if isinstance(part, Status):
                code = stated.get(part.name, "").strip()
                quality = part.read[code] if code else quality  # the code lists of JSON have an empty code
            elif part.key == _QUANTITY:
                quantity = stated.get(part.name)
            else:
                self._money.setdefault(part.key, []).append(stated.get(part.name))
            if isinstance(part, Amount) and part.missing in stated:
                flagged = flagged or part.means
        self._points.position.append(stated[node.position])
        self._points.quantity.append(quantity)
        self._points.quality.append(flagged or quality)

    def columns(self) -> PointColumns:
        """Position, quantity and quality of all points."""
        self._points.end_series()
        columns, _ = self._points.columns()
        return columns

    def money(self, key: str) -> Amounts:
        """The prices or amounts under a key."""
        return Amounts.read(self._money.get(key, ()))


@dataclass(frozen=True, slots=True)
class Stated:
    """One element of a point as it is written: its name, its text, and what it is."""

    name: str
    text: str
    part: Amount | Status


def written_points(node: Values, record: Record) -> Iterator[tuple[int, list[Stated]]]:
    """The points of a record as they are written: position, and the elements behind it.

    An amount that is not there is left away, or said to be missing where the quality says what its flag means; a point
    with a flag has no code of quality.
    """
    period: Period = record[PERIOD]
    texts = {_QUANTITY: column_texts(period.quantity, period.decimals, period.as_written)}
    for part in node.parts:
        if isinstance(part, Amount) and part.key != _QUANTITY:
            texts[part.key] = record[part.key].texts()
    for index, (position, quality) in enumerate(zip(period.position.tolist(), period.quality.tolist(), strict=True)):
        yield position, list(_elements(node, Quality(quality), {key: column[index] for key, column in texts.items()}))


def _elements(node: Values, quality: Quality, texts: Mapping[str, str]) -> Iterator[Stated]:
    is_flagged = False
    for part in node.parts:
        if isinstance(part, Status):
            if quality in part.write and not is_flagged:
                yield Stated(part.name, part.write[quality], part)
        elif texts[part.key]:
            yield Stated(part.name, texts[part.key], part)
        elif part.missing and quality == part.means:
            is_flagged = True
            yield Stated(part.missing, "true", part)
