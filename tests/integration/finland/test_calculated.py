"""Netting, communities, balance deviations and reactive flags, through the hub's duties."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from gateway.demo.finland import market as finland
from gateway.hub.ports import Page
from gateway.hub.ports_point_series import SpotPrice
from gateway.messages.codes import DeviationType, Flow, MeteringPointType, Quality
from gateway.messages.series import Series
from gateway.messages.times import Interval, format_second
from tests.integration.finland.hubs import (
    CORRECTED,
    DAY,
    ESTIMATED,
    GRID,
    MISSING,
    NEXT_GRID,
    OK,
    OPERATOR,
    OTHER_SUPPLIER,
    START,
    SUPPLIER,
    ZONE,
    FinnishHub,
)

ALWAYS = Interval(0, 2**40)


def net_series(fi: FinnishHub, who: object = SUPPLIER) -> list[Series]:
    """What the supplier got of calculated series."""
    net = (MeteringPointType.NET_CONSUMPTION, MeteringPointType.NET_PRODUCTION,
           MeteringPointType.COLLECTIVE_NET_CONSUMPTION, MeteringPointType.COLLECTIVE_NET_PRODUCTION)  # fmt: skip
    return [one for one in fi.received(SUPPLIER) if one.point_type in net]


def test_a_site_is_netted_and_the_gross_series_stay(fi_both: FinnishHub) -> None:
    # FI-7.1: the examples, through the store
    fi = fi_both
    fi.send(fi.series("site-consumption", [("3.000", OK), ("0.500", OK), ("1.000", ESTIMATED), ("1.000", OK)]))
    fi.send(fi.series("site-production", [("1.200", OK), ("2.000", OK), ("1.000", OK), (None, MISSING)]))
    fi.received(SUPPLIER)
    fi.duties()
    assert fi.quantities("site-consumption", Flow.NET_OUT) == [1800, 0, 0, 1000]
    assert fi.quantities("site-production", Flow.NET_IN) == [0, 1500, 0, 0]
    (netted,) = fi.read("site-consumption", flow=Flow.NET_OUT)
    assert netted.qualities.tolist()[2:] == [Quality.ESTIMATED, Quality.INCOMPLETE]
    gross = [one for one in fi.read("site-consumption") if one.flow is None]
    assert [one.quantities.tolist() for one in gross] == [[3000, 500, 1000, 1000]]
    assert {one.point_type: one.period.quantity.tolist() for one in net_series(fi)} == {
        MeteringPointType.NET_CONSUMPTION: [1800, 0, 0, 1000],
        MeteringPointType.NET_PRODUCTION: [0, 1500, 0, 0],
    }


def test_a_correction_nets_and_sends_its_steps_anew(fi: FinnishHub) -> None:
    # FI-7.1: any input correction recalculates and resends; the same again sends nothing
    fi.send(fi.series("site-consumption", [("3.000", OK)] * 4), fi.series("site-production", [("1.000", OK)] * 4))
    fi.duties()
    fi.received(SUPPLIER)
    fi.duties()
    assert fi.received(SUPPLIER) == []
    second = fi.series("site-production", [("2.500", CORRECTED)], start=format_second(START + 900))
    fi.send(second)
    fi.duties()
    assert fi.quantities("site-consumption", Flow.NET_OUT) == [2000, 500, 2000, 2000]
    (consumption,) = [one for one in net_series(fi) if one.point_type == MeteringPointType.NET_CONSUMPTION]
    assert (consumption.period.start, consumption.period.quantity.tolist()) == (START + 900, [500])
    versions = asyncio.run(
        fi.hub.value_versions(GRID, fi.market.named["site-consumption"], START + 900, (None, Flow.NET_OUT))
    )
    assert [(one.quantity, one.editor) for one in versions or ()] == [(2000, "netting"), (500, "netting")]


def test_a_community_shares_its_production(fi: FinnishHub) -> None:
    # FI-7.1: G=10, shares 50/30/20 %, c=3/4/2 -> consumption 0/1/0, surplus 2/0/0
    fi.send(
        fi.series("community-production", [("10.000", OK)]),
        fi.series("member-a", [("3.000", OK)]),
        fi.series("member-b", [("4.000", OK)]),
        fi.series("member-c", [("2.000", OK)]),
    )
    fi.duties()
    members = [fi.quantities(f"member-{letter}", Flow.NET_OUT) for letter in "abc"]
    assert members == [[0], [1000], [0]]
    assert fi.quantities("community-production", Flow.NET_IN) == [2000]
    kinds = {one.point_type for one in net_series(fi)}
    assert kinds == {MeteringPointType.COLLECTIVE_NET_CONSUMPTION, MeteringPointType.COLLECTIVE_NET_PRODUCTION}


def test_before_may_2023_an_hour_is_netted_as_a_whole(fi: FinnishHub) -> None:
    # FI-7.1: 1 h before 22 May 2023; quarters within it are summed first
    start = ZONE.midnight(date(2023, 5, 21))
    stated = {"start": format_second(start)}
    fi.send(
        fi.series("site-consumption", [("1.000", OK)] * 4, **stated),
        fi.series("site-production", [("3.000", OK), ("0.000", OK), ("0.000", OK), ("0.000", OK)], **stated),
    )
    fi.duties()
    span = {"start": start, "end": start + 3600}
    assert fi.quantities("site-consumption", Flow.NET_OUT, **span) == [1000]
    assert fi.quantities("site-production", Flow.NET_IN, **span) == [0]


def prices(fi: FinnishHub, price: int = 40_000) -> None:
    """An hourly price for the whole day, in thousandths of EUR/MWh."""
    hours = [SpotPrice(START + 3600 * hour, 3600, price) for hour in range(24)]
    assert asyncio.run(fi.hub.point_series.take_prices(hours)) is None


def test_a_correction_after_the_window_is_a_deviation(fi_both: FinnishHub) -> None:
    # FI-4.3, FI-6.1: the example: 10.000 -> 12.500 kWh at 40.00 EUR/MWh: 0.10 EUR
    fi = fi_both
    fi.send(
        fi.series("home", [("10.000", OK), ("1.000", OK)]),
        fi.series("exchange", [("100", OK)], flow="in"),
        fi.series("plant", [("500", OK)]),
    )
    prices(fi)
    fi.at(date(2025, 3, 21), 23)
    fi.send(fi.series("home", [("10.000", OK), ("1.100", CORRECTED)]))
    fi.duties()
    assert asyncio.run(fi.hub.point_series.deviations(OPERATOR, ALWAYS, Page())).deviations == ()
    fi.at(date(2025, 3, 22), 0)
    fi.send(
        fi.series("home", [("12.500", CORRECTED)]),
        fi.series("exchange", [("90", CORRECTED)], flow="in"),
        fi.series("plant", [("400", CORRECTED)]),
    )
    fi.duties()
    (one,) = asyncio.run(fi.hub.point_series.deviations(SUPPLIER, ALWAYS, Page())).deviations
    assert (one.metering_point, one.start, one.old, one.new, one.price) == (
        fi.market.named["home"], START, 10_000, 12_500, 40_000
    )  # fmt: skip
    assert asyncio.run(fi.hub.point_series.deviations(OTHER_SUPPLIER, ALWAYS, Page())).deviations == ()
    assert asyncio.run(fi.hub.point_series.deviations(NEXT_GRID, ALWAYS, Page())).deviations == ()
    found = asyncio.run(fi.hub.point_series.summaries(GRID, ALWAYS))
    assert [(s.type, s.supplier, s.energy, s.amount) for s in found] == [
        (DeviationType.ACCOUNTING_POINT, finland.SUPPLIER, 2500, 10),
        (DeviationType.LOSSES, finland.LOSS_SUPPLIER, -2500, -10),
    ]


def test_a_second_correction_books_only_its_own_difference(fi: FinnishHub) -> None:
    # FI-4.3
    fi.send(fi.series("home", [("10.000", OK)]))
    prices(fi)
    for day, text in ((1, "12.500"), (2, "12.000"), (3, "12.000")):
        fi.at(date(2025, 4, day))
        fi.send(fi.series("home", [(text, CORRECTED)]))
        fi.duties()
    found = asyncio.run(fi.hub.point_series.deviations(GRID, ALWAYS, Page())).deviations
    assert [(one.old, one.new) for one in found] == [(10_000, 12_500), (12_500, 12_000)]


def test_a_step_waits_for_its_price(fi: FinnishHub) -> None:
    # FI-4.3
    fi.send(fi.series("home", [("10.000", OK)]))
    fi.at(date(2025, 4, 1))
    fi.send(fi.series("home", [("12.500", CORRECTED)]))
    fi.duties()
    desk = fi.hub.point_series
    assert asyncio.run(desk.deviations(GRID, ALWAYS, Page())).deviations == ()
    prices(fi, 30_000)
    prices(fi)
    assert asyncio.run(desk.run_deviations()) > 0
    (one,) = asyncio.run(desk.deviations(GRID, ALWAYS, Page())).deviations
    assert one.price == 40_000
    asyncio.run(desk.run_deviations())
    assert len(asyncio.run(desk.deviations(GRID, ALWAYS, Page())).deviations) == 1


def test_nothing_is_booked_where_no_supplier_answers(fi: FinnishHub) -> None:
    # FI-4.2, FI-4.3: recorded only where the supplier is responsible
    fi.send(fi.series("home", [("10.000", OK)]))
    prices(fi)
    home, ended = fi.market.point("home"), ZONE.midnight(date(2025, 4, 1))
    points = [p for p in fi.market.dataset.points if p.metering_point != home.metering_point]
    points += [home._replace(valid_to=ended), home._replace(valid_from=ended, energy_supplier=OTHER_SUPPLIER.party)]
    old = fi.market.dataset.agreements
    agreements = [
        row._replace(valid_to=ended) if row.metering_point == home.metering_point else row for row in old.agreements
    ]
    fi.take(points=points, agreements=type(old)(agreements))
    for day, text in ((12, "12.000"), (14, "12.500")):
        fi.at(date(2025, 5, day))
        fi.send(fi.series("home", [(text, CORRECTED)]))
        fi.duties()
    found = asyncio.run(fi.hub.point_series.deviations(OPERATOR, ALWAYS, Page())).deviations
    assert [(one.old, one.new) for one in found] == [(10_000, 12_000)]


def test_deviations_of_a_netted_site_are_of_the_netted_energy(fi: FinnishHub) -> None:
    # FI-7.1, FI-4.3: the rules of corrections apply to the calculated values
    fi.send(fi.series("site-consumption", [("3.000", OK)]), fi.series("site-production", [("1.000", OK)]))
    fi.duties()
    prices(fi)
    fi.at(date(2025, 4, 1))
    fi.send(fi.series("site-production", [("4.000", CORRECTED)]))
    fi.duties()
    fi.duties()
    found = asyncio.run(fi.hub.point_series.deviations(SUPPLIER, ALWAYS, Page())).deviations
    assert {(one.metering_point, one.old, one.new, one.is_production) for one in found} == {
        (fi.market.named["site-consumption"], 2000, 0, False),
        (fi.market.named["site-production"], 0, 1000, True),
    }
    (summary, _) = asyncio.run(fi.hub.point_series.summaries(OPERATOR, ALWAYS))
    assert (summary.energy, summary.amount) == (-3000, -12)


def test_the_page_of_deviations_goes_on(fi: FinnishHub) -> None:
    fi.send(fi.series("home", [("1.000", OK)] * 5))
    prices(fi)
    fi.at(date(2025, 4, 1))
    fi.send(fi.series("home", [("2.000", CORRECTED)] * 5))
    fi.duties()
    starts, after = list[int](), ""
    while True:
        page = asyncio.run(fi.hub.point_series.deviations(GRID, ALWAYS, Page(2, after)))
        starts += [one.start for one in page.deviations]
        after = page.after
        if not after:
            break
    assert starts == [START + 900 * number for number in range(5)]


def test_reactive_energy_is_available_for_a_month(fi: FinnishHub) -> None:
    # FI-5.2
    fi.send(fi.series("works", [("1", OK)], unit="kvarh", flow="in"))
    points = [fi.market.named["works"], fi.market.named["home"]]

    def flags() -> list[bool]:
        fi.duties()
        return [one.available for one in asyncio.run(fi.hub.point_series.reactive(GRID, points)) or ()]

    assert flags() == [True, False]
    fi.at(date(2025, 3, 11) + timedelta(days=31))
    assert flags() == [True, False]
    fi.at(date(2025, 3, 11) + timedelta(days=32))
    assert flags() == [False, False]
    assert asyncio.run(fi.hub.point_series.reactive(SUPPLIER, points)) is None
    assert date(2025, 3, 10) == DAY
