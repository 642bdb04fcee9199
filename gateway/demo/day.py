"""The day the demonstration sends: measure data of every point of the sample market, as its grid operators write them.

The values are invented and the same for the same point and day: a household's load, the sun's production.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gateway.codecs.table import encode
from gateway.demo.market import GRID_OPERATOR, NEIGHBOUR, SUPPLIER_B, SampleMarket
from gateway.messages.codes import (
    ConnectionState,
    Dialect,
    MeteringPointType,
    Product,
    Quality,
    Resolution,
    Role,
    SettlementMethod,
    Subtype,
    Unit,
)
from gateway.messages.documents import Header, MeasureData, PartyRef
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.series import AreaId, Period, Quantities, Series, SeriesTable
from gateway.messages.times import HOUR, Instants, Interval, to_datetime

ENDINGS = {Dialect.CIM_XML: "cim.xml", Dialect.CIM_JSON: "cim.json", Dialect.EBIX_XML: "ebix.xml"}

_SUNNY = frozenset(
    {
        MeteringPointType.PRODUCTION,
        MeteringPointType.VE_PRODUCTION,
        MeteringPointType.NET_PRODUCTION,
        MeteringPointType.SUPPLY_TO_GRID,
        MeteringPointType.OWN_PRODUCTION,
        MeteringPointType.OTHER_PRODUCTION,
    }
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A document ready to be sent.

    Attributes:
        purpose: what it is there for, in a few words.
        sender: the party that sends it.
        dialect: its form.
        content: its bytes.
        message_id: its own id.
        series: how many series it holds.
        name: its file's name.
    """

    purpose: str
    sender: str
    dialect: Dialect
    content: bytes
    message_id: str
    series: int
    name: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """Around what letters are written.

    Attributes:
        market: the sample market around the day.
        hub: the party they are sent to.
        now: the instant they are written at.
        new_id: where ids come from.
    """

    market: SampleMarket
    hub: str
    now: int
    new_id: Callable[[], str]


def day_letters(occasion: Occasion) -> list[Letter]:
    """The day in all three forms, one series in it with a negative value, and a file that breaks off.

    The grid operator's points are dealt out over the forms; the neighbour sends its own.
    """
    writer = _Writer(occasion)
    points = writer.points_of(GRID_OPERATOR)
    deals = {dialect: points[place::3] for place, dialect in enumerate(Dialect)}
    bad = next(p for p in deals[Dialect.CIM_JSON] if p.settlement_method is SettlementMethod.FLEX)
    letters = [
        writer.letter(
            _Subject(f"the day, part {number} of 3", "day", GRID_OPERATOR, dialect),
            [_negative(writer.series(p)) if p == bad else writer.series(p) for p in dealt],
        )
        for number, (dialect, dealt) in enumerate(deals.items(), 1)
    ]
    theirs = [writer.series(p) for p in writer.points_of(NEIGHBOUR)]
    letters.append(writer.letter(_Subject("the neighbour's day", "neighbour", NEIGHBOUR), theirs))
    letters.append(_broken_off(letters[0]))
    return letters


