"""Places in the JSON of the Estonian datahub, in the words of its error bodies: `[0].periods[17].inQty.kwh`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.codecs.estfeed.shapes import (
    AMOUNTS,
    INTERVALS,
    PERIODS,
    QUALITY,
    QUANTITIES,
    READ_AT,
    RESOLUTION,
    START,
    Shape,
)
from gateway.messages.codes import Flow
from gateway.messages.metering_data import Indices, Measure, Member, Place

_QUANTITY_NAMES = {flow: name for name, flow in QUANTITIES.items()}
_AMOUNT_NAMES = {unit: name for name, unit in AMOUNTS.items()}


def json_path(steps: Sequence[str | int]) -> str:
    """A path of keys and places in words: `meterData[0].periods[2].r`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


@dataclass(frozen=True, slots=True, eq=False)
class JsonPlaces:
    """Finds the intervals of a document again.

    Attributes:
        shape: the document's.
        offsets: int64[b + 1], the intervals of each block.
        item: int64[b], which of the list's metering points each block belongs to.
        period: int64[b], which of its periods it is; not used where intervals stand below none.
        nets: how the document spells the net amounts.
    """

    shape: Shape
    offsets: Indices
    item: Indices
    period: Indices
    nets: Mapping[Flow, str]

    def place(self, interval: int, member: Member, measure: Measure | None) -> Place:
        """The place of a member of the n-th interval."""
        block = int(np.searchsorted(self.offsets, interval, side="right")) - 1
        item = f"{self.shape.root}[{int(self.item[block])}]"
        if member is Member.POINT:
            return Place(f"{item}.{self.shape.point}")
        index = interval - int(self.offsets[block])
        if not self.shape.has_periods:
            return Place(self._within(f"{item}.{PERIODS}[{index}]", member, measure))
        period = f"{item}.{PERIODS}[{int(self.period[block])}]"
        if member is Member.RESOLUTION:
            return Place(f"{period}.{RESOLUTION}")
        return Place(self._within(f"{period}.{INTERVALS}[{index}]", member, measure))

    def _within(self, interval: str, member: Member, measure: Measure | None) -> str:
        if member is Member.START:
            return f"{interval}.{START}"
        if member is Member.READ_AT and not self.shape.reads_quantities:
            return f"{interval}.{READ_AT}"
        if measure is None or member in (Member.INTERVAL, Member.RESOLUTION):
            return interval
        flow, unit = measure
        if flow in self.nets:
            return f"{interval}.{self.nets[flow]}"
        name = {Member.QUALITY: QUALITY, Member.READ_AT: READ_AT}.get(member, _AMOUNT_NAMES[unit])
        return f"{interval}.{_QUANTITY_NAMES[flow]}.{name}"
