"""Series as a workbook: what a person finds in the sheets, and that nothing in them is a formula (DK-3.5)."""

from __future__ import annotations

import tracemalloc
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from gateway.hub.ports import PointSeries
from gateway.messages.codes import CORRECTED_FLAG, Quality, Resolution, Unit
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import MarketZone
from gateway.transport.series_workbook import COLUMNS, write_workbook

ZONE = MarketZone("Europe/Copenhagen")
AS_OF = ZONE.at(date(2025, 11, 1), 12)
AUTUMN = ZONE.day_interval(date(2025, 10, 26))
POINT, OTHER = "200000000000000011", "200000000000000028"


def series(
    count: int,
    quantity: int = 250,
    *,
    point: str = POINT,
    start: int = AUTUMN.start,
    unit: Unit = Unit.KWH,
    step: Resolution = Resolution.QUARTER,
) -> PointSeries:
    """Steps of one quantity."""
    seconds = 900 if step is Resolution.QUARTER else 3600
    return PointSeries(
        point,
        unit,
        step,
        start + seconds * np.arange(count, dtype=np.int64),
        np.full(count, quantity, dtype=np.int64),
        np.full(count, Quality.MEASURED, dtype=np.uint8),
        np.full(count, AS_OF - 60, dtype=np.int64),
    )


def sheets(*written: PointSeries) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every sheet, cut behind the last cell that is there."""
    with write_workbook(written, ZONE, AS_OF) as file:
        book = load_workbook(file)
        return {sheet.title: [tuple(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def values(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows below the heads of the columns."""
    return rows[rows.index(COLUMNS) + 1 :]


def summary(rows: list[tuple[Any, ...]]) -> dict[Any, Any]:
    """What stands above the heads of the columns."""
    return {row[0]: row[1] for row in rows[: rows.index(COLUMNS)]}


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    """DK-3.5: the 25-hour day; local time alone says 02:00 twice, the offset beside it tells them apart."""
    rows = values(sheets(series(100))[POINT])
    assert len(rows) == 100
    twice = [row for row in rows if row[0] == datetime.fromisoformat("2025-10-26 02:00")]
    assert [row[1] for row in twice] == ["+02:00", "+01:00"]
    assert len({(row[0], row[1]) for row in rows}) == 100


def test_the_day_that_lacks_an_hour_lacks_it() -> None:
    spring = ZONE.day_interval(date(2025, 3, 30))
    rows = values(sheets(series(92, start=spring.start))[POINT])
    assert all(row[0].hour != 2 for row in rows)
    assert rows[-1][0] == datetime.fromisoformat("2025-03-30 23:45")


def test_what_a_person_wants_first_stands_on_top() -> None:
    """DK-3.5: totals, and how many values are missing or estimated."""
    one = series(4)
    one.quantities[1] = NO_QUANTITY
    one.qualities[:] = [Quality.MEASURED, Quality.MISSING, Quality.ESTIMATED | CORRECTED_FLAG, Quality.ABSENT]
    (rows,) = sheets(one).values()
    top = summary(rows)
    assert (top["Metering point"], top["As known at"]) == (POINT, datetime.fromisoformat("2025-11-01 12:00"))
    assert (top["Values"], top["of these missing"], top["of these estimated"]) == (4, 1, 1)
    assert Decimal(str(top["Total"])) == Decimal("0.750")
    assert [(row[3], row[5], row[6]) for row in values(rows)] == [
        (0.25, "measured", None),
        (None, "missing", None),
        (0.25, "estimated", "corrected"),
        (0.25, "measured", None),
    ]


def test_each_point_has_a_sheet_with_all_its_runs() -> None:
    hours = series(2, 1000, start=AUTUMN.end, step=Resolution.HOUR)
    found = sheets(series(2), hours, series(3, -1, point=OTHER, unit=Unit.KW))
    assert list(found) == [POINT, OTHER]
    assert [row[2] for row in values(found[POINT])] == ["PT15M", "PT15M", "PT1H", "PT1H"]
    assert summary(found[POINT])["Total"] == 2.5
    assert "Total" not in summary(found[OTHER]), "power does not add up over time"
    assert [row[3] for row in values(found[OTHER])] == [-0.001] * 3


def test_a_point_without_values_has_an_empty_sheet() -> None:
    (rows,) = sheets(series(0)).values()
    assert (summary(rows)["Values"], values(rows)) == (0, [])


@settings(max_examples=20)
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=5))
def test_quantities_are_exact(quantities: list[int]) -> None:
    one = series(len(quantities))
    one.quantities[:] = quantities
    (rows,) = sheets(one).values()
    written = [round(Decimal(repr(row[3])) * 1000) for row in values(rows)]
    assert written == quantities
    assert round(Decimal(repr(summary(rows)["Total"])) * 1000) == sum(quantities)


@pytest.mark.sec_15
@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' C'!A0"])
def test_no_text_is_a_formula(text: str) -> None:
    """Whatever an identifier should ever hold, a spreadsheet shows it and does not carry it out."""
    one = series(1)
    with write_workbook((PointSeries(text.replace("'", "").replace("!", ""), *_rest(one)),), ZONE, AS_OF) as file:
        cells = [cell for sheet in load_workbook(file) for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert {cell.data_type for cell in cells if isinstance(cell.value, str)} == {"s"}


def _rest(one: PointSeries) -> tuple[Any, ...]:
    return one.unit, one.step, one.starts, one.quantities, one.qualities, one.registered_at


def test_what_is_held_while_writing_grows_with_neither_rows_nor_file() -> None:
    """Columns take 25 bytes a value; a row of cells takes thousands, and of those only one is held at a time."""

    def peak(count: int) -> int:
        one = series(count)
        tracemalloc.start()
        file: IO[bytes] = write_workbook((one,), ZONE, AS_OF)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        file.close()
        return most

    peak(10)
    assert peak(3_000) - peak(1_000) < 25 * 2_000
