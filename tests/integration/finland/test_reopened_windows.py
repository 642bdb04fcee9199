"""A closing day reopened by the hub's operator: what enters the balance then, and who did it (DH-210, FI-4.3)."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from gateway.demo.finland import market as finland
from gateway.hub.ports import Refused
from gateway.hub.ports_point_series import BalanceWindow
from gateway.markets.closing import WindowState
from gateway.messages.codes import DeviationCause
from tests.integration.finland.hubs import CORRECTED, DAY, OK, OPERATOR, ZONE, FinnishHub
from tests.integration.finland.test_calculated import prices
from tests.integration.finland.test_supplier_deviations import booked, summed

METERED, TAKEN_BACK = DeviationCause.METERED_DATA, DeviationCause.REOPENED


def state(fi: FinnishHub, day: date = DAY) -> WindowState:
    (one,) = asyncio.run(fi.hub.point_series.windows([day]))
    return one.window.state


def reopened(fi: FinnishHub, day: date = DAY) -> BalanceWindow | Refused:
    return asyncio.run(fi.hub.point_series.reopen(OPERATOR, day, "a substation's meters were swapped"))


def test_corrections_of_a_reopened_day_enter_its_balance(fi_both: FinnishHub) -> None:
    # FI-4.3: final at the end of D+11, 21 March; closing on 22 and 23 March
    fi = fi_both
    fi.send(fi.series("home", [("10.000", OK)]))
    prices(fi)
    fi.at(date(2025, 3, 22), 1)
    assert state(fi) is WindowState.CLOSING
    fi.send(fi.series("home", [("12.500", CORRECTED)]))
    fi.duties()
    assert booked(fi) == [(finland.SUPPLIER, 10_000, 12_500, METERED)]
    fi.at(date(2025, 3, 22), 10)
    window = reopened(fi)
    assert isinstance(window, BalanceWindow)
    assert window.window.state is state(fi) is WindowState.OPEN
    assert window.reopening is not None
    assert window.reopening == (ZONE.at(date(2025, 3, 22), 10), "operator", "a substation's meters were swapped")
    assert booked(fi)[1:] == [(finland.SUPPLIER, 12_500, 10_000, TAKEN_BACK)]
    assert sum(amount for *_, amount in summed(fi)) == 0
    assert {energy for _, supplier, energy, _ in summed(fi) if supplier == finland.SUPPLIER} == {2_500, -2_500}
    fi.send(fi.series("home", [("13.000", CORRECTED)]))
    fi.duties()
    fi.at(date(2025, 3, 24), 0)
    assert state(fi) is WindowState.CLOSED
    fi.duties()
    assert len(booked(fi)) == 2, "the balance has it"
    fi.send(fi.series("home", [("14.000", CORRECTED)]))
    fi.duties()
    assert booked(fi)[2:] == [(finland.SUPPLIER, 13_000, 14_000, METERED)]


def test_other_days_stay_as_they_are(fi: FinnishHub) -> None:
    fi.at(date(2025, 3, 22), 10)
    reopened(fi)
    assert [state(fi, date(2025, 3, day)) for day in (8, 9, 10, 11)] == [
        WindowState.CLOSED, WindowState.CLOSING, WindowState.OPEN, WindowState.OPEN
    ]  # fmt: skip


@pytest.mark.parametrize(("day", "said"), [(date(2025, 3, 11), "is open"), (date(2025, 3, 8), "is closed")])
def test_only_a_closing_day_is_reopened(fi: FinnishHub, day: date, said: str) -> None:
    fi.at(date(2025, 3, 22), 10)
    refused = reopened(fi, day)
    assert isinstance(refused, Refused)
    (finding,) = refused.findings
    assert (finding.rule, said in finding.text) == ("window-not-closing", True)


def test_a_day_is_reopened_once(fi: FinnishHub) -> None:
    fi.at(date(2025, 3, 22), 10)
    assert isinstance(reopened(fi), BalanceWindow)
    assert isinstance(reopened(fi), Refused)
