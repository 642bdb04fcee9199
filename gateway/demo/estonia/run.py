"""An hour with the sample of the Estonian market: a day is sent by both generations, followed, fetched and read.

Everything counted here is read off the hub's answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from gateway.demo.estonia.day import CORRECTED, QUARTER, Letter, correction_letter, day_letters, write_letters
from gateway.demo.estonia.market import (
    ADVISER,
    BALANCE_PROVIDER,
    ELECTRICITY_POINTS,
    PARTIES,
    SUPPLIER_A,
    SUPPLIER_B,
    SampleMarket,
    sample_market,
)
from gateway.demo.estonia.participant import Participant, Status, intervals_of
from gateway.demo.page import Note
from gateway.demo.server import (
    Desk,
    demo_settings,
    desks_of,
    furnish,
    leave_credentials,
    open_sample_hub,
    running,
)
from gateway.hub.clock import Clock
from gateway.hub.masterdata.files import write_files
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Commodity
from gateway.messages.times import HOUR, format_second
from gateway.schemas.parsers import number_text
from gateway.transport.estfeed.instants import format_micros

REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message, the UUID it went under, the hub's first answer, and what became of it; none where it was refused."""

    letter: Letter
    document_id: str
    answer: int
    status: Status | None

    @property
    def state(self) -> str:
        """Its final state."""
        return REFUSED if self.status is None else self.status.state


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a participant fetched from the feed: by which generation, how many items with how many intervals."""

    name: str
    generation: str
    items: int
    intervals: int


@dataclass(frozen=True, slots=True)
class Read:
    """What a participant read of the first point's corrected quarter: how it asked, and the amount or the refusal."""

    name: str
    how: str
    answer: str


@dataclass
class Story:
    """What happened in the demonstration."""

    market: SampleMarket
    url: str
    data_dir: Path
    participants: Mapping[str, Participant]
    desks: Sequence[Desk]
    sent: list[Sent] = field(default_factory=list)
    fetched: list[Fetched] = field(default_factory=list)
    read: list[Read] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Messages that became successful, were in error, were refused at once; intervals stored, and handed out.

        An interval that two participants are entitled to is handed out, and counted, twice.
        """
        states = [sent.state for sent in self.sent]
        stored = sum(sent.letter.intervals for sent in self.sent if sent.state == "SUCCESSFUL")
        return {
            "successful": states.count("SUCCESSFUL"),
            "error": states.count("ERROR"),
            "refused": states.count(REFUSED),
            "stored": stored,
            "distributed": sum(fetched.intervals for fetched in self.fetched),
        }

    def name_of(self, letter: Letter) -> str:
        """Who sends a letter."""
        return self.participants[letter.sender[0]].name


@contextmanager
def demonstration(data_dir: Path, port: int, note: Note) -> Iterator[Story]:
    """Run the demonstration in an empty directory; the hub serves on until the end of the block."""
    settings = demo_settings(data_dir, "ee")
    hub = open_sample_hub(settings)
    clock = hub.office.clock
    market = yesterday(hub.profile, clock.now())
    desks = desks_of(PARTIES, in_all_roles=True)
    furnish(hub, market.dataset, desks)
    write_files(market.dataset, data_dir / "masterdata")
    note(f"A market with {len(market.dataset.points)} metering points of electricity and gas is set up.")
    with running(settings, hub, port) as url, ExitStack() as open_lines:
        participants = {
            desk.party: open_lines.enter_context(closing(Participant(url, desk, clock.now))) for desk in desks
        }
        story = Story(market, url, data_dir, participants, desks)
        leave_credentials(desks, url, data_dir)
        _live_through(story, clock, note)
        yield story


def yesterday(profile: MarketProfile, now: int) -> SampleMarket:
    """The sample market around the local day before an instant."""
    return sample_market(profile.zone, profile.zone.day(now) - timedelta(days=1))


def _live_through(story: Story, clock: Clock, note: Note) -> None:
    letters, correction = day_letters(story.market), correction_letter(story.market)
    write_letters([*letters, correction], story.data_dir / "sent")
    began = clock.now()
    for letter in letters:
        _send(story, letter, note)
    note("Everybody fetches what changed for them.")
    _fetch_all(story, began, clock)
    before = clock.micros()
    _send(story, correction, note)
    note("Who may reads what came of it.")
    _read_all(story, before)


def _send(story: Story, letter: Letter, note: Note) -> None:
    """Send a letter and follow it to its end."""
    note(f"{story.name_of(letter)} sends {letter.purpose}.")
    sender = story.participants[letter.sender[0]]
    document_id, answer = sender.send(letter)
    status = sender.final_status(letter.sender[1], letter.commodity, document_id) if answer.is_success else None
    story.sent.append(Sent(letter, document_id, answer.status_code, status))


def _fetch_all(story: Story, since: int, clock: Clock) -> None:
    """The suppliers and the balance provider fetch the hour, each by the generation it speaks."""
    until = max(clock.now() + 1, since + 1)
    role, electricity, gas = "OPEN_SUPPLIER", Commodity.ELECTRICITY, Commodity.NATURAL_GAS
    window = (since, until)
    for party, commodity in ((SUPPLIER_A, electricity), (SUPPLIER_A, gas), (BALANCE_PROVIDER, electricity)):
        contents = story.participants[party].changes_v1(role, commodity, *window)
        _note_fetched(story, party, "V1", contents)
    _note_fetched(story, SUPPLIER_B, "V2", story.participants[SUPPLIER_B].changes_v2(role, *window))


def _note_fetched(story: Story, party: str, generation: str, contents: Sequence[object]) -> None:
    count = sum(1 for content in contents for _ in intervals_of(content))
    story.fetched.append(Fetched(story.participants[party].name, generation, len(contents), count))


def _read_all(story: Story, before: int) -> None:
    """The first point's corrected hour, asked for by who may see it and by one who may not.

    `before`, in microseconds, lies before the correction.
    """
    start = story.market.zone.day_interval(story.market.day).start + CORRECTED.start * QUARTER
    hour = {"periodStart": format_second(start), "periodEnd": format_second(start + HOUR)}
    known_then = {"observationTimeType": "SNAPSHOT_TIME", "observationTime": format_micros(before)}
    supply = {**hour, "purpose": "OPEN_SUPPLY"}
    for party, role, query, how in (
        (SUPPLIER_A, "OPEN_SUPPLIER", supply, "as supplier, the latest"),
        (SUPPLIER_A, "OPEN_SUPPLIER", {**supply, **known_then}, "as supplier, as stored before the correction"),
        (ADVISER, "ENERGY_SERVICE_PROVIDER", hour, "by the customer's permission"),
        (SUPPLIER_B, "OPEN_SUPPLIER", supply, "as somebody else's supplier"),
    ):
        participant = story.participants[party]
        found = participant.read(role, ELECTRICITY_POINTS[0], query)
        story.read.append(Read(participant.name, how, _answer(found)))


def _answer(found: Mapping[str, object]) -> str:
    """The first amount found, or the code of the refusal."""
    if "code" in found:
        return str(found["code"])
    first = next(intervals_of([found]))
    return f"{number_text(first['outQty']['kwh'])} kWh"


def write_samples(profile: MarketProfile, now: int, directory: Path) -> Sequence[Path]:
    """Write the sample market and the day's messages into a directory; the paths written."""
    market = yesterday(profile, now)
    write_files(market.dataset, directory / "masterdata")
    write_letters([*day_letters(market), correction_letter(market)], directory / "documents")
    return sorted(path for path in directory.rglob("*") if path.is_file())
