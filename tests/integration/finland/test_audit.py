"""Who changed what and when, the operator's edits, and what suppliers get of corrections (FI-2.4, FI-2.5, FI-4)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date

from gateway.hub import journal
from gateway.hub.ports import Submission
from gateway.markets.registry import changed_profile, profile
from gateway.messages.agreements import Agreement, AgreementFacts
from gateway.messages.codes import AgreementKind, DocumentKind, Flow, NeutralForm, Quality, Unit
from gateway.messages.times import format_second
from tests.integration.finland.hubs import (
    CORRECTED,
    DAY,
    GRID,
    MISSING,
    OK,
    OPERATOR,
    OTHER_SUPPLIER,
    START,
    SUPPLIER,
    ZONE,
    FinnishHub,
)


def test_every_change_keeps_when_and_by_whom(fi_both: FinnishHub) -> None:
    # FI-2.4: edit time, editor, reception time; every previous version stays
    first = fi_both.clock.now()
    fi_both.send(fi_both.series("home", [("1.20", OK)]))
    fi_both.clock.move_to(first + 3600)
    fi_both.send(fi_both.series("home", [("1.25", CORRECTED)]))
    point = fi_both.market.named["home"]
    versions = asyncio.run(fi_both.hub.value_versions(GRID, point, START))
    assert versions is not None
    assert [one.quantity for one in versions] == [1200, 1250]
    assert [one.registered_at for one in versions] == [first, first + 3600]
    assert [one.received_at for one in versions] == [first, first + 3600]
    assert [one.editor for one in versions] == [GRID.client_id] * 2
    assert fi_both.quantities("home", as_of=first) == [1200]


def test_versions_of_a_direction(fi: FinnishHub) -> None:
    # FI-2.4, FI-1.3
    fi.send(fi.series("exchange", [("7", OK)], flow="out"), fi.series("exchange", [("9", OK)], flow="in"))
    fi.send(fi.series("works", [("3", OK)], flow="in", unit="kvarh"))
    wanted = [("exchange", (None, Flow.OUT)), ("exchange", (None, Flow.IN)), ("works", (Unit.MVARH, Flow.IN))]
    found = [asyncio.run(fi.hub.value_versions(GRID, fi.market.named[name], START, sort)) for name, sort in wanted]
    assert [[one.quantity for one in versions or ()] for versions in found] == [[7000], [9000], [3000]]


def test_the_operator_edits_and_everybody_entitled_hears(fi: FinnishHub) -> None:
    # FI-2.5: recorded with the editor, forwarded to the entitled parties
    fi.send(fi.series("home", [("1.20", OK)]))
    fi.received(SUPPLIER)
    edit = fi.series("home", [("1.10", CORRECTED)])
    assert [one.state for one in fi.send(edit, who=OPERATOR, reason="meter swapped by mistake")] == ["corrected"]
    (forwarded,) = fi.received(SUPPLIER)
    assert forwarded.period.quantity.tolist() == [1100]
    versions = asyncio.run(fi.hub.value_versions(GRID, fi.market.named["home"], START))
    assert versions is not None
    assert [(one.quantity, one.sender, one.editor) for one in versions] == [
        (1200, GRID.party, GRID.client_id),
        (1100, OPERATOR.party, OPERATOR.client_id),
    ]


def test_a_correction_within_six_years_reaches_the_supplier(fi: FinnishHub) -> None:
    # FI-4.1
    fi.send(fi.series("home", [("1.20", OK)]))
    fi.received(SUPPLIER)
    fi.at(date(2031, 3, 9))
    fi.send(fi.series("home", [("1.50", CORRECTED)]))
    assert [one.period.quantity.tolist() for one in fi.received(SUPPLIER)] == [[1500]]
    fi.at(date(2031, 3, 11))
    assert "period-not-too-old" in fi.rules(fi.series("home", [("1.60", CORRECTED)]))[0]


def _change_of_supplier(fi: FinnishHub, at: int) -> None:
    """`home` goes from one supplier to the other at an instant."""
    home = fi.market.point("home")
    points = [point for point in fi.market.dataset.points if point.metering_point != home.metering_point]
    points += [home._replace(valid_to=at), home._replace(valid_from=at, energy_supplier=OTHER_SUPPLIER.party)]
    known = fi.market.dataset.agreements.agreements
    old = next(row for row in known if row.metering_point == home.metering_point)
    new = Agreement("new", AgreementKind.SUPPLY, OTHER_SUPPLIER.party, at, metering_point=home.metering_point)
    agreements = [row for row in known if row is not old] + [old._replace(valid_to=at), new]
    fi.take(points=points, agreements=AgreementFacts(agreements))


def _hour_of_may(fi: FinnishHub, text: str, status: str) -> dict[str, object]:
    """The last half hour of April and the first of May."""
    start = ZONE.midnight(date(2025, 5, 1)) - 1800
    return fi.series("home", [(text, status)] * 4, start=format_second(start))


def test_after_six_weeks_the_old_supplier_hears_nothing(fi: FinnishHub) -> None:
    # FI-4.2: cases 1, 2 and 5 through the hub
    _change_of_supplier(fi, ZONE.midnight(date(2025, 5, 1)))
    fi.at(date(2025, 5, 2))
    fi.send(_hour_of_may(fi, "1.00", OK))
    assert [one.period.quantity.tolist() for one in fi.received(SUPPLIER)] == [[1000, 1000]]
    assert [one.period.quantity.tolist() for one in fi.received(OTHER_SUPPLIER)] == [[1000, 1000]]
    fi.at(date(2025, 6, 12))
    fi.send(_hour_of_may(fi, "2.00", CORRECTED))
    assert [one.period.quantity.tolist() for one in fi.received(SUPPLIER)] == [[2000, 2000]]
    assert [one.period.quantity.tolist() for one in fi.received(OTHER_SUPPLIER)] == [[2000, 2000]]
    fi.at(date(2025, 6, 13))
    fi.send(_hour_of_may(fi, "3.00", CORRECTED))
    assert fi.received(SUPPLIER) == []
    assert [one.period.quantity.tolist() for one in fi.received(OTHER_SUPPLIER)] == [[3000, 3000]]


def test_reactive_energy_is_sent_while_it_is_ordered(fi: FinnishHub) -> None:
    # FI-5.1: on order only, and as long as the order lasts
    orders = [replace_order(fi, valid_to=START + 7200)]
    fi.take(point_facts=replace(fi.market.dataset.point_facts, orders=orders))
    fi.send(fi.series("works", [("1", OK)] * 4, unit="kvarh", flow="in"))
    assert [one.period.quantity.tolist() for one in fi.received(OTHER_SUPPLIER)] == [[1000, 1000]]


def replace_order(fi: FinnishHub, valid_to: int):  # type: ignore[no-untyped-def]
    return fi.market.dataset.point_facts.orders[0]._replace(valid_to=valid_to)


def test_a_missing_value_filled_in_the_window_is_a_first_delivery(fi: FinnishHub) -> None:
    # DH-210: what was missing may come until the final data are due
    fi.send(fi.series("home", [(None, MISSING)]))
    assert [one.state for one in fi.send(fi.series("home", [("1.00", OK)]))] == ["distributed"]
    fi.send(fi.series("member-a", [(None, MISSING)]))
    fi.at(date(2025, 3, 22))
    assert [one.state for one in fi.send(fi.series("member-a", [("1.00", OK)]))] == ["corrected"]


def test_what_was_under_way_is_taken_up_again(fi: FinnishHub) -> None:
    # GW-2: a message in the hub's own form that a crash left without an outcome
    series = fi.series("home", [("1.20", OK)])
    body = json.dumps({"message_id": "lost", "created_at": format_second(fi.clock.now()), "series": [series]}).encode()
    submission = Submission(DocumentKind.MEASURE_DATA, NeutralForm.HUB_JSON, body)
    with fi.hub.office.database.write() as connection:
        journal.enter(connection, journal.Entry.incoming(GRID, submission, fi.clock.micros()))
    assert fi.hub.recover(fi.clock.micros() + 1) == 1
    assert [one.state for one in fi.status("lost")] == ["distributed"]
    assert fi.quantities("home") == [1200]


def test_the_markets_tables_are_settings() -> None:
    # FI-3.4: codes of statuses, transitions and reject codes may be set otherwise
    changed = changed_profile(
        "fi",
        {
            "series": {
                "statuses": {
                    "transitions": {"estimated": {"measured": "yes"}},
                    "codes": {"cim-xml": {"A05": "uncertain", "A06": "incomplete"}},
                }
            }
        },
        {"history": {"status-may-follow": {"code": "X99"}}},
    )
    known, table = profile("fi").series.transitions, changed.series.transitions
    assert known is not None
    assert table is not None
    again = (Quality.ESTIMATED, Quality.MEASURED)
    assert (known.moves[again], table.moves[again]) == (0, 1)
    assert table.moves[Quality.ESTIMATED, Quality.CORRECTED] == 1
    assert changed.series.codes["cim-xml"].read[5] == Quality.UNCERTAIN
    assert changed.series.codes["cim-json"].read[5] == Quality.INCOMPLETE
    assert changed.rules.wordings["status-may-follow"].code == "X99"


def test_the_day_of_the_tests() -> None:
    assert ZONE.midnight(DAY) == START
