"""The general path: metering data in any spelling, from the objects of a valid document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gateway.codecs.estfeed.faults import MISSING_FIELD, UNEXPECTED_FIELD, UNPARSEABLE, place_fault, schema_faults
from gateway.codecs.estfeed.places import JsonPlaces
from gateway.codecs.estfeed.shapes import (
    AMOUNTS,
    INTERVALS,
    NETS,
    PERIODS,
    QUALITY,
    QUANTITIES,
    READ_AT,
    RESOLUTION,
    START,
    Shape,
)
from gateway.codecs.points import read_quantities
from gateway.messages.codes import Commodity, Flow, Quality
from gateway.messages.findings import Finding
from gateway.messages.metering_data import CallerContext, Measure, MeasureColumns, MeteringData
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import NO_INSTANT, parse_instant
from gateway.schemas.check_xml import MAX_FINDINGS
from gateway.schemas.json_places import Path
from gateway.schemas.parsers import number_text, parse_json

COMMODITIES = {"ELECTRICITY": Commodity.ELECTRICITY, "NATURAL_GAS": Commodity.NATURAL_GAS}
QUALITIES = {"M": Quality.MEASURED, "E": Quality.ESTIMATED}

_FRACTION = re.compile(r"\.[0-9]*[1-9]")


def decode_general(data: bytes, shape: Shape, commodity: Commodity) -> MeteringData | tuple[Finding, ...]:
    """The metering data of a document, parsed, checked by its schema and read from its objects.

    Args:
        data: the document as received.
        shape: what it has to be.
        commodity: what it measures, where its own context does not say so.

    Returns:
        The data, or findings as `parse_json` and `gateway.codecs.estfeed.faults` name them.
    """
    outcome = parse_json(data, limit=len(data))
    if outcome.finding is not None:
        return (outcome.finding,)
    value: Any = outcome.value
    if findings := schema_faults(value, shape, data):
        return findings
    context = value.get("marketParticipantContext") if isinstance(value, dict) else None
    caller = None if context is None else _caller(context)
    points = value[shape.root] if isinstance(value, dict) else value
    return read_points(points, shape, COMMODITIES[caller.commodity] if caller else commodity, caller)


def _caller(context: dict[str, str]) -> CallerContext:
    return CallerContext(
        context["marketParticipantIdentification"], context["marketParticipantRole"], context["commodityType"]
    )


def read_points(
    points: list[Any], shape: Shape, commodity: Commodity, caller: CallerContext | None = None
) -> MeteringData | tuple[Finding, ...]:
    """The metering data of a valid list of metering points, or what its schema could not see."""
    reader = _Reader(shape)
    blocks = _Blocks()
    for item, point in enumerate(points):
        for period, (resolution, intervals, path) in enumerate(_periods(point, shape)):
            blocks.point.append(point[shape.point])
            blocks.resolution.append(resolution)
            blocks.item.append(item)
            blocks.period.append(period)
            for index, interval in enumerate(intervals):
                reader.read(interval, (shape.root, item, *path, index))
            blocks.offsets.append(len(reader.start))
    if reader.findings:
        return tuple(reader.findings)
    offsets = np.array(blocks.offsets, dtype=np.int64)
    places = JsonPlaces(shape, offsets, np.array(blocks.item), np.array(blocks.period), reader.nets)
    return MeteringData(
        commodity,
        shape.form,
        caller,
        blocks.point,
        blocks.resolution,
        offsets,
        np.array(reader.start, dtype=np.int64),
        reader.measures(),
        np.array(reader.fractional, dtype=np.int64),
        places,
    )


def _periods(point: dict[str, Any], shape: Shape) -> Iterator[tuple[str, list[Any], Path]]:
    """The blocks of a metering point: resolution stated, intervals, and where these stand."""
    if not shape.has_periods:
        yield "", point[PERIODS], (PERIODS,)
        return
    for index, period in enumerate(point[PERIODS]):
        yield period[RESOLUTION], period[INTERVALS], (PERIODS, index, INTERVALS)


@dataclass(slots=True)
class _Blocks:
    point: list[str] = field(default_factory=list)
    resolution: list[str] = field(default_factory=list)
    item: list[int] = field(default_factory=list)
    period: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=lambda: [0])


@dataclass(slots=True)
class _Amounts:
    """What intervals state of one measure, in the order of the intervals that state it."""

    interval: list[int] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    read_at: list[int] = field(default_factory=list)

    def add(self, interval: int, amount: Any, quality: int, read_at: int) -> None:
        self.interval.append(interval)
        self.text.append(number_text(amount))
        self.quality.append(quality)
        self.read_at.append(read_at)

    def columns(self, measure: Measure, count: int) -> MeasureColumns:
        where = np.array(self.interval, dtype=np.int64)
        texts, decimals_of, written = read_quantities(self.text)
        quantity, read_at = np.full(count, NO_QUANTITY, dtype=np.int64), np.full(count, NO_INSTANT, dtype=np.int64)
        quality, decimals = np.full(count, Quality.ABSENT, dtype=np.uint8), np.zeros(count, dtype=np.uint8)
        quantity[where], decimals[where] = texts, decimals_of
        quality[where], read_at[where] = self.quality, self.read_at
        as_written = {int(where[index]): text for index, text in written.items()}
        return MeasureColumns(measure, quantity, quality, read_at, decimals, as_written)


class _Reader:
    """Reads intervals one by one."""

    def __init__(self, shape: Shape) -> None:
        self.start: list[int] = []
        self.fractional: list[int] = []
        self.findings: list[Finding] = []
        self.nets: dict[Flow, str] = {Flow.NET_IN: "netQtyIn", Flow.NET_OUT: "netQtyOut"}
        self._shape = shape
        self._amounts: dict[Measure, _Amounts] = {}
        self._instants: dict[str, int] = {}

    def read(self, interval: dict[str, Any], path: Path) -> None:
        """Take in one interval that stands at the path."""
        number, text = len(self.start), interval[START]
        self.start.append(self._instant(text, (*path, START)))
        if _FRACTION.search(text):
            self.fractional.append(number)
        read_at = self._instant(interval.get(READ_AT), (*path, READ_AT))
        for name, flow in QUANTITIES.items():
            quantity = interval.get(name)
            if quantity is not None:
                self._quantity(number, quantity, flow, read_at, (*path, name))
        if self._shape.has_nets:
            self._nets(number, interval, read_at, path)

    def _quantity(self, number: int, quantity: dict[str, Any], flow: Flow, read_at: int, path: Path) -> None:
        if self._shape.reads_quantities:
            read_at = self._instant(quantity.get(READ_AT), (*path, READ_AT))
        quality, is_stated = QUALITIES[quantity[QUALITY]], False
        for name, unit in AMOUNTS.items():
            amount = quantity.get(name)
            if amount is not None:
                is_stated = True
                self._of(Measure(flow, unit)).add(number, amount, quality, read_at)
        if not is_stated:
            self._find(MISSING_FIELD, "is missing", (*path, next(iter(AMOUNTS))))

    def _nets(self, number: int, interval: dict[str, Any], read_at: int, path: Path) -> None:
        seen: set[Measure] = set()
        for name, measure in NETS.items():
            amount = interval.get(name)
            if amount is None:
                continue
            if measure in seen:
                self._find(UNEXPECTED_FIELD, "states again what another spelling of it has stated", (*path, name))
                continue
            seen.add(measure)
            self.nets[measure.flow] = name
            self._of(measure).add(number, amount, Quality.ABSENT, read_at)

    def _of(self, measure: Measure) -> _Amounts:
        found = self._amounts.get(measure)
        if found is None:
            found = self._amounts[measure] = _Amounts()
        return found

    def _instant(self, text: str | None, path: Path) -> int:
        if text is None:
            return NO_INSTANT
        instant = self._instants.get(text)
        if instant is None:
            instant = self._instants[text] = parse_instant(text)
        if instant == NO_INSTANT:
            self._find(UNPARSEABLE, f"is no time of any calendar: {text}", path)
        return instant

    def _find(self, name: str, words: str, path: Path) -> None:
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(place_fault(name, words, path))

    def measures(self) -> dict[Measure, MeasureColumns]:
        """The columns of all measures, flows in their order."""
        count = len(self.start)
        return {
            measure: self._amounts[measure].columns(measure, count) for measure in MEASURES if measure in self._amounts
        }


MEASURES = (
    *(Measure(flow, unit) for flow in QUANTITIES.values() for unit in AMOUNTS.values()),
    *dict.fromkeys(NETS.values()),
)
"""Every measure in the order of the columns."""
