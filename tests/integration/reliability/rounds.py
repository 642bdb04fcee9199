"""Rounds of SIGKILL under load on one set of data, and the account at the end."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from gateway.demo import market as sample
from tests.integration.reliability.account import Account, settle
from tests.integration.reliability.letters import SUPPLIERS, Writer
from tests.integration.reliability.load import Ledger, Reader, Sender, at_work, empty
from tests.integration.reliability.served import ONE_TRY, ServedHub, Site, served

SENDERS = 4
TAKEN_UP = "is taken up again"
"""What the hub's log says of a message that a restart finishes."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the rounds showed: the account, kills under load and while starting, messages a restart finished."""

    account: Account
    ledger: Ledger
    kills: int
    kills_while_starting: int
    taken_up: int

    def lines(self) -> list[str]:
        """The figures, a line each."""
        account, ledger = self.account, self.ledger
        return [
            f"kill -9 under load                          {self.kills}",
            f"kill -9 again while starting                {self.kills_while_starting}",
            f"messages answered 2xx                       {account.taken}",
            f"  sent once more and refused as known       {ledger.copies}",
            f"messages refused                            {account.refused}",
            f"messages never answered, wholly there       {account.unanswered_there}",
            f"messages never answered, wholly absent      {account.unanswered_absent}",
            f"messages finished by a restart              {self.taken_up}",
            f"documents peeked and dequeued               {ledger.documents}",
            f"series distributed, each once               {account.distributed}",
            f"series rejected, each once                  {account.rejected}",
            f"faults                                      {len(account.faults)}",
        ]


def kill_rounds(site: Site, log: Path, rounds: int, seed: int = 1) -> Result:
    """Kill the server `rounds` times at random instants while four senders and three readers work; then settle."""
    ledger, chance, starting = Ledger(), random.Random(seed), 0
    with served(site, log) as hub, ExitStack() as clients:
        writer = Writer(site.market, seed)
        senders = [_sender(hub, clients, writer, ledger, seed + i) for i in range(SENDERS)]
        readers = [
            Reader(clients.enter_context(hub.client(party)), party, ledger, seed + i)
            for i, party in enumerate((*SUPPLIERS, sample.GRID_OPERATOR))
        ]
        reading, sending = [one.step for one in readers], [one.step for one in senders]
        with at_work(reading, ledger), at_work(sending, ledger):
            for _ in range(rounds):
                starting += _kill_once(hub, ledger, chance)
                hub.start()
            time.sleep(0.3)
        for reader in readers:
            empty(reader)
        hub.stop()
    with site.opened() as opened:
        account = settle(opened, ledger)
    return Result(account, ledger, rounds, starting, log.read_text().count(TAKEN_UP))


def _sender(hub: ServedHub, clients: ExitStack, writer: Writer, ledger: Ledger, seed: int) -> Sender:
    """A sender with its two clients, which are closed with the others."""
    stubborn, impatient = hub.client(sample.GRID_OPERATOR), hub.client(sample.GRID_OPERATOR, ONE_TRY)
    pair = (clients.enter_context(stubborn), clients.enter_context(impatient))
    return Sender(pair, writer, ledger, seed)


def _kill_once(hub: ServedHub, ledger: Ledger, chance: random.Random) -> bool:
    """Kill the server at some instant of its work, sometimes again while it is starting; whether it was then."""
    wanted = len(ledger.sent) + chance.choice((0, 1, 2, 5, 10, 20))
    last = time.monotonic() + 5
    while len(ledger.sent) < wanted and time.monotonic() < last:
        time.sleep(0.002)
    time.sleep(chance.uniform(0, 0.1))
    hub.kill()
    if chance.random() < 0.8:
        return False
    hub.launch()
    time.sleep(chance.uniform(0.5, 2.5))
    hub.kill()
    return True