def correction_letter(occasion: Occasion) -> Letter:
    """A point of the second supplier again, with another value in the middle of the day."""
    writer = _Writer(occasion)
    point = next(
        p
        for p in writer.points_of(GRID_OPERATOR)[::3]
        if p.energy_supplier == SUPPLIER_B and p.resolution is Resolution.QUARTER
    )
    corrected = writer.series(point)
    corrected.period.quantity[len(corrected.period.quantity) // 2] += 1250
    return writer.letter(_Subject("a correction", "correction", GRID_OPERATOR), [corrected])


def write_letters(letters: Sequence[Letter], directory: Path) -> None:
    """Write letters as files."""
    directory.mkdir(parents=True, exist_ok=True)
    for letter in letters:
        (directory / letter.name).write_bytes(letter.content)


class _Subject(NamedTuple):
    """What a letter is for, the stem of its file's name, its sender and its form."""

    purpose: str
    stem: str
    sender: str
    dialect: Dialect = Dialect.CIM_XML


class _Writer:
    """Writes what grid operators send of one day."""

    def __init__(self, occasion: Occasion) -> None:
        self._occasion = occasion
        self._zone = occasion.market.zone
        self._day = self._zone.day_interval(occasion.market.day)

    def points_of(self, operator: str) -> list[MeteringPointVersion]:
        """The points a grid operator sends for: in the grid on the day, neither calculated nor booked by the hub."""
        market = self._occasion.market
        losses = {item.metering_point for item in market.dataset.settlement.grid_loss}
        own_areas = {area.code for area in market.dataset.grid_areas if area.grid_operator == operator}
        in_grid = (ConnectionState.CONNECTED, ConnectionState.DISCONNECTED)
        return [
            version
            for version in market.dataset.points
            if version.grid_area in own_areas
            and version.valid_from <= self._day.start < version.valid_to
            and version.connection_state in in_grid
            and version.subtype is not Subtype.CALCULATED
            and version.metering_point not in losses
        ]

    def letter(self, subject: _Subject, series: Sequence[Series]) -> Letter:
        """A document with some series."""
        message_id = self._occasion.new_id()
        header = Header(
            message_id=message_id,
            sender=PartyRef(id=subject.sender, role=Role.METERED_DATA_RESPONSIBLE),
            receiver=PartyRef(id=self._occasion.hub, role=Role.HUB),
            created_at=to_datetime(self._occasion.now),
            type_code="E66",
            process_type="periodic-metering",
            business_sector="23",
        )
        content = encode(MeasureData(header=header, series=SeriesTable.of(series)), subject.dialect)
        name = f"{subject.stem}.{ENDINGS[subject.dialect]}"
        return Letter(subject.purpose, subject.sender, subject.dialect, content, message_id, len(series), name)

    def series(self, point: MeteringPointVersion) -> Series:
        """The day of a point, or the month before it where the point is read by the month."""
        exchange = point.kind is MeteringPointType.EXCHANGE
        reactive = point.unit is Unit.KVARH
        return Series(
            transaction=self._occasion.new_id(),
            point=point.metering_point,
            point_type=point.kind,
            unit=point.unit,
            period=self._period(point),
            registered_at=self._occasion.now,
            product=Product.REACTIVE_ENERGY if reactive else Product.ACTIVE_ENERGY,
            in_area=AreaId(point.to_grid_area) if exchange and point.to_grid_area else None,
            out_area=AreaId(point.from_grid_area) if exchange and point.from_grid_area else None,
            settlement_method=point.settlement_method,
        )

    def _period(self, point: MeteringPointVersion) -> Period:
        interval = self._month_before() if point.resolution is Resolution.MONTH else self._day
        count = self._zone.steps(point.resolution, interval) or 0
        starts = self._zone.step_starts(point.resolution, interval.start, count)
        quantity = _values(point, starts)
        quality = np.full(count, Quality.MEASURED, dtype=np.uint8)
        quality[int(point.metering_point) % 23 :: 23] = Quality.ESTIMATED
        return Period(
            resolution=point.resolution,
            start=interval.start,
            end=interval.end,
            position=np.arange(1, count + 1, dtype=np.int32),
            quantity=quantity,
            quality=quality,
        )

    def _month_before(self) -> Interval:
        first = self._occasion.market.day.replace(day=1)
        before = (first - timedelta(days=1)).replace(day=1)
        return Interval(self._zone.midnight(before), self._zone.midnight(first))


def _values(point: MeteringPointVersion, starts: Instants) -> Quantities:
    """Invented energy of each step in Wh; nothing where the point is disconnected."""
    if point.connection_state is ConnectionState.DISCONNECTED:
        return np.zeros(len(starts), dtype=np.int64)
    random = np.random.default_rng(int(point.metering_point))
    hour = (starts % (24 * HOUR)) / HOUR
    shape = (
        np.maximum(0.0, np.sin((hour - 5) / 14 * np.pi))
        if point.kind in _SUNNY
        else 0.6 + 0.5 * np.exp(-(((hour - 17) % 24 - 1) ** 2) / 8) + 0.2 * np.exp(-(((hour - 6) % 24 - 1) ** 2) / 3)
    )
    length = {Resolution.QUARTER: 0.25, Resolution.HOUR: 1.0, Resolution.MONTH: 730.0}.get(point.resolution, 1.0)
    power = random.uniform(300, 1500) * random.uniform(0.8, 1.2, len(starts))
    values: Quantities = np.rint(shape * power * length).astype(np.int64)
    return values


def _negative(series: Series) -> Series:
    """The series with one value below zero, which no rule lets pass (E86)."""
    series.period.quantity[len(series.period.quantity) // 3] = -1500
    return series


def _broken_off(letter: Letter) -> Letter:
    """The first half of a file, as a broken transfer leaves it."""
    half = letter.content[: len(letter.content) // 2]
    return Letter("a file that breaks off", letter.sender, letter.dialect, half, "", 0, "broken-off.cim.xml")
