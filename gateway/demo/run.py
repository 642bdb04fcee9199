"""An hour with the sample market: a day is sent, fetched, corrected and fetched again, all over HTTP.

Everything counted here is read off the hub's answers, its message status and the documents that parties fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import numpy as np

from gateway.codecs.table import Undecodable, decode
from gateway.demo.day import Letter, Occasion, correction_letter, day_letters, write_letters
from gateway.demo.market import PARTIES, SUPPLIER_A, SampleMarket, sample_market
from gateway.demo.page import Note
from gateway.demo.server import (
    DemoFailed,
    Desk,
    demo_settings,
    desks_of,
    furnish,
    leave_credentials,
    open_sample_hub,
    running,
)
from gateway.hub.masterdata.files import write_files
from gateway.hub.new_ids import new_id
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Category, Dialect, Quality, Role
from gateway.messages.documents import Acknowledgement, MeasureData, Reason
from gateway.processes.submission import SubmissionState
from gateway.transport.client import HubClient, Outcome, Receipt
from gateway.transport.hub_models import MessageStatusBody, SeriesStatusBody

_READ_AS = {SUPPLIER_A: Dialect.CIM_XML}
"""In which form a party fetches its documents; the others by role."""
_READ_AS_ROLE = {Role.ENERGY_SUPPLIER: Dialect.EBIX_XML}
_REFUSED_STATES = (SubmissionState.REJECTED, SubmissionState.FAILED)


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter, the hub's answer, and where its series stand; no series where it was refused."""

    letter: Letter
    receipt: Receipt
    series: tuple[SeriesStatusBody, ...] = ()

    @property
    def is_taken(self) -> bool:
        """Whether the hub took it."""
        return self.receipt.outcome is Outcome.ACCEPTED

    @property
    def rejected(self) -> list[SeriesStatusBody]:
        """Series that a rule rejected."""
        return [one for one in self.series if one.state in _REFUSED_STATES]

    @property
    def accepted(self) -> int:
        """How many series passed."""
        return len(self.series) - len(self.rejected)

    @property
    def refused(self) -> int:
        """How many series were refused with their message; a message that cannot be read counts as one."""
        return 0 if self.is_taken else max(1, self.letter.series)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document a party fetched: how many series and values, how many series marked as corrected, which reasons."""

    desk: Desk
    dialect: Dialect
    series: int = 0
    values: int = 0
    corrected: int = 0
    reasons: tuple[Reason, ...] = ()


@dataclass
class Story:
    """What happened in the demonstration."""

    market: SampleMarket
    url: str
    data_dir: Path
    clients: dict[Desk, HubClient]
    sent: list[Sent] = field(default_factory=list)
    fetched: list[Fetched] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Series accepted, rejected by a rule, refused with their message, handed to receivers, marked corrected.

        A series that two parties are entitled to is handed out, and counted as distributed, twice.
        """
        return {
            "accepted": sum(sent.accepted for sent in self.sent),
            "rejected": sum(len(sent.rejected) for sent in self.sent),
            "refused": sum(sent.refused for sent in self.sent),
            "distributed": sum(fetched.series for fetched in self.fetched),
            "corrected": sum(fetched.corrected for fetched in self.fetched),
        }

    def desk(self, party: str) -> Desk:
        """The desk of a party."""
        return next(desk for desk in self.clients if desk.party == party)


@contextmanager
def demonstration(data_dir: Path, port: int, note: Note) -> Iterator[Story]:
    """Run the demonstration in an empty directory; the hub serves on until the end of the block."""
    settings = demo_settings(data_dir)
    hub = open_sample_hub(settings)
    market = yesterday(hub.office.profile, hub.office.clock.now())
    desks = desks_of(PARTIES, in_all_roles=False)
    furnish(hub, market.dataset, desks)
    write_files(market.dataset, data_dir / "masterdata")
    note(f"A market with {len({p.metering_point for p in market.dataset.points})} metering points is set up.")
    with running(settings, hub, port) as url, ExitStack() as open_clients:
        clients = {d: open_clients.enter_context(HubClient(url, d.client_id, d.secret)) for d in desks}
        story = Story(market, url, data_dir, clients)
        leave_credentials(desks, url, data_dir)
        occasion = Occasion(market, hub.office.profile.hub, hub.office.clock.now(), new_id)
        _live_through(story, occasion, note)
        yield story


def yesterday(profile: MarketProfile, now: int) -> SampleMarket:
    """The sample market around the local day before an instant."""
    return sample_market(profile.zone, profile.zone.day(now) - timedelta(days=1))


def _live_through(story: Story, occasion: Occasion, note: Note) -> None:
    letters = day_letters(occasion)
    correction = correction_letter(occasion)
    write_letters([*letters, correction], story.data_dir / "sent")
    for letter in letters:
        note(f"{story.desk(letter.sender).name} sends {letter.purpose}.")
        story.sent.append(_send(story, letter))
    note("Everybody fetches what they are entitled to.")
    _fetch_all(story)
    note(f"{story.desk(correction.sender).name} sends {correction.purpose}.")
    story.sent.append(_send(story, correction))
    note("Everybody fetches again.")
    _fetch_all(story)


def _send(story: Story, letter: Letter) -> Sent:
    client = story.clients[story.desk(letter.sender)]
    receipt = client.send(letter.content, letter.dialect)
    if receipt.outcome is not Outcome.ACCEPTED:
        return Sent(letter, receipt)
    body = client.get(f"messages/{quote(letter.message_id, safe='')}", {})
    return Sent(letter, receipt, tuple(MessageStatusBody.model_validate_json(body).series))


def _fetch_all(story: Story) -> None:
    for desk, client in story.clients.items():
        dialect = _READ_AS.get(desk.party) or _READ_AS_ROLE.get(desk.role, Dialect.CIM_JSON)
        while (found := client.peek(Category.MEASURE_DATA, dialect)) is not None:
            story.fetched.append(_read(desk, found.content, dialect))
            if not client.dequeue(found.message_id):
                raise DemoFailed(f"{desk.name} could not dequeue {found.message_id}")


def _read(desk: Desk, content: bytes, dialect: Dialect) -> Fetched:
    """What a fetched document holds, read as any receiver would."""
    found = decode(content, dialect)
    if isinstance(found, Undecodable):
        raise DemoFailed(f"{desk.name} received a document it cannot read: {found.findings[0].text}")
    match found.document:
        case MeasureData(series=table):
            marked = np.unique(table.rows_of(np.flatnonzero(table.quality == Quality.CORRECTED)))
            return Fetched(desk, dialect, len(table), len(table.quantity), len(marked))
        case Acknowledgement() as rejection:
            return Fetched(desk, dialect, reasons=_reasons(rejection))
        case _:
            return Fetched(desk, dialect)


def _reasons(rejection: Acknowledgement) -> tuple[Reason, ...]:
    return (*rejection.reasons, *(reason for series in rejection.series for reason in series.reasons))


def write_samples(profile: MarketProfile, now: int, directory: Path) -> Sequence[Path]:
    """Write the sample market and the day's documents into a directory; the paths written."""
    market = yesterday(profile, now)
    write_files(market.dataset, directory / "masterdata")
    occasion = Occasion(market, profile.hub, now, new_id)
    write_letters([*day_letters(occasion), correction_letter(occasion)], directory / "documents")
    return sorted(path for path in directory.rglob("*") if path.is_file())
