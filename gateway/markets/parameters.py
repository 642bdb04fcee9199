"""Dated numbers of a market: a change of law adds a value and never changes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


class DatedValue(NamedTuple):
    """A value in force from a day on, with the clause that sets it and where that was read."""

    since: date
    value: int | str
    clause: str
    source: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a market over time.

    Attributes:
        name: its neutral name (`fixation`).
        meaning: what it says, in a sentence.
        unit: what its values are measured in.
        values: ascending by day.
    """

    name: str
    meaning: str
    unit: str
    values: tuple[DatedValue, ...]

    def on(self, day: date) -> DatedValue:
        """The value in force on a local day; before the first one was written down, the first."""
        return next((value for value in reversed(self.values) if value.since <= day), self.values[0])

    def number(self, day: date) -> int:
        """The number in force on a local day."""
        return int(self.on(day).value)

    def text(self, day: date) -> str:
        """The text in force on a local day."""
        return str(self.on(day).value)


def changes_of(parameters: Mapping[str, Parameter]) -> list[date]:
    """The days on which any of some numbers changes, ascending: between two of them all stay as they are."""
    return sorted({value.since for parameter in parameters.values() for value in parameter.values})
