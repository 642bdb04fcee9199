"""A sender that gives up waiting does not take the hub with it."""

from __future__ import annotations

import asyncio

import pytest

from gateway.hub.ports import Accepted, Submission
from gateway.messages.codes import Dialect, DocumentKind
from tests.integration.reliability.letters import Writer
from tests.integration.reliability.served import Site, new_site
from tests.integration.reliability.test_recovery import GRID


@pytest.fixture
def site(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A hub on each of the two databases."""
    return new_site(tmp_path_factory.mktemp("giving-up"), database_url)


def test_others_are_served_after_a_sender_gave_up(site: Site) -> None:
    """GW-2: calls cancelled while they wait and while they are carried out; every later one has its answer."""
    writer = Writer(site.market)
    letters = [writer.letter(dialect=Dialect.CIM_XML) for _ in range(40)]
    submissions = [Submission(DocumentKind.MEASURE_DATA, one.dialect, one.content) for one in letters]

    with site.opened() as hub:
        hub.start()

        async def all_of_them() -> list[object]:
            tasks = [asyncio.create_task(hub.submit(GRID, one)) for one in submissions]
            for task in tasks[::3]:
                await asyncio.sleep(0.003)
                task.cancel()
            rest = [task for i, task in enumerate(tasks) if i % 3]
            return list(await asyncio.wait_for(asyncio.gather(*rest), timeout=60))

        assert all(isinstance(answer, Accepted) for answer in asyncio.run(all_of_them()))
        last = writer.letter()
        submission = Submission(DocumentKind.MEASURE_DATA, last.dialect, last.content)
        assert isinstance(asyncio.run(asyncio.wait_for(hub.submit(GRID, submission), 20)), Accepted)
        hub.stop()
