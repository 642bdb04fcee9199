"""The day the demonstration sends: what the grids' meters measured, as grid operators and the aggregator write it.

The values are invented and the same for the same point and day.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from gateway.codecs.estfeed.codes import Generation
from gateway.codecs.estfeed.shapes import V1_SUBMISSION, V2_SUBMISSION
from gateway.codecs.estfeed.writing import encode
from gateway.demo.estonia.market import (
    AGGREGATION_POINT,
    AGGREGATOR,
    ELECTRICITY_POINTS,
    GAS_GRID,
    GAS_POINTS,
    GRID_OPERATOR,
    SUPPLIER_B,
    SampleMarket,
)
from gateway.messages.codes import Commodity, FeedForm, Flow, Quality, Resolution, Unit
from gateway.messages.metering_data import Measure, MeasureColumns, MeteringData
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Quantities
from gateway.messages.times import HOUR, NO_INSTANT, Instants

QUARTER = 900
GAS_DAY_HOUR = 7
CORRECTED = slice(40, 44)
"""The quarters of the first point that are sent again: an hour around noon."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to be sent.

    Attributes:
        purpose: what it is there for, in a few words.
        sender: the participant that sends it, and its role as requests spell it.
        generation: by which generation of the interface.
        commodity: of what.
        content: its metering data as JSON: the whole body of the second generation, `meterData` of the first.
        intervals: how many accounting intervals it holds.
        name: its file's name.
    """

    purpose: str
    sender: tuple[str, str]
    generation: Generation
    commodity: Commodity
    content: str
    intervals: int
    name: str


def day_letters(market: SampleMarket) -> list[Letter]:
    """The day of both grids and of the aggregator, one message that breaks rules, one of somebody who may not send."""
    day = market.zone.day_interval(market.day)
    quarters = np.arange(day.start, day.end, QUARTER, dtype=np.int64)
    noon = quarters[CORRECTED]
    grid, gas = (GRID_OPERATOR, "GRID_OPERATOR"), (GAS_GRID, "GRID_OPERATOR")
    faulty = _flows(quarters[:2] + 60, out=np.array([250, -1500]))
    v1, v2 = Generation.V1, Generation.V2
    return [
        _letter("the day of every metering point", grid, v2, _grid_day(quarters)),
        _letter("the gas day", gas, v1, _gas_day(market)),
        _letter(
            "the energy delivered for balance",
            (AGGREGATOR, "AGGREGATOR"),
            v1,
            _data({AGGREGATION_POINT: _flows(noon, out=None, into=np.full(4, 250_000))}),
        ),
        _letter("a negative amount off the quarter", grid, v2, _data({ELECTRICITY_POINTS[1]: faulty})),
        _letter(
            "a value, as a supplier",
            (SUPPLIER_B, "OPEN_SUPPLIER"),
            v2,
            _data({ELECTRICITY_POINTS[1]: _flows(noon, out=np.full(4, 100))}),
        ),
    ]


def correction_letter(market: SampleMarket) -> Letter:
    """An hour of the first point, measured where it was estimated before."""
    day = market.zone.day_interval(market.day)
    quarters = np.arange(day.start, day.end, QUARTER, dtype=np.int64)[CORRECTED]
    data = _data({ELECTRICITY_POINTS[0]: _flows(quarters, out=np.full(4, 1234))})
    return _letter("an hour, corrected", (GRID_OPERATOR, "GRID_OPERATOR"), Generation.V2, data)


def write_letters(letters: Sequence[Letter], directory: Path) -> None:
    """Write each message's metering data as a file."""
    directory.mkdir(parents=True, exist_ok=True)
    for number, letter in enumerate(letters, 1):
        (directory / f"{number}-{letter.name}.json").write_text(letter.content)


@dataclass(frozen=True, slots=True)
class _Flows:
    """The flows of one point over intervals, in thousandths; None where it has none of a flow."""

    start: Instants
    columns: Mapping[Measure, Quantities]
    quality: Quality = Quality.MEASURED


def _flows(start: Instants, out: Quantities | None, into: Quantities | None = None) -> _Flows:
    stated = {Measure(Flow.IN, Unit.KWH): into, Measure(Flow.OUT, Unit.KWH): out}
    return _Flows(start, {measure: column for measure, column in stated.items() if column is not None})


