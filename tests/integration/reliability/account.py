"""The account after everything: what the ledger says was promised against what the hub holds and the readers took."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.demo import market as sample
from gateway.hub import journal
from gateway.hub.exchange import Hub
from gateway.hub.ports import MessageStatus, Principal
from gateway.messages.codes import Role
from tests.integration.reliability.letters import Letter
from tests.integration.reliability.load import Fate, Ledger
from tests.integration.reliability.served import Site

GRID = Principal(sample.GRID_OPERATOR, Role.GRID_OPERATOR, "account")

ALLOWED: dict[Fate, tuple[str | None, ...]] = {
    Fate.TAKEN: ("accepted",),
    Fate.REFUSED: (None, "refused"),
    Fate.UNANSWERED: (None, "accepted"),
}
"""What may have become of a message, None being nothing at all, by what its sender was told."""


@dataclass
class Account:
    """What was found: faults, which there must be none of, and how much of everything there was."""

    faults: list[str]
    taken: int = 0
    unanswered_there: int = 0
    unanswered_absent: int = 0
    refused: int = 0
    distributed: int = 0
    rejected: int = 0


def accounted(site: Site, ledger: Ledger) -> Account:
    """The account of a site, which must be without fault."""
    with site.opened() as hub:
        account = settle(hub, ledger)
    assert not account.faults, "\n".join(account.faults[:20])
    return account


def settle(hub: Hub, ledger: Ledger) -> Account:
    """Hold the hub and what the readers took against what the senders were told (GW-2)."""
    account = Account(list(ledger.faults))
    with hub.office.database.read() as connection:
        account.faults += [f"journal entry {n} has no outcome" for n in journal.unfinished(connection, 2**62)]
    expected_deliveries, expected_rejections = Counter[Any](), Counter[Any]()
    for letter, fate in ledger.sent:
        status = asyncio.run(hub.message_status(GRID, letter.message_id))
        is_there = status is not None and status.summary.state == "accepted"
        account.faults += _contradictions(letter, fate, status)
        if is_there:
            expected_deliveries.update((supplier, token) for token, supplier in letter.good.items())
            expected_rejections.update(letter.bad)
        account.taken += fate is Fate.TAKEN
        account.refused += fate is Fate.REFUSED
        account.unanswered_there += fate is Fate.UNANSWERED and is_there
        account.unanswered_absent += fate is Fate.UNANSWERED and not is_there
    account.faults += _differences("delivery", expected_deliveries, ledger.deliveries)
    account.faults += _differences("rejection", expected_rejections, ledger.rejections)
    account.distributed = ledger.deliveries.total()
    account.rejected = ledger.rejections.total()
    return account


def _contradictions(letter: Letter, fate: Fate, status: MessageStatus | None) -> Iterator[str]:
    """Where the hub's own account of a message is not what its sender was told."""
    state = None if status is None else status.summary.state
    if state not in ALLOWED[fate]:
        yield f"message {letter.message_id} is {state}, its sender was told {fate}"
    if status is None or state != "accepted":
        return
    states = Counter(one.state for one in status.series)
    wanted = Counter({"distributed": len(letter.good), "rejected": len(letter.bad)})
    if states != +wanted:
        yield f"series of message {letter.message_id} are {dict(states)}, not {dict(wanted)}"


def _differences(what: str, expected: Counter[Any], found: Counter[Any]) -> Iterator[str]:
    for key in expected.keys() | found.keys():
        if expected[key] != found[key]:
            yield f"{what} of {str(key)[:80]} came {found[key]} times, not {expected[key]}"
