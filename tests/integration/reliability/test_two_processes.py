"""Two server processes on one database: ids are settled between them, and each sees what the other stored."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.demo import market as sample
from gateway.transport.client import USED_BEFORE
from tests.integration.reliability.account import accounted
from tests.integration.reliability.letters import SUPPLIERS, Writer
from tests.integration.reliability.load import Fate, Ledger, Reader, Sender, at_work, drain, empty
from tests.integration.reliability.served import ONE_TRY, ServedHub, new_site

COPIES = 50


@pytest.fixture
def pair(database_url: str, tmp_path: Path) -> Iterator[tuple[ServedHub, ServedHub]]:
    """Two servers over the same data, each on a port of its own, started at the same time."""
    site = new_site(tmp_path / "data", database_url)
    hubs = (ServedHub(site, tmp_path / "one.log"), ServedHub(site, tmp_path / "other.log"))
    try:
        for hub in hubs:
            hub.launch()
        for hub in hubs:
            hub.await_ready()
        yield hubs
    finally:
        for hub in hubs:
            hub.end()


@pytest.mark.slow
@pytest.mark.sec_18
def test_fifty_parallel_copies_to_two_processes_give_one_delivery(pair: tuple[ServedHub, ServedHub]) -> None:
    """GW-3: of fifty copies one is accepted, whichever process it reached; the others are known already."""
    site, ledger = pair[0].site, Ledger()
    letter = Writer(site.market).letter(bad_share=1)
    together = threading.Barrier(COPIES)
    with pair[0].plain(sample.GRID_OPERATOR) as one, pair[1].plain(sample.GRID_OPERATOR) as other:

        def send(number: int) -> tuple[int, bool]:
            together.wait(60)
            answer = (one, other)[number % 2].send(letter.content, letter.dialect)
            return answer.status_code, any(code in answer.text for code in USED_BEFORE)

        with ThreadPoolExecutor(COPIES) as threads:
            answers = Counter(threads.map(send, range(COPIES)))
    assert answers == {(202, False): 1, (400, True): COPIES - 1}
    ledger.told(letter, Fate.TAKEN)
    drain(pair[1], ledger)
    account = accounted(site, ledger)
    assert (account.distributed, account.rejected) == (len(letter.good), 1)


@pytest.mark.slow
def test_two_processes_share_the_work(pair: tuple[ServedHub, ServedHub]) -> None:
    """GW-2: senders at both, readers at the other one: everything is there once, whoever took it."""
    site, ledger = pair[0].site, Ledger()
    writer = Writer(site.market)
    with ExitStack() as clients:
        senders = []
        for seed, hub in enumerate((*pair, *pair)):
            stubborn, impatient = hub.client(sample.GRID_OPERATOR), hub.client(sample.GRID_OPERATOR, ONE_TRY)
            both = (clients.enter_context(stubborn), clients.enter_context(impatient))
            senders.append(Sender(both, writer, ledger, seed))
        readers = [
            Reader(clients.enter_context(pair[i % 2].client(party)), party, ledger, seed=i)
            for i, party in enumerate((*SUPPLIERS, sample.GRID_OPERATOR))
        ]
        with at_work([*(one.step for one in senders), *(one.step for one in readers)], ledger):
            time.sleep(3)
        for reader in readers:
            empty(reader)
    account = accounted(site, ledger)
    assert account.distributed > 0
    assert account.unanswered_absent == account.unanswered_there == 0