def _letter(purpose: str, sender: tuple[str, str], generation: Generation, data: MeteringData) -> Letter:
    shape = V1_SUBMISSION if generation is Generation.V1 else V2_SUBMISSION
    name = purpose.replace(",", "").replace(" ", "-")
    return Letter(purpose, sender, generation, data.commodity, encode(data, shape), len(data), name)


def _grid_day(quarters: Instants) -> MeteringData:
    """Consumption everywhere; every fourth point also feeds in, and tells its net. The first is estimated at noon."""
    found: dict[str, _Flows] = {}
    for number, point in enumerate(ELECTRICITY_POINTS):
        out = _load(point, quarters)
        if number % 4 != 3:
            found[point] = _flows(quarters, out)
            continue
        into = _sun(point, quarters)
        nets = {
            Measure(Flow.NET_IN, Unit.KWH): np.maximum(into - out, 0),
            Measure(Flow.NET_OUT, Unit.KWH): np.maximum(out - into, 0),
        }
        found[point] = _Flows(quarters, {**_flows(quarters, out, into).columns, **nets})
    return _data(found)


def _gas_day(market: SampleMarket) -> MeteringData:
    """The gas day that ended in the morning of the day: its values are read."""
    start = np.array([market.zone.at(market.day - timedelta(days=1), GAS_DAY_HOUR)], dtype=np.int64)
    found = {}
    for point in GAS_POINTS:
        cubic_metres = 10 * _load(point, start)
        amounts = {
            Measure(Flow.OUT, Unit.KWH): cubic_metres * 105 // 10,
            Measure(Flow.OUT, Unit.CUBIC_METRE): cubic_metres,
        }
        found[point] = _Flows(start, amounts)
    return _data(found, Commodity.NATURAL_GAS, Resolution.DAY)


def _data(
    points: Mapping[str, _Flows],
    commodity: Commodity = Commodity.ELECTRICITY,
    resolution: Resolution = Resolution.QUARTER,
) -> MeteringData:
    """The flows of points as one message, each value read when its interval had ended."""
    offsets = np.cumsum([0, *(len(flows.start) for flows in points.values())])
    start = np.concatenate([flows.start for flows in points.values()])
    step = QUARTER if resolution is Resolution.QUARTER else 24 * HOUR
    measures = dict.fromkeys(measure for flows in points.values() for measure in flows.columns)
    return MeteringData(
        commodity=commodity,
        form=FeedForm.ESTFEED_V2,
        caller=None,
        point=list(points),
        resolution=[resolution] * len(points),
        offsets=offsets,
        start=start,
        measures={measure: _columns(measure, points, start + step) for measure in measures},
    )


def _columns(measure: Measure, points: Mapping[str, _Flows], read_at: Instants) -> MeasureColumns:
    quantity = np.concatenate(
        [flows.columns.get(measure, np.full(len(flows.start), NO_QUANTITY)) for flows in points.values()]
    )
    stated = quantity != NO_QUANTITY
    is_net = measure.flow in (Flow.NET_IN, Flow.NET_OUT)
    quality = np.where(stated & (not is_net), Quality.MEASURED, Quality.ABSENT).astype(np.uint8)
    times = np.where(stated, read_at, NO_INSTANT)
    return MeasureColumns(measure, quantity, quality, times, np.full(len(quantity), 3, dtype=np.uint8))


def _load(point: str, starts: Instants) -> Quantities:
    """A household's quarters, in Wh: more in the morning and in the evening."""
    hour = (starts // QUARTER % 96) / 4
    shape = 60 + 50 * np.exp(-((hour - 17) ** 2) / 8) + 20 * np.exp(-((hour - 6) ** 2) / 3)
    return _scattered(shape, point, starts)


def _sun(point: str, starts: Instants) -> Quantities:
    """What a roof feeds in, in Wh."""
    hour = (starts // QUARTER % 96) / 4
    return _scattered(400 * np.maximum(0.0, np.sin((hour - 4) / 14 * np.pi)), point, starts)


def _scattered(shape: np.ndarray[tuple[int, ...], np.dtype[np.float64]], point: str, starts: Instants) -> Quantities:
    random = np.random.default_rng([zlib.crc32(point.encode()), int(starts[0])])
    values: Quantities = np.rint(shape * random.uniform(0.5, 2.0, len(starts))).astype(np.int64)
    return values


def first_generation(letter: Letter, context: Mapping[str, str]) -> bytes:
    """The body of a message of the first generation."""
    return f'{{"marketParticipantContext":{json.dumps(dict(context))},"meterData":{letter.content}}}'.encode()
