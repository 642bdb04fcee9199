"""What the hub's operator decides about a fixation (Regulation D1 §4.2, appendix 6, §6.2.2)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.hub.ports import Refused
from gateway.hub.ports_settlement import Postponement
from gateway.hub.settlement.days import history
from gateway.hub.settlement.decisions import accept_residual, postpone
from gateway.messages.codes import SettlementStage
from gateway.settlement.results import ResultKind
from tests.integration.settlement.towns import AREA, DAY, FIXED_ON, OPERATOR, ZONE, Town

LATER = date(2016, 3, 18)


def put_off(town: Town, until: date = LATER, areas: tuple[str, ...] = (), reason: str = "outage") -> object:
    with town.hub.office.database.write() as connection:
        return postpone(town.hub.office, connection, OPERATOR, (DAY, areas, until), reason)


def rules(answer: object) -> set[str]:
    assert isinstance(answer, Refused)
    return {finding.rule for finding in answer.findings}


def held(town: Town) -> None:
    town.send_all(DAY, exchange=1_000)
    town.evening(FIXED_ON)
    assert town.state(DAY) == "held"


def test_an_accepted_negative_residual_is_fixed_as_of_its_own_evening(town: Town) -> None:
    """DK-6.2.2: never clamped, and what came in while the operator thought is not in it."""
    held(town)
    town.at(FIXED_ON + timedelta(days=1), 9)
    town.send(DAY, {"exchange": 50_000})
    run = accept_residual(town.hub.office, OPERATOR, DAY, [AREA], "border meter confirmed")
    assert not isinstance(run, Refused)
    assert town.kwh(town.results(DAY, SettlementStage.FIXATION), ResultKind.GRID_LOSS) == [-29] * 24
    assert town.state(DAY) == "fixed"
    with town.hub.office.database.read() as connection:
        last = history(connection, DAY, AREA)[-1]
    assert (last.text, last.actor, last.run) == ("border meter confirmed", OPERATOR.client_id, run.id)


def test_only_held_days_wait_for_a_decision_and_it_states_its_reason(town: Town) -> None:
    held(town)
    assert rules(accept_residual(town.hub.office, OPERATOR, DAY, [AREA], " ")) == {"reason-missing"}
    answer = accept_residual(town.hub.office, OPERATOR, DAY + timedelta(days=1), [AREA], "why not")
    assert rules(answer) == {"not-held"}
    assert rules(accept_residual(town.hub.office, OPERATOR, DAY, [], "why not")) == {"unknown-grid-area"}
    assert town.state(DAY) == "held"


def test_a_postponed_fixation_takes_its_cut_off_along(town: Town) -> None:
    """DK-4.2.c: what comes between the old and the new evening is in the basis."""
    town.send_all(DAY)
    answer = put_off(town)
    assert answer == (
        Postponement(
            DAY, AREA, ZONE.at(FIXED_ON, 21), ZONE.at(LATER, 21), ZONE.at(LATER + timedelta(days=1), 8), "outage",
            town.clock.now(),
        ),
    )  # fmt: skip
    town.evening(FIXED_ON)
    assert town.state(DAY) == "postponed"
    town.send(DAY, {"flex-a": 14_000})
    town.evening(LATER)
    assert town.state(DAY) == "fixed"
    assert town.kwh(town.results(DAY, SettlementStage.FIXATION), ResultKind.FLEX) == [22] * 24


def test_a_held_day_may_be_postponed_too(town: Town) -> None:
    """DK-4.2.c: after a run that could not be filed."""
    held(town)
    town.at(FIXED_ON, 22)
    assert not isinstance(put_off(town), Refused)
    town.send(DAY, {"exchange": 50_000})
    town.evening(LATER)
    assert town.kwh(town.results(DAY, SettlementStage.FIXATION), ResultKind.GRID_LOSS) == [20] * 24


@pytest.mark.parametrize(
    ("until", "areas", "reason", "rule"),
    [
        (date(2016, 3, 19), (), "outage", "not-a-working-day"),
        (date(2016, 3, 8), (), "outage", "evening-passed"),
        (date(2016, 3, 14), (), "outage", "not-later"),
        (LATER, ("999",), "outage", "unknown-grid-area"),
        (LATER, (), "", "reason-missing"),
        (LATER, (), "x" * 1001, "reason-too-long"),
    ],
)
def test_a_postponement_that_cannot_be_is_refused_and_changes_nothing(
    town: Town, until: date, areas: tuple[str, ...], reason: str, rule: str
) -> None:
    town.send_all(DAY)
    assert rule in rules(put_off(town, until, areas, reason))
    assert town.state(DAY) == "open"


def test_what_is_fixed_cannot_be_postponed(town: Town) -> None:
    town.send_all(DAY)
    town.evening(FIXED_ON)
    assert rules(put_off(town)) == {"event-not-listed"}
