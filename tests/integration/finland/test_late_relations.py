"""Sites and communities registered, changed or taken back after their data: calculated over what is stored (FI-7.1)."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import sqlalchemy as sa

from gateway.hub.period_groups import STATUS_BITS
from gateway.hub.ports import Page
from gateway.hub.tables_point_series import calculation, relation_due
from gateway.messages.codes import Flow, MeteringPointType, Quality
from gateway.messages.masterdata import FOREVER
from gateway.messages.point_details import CommunityMember, PointFacts
from gateway.messages.times import format_second
from tests.integration.finland.hubs import OK, OPERATOR, START, SUPPLIER, ZONE, FinnishHub
from tests.integration.finland.test_calculated import ALWAYS, prices

YEAR = 365 * 86_400


def related(fi: FinnishHub, name: str, to: str | None, since: int = START - YEAR, until: int = FOREVER) -> None:
    """Import that a point is related to another over [since, until), and to none else."""
    point = fi.market.named[name]
    (old,) = [one for one in fi.market.dataset.point_facts.details if one.metering_point == point]
    target = None if to is None else fi.market.named[to]
    parts = [
        old._replace(valid_from=START - 2 * YEAR, valid_to=since, related_point=None),
        old._replace(valid_from=since, valid_to=until, related_point=target),
        old._replace(valid_from=until, valid_to=FOREVER, related_point=None),
    ]
    details = [one for one in parts if one.valid_from < one.valid_to]
    fi.take(point_facts=PointFacts(details=details))


def members(fi: FinnishHub, **shares: int) -> None:
    """Import that the community has these members, by letter and percent."""
    production = fi.market.named["community-production"]
    rows = [
        CommunityMember("FI-C-1", production, fi.market.named[f"member-{letter}"], share * 10_000, START - YEAR)
        for letter, share in shares.items()
    ]
    fi.take(point_facts=PointFacts(members=rows))


def net(fi: FinnishHub, name: str, flow: Flow = Flow.NET_OUT, **asked: Any) -> list[int | None]:
    """The day's calculated values of a point; None for one that is missing."""
    found = fi.read(name, flow=flow, **asked)
    return [
        None if quality & STATUS_BITS == Quality.MISSING else int(quantity)
        for one in found
        for quantity, quality in zip(one.quantities.tolist(), one.qualities.tolist(), strict=True)
    ]


def test_a_site_registered_late_is_netted_backwards(fi_both: FinnishHub) -> None:
    # FI-7.1
    fi = fi_both
    fi.send(fi.series("home", [("3.000", OK), ("0.500", OK)]))
    for name, values in (("home", "4.000"), ("site-production", "1.000")):  # a winter before
        fi.send(fi.series(name, [(values, OK)], start=format_second(START - 100 * 86_400)))
    fi.send(fi.series("site-production", [("1.200", OK), ("2.000", OK)]))
    fi.duties()
    fi.received(SUPPLIER)
    related(fi, "home", "site-production")
    related(fi, "site-consumption", None)
    fi.duties()
    assert net(fi, "home") == [1800, 0]
    assert net(fi, "site-production", Flow.NET_IN) == [0, 1500]
    span: dict[str, Any] = {"start": START - 100 * 86_400, "end": START - 99 * 86_400}
    assert net(fi, "home", **span) == [3000]
    own = [one for one in fi.received(SUPPLIER) if one.point == fi.market.named["home"]]
    assert {one.point_type for one in own} == {MeteringPointType.NET_CONSUMPTION}
    assert [one.period.quantity.tolist() for one in own] == [[3000], [1800, 0]]


def transactions(fi: FinnishHub) -> int:
    with fi.hub.office.database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(relation_due)).scalar_one() == 0
        return int(connection.execute(sa.select(sa.func.count()).select_from(calculation)).scalar_one())


def test_what_was_said_before_calculates_nothing_anew(fi: FinnishHub) -> None:
    fi.send(fi.series("site-consumption", [("3.000", OK)]), fi.series("site-production", [("1.000", OK)]))
    fi.duties()
    before = transactions(fi)
    fi.take()
    fi.duties()
    assert transactions(fi) == before
    assert net(fi, "site-consumption") == [2000]


