"""The largest message there may be is taken over HTTP in bounded memory; one byte more is not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.demo import market as sample
from gateway.messages.codes import Dialect
from gateway.transport.settings import BodyLimits
from tests.integration.reliability.account import accounted
from tests.integration.reliability.letters import Letter, Writer
from tests.integration.reliability.load import Fate, Ledger, drain
from tests.integration.reliability.served import new_site, served

LIMIT = BodyLimits().bytes
MEMORY = 400 * 2**20
"""Bytes the server may take beyond what it holds when idle: the body itself, its columns and what is written."""


def largest(writer: Writer) -> Letter:
    """A letter of exactly the greatest size: as many series as fit, then white space."""
    a_hundred = len(writer.of(100, Dialect.CIM_XML).content)
    letter = writer.of(LIMIT // (a_hundred + 2000) * 100, Dialect.CIM_XML)
    assert 0.9 * LIMIT < len(letter.content) <= LIMIT
    return padded(letter, LIMIT)


def padded(letter: Letter, size: int) -> Letter:
    """The letter with white space behind its document."""
    return Letter(letter.message_id, letter.dialect, letter.content.ljust(size), letter.good, letter.bad)


@pytest.mark.slow
def test_fifty_mebibytes_are_taken_and_one_byte_more_is_413(tmp_path: Path) -> None:
    """GW-3: a body at the limit, in memory that does not grow with what is behind it in the queue."""
    site, ledger = new_site(tmp_path / "data", None), Ledger()
    writer = Writer(site.market)
    letter = largest(writer)
    with served(site, tmp_path / "log") as hub, hub.plain(sample.GRID_OPERATOR) as client:
        small = writer.letter()
        assert client.send(small.content, small.dialect).status_code == 202
        ledger.told(small, Fate.TAKEN)
        idle = hub.memory()
        assert client.send(padded(letter, LIMIT + 1).content, letter.dialect).status_code == 413
        answer = client.send(letter.content, letter.dialect)
        assert answer.status_code == 202, answer.text[:2000]
        ledger.told(letter, Fate.TAKEN)
        most = hub.memory("VmHWM") - idle
        print(f"{len(letter.good)} series, {most / 2**20:.0f} MiB beyond idle")
        assert most < MEMORY
        drain(hub, ledger)
        print(f"{(hub.memory('VmHWM') - idle) / 2**20:.0f} MiB beyond idle after everything was delivered")
        assert hub.memory("VmHWM") - idle < MEMORY
    assert accounted(site, ledger).distributed == len(letter.good) + len(small.good)
