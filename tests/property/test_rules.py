"""The rules over columns say exactly what a reader says who looks at one series, one value at a time."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.markets.distribution import Receiver
from gateway.markets.registry import profile
from gateway.messages.codes import ConnectionState, MeteringPointType, Resolution, Role, SettlementMethod, Subtype, Unit
from gateway.messages.masterdata import GridArea, MasterData, MeteringPointVersion
from gateway.messages.quantities import NO_QUANTITY, parse_quantity
from gateway.messages.series import Period, Series, SeriesTable
from gateway.messages.times import NO_INSTANT
from gateway.rules.batch import DeadlineGroup, Sender

DK = profile("dk")
ZONE = DK.zone
OPERATOR = "operator"
TODAY = date(2025, 6, 11)
NOW = ZONE.at(TODAY, 9)
POINTS = tuple(str(571313000000000000 + number) for number in range(4))
UNKNOWN = str(571313000000000099)
CHANGE = ZONE.at(date(2025, 6, 2), 12)

KINDS = (MeteringPointType.CONSUMPTION, MeteringPointType.PRODUCTION, MeteringPointType.VE_PRODUCTION)
LIMITS = {
    (MeteringPointType.CONSUMPTION, SettlementMethod.FLEX): 1_000,
    (MeteringPointType.CONSUMPTION, SettlementMethod.HOURLY): 100_000,
    (MeteringPointType.PRODUCTION, None): 1_000_000,
    (MeteringPointType.PRODUCTION, SettlementMethod.FLEX): 1_000_000,
    (MeteringPointType.PRODUCTION, SettlementMethod.HOURLY): 1_000_000,
}
STEPS = {"PT15M": 900, "PT1H": 3600}


class Value(NamedTuple):
    """One point as a document writes it."""

    position: int
    text: str | None
    quality: int


class Row(NamedTuple):
    """One series as a document writes it."""

    point: str
    kind: str
    unit: str
    resolution: str
    start: int
    end: int
    values: tuple[Value, ...]


def row_of(row: Row) -> Series:
    """The row as a decoder hands it on."""
    parsed = [None if value.text is None else parse_quantity(value.text) for value in row.values]
    period = Period(
        row.resolution,
        row.start,
        row.end,
        np.array([value.position for value in row.values], dtype=np.int32),
        np.array([NO_QUANTITY if q is None else q.thousandths for q in parsed], dtype=np.int64),
        np.array([value.quality for value in row.values], dtype=np.uint8),
        as_written={
            i: value.text
            for i, (value, q) in enumerate(zip(row.values, parsed, strict=True))
            if value.text is not None and (q is None or not q.is_plain)
        },
    )
    return Series("t", row.point, row.kind, row.unit, period)


@st.composite
def versions(draw: st.DrawFn, point: str) -> MeteringPointVersion:
    """What a point may be: mostly good, and now and then in every other way."""
    return MeteringPointVersion(
        metering_point=point,
        kind=draw(st.sampled_from(KINDS)),
        grid_area=draw(st.sampled_from(["own", "own", "own", "other"])),
        valid_from=0,
        subtype=draw(st.sampled_from([Subtype.PHYSICAL, Subtype.PHYSICAL, *Subtype])),
        settlement_method=draw(st.sampled_from([SettlementMethod.FLEX, SettlementMethod.HOURLY, None])),
        connection_state=draw(st.sampled_from([ConnectionState.CONNECTED, *ConnectionState])),
        resolution=draw(st.sampled_from([Resolution.HOUR, Resolution.QUARTER, Resolution.MONTH])),
        unit=draw(st.sampled_from([Unit.KWH, Unit.KWH, Unit.KVARH])),
    )


@st.composite
def point_histories(draw: st.DrawFn) -> MasterData:
    """Four points, each with one version, two, or one that ends."""
    rows: list[MeteringPointVersion] = []
    for point in POINTS:
        first = draw(versions(point))
        match draw(st.sampled_from(["one", "one", "two", "ends"])):
            case "one":
                rows.append(first)
            case "two":
                rows.append(first._replace(valid_to=CHANGE))
                rows.append(draw(versions(point))._replace(valid_from=CHANGE))
            case _:
                rows.append(first._replace(valid_to=CHANGE))
    return MasterData.build(rows, [GridArea("own", OPERATOR), GridArea("other", "somebody")])


WRITTEN = (
    *("0", "0.250", "1.25", "1.2500", "-0.001", "-0.0001", "-0", "250", "250.001", "1000", "1000.001", "25000"),
    *("25000.001", "100000.001", "1000000.001", "9999999999.999", "12345678901", "00000000000001", "x"),
)
texts = st.sampled_from([*WRITTEN, None, None])


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """A series that is often right and then wrong in one way or two."""
    resolution = draw(st.sampled_from(["PT1H", "PT1H", "PT15M", "P1M", "P1D", "", "PT5M"]))
    day = draw(st.sampled_from([date(2025, 6, 2), date(2025, 5, 31), date(2022, 6, 10), date(2022, 6, 11), TODAY]))
    start = ZONE.midnight(day) + draw(st.sampled_from([0, 0, 0, 900, 60]))
    hours = draw(st.sampled_from([3, 4, 5, 24, 0, -1]))
    end = start + hours * 3600
    if draw(st.integers(0, 9)) == 0:
        start = NO_INSTANT
    count = max(hours, 0) * 3600 // STEPS.get(resolution, 3600) + draw(st.sampled_from([0, 0, 0, 1, -1]))
    positions = list(range(1, max(count, 0) + 1))
    if positions and draw(st.integers(0, 4)) == 0:
        positions[draw(st.integers(0, len(positions) - 1))] = draw(st.integers(0, 5))
    good = Value(0, "0.250", 4)
    values = [good._replace(position=position) for position in positions]
    for _ in range(draw(st.integers(0, 3)) if values else 0):
        place = draw(st.integers(0, len(values) - 1))
        values[place] = Value(values[place].position, draw(texts), draw(st.sampled_from([0, 2, 3, 4, 1, 5, 6, 7, 77])))
    kind = draw(st.sampled_from([*KINDS, *KINDS, "E19"]))
    point = draw(st.sampled_from([*POINTS, *POINTS, UNKNOWN, "", "57131300000000000"]))
    return Row(
        point, kind, draw(st.sampled_from(["kwh", "kwh", "kvarh", "mwh"])), resolution, start, end, tuple(values)
    )


def reader(row: Row, master: MasterData) -> Counter[tuple[str, int]]:
    """(rule, index of the point or -1) of everything wrong with one series, said plainly."""
    said: list[tuple[str, int]] = []
    start, end = (row.start, row.end) if NO_INSTANT not in (row.start, row.end) else (NOW, NOW + 1)
    history = master.versions(row.point) if len(row.point) == 18 else []
    during = [version for version in history if version.valid_from < end and version.valid_to > start]
    current = [version for version in history if version.valid_from <= NOW < version.valid_to] or during[-1:]
    if current and current[0].grid_area != "own":
        said.append(("sender-is-responsible", -1))
    said += against_master_data(row, during) if during else [("point-known", -1)]
    if NO_INSTANT in (row.start, row.end):
        said.append(("period-readable", -1))
    else:
        said += about_period(row)
    positions = [value.position for value in row.values]
    if len(set(positions)) < len(positions):
        said.append(("positions-unique", -1))
    if positions != list(range(1, len(positions) + 1)):
        said.append(("positions-consecutive", -1))
    for i, value in enumerate(row.values):
        said += [(rule, i) for rule in about_value(value)]
        if during:
            said += [(rule, i) for rule in about_step(row, i, during)]
    return Counter(said)


def against_master_data(row: Row, during: list[MeteringPointVersion]) -> list[tuple[str, int]]:
    said = []
    if any(v.connection_state not in ("connected", "disconnected") for v in during):
        said.append("point-in-grid")
    if row.kind not in set(MeteringPointType):
        said.append("point-type-known")
    elif any(v.kind != row.kind for v in during):
        said.append("point-type-as-registered")
    if any(v.subtype == "calculated" for v in during):
        said.append("point-not-calculated")
    if len({v.subtype for v in during}) > 1:
        said.append("subtype-constant")
    if row.unit not in ("kwh", "kvarh"):
        said.append("unit-allowed")
    elif any(v.unit != row.unit for v in during):
        said.append("unit-as-registered")
    if row.resolution not in ("PT15M", "PT1H", "P1M"):
        said.append("resolution-allowed")
    elif any(v.resolution != row.resolution for v in during):
        said.append("resolution-as-registered")
    if row.resolution == "P1M" and row.kind != "ve-production":
        said.append("month-fits-type")
    return [(rule, -1) for rule in said]


def about_period(row: Row) -> list[tuple[str, int]]:
    said = []
    if row.start >= row.end:
        said.append("period-forward")
    step = STEPS.get(row.resolution)
    if step and 0 < row.end - row.start < 4 * 3600:
        said.append("period-long-enough")
    if ZONE.day(row.start) < date(2022, 6, 11):
        said.append("period-not-too-old")
    is_on_month = ZONE.is_month_start(row.start) and ZONE.is_month_start(row.end)
    if (step and (row.start % step or row.end % step)) or (row.resolution == "P1M" and not is_on_month):
        said.append("period-on-step")
    if step and row.start < row.end and len(row.values) != -(-(row.end - row.start) // step):
        said.append("count-fits-period")
    return [(rule, -1) for rule in said]


def about_value(value: Value) -> list[str]:
    said = []
    if value.text == "x":
        said.append("quantity-is-number")
    elif value.text is not None:
        number = Decimal(value.text)
        if number < 0:
            said.append("quantity-not-negative")
        if len(str(abs(int(number)))) > 10:
            said.append("quantity-digits")
        if len(value.text.partition(".")[2]) > 3:
            said.append("quantity-decimals")
        if value.quality == 2:
            said.append("missing-without-value")
    if value.quality not in (0, 2, 3, 4):
        said.append("quality-allowed")
    return said


def about_step(row: Row, i: int, during: list[MeteringPointVersion]) -> list[str]:
    said = []
    value, step = row.values[i], STEPS.get(row.resolution)
    at = row.start + i * (step or 0)
    version = [v for v in during if v.valid_from <= at][-1:] or during[:1]
    kind, method = version[0].kind, version[0].settlement_method
    limit = LIMITS.get((kind, method))
    number = None if value.text in (None, "x") else Decimal(value.text or "")
    if limit and step and number is not None and row.unit == "kwh" and number * 3600 > limit * step:
        said.append("quantity-within-limits")
    is_missing = value.text in (None, "x") or value.quality == 2
    has_days = NO_INSTANT not in (row.start, row.end) and row.start < row.end
    if is_missing and has_days and row.resolution in set(Resolution):
        day = ZONE.day(row.end - 1) if row.resolution == "P1M" else ZONE.day(at)
        is_hourly = kind == "production" or (kind == "consumption" and method == "hourly")
        group = DeadlineGroup.HOURLY if is_hourly else DeadlineGroup.FLEX
        group = DeadlineGroup.MONTHLY if row.resolution == "P1M" else group
        if DK.timetable.missing_limit(day, group) < NOW:
            said.append("missing-in-time")
    return said


@given(st.lists(rows(), max_size=6), point_histories())
def test_columns_say_what_a_reader_says(message: list[Row], master: MasterData) -> None:
    sender = Sender(OPERATOR, Role.METERED_DATA_RESPONSIBLE)
    batch = DK.batch(SeriesTable.of(row_of(row) for row in message), master, sender, NOW)
    verdict = DK.check(batch)
    for number, row in enumerate(message):
        said: Counter[tuple[str, int]] = Counter()
        for finding in verdict.rows.get(number, ()):
            parts = finding.path.split("/")
            assert parts[:2] == ["Series", str(number)]
            index = int(parts[4]) if parts[2:4] == ["Period", "Point"] else -1
            assert finding.position == (row.values[index].position if index >= 0 else 0)
            said[finding.rule, index] += 1
        assert said == reader(row, master)


suppliers = st.sampled_from(["a", "b", None])
BOUNDS = tuple(ZONE.midnight(date(2025, 6, 1) + timedelta(days=n)) for n in range(5))


@st.composite
def family(draw: st.DrawFn) -> tuple[MasterData, int, int]:
    """A child and its parent with versions of their own, and a period."""
    rows_of_family: list[MeteringPointVersion] = []
    for point, kind, parent in (
        (POINTS[0], MeteringPointType.NET_FROM_GRID, POINTS[1]),
        (POINTS[1], MeteringPointType.CONSUMPTION, None),
    ):
        for first, last in pairwise(BOUNDS):
            if draw(st.integers(0, 4)):
                version = MeteringPointVersion(point, kind, "own", first, last, parent=parent)
                rows_of_family.append(version._replace(energy_supplier=draw(suppliers)))
    start, end = sorted(draw(st.lists(st.integers(-5, 100), min_size=2, max_size=2, unique=True)))
    master = MasterData.build(rows_of_family, [GridArea("own", OPERATOR)])
    return master, BOUNDS[0] + start * 3600, BOUNDS[0] + end * 3600


@given(family())
def test_every_hour_reaches_whoever_supplies_the_parent_in_it(drawn: tuple[MasterData, int, int]) -> None:
    # DK-6.1.1, DK-3.4.a
    master, start, end = drawn
    count = (end - start) // 3600
    values = tuple(Value(i + 1, "1", 4) for i in range(count))
    row = Row(POINTS[0], MeteringPointType.NET_FROM_GRID, "kwh", "PT1H", start, end, values)
    batch = DK.batch(SeriesTable.of([row_of(row)]), master, Sender(OPERATOR, Role.GRID_OPERATOR), NOW)
    parts = DK.distribution.deliveries(batch)
    for hour in range(start, end, 3600):
        covering = [part for part in parts if part.start <= hour < part.end]
        child = [v for v in master.versions(POINTS[0]) if v.valid_from <= hour < v.valid_to]
        parent = [v for v in master.versions(POINTS[1]) if v.valid_from <= hour < v.valid_to]
        assert len(covering) == len(child)
        if child:
            supplier = parent[0].energy_supplier if parent else None
            expected = () if supplier is None else (Receiver(supplier, Role.ENERGY_SUPPLIER),)
            assert covering[0].receivers == expected
