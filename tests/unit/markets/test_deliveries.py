"""Until when metering data are due: 10:00 on working days, the 5th of the following month (EE-4.1)."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.markets.calendar import MarketTimetable
from gateway.markets.deliveries import DeliveryDeadlines, DeliveryStage
from gateway.markets.registry import profile
from gateway.messages.codes import Commodity
from gateway.messages.times import format_minute

EE = profile("ee")
DEADLINES = EE.deliveries
ELECTRICITY, GAS = Commodity.ELECTRICITY, Commodity.NATURAL_GAS


@pytest.mark.parametrize(
    ("commodity", "day", "expected"),
    [
        (ELECTRICITY, date(2026, 1, 12), "2026-01-13T08:00Z"),
        (ELECTRICITY, date(2026, 1, 16), "2026-01-19T08:00Z"),  # Friday: Monday
        (ELECTRICITY, date(2026, 6, 22), "2026-06-25T07:00Z"),  # Victory Day and Midsummer Day are closed
        (ELECTRICITY, date(2026, 3, 27), "2026-03-30T07:00Z"),  # behind the change of clocks
        (GAS, date(2026, 1, 12), "2026-01-13T11:00Z"),
    ],
)
def test_initial_data_are_due_on_the_next_working_day(commodity: Commodity, day: date, expected: str) -> None:
    # EE-4.1
    assert format_minute(DEADLINES.deadline(DeliveryStage.INITIAL, commodity, day)) == expected


@pytest.mark.parametrize(
    ("commodity", "day", "expected"),
    [
        (ELECTRICITY, date(2026, 1, 31), "2026-02-05T22:00Z"),
        (ELECTRICITY, date(2025, 12, 1), "2026-01-05T22:00Z"),
        (GAS, date(2026, 5, 3), "2026-06-07T21:00Z"),
    ],
)
def test_final_data_are_due_early_in_the_next_month(commodity: Commodity, day: date, expected: str) -> None:
    # EE-4.1
    assert format_minute(DEADLINES.deadline(DeliveryStage.FINAL, commodity, day)) == expected


def _with(text: str) -> DeliveryDeadlines:
    return DeliveryDeadlines(MarketTimetable(EE.zone, EE.working_days, lambda name, day: text), EE.parameters)


def test_a_deadline_may_count_days_of_the_calendar() -> None:
    found = _with("D11 24:00").deadline(DeliveryStage.FINAL, ELECTRICITY, date(2025, 3, 20))
    assert format_minute(found) == "2025-03-31T21:00Z"


def test_what_is_no_deadline_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="final-data-electricity is no deadline: 'soon'"):
        _with("soon").deadline(DeliveryStage.FINAL, ELECTRICITY, date(2025, 3, 20))
