"""Metering data sent, taken, stored and followed (EE-1.1 to EE-1.9)."""

from __future__ import annotations

from gateway.hub.ports_metering_data import Submitted
from gateway.messages.codes import Flow
from gateway.messages.metering_status import ProcessingState
from tests.integration.metering_data.estonia import FACTORY, HOUSE, Estonia, day_of, of_point, quantity, quarter


def test_a_day_is_stored_and_its_status_says_so(estonia: Estonia) -> None:
    # EE-1.1, EE-1.2
    answer = estonia.send([day_of(HOUSE, estonia.midnight)], document_id="11111111-1111-4111-8111-111111111111")
    assert isinstance(answer, Submitted)
    (status,) = estonia.await_finals().statuses
    assert (status.document_id, status.state) == (answer.document_id, ProcessingState.SUCCESSFUL)
    assert status.errors == ()
    assert list(estonia.values(HOUSE, Flow.OUT).values()) == [1500] * 96


def test_in_and_out_come_apart_and_leave_each_other_alone(estonia: Estonia) -> None:
    # EE-1.8
    start = estonia.midnight
    estonia.settle([of_point(HOUSE, [quarter(start, inQty=quantity(1.001)), quarter(start + 900, inQty=quantity(2))])])
    estonia.settle([of_point(HOUSE, [quarter(start, outQty=quantity(3, "E"))])])
    estonia.settle([of_point(HOUSE, [quarter(start, inQty=quantity(4), outQty=quantity(5))])])
    assert estonia.values(HOUSE, Flow.IN) == {start: 4000, start + 900: 2000}
    assert estonia.values(HOUSE, Flow.OUT) == {start: 5000}
    assert estonia.values(FACTORY, Flow.OUT) == {}
