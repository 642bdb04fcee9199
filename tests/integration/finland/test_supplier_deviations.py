"""Balance deviations of energy that stood with the wrong supplier: agreements changed for closed windows (FI-4.3)."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from gateway.demo.finland import market as finland
from gateway.hub.ports import Page
from gateway.hub.ports_point_series import Deviation
from gateway.messages.agreements import Agreement, AgreementFacts
from gateway.messages.codes import AgreementKind, DeviationCause, DeviationType, Standing
from gateway.messages.masterdata import FOREVER
from gateway.messages.times import format_second
from tests.integration.finland.hubs import CORRECTED, OK, OPERATOR, START, SUPPLIER, ZONE, FinnishHub
from tests.integration.finland.test_calculated import ALWAYS, prices

FIRST, SECOND = finland.SUPPLIER, finland.OTHER_SUPPLIER
SINCE = START - 400 * 86_400
METERED, MOVED = DeviationCause.METERED_DATA, DeviationCause.SUPPLIER


Span = tuple[int, int]


def supplied(fi: FinnishHub, first: Span | None, second: Span | None, name: str = "home") -> None:
    """Import who supplies a point: each over [start, end), or never."""
    point = fi.market.named[name]
    old = next(row for row in fi.market.dataset.agreements.agreements if row.metering_point == point)
    rows = []
    for party, span in ((FIRST, first), (SECOND, second)):
        standing = Standing.WITHDRAWN if span is None else Standing.IN_FORCE
        start, end = span or (SINCE, FOREVER)
        named = old.agreement if party == FIRST else f"{old.agreement}-{party}"
        rows.append(
            Agreement(
                named,
                AgreementKind.SUPPLY,
                party,
                start,
                end,
                metering_point=point,
                customers=("ann",),
                standing=standing,
            )
        )
    fi.take(agreements=AgreementFacts(rows))


def booked(fi: FinnishHub, who: Any = OPERATOR) -> list[tuple[str, int, int, DeviationCause]]:
    """Who was booked what, in the order of runs."""
    found = asyncio.run(fi.hub.point_series.deviations(who, ALWAYS, Page())).deviations
    return [(one.supplier, one.old, one.new, one.cause) for one in sorted(found, key=_order)]


def _order(one: Deviation) -> tuple[int, int, str]:
    return one.run, one.start, one.supplier


def summed(fi: FinnishHub) -> list[tuple[DeviationType, str, int, int]]:
    found = asyncio.run(fi.hub.point_series.summaries(OPERATOR, ALWAYS))
    return [(one.type, one.supplier, one.energy, one.amount) for one in found]


def test_a_supplier_named_too_late_takes_over_the_energy(fi_both: FinnishHub) -> None:
    # FI-4.3: the worked example: 10.000 kWh at 40.00 EUR/MWh stood with S1; S2 had supplied since that midnight.
    # S1 is given back 0.40 EUR, S2 pays 0.40 EUR, the losses of the area stay as they were
    fi = fi_both
    fi.send(fi.series("home", [("10.000", OK)]))
    prices(fi)
    fi.at(date(2025, 4, 1))
    fi.duties()
    supplied(fi, (SINCE, START), (START, FOREVER))
    fi.duties()
    assert booked(fi) == [(FIRST, 10_000, 0, MOVED), (SECOND, 0, 10_000, MOVED)]
    assert booked(fi, SUPPLIER) == [(FIRST, 10_000, 0, MOVED)]
    assert summed(fi) == [
        (DeviationType.ACCOUNTING_POINT, FIRST, -10_000, -40),
        (DeviationType.ACCOUNTING_POINT, SECOND, 10_000, 40),
        (DeviationType.LOSSES, finland.LOSS_SUPPLIER, 0, 0),
    ]
    supplied(fi, (SINCE, START), (START, FOREVER))  # the same said again
    fi.duties()
    assert len(booked(fi)) == 2


def test_later_corrections_are_the_right_supplier_s(fi: FinnishHub) -> None:
    # FI-4.3: what was moved is booked; a correction books its own difference, and a mistake is taken back
    fi.send(fi.series("home", [("10.000", OK)]))
    prices(fi)
    fi.at(date(2025, 4, 1))
    supplied(fi, (SINCE, START), (START, FOREVER))
    fi.duties()
    fi.at(date(2025, 4, 2))
    fi.send(fi.series("home", [("12.500", CORRECTED)]))
    fi.duties()
    fi.duties()
    assert booked(fi)[2:] == [(SECOND, 10_000, 12_500, METERED)]
    fi.at(date(2025, 4, 3))
    supplied(fi, (SINCE, FOREVER), None)
    fi.duties()
    assert booked(fi)[3:] == [(FIRST, 0, 12_500, MOVED), (SECOND, 12_500, 0, MOVED)]


def test_energy_and_supplier_may_change_together(fi: FinnishHub) -> None:
    # FI-4.3: before any run has looked
    fi.send(fi.series("home", [("10.000", OK), ("0.000", OK)]))
    fi.at(date(2025, 4, 1))
    supplied(fi, (SINCE, START), (START, FOREVER))
    fi.send(fi.series("home", [("12.500", CORRECTED), ("1.000", CORRECTED)]))
    fi.duties()
    assert booked(fi) == [], "they wait for their prices"
    prices(fi)
    fi.duties()
    assert booked(fi) == [(FIRST, 10_000, 0, MOVED), (SECOND, 0, 12_500, MOVED), (SECOND, 0, 1_000, METERED)]


def test_a_window_that_is_open_takes_the_right_supplier_itself(fi: FinnishHub) -> None:
    # FI-4.3
    fi.send(fi.series("home", [("10.000", OK)]))
    prices(fi)
    fi.at(date(2025, 3, 21), 23)
    supplied(fi, (SINCE, START), (START, FOREVER))
    fi.at(date(2025, 4, 1))
    fi.duties()
    assert booked(fi) == []
    fi.send(fi.series("home", [("12.500", CORRECTED)]))
    fi.duties()
    assert booked(fi) == [(SECOND, 10_000, 12_500, METERED)]


def test_only_the_days_that_changed_hands_are_moved(fi: FinnishHub) -> None:
    # FI-4.3: the switch was some hours earlier than registered, within one of two days
    fi.send(fi.series("home", [("1.000", OK)] * 12))
    fi.send(fi.series("home", [("1.000", OK)] * 4, start=format_second(START - 86_400)))
    prices(fi)
    supplied(fi, (SINCE, START + 7200), (START + 7200, FOREVER))
    fi.at(date(2025, 4, 1))
    supplied(fi, (SINCE, START + 3600), (START + 3600, FOREVER))
    fi.duties()
    found = asyncio.run(fi.hub.point_series.deviations(OPERATOR, ALWAYS, Page())).deviations
    hour = [START + 3600 + 900 * number for number in range(4)]
    assert [one.start for one in sorted(found, key=_order)] == sorted([*hour, *hour])


def test_who_no_longer_answers_is_not_booked(fi: FinnishHub) -> None:
    # FI-4.2, FI-4.3: S1's time ended on 1 April; on 1 June it is told that March was S2's: the losses bear S1's part
    fi.send(fi.series("home", [("10.000", OK)]))
    prices(fi)
    april = ZONE.midnight(date(2025, 4, 1))
    supplied(fi, (SINCE, april), (april, FOREVER))
    fi.at(date(2025, 6, 1))
    supplied(fi, (SINCE, START), (START, FOREVER))
    fi.duties()
    assert booked(fi) == [(SECOND, 0, 10_000, MOVED)]
    assert summed(fi)[1:] == [(DeviationType.LOSSES, finland.LOSS_SUPPLIER, -10_000, -40)]


def test_calculated_energy_changes_hands_too(fi: FinnishHub) -> None:
    # FI-4.3, FI-7.1: of a netted site it is the netted energy
    fi.send(fi.series("site-consumption", [("3.000", OK)]), fi.series("site-production", [("1.000", OK)]))
    fi.duties()
    prices(fi)
    fi.at(date(2025, 4, 1))
    supplied(fi, (SINCE, START), (START, FOREVER), "site-consumption")
    fi.duties()
    assert booked(fi) == [(FIRST, 2_000, 0, MOVED), (SECOND, 0, 2_000, MOVED)]


def test_the_supplier_of_a_version_counts_where_nothing_is_agreed(fi: FinnishHub) -> None:
    # FI-4.3: points whose supplier master data name, without agreements
    home = fi.market.point("home")
    point = home.metering_point
    withdrawn = [
        row._replace(standing=Standing.WITHDRAWN)
        for row in fi.market.dataset.agreements.agreements
        if row.metering_point == point
    ]
    others = [row for row in fi.market.dataset.points if row.metering_point != point]
    fi.take(agreements=AgreementFacts(withdrawn))
    fi.send(fi.series("home", [("10.000", OK)]))
    prices(fi)
    fi.at(date(2025, 4, 1))
    moved = [home._replace(valid_to=START), home._replace(valid_from=START, energy_supplier=SECOND)]
    fi.take(points=[*others, *moved], agreements=AgreementFacts([]))
    fi.duties()
    assert booked(fi) == [(FIRST, 10_000, 0, MOVED), (SECOND, 0, 10_000, MOVED)]


def test_pages_tell_both_sides_of_a_step(fi: FinnishHub) -> None:
    fi.send(fi.series("home", [("10.000", OK)]))
    prices(fi)
    fi.at(date(2025, 4, 1))
    supplied(fi, (SINCE, START), (START, FOREVER))
    fi.duties()
    desk = fi.hub.point_series
    first = asyncio.run(desk.deviations(OPERATOR, ALWAYS, Page(1)))
    second = asyncio.run(desk.deviations(OPERATOR, ALWAYS, Page(1, first.after)))
    assert [one.supplier for page in (first, second) for one in page.deviations] == [FIRST, SECOND]
    assert second.after == ""
