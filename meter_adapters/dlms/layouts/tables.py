"""Reading layout tables, and finding the one a telegram belongs to."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from meter_adapters.obis import Obis

_SHIPPED = Path(__file__).parent


class _Table(BaseModel):
    """A part of a layout: closed, and named with dashes."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"), populate_by_name=True
    )


class Step(_Table):
    """In what a value without scaler and unit is told."""

    unit: str
    scaler: int = 0


class PositionList(_Table):
    """A list whose values are known by their place alone: as many elements, and what each of them is."""

    elements: int
    items: tuple[str, ...]

    @property
    def codes(self) -> tuple[Obis | None, ...]:
        """The OBIS codes of the places."""
        return tuple(Obis.parse(item) for item in self.items)


class Layout(_Table):
    """What telegrams of one list id, or of one maker, leave unsaid.

    Attributes:
        list_ids: the first text of a telegram that is told by this layout.
        makers: three letters of the sender's system title, for telegrams without list id.
        lists: lists by position.
        values: unit and scaler by groups C.D, for values that carry none.
    """

    title: str
    list_ids: tuple[str, ...] = ()
    makers: tuple[str, ...] = ()
    lists: tuple[PositionList, ...] = ()
    values: dict[str, Step] = {}

    def step(self, code: Obis) -> Step | None:
        """Unit and scaler of a value that carries none."""
        return self.values.get(f"{code.c}.{code.d}")

    def positions(self, elements: int) -> tuple[Obis | None, ...]:
        """What the elements of a list by position are; empty where no list has as many."""
        return next((known.codes for known in self.lists if known.elements == elements), ())


@cache
def shipped_layouts() -> tuple[Layout, ...]:
    """The layouts that come with gridpost. A shipped file that is wrong is our bug."""
    return tuple(
        Layout.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        for path in sorted(_SHIPPED.glob("*.toml"))
    )


def layout_for(list_id: str, maker: str) -> Layout | None:
    """The layout of a telegram's list id, or else of its sender's maker."""
    layouts = shipped_layouts()
    by_id = next((layout for layout in layouts if list_id in layout.list_ids), None) if list_id else None
    return by_id or next((layout for layout in layouts if maker in layout.makers), None)
