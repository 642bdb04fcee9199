"""Clients at work while the hub is killed under them: senders, readers, and the ledger of what each was told."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.demo.market import GRID_OPERATOR
from gateway.messages.codes import Category, Dialect
from gateway.transport.client import HubClient, HubError, Outcome, Peeked
from tests.integration.reliability.letters import SUPPLIERS, Letter, Token, Writer, delivered, rejected
from tests.integration.reliability.served import PATIENCE, ServedHub, wait_until


class Fate(StrEnum):
    """What a sender knows of its message in the end."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


@dataclass
class Ledger:
    """What was sent and what each sender was told; what each reader took. Threads may share it."""

    sent: list[tuple[Letter, Fate]] = field(default_factory=list)
    deliveries: Counter[tuple[str, Token]] = field(default_factory=Counter)
    rejections: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    copies: int = 0
    documents: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def told(self, letter: Letter, fate: Fate) -> None:
        """A sender has its answer, or none."""
        with self._lock:
            self.sent.append((letter, fate))

    def took(self, party: str, tokens: Sequence[Token], transactions: Sequence[str]) -> None:
        """A reader has taken a document off its queue."""
        with self._lock:
            self.documents += 1
            self.deliveries.update((party, token) for token in tokens)
            self.rejections.update(transactions)

    def fault(self, text: str) -> None:
        """Something that must not be."""
        with self._lock:
            self.faults.append(text)

    def count_copy(self) -> None:
        """A message was sent once more after its answer."""
        with self._lock:
            self.copies += 1

    def of(self, *fates: Fate) -> list[Letter]:
        """The letters with a fate."""
        return [letter for letter, fate in self.sent if fate in fates]


class Sender:
    """Sends letters: most until there is an answer, some once only, some again after the answer, some broken off."""

    def __init__(self, clients: tuple[HubClient, HubClient], writer: Writer, ledger: Ledger, seed: int) -> None:
        self._stubborn, self._impatient = clients
        self._writer = writer
        self._ledger = ledger
        self._random = random.Random(seed)

    def step(self) -> None:
        """Send one letter and note what became of it."""
        letter, chance = self._writer.letter(), self._random.random()
        if chance < 0.05:
            self._send_broken_off(letter)
        elif chance < 0.35:
            self._send_once(letter)
        else:
            self._send_to_the_end(letter, again=chance > 0.9)

    def _send_broken_off(self, letter: Letter) -> None:
        half = letter.content[: len(letter.content) // 2]
        receipt = self._stubborn.send(half, letter.dialect)
        if receipt.outcome is not Outcome.REFUSED:
            self._ledger.fault(f"half a document was {receipt.outcome}")
        self._ledger.told(letter, Fate.REFUSED)

    def _send_once(self, letter: Letter) -> None:
        try:
            receipt = self._impatient.send(letter.content, letter.dialect)
        except HubError:
            self._ledger.told(letter, Fate.UNANSWERED)
            return
        if receipt.outcome is not Outcome.ACCEPTED:
            self._ledger.fault(f"sent for the first time, yet {receipt.status} {receipt.body}")
        self._ledger.told(letter, Fate.TAKEN)

    def _send_to_the_end(self, letter: Letter, *, again: bool) -> None:
        receipt = self._stubborn.send(letter.content, letter.dialect)
        if receipt.outcome is Outcome.REFUSED:
            self._ledger.fault(f"refused a good document: {receipt.status} {receipt.body}")
        self._ledger.told(letter, Fate.TAKEN)
        if again:
            self._ledger.count_copy()
            if self._stubborn.send(letter.content, letter.dialect).outcome is Outcome.ACCEPTED:
                self._ledger.fault("the same message was accepted twice")


class Reader:
    """Peeks and dequeues as one party; sees that what it left comes back the same and what it took stays away."""

    def __init__(self, client: HubClient, party: str, ledger: Ledger, seed: int) -> None:
        self._client = client
        self._party = party
        self._ledger = ledger
        self._random = random.Random(seed)
        self._is_supplier = party in SUPPLIERS
        self._open = ""
        self._shown: dict[tuple[str, Dialect], bytes] = {}
        self._gone: set[str] = set()

    def step(self) -> bool:
        """Peek, and most often take what is there; whether there was anything."""
        dialect = self._random.choice(list(Dialect))
        found = self._client.peek(Category.MEASURE_DATA, dialect)
        if found is None:
            if self._open:
                self._ledger.fault(f"{self._open} was peeked, not dequeued, and is gone")
            return False
        self._compare(found, dialect)
        if self._random.random() < 0.7:
            self._take(found, dialect)
        return True

    def _compare(self, found: Peeked, dialect: Dialect) -> None:
        if found.message_id in self._gone:
            self._ledger.fault(f"{found.message_id} was dequeued and came back")
        if self._open and found.message_id != self._open:
            self._ledger.fault(f"{self._open} was not dequeued, yet {found.message_id} is shown")
        before = self._shown.setdefault((found.message_id, dialect), found.content)
        if before != found.content:
            self._ledger.fault(f"{found.message_id} came back changed")
        self._open = found.message_id

    def _take(self, found: Peeked, dialect: Dialect) -> None:
        if not self._client.dequeue(found.message_id):
            self._ledger.fault(f"{found.message_id} was peeked, yet could not be dequeued")
        self._gone.add(found.message_id)
        self._open = ""
        read = (found.content, dialect)
        if self._is_supplier:
            self._ledger.took(self._party, delivered(*read), ())
        else:
            self._ledger.took(self._party, (), rejected(*read))


def drain(hub: ServedHub, ledger: Ledger) -> None:
    """Take everything that waits for anybody."""
    for party in (*SUPPLIERS, GRID_OPERATOR):
        with hub.client(party) as client:
            empty(Reader(client, party, ledger, seed=1))


def empty(reader: Reader) -> None:
    """Take everything that waits for one reader."""
    wait_until(lambda: not reader.step(), "an empty queue")


@contextmanager
def at_work(steps: Sequence[Callable[[], object]], ledger: Ledger) -> Iterator[None]:
    """Take steps again and again, each kind in a thread of its own, while the block runs.

    A step under way at the end is finished; one that raises ends its thread and is a fault.
    """
    stopping = threading.Event()

    def run(step: Callable[[], object]) -> None:
        try:
            while not stopping.is_set():
                if step() is False:
                    stopping.wait(0.05)
        except Exception as error:  # whatever it was, the rounds must end and tell
            ledger.fault(f"a client failed: {error!r}")

    threads = [threading.Thread(target=run, args=(step,), daemon=True) for step in steps]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join(PATIENCE)
            if thread.is_alive():
                ledger.fault("a client did not come to its end")
