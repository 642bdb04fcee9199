"""The energy of a year, for a yearly request (RSM-015 with E30, BRS-024)."""

from __future__ import annotations

from datetime import date

from gateway.hub.period_groups import series_kind
from gateway.hub.series.annual_sum import AnnualSum, annual_sum
from gateway.messages.codes import CORRECTED_FLAG, Quality, Resolution, Unit
from gateway.messages.identifiers import point_key
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import HOUR

from .small_hub import FLEX, ZONE, SmallHub

START, END = ZONE.midnight(date(2024, 4, 1)), ZONE.midnight(date(2025, 4, 1))


def total(hub: SmallHub, end: int = END, *, as_of: int | None = None, unit: Unit = Unit.KWH) -> AnnualSum:
    with hub.database.read() as connection:
        return annual_sum(hub.office, connection, (point_key(FLEX), series_kind(unit)), end, as_of)


def test_twelve_months_add_up_over_every_resolution(hub: SmallHub) -> None:
    """DK-1.48: quarters, hours, days and months side by side, and nothing from outside the year."""
    quarters_end = ZONE.midnight(date(2024, 4, 2))
    hours_end = ZONE.midnight(date(2024, 4, 3))
    days_end = ZONE.midnight(date(2024, 5, 1))
    hub.append(FLEX, [9] * 96, start=START - 24 * HOUR)
    hub.append(FLEX, [1] * 96, start=START)
    hub.append(FLEX, [10] * 24, start=quarters_end, step=Resolution.HOUR)
    hub.append(FLEX, [100] * 28, start=hours_end, step=Resolution.DAY)
    hub.append(FLEX, [1000] * 11, start=days_end, step=Resolution.MONTH)
    hub.append(FLEX, [9] * 96, start=END)
    assert total(hub) == AnnualSum(START, 96 + 240 + 2800 + 11000, Quality.MEASURED)


def test_the_year_ends_at_the_last_local_midnight(hub: SmallHub) -> None:
    hub.append(FLEX, [1] * 365, start=START, step=Resolution.DAY)
    assert total(hub, END + 13 * HOUR) == total(hub, END) == AnnualSum(START, 365, Quality.MEASURED)


def test_what_is_not_known_makes_the_sum_incomplete(hub: SmallHub) -> None:
    hub.append(FLEX, [1] * 364, start=START, step=Resolution.DAY)
    assert total(hub) == AnnualSum(START, 364, Quality.INCOMPLETE)
    hub.append(FLEX, [0], start=END - 24 * HOUR, step=Resolution.DAY, quality=Quality.MISSING)
    assert total(hub) == AnnualSum(START, 364, Quality.INCOMPLETE)


def test_a_value_past_the_end_does_not_count(hub: SmallHub) -> None:
    """A month that the year cuts through belongs to neither side of the cut."""
    hub.append(FLEX, [31] * 13, start=START, step=Resolution.MONTH)
    middle = total(hub, ZONE.midnight(date(2025, 3, 16)))
    assert (middle.start, middle.quantity) == (ZONE.midnight(date(2024, 3, 16)), 31 * 11)
    assert middle.quality is Quality.INCOMPLETE


def test_estimates_and_corrections(hub: SmallHub) -> None:
    """DK-4.1.5.f: the sum is of the values as corrected, and is itself no correction."""
    hub.append(FLEX, [1] * 365, start=START, step=Resolution.DAY)
    later = hub.append(FLEX, [5], start=START, step=Resolution.DAY, quality=CORRECTED_FLAG | Quality.ESTIMATED)
    assert total(hub) == AnnualSum(START, 369, Quality.ESTIMATED)
    assert total(hub, as_of=later - 1) == AnnualSum(START, 365, Quality.MEASURED)


def test_a_year_of_nothing_is_missing(hub: SmallHub) -> None:
    nothing = AnnualSum(START, NO_QUANTITY, Quality.MISSING)
    assert total(hub) == nothing
    hub.append(FLEX, [0] * 365, start=START, step=Resolution.DAY, quality=Quality.MISSING)
    assert total(hub) == nothing
    assert total(hub, unit=Unit.KVARH) == nothing
