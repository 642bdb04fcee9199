"""Bad lines, bad meters, bad passwords: the truth after asking again, or a refusal, and never another number."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from meter_adapters.iec62056_21.adapter import Iec62056Adapter
from meter_adapters.links.serial_port import SerialLink
from meter_adapters.obis import LOAD_PROFILE
from meter_adapters.port import LineSetting, Parity
from meter_adapters.readings import ProfileBlock, Reading, Refusal, RefusalReason
from meter_adapters.simulators.faults import Faults
from meter_adapters.simulators.line_server import serve_pty

from .benches import DAY, HASTY, START, Bench, profile_of, rows_of

PASSING = {
    "noise": Faults(noise=b"\x55\x00\xff~"),
    "a block's start as noise": Faults(noise=b"\x02xx\x7f"),
    "flip": Faults(flip=123),
    "cut": Faults(cut=40),
    "drop": Faults(drop=True),
    "wrong check": Faults(wrong_check=True),
    "busy": Faults(busy=True),
    "slow": Faults(slow=0.1),
}
SEEN = set(PASSING) - {"noise", "slow"}
"""Faults that something has to be asked again for."""


# AM-1.1
@pytest.mark.parametrize("name", sorted(PASSING))
def test_one_damaged_answer_is_asked_for_again(name: str) -> None:
    async def read() -> None:
        bench = Bench(days=1)
        async with bench.line() as link:
            adapter = bench.adapter(link, profile_of(HASTY))
            assert await adapter.open() is None
            assert not isinstance(await adapter.read_clock(), Refusal)
            bench.simulator.faults = PASSING[name]
            bench.simulator.faults.strikes = 1
            assert await rows_of(adapter, START, START + DAY) == (bench.truth(), [])
            assert bool(bench.refusals) == (name in SEEN)
            assert all(refusal.at == int(bench.now()) and refusal.meter for refusal in bench.refusals)
            await adapter.close()

    asyncio.run(read())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("flip", RefusalReason.CHECK_FAILED),
        ("cut", RefusalReason.CHECK_FAILED),
        ("drop", RefusalReason.NO_ANSWER),
        ("wrong check", RefusalReason.CHECK_FAILED),
        ("busy", RefusalReason.BUSY),
    ],
)
def test_an_answer_that_stays_damaged_is_refused_and_nothing_of_it_taken(name: str, reason: RefusalReason) -> None:
    async def read() -> None:
        bench = Bench(days=1)
        async with bench.line() as link:
            adapter = bench.adapter(link, profile_of(HASTY))
            assert await adapter.open() is None
            assert not isinstance(await adapter.read_clock(), Refusal)
            bench.simulator.faults = PASSING[name]
            bench.simulator.faults.strikes = -1
            rows, refusals = await rows_of(adapter, START, START + DAY)
            assert rows == []
            assert [refusal.reason for refusal in refusals] == [reason]
            bench.simulator.faults = Faults()
            assert await rows_of(adapter, START, START + DAY) == (bench.truth(), [])
            await adapter.close()

    asyncio.run(read())


@pytest.mark.parametrize("kind", ["tcp", "pty"])
def test_a_bad_line_gives_the_truth_a_part_of_it_or_a_refusal(kind: str) -> None:
    async def read() -> None:
        chance = random.Random(21)
        bench = Bench(days=1)
        async with bench.line(kind) as link:
            adapter = bench.adapter(link, profile_of(HASTY))
            whole = 0
            for _ in range(14):
                bench.simulator.faults = Faults(
                    strikes=chance.choice([1, 2, 3]),
                    skip=chance.randrange(4),
                    noise=chance.randbytes(chance.choice([0, 0, 5])),
                    flip=chance.choice([None, chance.randrange(20_000)]),
                    cut=chance.choice([None, None, chance.randrange(1, 900)]),
                )
                assert await adapter.open() is None
                rows, refusals = await rows_of(adapter, START, START + DAY)
                assert rows == bench.truth() if not refusals else rows == []
                registers = await adapter.read_registers()
                values = [int(one.value) for one in registers if isinstance(one, Reading)]
                assert values in ([], list(bench.meter.totals(bench.now())))
                whole += not refusals
                await adapter.close()
            assert whole >= 7

    asyncio.run(read())


def test_a_wrong_password_is_sent_twice_and_never_again() -> None:
    async def read() -> None:
        bench = Bench()
        bench.simulator.password = "00000000"
        async with bench.line() as link:
            adapter = bench.adapter(link, password=b"12345678")
            refused = await adapter.open()
            assert refused is not None
            assert refused.reason is RefusalReason.PASSWORD_WRONG
            for _ in range(3):
                refused = await adapter.open()
                assert refused is not None
                assert refused.reason is RefusalReason.LOCKED_OUT
            assert bench.simulator.wrong_passwords == 2
            assert not bench.simulator.is_locked
            assert b"12345678".decode() not in repr(adapter.__dict__) + str(refused)
            bench.guard.refused = 0  # a person looked
            adapter = bench.adapter(link, password=b"00000000")
            assert await adapter.open() is None
            assert bench.simulator.wrong_passwords == 0
            await adapter.close()

    asyncio.run(read())


def test_a_damaged_password_session_counts_no_refusal() -> None:
    async def read() -> None:
        bench = Bench()
        bench.simulator.password = "00000000"
        bench.simulator.faults = Faults(strikes=-1, skip=2, drop=True)
        async with bench.line() as link:
            adapter = bench.adapter(link, profile_of(HASTY), password=b"00000000")
            refused = await adapter.open()
            assert refused is not None
            assert refused.reason is RefusalReason.NO_ANSWER
            assert bench.guard.refused == 0

    asyncio.run(read())


def test_a_meter_that_is_gone_or_hangs_up_is_a_lost_line_and_comes_back() -> None:
    async def read() -> None:
        bench = Bench(days=1)
        async with bench.line() as link:
            adapter = bench.adapter(link, profile_of(HASTY))
            assert await adapter.open() is None
            bench.simulator.faults = Faults(strikes=1, skip=2, hang_up=True)
            rows, refusals = await rows_of(adapter, START, START + DAY)
            assert rows == []
            assert [refusal.reason for refusal in refusals] == [RefusalReason.LINK_LOST]
            await adapter.close()
            assert await adapter.open() is None
            assert await rows_of(adapter, START, START + DAY) == (bench.truth(), [])
            await adapter.close()
        refused = await adapter.open()
        assert refused is not None
        assert refused.reason is RefusalReason.LINK_LOST
        assert bench.meter.identity.serial in refused.text or "127.0.0.1" in refused.text

    asyncio.run(read())


def test_an_unplugged_probe_during_a_block_resumes_without_a_gap(tmp_path: Path) -> None:
    async def read() -> None:
        bench = Bench(days=3)
        stable = tmp_path / "optical-head"
        link = SerialLink(str(stable), LineSetting(300, 7, Parity.EVEN))
        adapter = bench.adapter(link, profile_of(HASTY))
        rows: list[tuple[int | None, tuple[int | None, ...]]] = []
        async with serve_pty(bench.simulator.talk) as path:
            stable.symlink_to(path)
            assert await adapter.open() is None
            blocks = adapter.read_profile(LOAD_PROFILE, START, bench.until)
            first = await anext(blocks)
            assert isinstance(first, ProfileBlock)
            rows += [(row.end, row.values) for row in first.rows]
            bench.simulator.faults = Faults(octet_delay=0.01, strikes=1)  # the next block is under way for a while
            reading = asyncio.ensure_future(anext(blocks))
            await asyncio.sleep(0.2)
        refused = await reading
        assert isinstance(refused, Refusal)
        assert refused.reason in (RefusalReason.LINK_LOST, RefusalReason.NO_ANSWER, RefusalReason.CHECK_FAILED)
        await adapter.close()
        bench.simulator.faults = Faults()
        async with serve_pty(bench.simulator.talk) as path:
            stable.unlink()
            stable.symlink_to(path)
            assert await adapter.open() is None
            last = rows[-1][0]
            assert last == START + DAY
            again, refusals = await rows_of(adapter, last, bench.until)
            assert (rows + again, refusals) == (bench.truth(), [])
            await adapter.close()

    asyncio.run(read())


def test_an_adapter_that_was_never_opened_refuses_and_raises_nothing() -> None:
    async def read() -> None:
        bench = Bench()
        adapter: Iec62056Adapter
        async with bench.line() as link:
            adapter = bench.adapter(link)
            found = [
                await adapter.identify(),
                *await adapter.read_registers(),
                *[block async for block in adapter.read_profile(LOAD_PROFILE, START, bench.until)],
                *await adapter.read_events(START, bench.until),
                await adapter.read_clock(),
                *await adapter.discover(),
            ]
            assert {one.reason for one in found if isinstance(one, Refusal)} == {RefusalReason.LINK_LOST}
            assert len(found) == 6
            await adapter.close()

    asyncio.run(read())


@pytest.mark.parametrize("late", [1, 2, 3])
def test_a_late_answer_is_not_that_of_the_next_question(late: int) -> None:
    async def read() -> None:
        bench = Bench(days=3)
        async with bench.line() as link:
            adapter = bench.adapter(link, profile_of(HASTY))
            assert await adapter.open() is None
            assert not isinstance(await adapter.read_clock(), Refusal)
            bench.simulator.faults = Faults(strikes=late, slow=0.3)  # asked again after 0.25 s, and then answered twice
            assert await rows_of(adapter, START, bench.until) == (bench.truth(), [])
            assert bench.refusals[0].reason is RefusalReason.NO_ANSWER
            await adapter.close()

    asyncio.run(read())
