"""What a sender is told of its messages: filters, pages, seven days, thirty days (EE-1.2)."""

from __future__ import annotations

import asyncio

import pytest

from gateway.hub.ports import Refused
from gateway.hub.ports_metering_data import NumberedPage, StatusQuery
from gateway.messages.codes import Commodity
from gateway.messages.metering_status import ProcessingState
from gateway.messages.times import DAY
from tests.integration.metering_data.estonia import CABIN, GRID, HOUSE, NEIGHBOUR, Estonia, day_of


def test_statuses_are_filtered_and_paged_in_order_of_arrival(estonia: Estonia) -> None:
    # EE-1.2
    first = estonia.clock.now()
    for number in range(7):
        estonia.clock.move_to(first + number)
        estonia.settle(
            [day_of(HOUSE, estonia.midnight, kwh=1 if number % 2 else -1, count=1)], document_id=f"id-{number}"
        )
    estonia.settle([day_of(CABIN, estonia.midnight, count=1)], NEIGHBOUR)

    def ids(**query: object) -> list[str]:
        return [status.document_id for status in estonia.statuses(**query).statuses]  # type: ignore[arg-type]

    assert ids() == [f"id-{number}" for number in range(7)]
    assert ids(state=ProcessingState.SUCCESSFUL) == ["id-1", "id-3", "id-5"]
    assert ids(state=ProcessingState.ERROR) == ["id-0", "id-2", "id-4", "id-6"]
    assert ids(state=ProcessingState.PROCESSING) == ids(commodity=Commodity.NATURAL_GAS) == []
    assert ids(document_id="id-4") == ["id-4"]
    assert ids(created_from=first + 2, created_to=first + 4) == ["id-2", "id-3"]
    assert [ids(page=page, size=3) for page in range(4)] == [
        ["id-0", "id-1", "id-2"],
        ["id-3", "id-4", "id-5"],
        ["id-6"],
        [],
    ]
    assert estonia.statuses(page=2, size=3).total == 7
    assert [len(status.errors) for status in estonia.statuses().statuses] == [1, 0, 1, 0, 1, 0, 1]
    assert estonia.statuses(NEIGHBOUR).total == 1, "everybody sees its own"


def test_a_status_is_shown_for_seven_days_and_its_uuid_stays_used(estonia: Estonia) -> None:
    # EE-1.2, EE-1.4
    body = [day_of(HOUSE, estonia.midnight, count=1)]
    sent = estonia.clock.now()
    estonia.settle(body, document_id="once")
    estonia.clock.move_to(sent + 7 * DAY)
    assert estonia.statuses().total == 1
    estonia.clock.move_to(sent + 7 * DAY + 1)
    assert estonia.statuses().total == estonia.statuses(document_id="once").total == 0
    assert isinstance(estonia.send(body, document_id="once"), Refused)


@pytest.mark.parametrize(
    ("days", "code"),
    [
        (30, None),
        (30 + 1 / DAY, "opp.error.validation.meter-data-status-interval-max-length"),
        (0, "opp.error.validation.from-field-cannot-be-equal-to-or-after-to-field"),
        (-1, "opp.error.validation.from-field-cannot-be-equal-to-or-after-to-field"),
    ],
)
def test_a_question_spans_thirty_days(estonia: Estonia, days: float, code: str | None) -> None:
    now = estonia.clock.now()
    query = StatusQuery(created_from=now - round(days * DAY), created_to=now)
    answer = asyncio.run(estonia.desk.statuses(GRID, query, NumberedPage(0, 10)))
    assert [found.code for found in answer.findings] == [code] if isinstance(answer, Refused) else code is None