def test_a_site_taken_back_is_calculated_no_more(fi: FinnishHub) -> None:
    # FI-7.1: what was netted is stated as missing from the second quarter on, and the gross series counts
    fi.send(
        fi.series("site-consumption", [("3.000", OK)] * 8),
        fi.series("site-production", [("1.000", OK)] * 8),
        fi.series("site-consumption", [("3.000", OK)] * 2, start=format_second(START - 1800)),
        fi.series("site-production", [("1.000", OK)] * 2, start=format_second(START - 1800)),
    )
    fi.duties()
    fi.received(SUPPLIER)
    related(fi, "site-consumption", "site-production", until=START)
    fi.duties()
    assert net(fi, "site-consumption") == [None] * 8
    assert net(fi, "site-consumption", start=START - 1800, end=START) == [2000] * 2
    (taken_back,) = [one for one in fi.received(SUPPLIER) if one.point_type == MeteringPointType.NET_CONSUMPTION]
    assert (taken_back.period.start, set(taken_back.period.quality.tolist())) == (START, {Quality.MISSING})
    (gross,) = [one for one in fi.read("site-consumption") if one.flow is None]
    assert gross.quantities.tolist() == [3000] * 8


def test_shares_of_a_community_change_backwards(fi: FinnishHub) -> None:
    # FI-7.1: G=10, c=3/4/2; 50/30/20 % were registered, 20/80 % of two members hold
    fi.send(
        fi.series("community-production", [("10.000", OK)]),
        fi.series("member-a", [("3.000", OK)]),
        fi.series("member-b", [("4.000", OK)]),
        fi.series("member-c", [("2.000", OK)]),
    )
    fi.duties()
    assert [net(fi, f"member-{letter}") for letter in "abc"] == [[0], [1000], [0]]
    fi.received(SUPPLIER)
    members(fi, a=20, b=80)
    fi.duties()
    assert [net(fi, f"member-{letter}") for letter in "abc"] == [[1000], [0], [None]]
    assert net(fi, "community-production", Flow.NET_IN) == [4000]
    (left,) = [one for one in fi.received(SUPPLIER) if one.point == fi.market.named["member-c"]]
    assert left.point_type == MeteringPointType.COLLECTIVE_NET_CONSUMPTION
    assert left.period.quality.tolist() == [Quality.MISSING]


def test_what_is_netted_late_is_a_deviation(fi: FinnishHub) -> None:
    # FI-4.3, FI-7.1: the balance took the gross energy; 3.000 kWh become 1.800, 1.200 of production become nothing
    fi.send(fi.series("home", [("3.000", OK)]), fi.series("site-production", [("1.200", OK)]))
    fi.duties()
    prices(fi)
    fi.at(date(2025, 4, 1))
    fi.duties()
    related(fi, "site-consumption", None)
    related(fi, "home", "site-production")
    for _ in range(2):
        fi.duties()
        found = asyncio.run(fi.hub.point_series.deviations(OPERATOR, ALWAYS, Page())).deviations
        assert {(one.metering_point, one.old, one.new, one.is_production) for one in found} == {
            (fi.market.named["home"], 3000, 1800, False),
            (fi.market.named["site-production"], 1200, 0, True),
        }
        assert len(found) == 2
    related(fi, "home", None)
    fi.at(date(2025, 4, 2))
    fi.duties()
    fi.duties()
    found = asyncio.run(fi.hub.point_series.deviations(OPERATOR, ALWAYS, Page())).deviations
    assert {(one.old, one.new) for one in found[2:]} == {(1800, 3000), (0, 1200)}


def test_nothing_before_the_time_of_corrections_is_calculated(fi: FinnishHub) -> None:
    # FI-4.1, FI-7.1
    start = ZONE.midnight(date(2023, 5, 21))
    fi.send(fi.series("home", [("3.000", OK)] * 4, start=format_second(start)))
    fi.send(fi.series("site-production", [("1.000", OK)] * 4, start=format_second(start)))
    fi.duties()
    fi.at(date(2029, 6, 2))
    related(fi, "home", "site-production", since=START - 2 * YEAR)
    fi.duties()
    assert net(fi, "home", start=start, end=start + 3600) == []
