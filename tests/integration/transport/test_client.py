"""The client library against a real server: patience with a busy hub, a broken line, an expired token."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.messages.codes import Category, Dialect, Role
from gateway.messages.findings import Finding
from gateway.transport.client import HubClient, HubError, Outcome, Outgoing, Patience, Receipt

from .desk import Desk
from .running_server import SECRET
from .small_places import CONTENT, POINT, SUPPLIER

SENDER = "own-metered-data-responsible"
READER = "own-energy-supplier"
XML = Dialect.CIM_XML


class Waits(list[float]):
    """Instead of sleeping, notes how long; and does something after the first."""

    def __init__(self, then: object = None) -> None:
        super().__init__()
        self._then = then

    def __call__(self, seconds: float) -> None:
        self.append(seconds)
        if callable(self._then):
            self._then()


@pytest.fixture
def reader(desk: Desk) -> Iterator[HubClient]:
    with HubClient(desk.url, READER, SECRET) as client:
        yield client


def test_send_a_file_then_peek_and_dequeue(desk: Desk, reader: HubClient, tmp_path: Path) -> None:
    # GW-3
    file = tmp_path / "day.xml"
    file.write_bytes(b"<a/>")
    with HubClient(desk.url, SENDER, SECRET) as sender:
        receipt = sender.send(file, XML)
    assert (receipt.outcome, receipt.status) == (Outcome.ACCEPTED, 202)
    assert receipt.reference.startswith("id-")
    desk.exchange.queues[SUPPLIER, Role.ENERGY_SUPPLIER] = ["m-1"]
    found = reader.peek(Category.MEASURE_DATA, Dialect.CIM_JSON)
    assert found is not None
    assert (found.message_id, found.content) == ("m-1", CONTENT[Dialect.CIM_JSON])
    assert reader.dequeue("m-1")
    assert not reader.dequeue("m-1")
    assert not reader.dequeue("../cim/timeseries")
    assert reader.peek(Category.MEASURE_DATA, XML) is None
    query = {"point": POINT, "from": "2025-01-14T23:00Z", "to": "2025-01-15T03:00Z"}
    assert reader.get("series", query, accept="text/csv").startswith(b"metering_point,")


def test_a_refusal_is_an_answer(desk: Desk) -> None:
    desk.exchange.refuse_with = (Finding("00101", "Used before"),)
    with HubClient(desk.url, SENDER, SECRET) as sender:
        receipt = sender.send(b"<a/>", XML)
    assert (receipt.outcome, receipt.status) == (Outcome.REFUSED, 400)
    assert "00101" in receipt.body


def test_many_documents_are_answered_in_order_and_each_is_heard_of(desk: Desk) -> None:
    documents = [Outgoing(b"<a/>" if number % 3 else b"", XML) for number in range(12)]
    heard: list[Receipt] = []
    with HubClient(desk.url, SENDER, SECRET) as sender:
        receipts = sender.send_many(documents, lambda _, receipt: heard.append(receipt))
    assert [receipt.outcome for receipt in receipts] == [
        Outcome.ACCEPTED if number % 3 else Outcome.REFUSED for number in range(12)
    ]
    assert len(heard) == 12


def test_a_busy_hub_is_asked_again_after_the_time_it_says(desk: Desk) -> None:
    waits = Waits(then=lambda: setattr(desk.exchange, "is_down", False))
    with HubClient(desk.url, SENDER, SECRET, sleep=waits) as sender:
        assert sender.send(b"<a/>", XML).outcome is Outcome.ACCEPTED
        desk.exchange.is_down = True
        assert sender.send(b"<a/>", XML).outcome is Outcome.ACCEPTED
    assert waits == [5.0]
    assert len(desk.exchange.taken) == 2


def test_a_hub_out_of_reach_is_given_up_in_the_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    waits = Waits()
    with (
        HubClient(f"http://127.0.0.1:{port}", SENDER, SECRET, Patience(attempts=4, first_wait=1.0), waits) as sender,
        pytest.raises(HubError, match="did not answer"),
    ):
        sender.send(b"<a/>", XML)
    assert [0.5 * 2**n <= wait <= 2**n for n, wait in enumerate(waits)] == [True, True, True]


def test_wrong_credentials_are_an_error_that_names_no_secret(desk: Desk) -> None:
    with HubClient(desk.url, SENDER, "not the secret") as sender, pytest.raises(HubError, match="401") as error:
        sender.send(b"<a/>", XML)
    assert "not the secret" not in str(error.value)


def test_an_expired_token_is_renewed(desk: Desk, reader: HubClient) -> None:
    assert reader.peek(Category.MEASURE_DATA, XML) is None
    desk.now += 7200
    assert reader.peek(Category.MEASURE_DATA, XML) is None


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65_536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


class CutLine:
    """A line to the hub that swallows the first answer to a POST of a document and breaks."""

    def __init__(self, desk: Desk) -> None:
        self._target = desk.address
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cut = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with near, socket.create_connection(self._target) as far:
                threading.Thread(target=_pump, args=(near, far), daemon=True).start()
                while answer := far.recv(65_536):
                    if answer.startswith(b"HTTP/1.1 202 ") and not self.cut:
                        self.cut = True
                        near.shutdown(socket.SHUT_RDWR)
                        break
                    near.sendall(answer)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(60)


@pytest.mark.sec_18
def test_a_line_that_breaks_after_the_document_arrived_is_told_apart(desk: Desk) -> None:
    line = CutLine(desk)
    used = (Finding("00101", "Used before", target="MessageId"),)
    waits = Waits(then=lambda: setattr(desk.exchange, "refuse_with", used))
    with HubClient(line.url, SENDER, SECRET, sleep=waits) as sender:
        receipt = sender.send(b"<a/>", XML)
    line.close()
    assert receipt.outcome is Outcome.ALREADY_THERE
    assert len(waits) == 1
