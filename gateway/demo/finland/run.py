"""An hour with the sample of the Finnish market: a day is sent, netted, delivered and corrected, all over HTTP.

Everything counted here is read off the hub's answers and the documents that parties fetched.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from gateway.codecs.table import Undecodable, decode
from gateway.demo.finland.day import (
    CORRECTED_QUARTER,
    Letter,
    correction_letter,
    day_letters,
    write_letters,
)
from gateway.demo.finland.market import GRID, NEXT_GRID, PARTIES, SUPPLIER, FinnishMarket, finnish_market
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
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Category, Dialect, Flow
from gateway.messages.documents import MeasureData
from gateway.messages.times import Interval, format_second
from gateway.transport.client import HubClient
from gateway.transport.hub_models import SeriesBody, SeriesStatusBody
from gateway.transport.point_series_models import TakenBody

REJECTED = "rejected"
NETTING_SECONDS = 30.0
"""How long the hub may take to net what was sent."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message, and where each of its series stands."""

    letter: Letter
    series: Sequence[SeriesStatusBody]

    @property
    def rejected(self) -> list[SeriesStatusBody]:
        """Series that a rule rejected."""
        return [one for one in self.series if one.state == REJECTED]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a party fetched: how many series, and how many values of them."""

    name: str
    series: int
    values: int


@dataclass(frozen=True, slots=True)
class Read:
    """A quarter of the site as the supplier reads it: what it is, and its quantity."""

    what: str
    quantity: str


@dataclass
class Story:
    """What happened in the demonstration."""

    market: FinnishMarket
    day: Interval
    url: str
    data_dir: Path
    desks: Sequence[Desk]
    clients: Mapping[str, HubClient]
    sent: list[Sent] = field(default_factory=list)
    fetched: list[Fetched] = field(default_factory=list)
    read: list[Read] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Series accepted and rejected, and series handed to receivers, those calculated by the hub among them."""
        rejected = sum(len(sent.rejected) for sent in self.sent)
        return {
            "accepted": sum(len(sent.series) for sent in self.sent) - rejected,
            "rejected": rejected,
            "distributed": sum(fetched.series for fetched in self.fetched),
        }

    def desk(self, party: str) -> Desk:
        """The desk of a party."""
        return next(desk for desk in self.desks if desk.party == party)


@contextmanager
def demonstration(data_dir: Path, port: int, note: Note) -> Iterator[Story]:
    """Run the demonstration in an empty directory; the hub serves on until the end of the block."""
    settings = demo_settings(data_dir, "fi")
    hub = open_sample_hub(settings)
    market, day = yesterday(hub.profile, hub.office.clock.now())
    desks = desks_of(PARTIES, in_all_roles=False)
    furnish(hub, market.dataset, desks)
    write_files(market.dataset, data_dir / "masterdata")
    note(f"A market with {len(market.named)} metering points is set up.")
    with running(settings, hub, port) as url, ExitStack() as open_clients:
        clients = {
            desk.party: open_clients.enter_context(HubClient(url, desk.client_id, desk.secret)) for desk in desks
        }
        story = Story(market, day, url, data_dir, desks, clients)
        leave_credentials(desks, url, data_dir)
        _live_through(story, note)
        yield story


def yesterday(profile: MarketProfile, now: int) -> tuple[FinnishMarket, Interval]:
    """The sample market around the local day before an instant, and that day."""
    day = profile.zone.day(now) - timedelta(days=1)
    return finnish_market(profile.zone, day), profile.zone.day_interval(day)


def _live_through(story: Story, note: Note) -> None:
    letters, correction = day_letters(story.market, story.day), correction_letter(story.market, story.day)
    write_letters([*letters, correction], story.data_dir / "sent")
    for letter in letters:
        _send(story, letter, note)
    note("The hub nets the site and shares the community's production.")
    _read(story, "as sent", None)
    netted = _read(story, "netted by the hub", Flow.NET_OUT)
    _send(story, correction, note)
    _read(story, "netted after the correction", Flow.NET_OUT, otherwise=netted)
    note("Everybody fetches.")
    for party in (SUPPLIER, NEXT_GRID):
        _fetch(story, party)


def _send(story: Story, letter: Letter, note: Note) -> None:
    """Send a message and hear what became of its series."""
    note(f"{story.desk(GRID).name} sends {letter.purpose}.")
    answer = story.clients[GRID].call("POST", "measure-data", letter.body)
    story.sent.append(Sent(letter, TakenBody.model_validate_json(answer).series))


def _read(story: Story, what: str, flow: Flow | None, otherwise: str = "") -> str:
    """A quarter of the site as its supplier reads it, once it is there and not what it was."""
    start = story.day.start + 900 * CORRECTED_QUARTER
    query = {
        "point": story.market.named["site-consumption"],
        "from": format_second(start),
        "to": format_second(start + 900),
    }
    patient_until = time.monotonic() + NETTING_SECONDS
    while time.monotonic() < patient_until:
        body = SeriesBody.model_validate_json(story.clients[SUPPLIER].get("series", query))
        found = [value.quantity for one in body.series if one.flow == flow for value in one.values]
        if found and found[0] is not None and found[0] != otherwise:
            story.read.append(Read(what, found[0]))
            return found[0]
        time.sleep(0.2)
    raise DemoFailed(f"the hub has not shown the site {what}")


def _fetch(story: Story, party: str) -> None:
    """Take everything that waits for a party."""
    client, series, values = story.clients[party], 0, 0
    while (found := client.peek(Category.MEASURE_DATA, Dialect.CIM_XML)) is not None:
        decoded = decode(found.content, Dialect.CIM_XML)
        if isinstance(decoded, Undecodable):
            raise DemoFailed(f"what {party} fetched cannot be read: {decoded.findings[0].text}")
        if isinstance(decoded.document, MeasureData):
            series += len(decoded.document.series)
            values += int(decoded.document.series.counts.sum())
        client.dequeue(found.message_id)
    story.fetched.append(Fetched(story.desk(party).name, series, values))


def write_samples(profile: MarketProfile, now: int, directory: Path) -> Sequence[Path]:
    """Write the sample market and the day's messages into a directory; the paths written."""
    market, day = yesterday(profile, now)
    write_files(market.dataset, directory / "masterdata")
    write_letters([*day_letters(market, day), correction_letter(market, day)], directory / "documents")
    return sorted(path for path in directory.rglob("*") if path.is_file())
