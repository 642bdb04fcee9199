"""What was journaled and not settled when the process ended is finished by the next start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.demo import market as sample
from gateway.hub import journal
from gateway.hub.clock import SystemClock
from gateway.hub.exchange import Hub
from gateway.hub.journal import Entry
from gateway.hub.ports import Principal, Submission
from gateway.hub.tables_exchange import recovery
from gateway.messages.codes import Dialect, DocumentKind, Role
from gateway.transport.ebix_soap import read_operation
from gateway.transport.settings import BodyLimits
from tests.integration.reliability.account import accounted
from tests.integration.reliability.letters import Letter, Writer
from tests.integration.reliability.load import Fate, Ledger, drain
from tests.integration.reliability.served import Site, new_site, served

GRID = Principal(sample.GRID_OPERATOR, Role.GRID_OPERATOR, "alderwick-grid")
KIND = DocumentKind.MEASURE_DATA
ENVELOPE = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:b="urn:www:datahub:dk:b2b:v01"><s:Header/><s:Body>{}</s:Body></s:Envelope>'
)
CONTAINER = (
    "<b:SendMessageRequest><b:MessageContainer><b:MessageReference>reference</b:MessageReference>"
    "<b:DocumentType>MeteredDataTimeSeries</b:DocumentType><b:MessageType>XML</b:MessageType>"
    "<b:Payload>{}</b:Payload></b:MessageContainer></b:SendMessageRequest>"
)


def in_container(letter: Letter) -> bytes:
    """An ebIX document as it comes over SOAP."""
    document = letter.content.decode().partition("?>")[2] or letter.content.decode()
    return ENVELOPE.format(CONTAINER.format(document)).encode()


def journaled(hub: Hub, *submissions: Submission, at: int | None = None) -> list[int]:
    """What a process leaves that ends between its two commits: the journal's entries and nothing else."""
    moment = SystemClock().micros() - 1 if at is None else at
    with hub.office.database.write() as connection:
        return [journal.enter(connection, Entry.incoming(GRID, one, moment)) for one in submissions]


def outcomes(hub: Hub, numbers: list[int]) -> list[str]:
    """What became of entries."""
    with hub.office.database.read() as connection:
        found = [journal.outcome_of(connection, number) for number in numbers]
    return ["pending" if one is None else one.state.value for one in found]


@pytest.mark.slow
def test_a_restart_finishes_what_was_journaled_only(database_url: str, tmp_path: Path) -> None:
    """GW-2: every dialect, ebIX in its container too; a series rejected (DK-4.1.5.d); a copy; what cannot be read."""
    site, ledger = new_site(tmp_path / "data", database_url), Ledger()
    writer = Writer(site.market)
    letters = [writer.letter(dialect=dialect, bad_share=1) for dialect in Dialect]
    contained = writer.letter(dialect=Dialect.EBIX_XML, bad_share=0)
    envelope = in_container(contained)
    operation = read_operation(envelope, BodyLimits().bytes)
    assert not hasattr(operation, "code") and operation.container is not None
    submissions = [Submission(KIND, one.dialect, one.content) for one in letters]
    submissions.append(Submission(KIND, Dialect.EBIX_XML, operation.container.payload, envelope))
    submissions.append(submissions[0])
    submissions += [Submission(KIND, Dialect.CIM_JSON, body) for body in (b"", b"{", letters[1].content[:1000])]
    with site.opened() as hub:
        numbers = journaled(hub, *submissions)
        assert outcomes(hub, numbers) == ["pending"] * len(numbers)
    for letter in (*letters, contained):
        ledger.told(letter, Fate.TAKEN)
    with served(site, tmp_path / "server.log") as server:
        drain(server, ledger)
        with server.plain(sample.GRID_OPERATOR) as client:
            assert client.send(letters[0].content, letters[0].dialect).status_code == 400, "its ids are used"
            assert client.soap(envelope).status_code == 400, "its ids are used"
            again = writer.letter(dialect=Dialect.EBIX_XML, bad_share=0)
            assert client.soap(in_container(again)).status_code == 200
        ledger.told(again, Fate.TAKEN)
        drain(server, ledger)
    account = accounted(site, ledger)
    assert account.rejected == len(letters)
    with site.opened() as hub:
        assert outcomes(hub, numbers) == ["accepted"] * 4 + ["refused"] * 4


@pytest.fixture
def hub_at(new_database_url: Callable[[str], str], tmp_path: Path) -> Callable[[str], Site]:
    """A function from the kind of a database to a hub over it."""
    return lambda kind: new_site(tmp_path / "data", new_database_url(kind))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_mark_of_recovery_passes_nothing_unfinished(kind: str, hub_at: Callable[[str], Site]) -> None:
    """GW-2: entries are numbered as they were kept; one that came earlier may stand behind one still under way."""
    site = hub_at(kind)
    writer = Writer(site.market)
    bodies = [Submission(KIND, one.dialect, one.content) for one in (writer.letter(), writer.letter())]
    with site.opened() as hub:
        now = SystemClock().micros()
        (late,) = journaled(hub, bodies[0], at=now - 10)
        (early,) = journaled(hub, bodies[1], at=now - 20)
        assert hub.runner.recover(before=now - 15) == 1
        with hub.office.database.write() as connection:
            journal.note_finished(connection, now - 15)
            journal.note_finished(connection, now - 15)
        assert outcomes(hub, [late, early]) == ["pending", "accepted"]
        assert hub.runner.recover(before=now) == 1
        assert outcomes(hub, [late, early]) == ["accepted", "accepted"]
        with hub.office.database.write() as connection:
            journal.note_finished(connection, now)
            assert connection.execute(sa.select(recovery.c.message)).scalars().all() == [early]
