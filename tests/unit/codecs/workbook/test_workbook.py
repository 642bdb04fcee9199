"""Workbooks with metering data: template, export, import; every fault at once (EE-2.1, EE-2.2)."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import pytest
from openpyxl import Workbook

from gateway.codecs.estfeed.codes import Generation
from gateway.codecs.table import Undecodable
from gateway.codecs.workbook.layouts import layout_of
from gateway.codecs.workbook.reading import read_workbook
from gateway.codecs.workbook.templates import blank, steps_within
from gateway.codecs.workbook.writing import Advance, write_workbook
from gateway.messages.codes import Commodity, FeedForm, Flow, Quality, Resolution, Unit
from gateway.messages.metering_data import Measure, MeasureColumns, Member, MeteringData
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import HOUR, NO_INSTANT, Instants, Interval, MarketZone, parse_instant
from gateway.schemas.workbooks import parse_workbook
from tests.unit.codecs.estfeed.bodies import POINTS, differences

ZONE = MarketZone("Europe/Tallinn")
KWH_IN, KWH_OUT = Measure(Flow.IN, Unit.KWH), Measure(Flow.OUT, Unit.KWH)
TITLES = [
    "Metering Point EIC",
    "Period Start",
    "IN Quantity kWh",
    "OUT Quantity kWh",
    "Reading Type IN",
    "Reading Type OUT",
]
AUTUMN, SPRING = date(2026, 10, 25), date(2026, 3, 29)


def written(data: MeteringData, generation: Generation, advance: Advance = lambda rows: None) -> bytes:
    with write_workbook(data, layout_of(generation, data.commodity), ZONE, advance) as file:
        return file.read()


def book(*sheets: Sequence[Sequence[object]], names: Sequence[str] = ("meter-data", "b", "c")) -> bytes:
    made = Workbook(write_only=True)
    for name, rows in zip(names, sheets, strict=False):
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def row(start: object, out: object = 1.5, point: str = POINTS[0], quality: object = "METERED") -> list[object]:
    return [point, start, None, out, None, quality]


def read(data: bytes, commodity: Commodity = Commodity.ELECTRICITY) -> MeteringData:
    found = read_workbook(data, commodity, ZONE)
    assert isinstance(found, MeteringData), found
    return found


def faults(data: bytes, commodity: Commodity = Commodity.ELECTRICITY) -> list[tuple[str, str, int]]:
    found = read_workbook(data, commodity, ZONE)
    findings = found.findings if isinstance(found, Undecodable) else found.unread
    return [(finding.rule, finding.path, finding.line) for finding in findings]


def quarters(day: date) -> Instants:
    interval = ZONE.day_interval(day)
    return ZONE.step_starts(Resolution.QUARTER, interval.start, (interval.end - interval.start) // 900)


def filled(data: MeteringData, measures: Sequence[Measure], chance: random.Random) -> MeteringData:
    """The data with values, some intervals without."""
    count = len(data)
    nothing = {
        flow: np.array([chance.random() < 0.2 for _ in range(count)])
        for flow in dict.fromkeys(one.flow for one in measures)
    }
    quality = {flow: np.array([chance.choice((3, 4)) for _ in range(count)], dtype=np.uint8) for flow in nothing}
    columns = {}
    for measure in measures:
        none = nothing[measure.flow]
        quantity = np.array([chance.randrange(10**9) for _ in range(count)], dtype=np.int64)
        is_net = measure.flow in (Flow.NET_IN, Flow.NET_OUT)
        columns[measure] = MeasureColumns(
            measure,
            np.where(none, NO_QUANTITY, quantity),
            np.where(none | is_net, 0, quality[measure.flow]).astype(np.uint8),
            np.full(count, NO_INSTANT, dtype=np.int64),
            np.full(count, 3, dtype=np.uint8),
        )
    return MeteringData(
        data.commodity, FeedForm.WORKBOOK, None, data.point, data.resolution, data.offsets, data.start, columns
    )


LAYOUTS = [(generation, commodity) for generation in Generation for commodity in Commodity]


@pytest.mark.parametrize(("generation", "commodity"), LAYOUTS)
@pytest.mark.parametrize("day", [AUTUMN, SPRING, date(2026, 7, 1)])
def test_an_export_is_imported_as_it_was(generation: Generation, commodity: Commodity, day: date) -> None:
    # EE-2.2
    layout = layout_of(generation, commodity)
    starts = quarters(day) if commodity is Commodity.ELECTRICITY else np.array([ZONE.at(day, 7)], dtype=np.int64)
    resolution = Resolution.QUARTER if commodity is Commodity.ELECTRICITY else Resolution.DAY
    measures = [column.measure for column in layout.columns if column.measure is not None]
    data = filled(blank(POINTS, resolution, starts, commodity), measures, random.Random(f"{generation}{day}"))
    back = read(written(data, generation), commodity)
    assert back.unread == ()
    has_resolution = any(column.member is Member.RESOLUTION for column in layout.columns)
    wrong = [name for name in differences(back, data) if " decimals:" not in name]
    assert wrong == ([] if has_resolution else ["resolution"])


def test_reading_times_of_the_first_generation_come_back_also_from_the_hour_that_comes_twice() -> None:
    # EE-2.2
    data = filled(blank(POINTS[:1], "PT1H", quarters(AUTUMN), Commodity.ELECTRICITY), [KWH_OUT], random.Random(1))
    columns = data.measures[KWH_OUT]
    columns.read_at[columns.is_stated] = (data.start + 3723)[columns.is_stated]
    back = read(written(data, Generation.V1))
    assert back.measures[KWH_OUT].read_at.tolist() == columns.read_at.tolist()


def test_a_template_lists_every_step_once_and_is_imported_when_filled_in() -> None:
    # EE-2.1, EE-2.2
    for generation in Generation:
        interval = Interval(ZONE.midnight(AUTUMN), ZONE.midnight(AUTUMN) + 25 * HOUR)
        starts = ZONE.step_starts("PT15M", interval.start, ZONE.steps("PT15M", interval) or 0)
        counted: list[int] = []
        empty = blank(POINTS[:2], "PT15M", starts, Commodity.ELECTRICITY)
        (sheet,) = parse_workbook(written(empty, generation, counted.append)).sheets
        assert sheet.name == "meter-data"
        assert sum(counted) == len(sheet.rows) - 1 == 200
        assert len({tuple(cells[:2]) for cells in sheet.rows[1:]}) == 200
        titles = sheet.rows[0]
        quantity = next(k for k, title in enumerate(titles) if title in ("OUT Quantity kWh", "Quantity KWH OUT"))
        for place, cells in enumerate(sheet.rows[1:]):
            cells[quantity], cells[titles.index("Reading Type OUT")] = place / 8, "ESTIMATED"
        data = read(book(sheet.rows))
        assert data.unread == ()
        assert data.start.tolist() == starts.tolist() * 2
        assert data.measures[KWH_OUT].quantity.tolist() == [place * 125 for place in range(200)]
        assert set(data.measures[KWH_OUT].quality.tolist()) == {Quality.ESTIMATED}


def test_steps_begin_within_the_period_and_days_at_their_hour() -> None:
    # EE-1.7
    interval = Interval(ZONE.midnight(SPRING), ZONE.midnight(date(2026, 3, 31)))
    assert len(steps_within("PT15M", interval, ZONE, 0)) == 92 + 96
    assert len(steps_within("PT1H", Interval(interval.start + 1, interval.end), ZONE, 0)) == 22 + 24
    days = [ZONE.at(date(2026, 3, day), 7) for day in (29, 30)]
    assert steps_within("P1D", interval, ZONE, 7).tolist() == days
    assert steps_within("P1D", Interval(days[0] + 1, days[1]), ZONE, 7).tolist() == []


def test_missing_directions_are_blank_and_no_zero() -> None:
    data = filled(blank(POINTS[:1], "PT15M", quarters(SPRING)[:4], Commodity.ELECTRICITY), [KWH_OUT], random.Random(2))
    (sheet,) = parse_workbook(written(data, Generation.V2)).sheets
    assert {cells[2] for cells in sheet.rows[1:]} == {""}


def test_times_are_dates_or_texts_and_amounts_numbers_or_texts() -> None:
    rows = [
        row("01.07.2026 00:00", 0.001),
        row("1.7.2026 0:15:00", "1.250"),
        row(datetime.fromisoformat("2026-07-01T00:30"), 7),
        row(datetime.fromisoformat("2026-07-01T00:44:59.999"), 1e-3),
        row(date(2026, 7, 2), 0.1 + 0.2),
        row(" 02.07.2026 00:15 +03:00 ", -1.5, quality=" estimated"),
    ]
    data = read(book([TITLES, *rows, [None] * 6]))
    assert data.unread == ()
    day = parse_instant("2026-06-30T21:00Z")
    assert data.start.tolist() == [day, day + 900, day + 1800, day + 2700, day + 86400, day + 86400 + 900]
    assert data.measures[KWH_OUT].quantity.tolist() == [1, 1250, 7000, 1, 300, -1500]
    assert data.measures[KWH_OUT].quality.tolist()[-1] == Quality.ESTIMATED


def test_titles_may_be_ordered_and_spelled_otherwise() -> None:
    titles = ["reading type OUT", "OUT  quantity KWH", "Meter EIC", "period start"]
    data = read(book([titles, ["METERED", 2, POINTS[1], "01.07.2026 00:00"]]))
    assert data.point == [POINTS[1]]
    assert data.measures[KWH_OUT].quantity.tolist() == [2000]


def test_several_sheets_become_one_message_with_places_of_their_own() -> None:
    # EE-2.1
    first: list[list[object]] = [[*TITLES], row("01.07.2026 00:00"), row("01.07.2026 00:15")]
    second: list[list[object]] = [[*TITLES], [None] * 6, row("01.07.2026 00:30")]
    data = read(book(first, second))
    assert data.point == [POINTS[0]]
    assert len(data) == 3
    assert data.place(1, Member.QUANTITY, KWH_OUT) == ("meter-data!D3", 3)
    assert data.place(2, Member.START) == ("b!B3", 3)
    assert data.place(2, Member.QUALITY, KWH_OUT).path == "b!F3"
    assert data.place(2, Member.POINT).path == data.place(2).path == "b!A3"


def test_progress_is_told() -> None:
    rows = [row(f"01.07.2026 {k // 4:02}:{15 * (k % 4):02}") for k in range(96)]
    told: list[tuple[int, int]] = []
    read_workbook(book([TITLES, *rows], [TITLES, *rows]), Commodity.ELECTRICITY, ZONE, lambda *done: told.append(done))
    assert told == [(96, 192), (192, 192), (192, 192)]


# --------------------------------------------------------------------------------------------------- clock changes


def test_the_hour_that_comes_twice_is_told_apart_by_offset_or_by_order() -> None:
    # EE-2.1
    first = parse_instant("2026-10-25T00:00Z")
    by_offset = read(book([TITLES, row("25.10.2026 03:00 +02:00"), row("25.10.2026 03:00 +03:00")]))
    assert by_offset.start.tolist() == [first + HOUR, first]
    by_order = read(book([TITLES, *(row(f"25.10.2026 03:{m:02}") for _ in range(2) for m in (0, 15, 30, 45))]))
    assert by_order.start.tolist() == [first + 900 * k for k in range(8)]
    other_point = [row("25.10.2026 03:00", point=POINTS[k % 2]) for k in range(4)]
    assert sorted(read(book([TITLES, *other_point])).start.tolist()) == [first, first, first + HOUR, first + HOUR]


def test_a_row_of_that_hour_alone_does_not_say_which_it_is() -> None:
    data = book([TITLES, row("25.10.2026 02:45"), row("25.10.2026 03:15"), row("25.10.2026 04:00")])
    assert faults(data) == [("ambiguous-local-time", "meter-data!B3", 3)]
    assert len(read(data)) == 2


def test_times_that_no_clock_shows_are_refused() -> None:
    data = book([TITLES, row("29.03.2026 03:30"), row("01.07.2026 00:00 +02:00"), row("29.03.2026 04:00")])
    assert faults(data) == [("no-such-local-time", "meter-data!B2", 2), ("no-such-local-time", "meter-data!B3", 3)]


def test_a_reading_time_that_no_clock_shows_is_told_once() -> None:
    titles = ["Meter EIC", "Period Start", "Resolution", "Quantity KWH OUT", "Quantity M3 OUT"]
    titles += ["Reading Type OUT", "Reading Time OUT"]
    rows = [[POINTS[0], "28.03.2026 07:00", "daily", 1, 2, "METERED", "29.03.2026 03:30"]]
    rows += [[POINTS[0], "29.03.2026 07:00", "DAILY", 1, 2, "METERED", None]]
    assert faults(book([titles, *rows]), Commodity.NATURAL_GAS) == [("no-such-local-time", "meter-data!G2", 2)]


# -------------------------------------------------------------------------------------------------------- faults


def test_every_fault_of_every_sheet_is_told_at_once() -> None:
    # EE-2.1
    wrong: list[list[object]] = [
        [None, "01.07.2026 00:00", 1, 2, "METERED", "METERED"],
        [POINTS[0], None, 1, 2, "METERED", "METERED"],
        [POINTS[0], "31.06.2026 00:00", "1,5", True, "METERED", "METERED"],
        [POINTS[0], "01.07.2026 24:00", 1, 2, "MEASURED", "METERED"],
        [POINTS[0], "01.07.2026 00:00", 1, None, None, "ESTIMATED"],
        ["x" * 65, "01.07.2026 00:15", 1, None, "METERED", None],
    ]
    second: list[list[object]] = [
        ["Metering Point EIC", "Period Start", "IN Quantity M3", "Remark"],
        [POINTS[0], "01.07.2026 00:00", 1, "hi"],
    ]
    third: list[list[object]] = [[*TITLES]]
    data = book([TITLES, row("01.07.2026 00:00"), *wrong], second, third)
    assert faults(data) == [
        ("missing-field", "meter-data!A3", 3),
        ("missing-field", "meter-data!B4", 4),
        ("unparseable", "meter-data!B5", 5),
        ("unparseable", "meter-data!C5", 5),
        ("unparseable", "meter-data!D5", 5),
        ("unparseable", "meter-data!B6", 6),
        ("invalid-enum", "meter-data!E6", 6),
        ("missing-field", "meter-data!E7", 7),
        ("unexpected-field", "meter-data!F7", 7),
        ("wrong-size", "meter-data!A8", 8),
        ("missing-column", "b!A1", 1),
        ("unexpected-column", "b!C1", 1),
        ("unexpected-column", "b!D1", 1),
        ("sheet-empty", "c!A1", 1),
    ]
    assert len(read(data)) == 1


def test_a_workbook_of_nothing_but_faults_is_undecodable() -> None:
    assert isinstance(read_workbook(book([TITLES, row("x")]), Commodity.ELECTRICITY, ZONE), Undecodable)
    assert {rule for rule, _, _ in faults(book([[]]))} == {"missing-column", "sheet-empty"}
    assert {rule for rule, _, _ in faults(book([["EIC", "Start"], ["x", 1]]))} == {
        "missing-column",
        "unexpected-column",
    }


def test_columns_of_the_other_commodity_are_foreign() -> None:
    # EE-1.7
    net = [*TITLES, "NET IN Quantity kWh"]
    assert faults(book([net, [*row("01.07.2026 07:00"), 1]]), Commodity.NATURAL_GAS) == [
        ("unexpected-column", "meter-data!G1", 1)
    ]
    gas = [*TITLES, "OUT Quantity M3"]
    assert faults(book([gas, [*row("01.07.2026 07:00"), 1]]), Commodity.NATURAL_GAS) == []


def test_a_title_that_stands_twice_is_foreign() -> None:
    assert faults(book([[*TITLES, TITLES[2]], [*row("01.07.2026 00:00"), 1]])) == [
        ("unexpected-column", "meter-data!G1", 1)
    ]


def test_faults_beyond_a_thousand_are_counted() -> None:
    found = faults(book([TITLES, row("01.07.2026 00:00"), *([row("x")] * 1005)]))
    assert len(found) == 1001
    assert found[-1][0] == "more-faults"


@pytest.mark.sec_15
def test_formulas_are_refused_with_their_cells() -> None:
    # EE-2.1
    data = book([TITLES, row("01.07.2026 00:00", "=1+1")])
    assert faults(data) == [("formula", "meter-data!D2", 2)]
    text = filled(blank(["=1+1"], "PT15M", quarters(SPRING)[:1], Commodity.ELECTRICITY), [KWH_OUT], random.Random(1))
    assert read(written(text, Generation.V2)).point == ["=1+1"]
