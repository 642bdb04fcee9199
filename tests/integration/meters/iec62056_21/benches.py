"""A simulated meter on a real line, and an adapter that reads it: what the tests of this folder begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from meter_adapters.iec62056_21.adapter import Iec62056Adapter, Settings
from meter_adapters.links.serial_port import SerialLink
from meter_adapters.links.tcp import TcpLink
from meter_adapters.meter_profiles.files import shipped_profile
from meter_adapters.meter_profiles.profile import LineSection, MeterProfile
from meter_adapters.obis import LOAD_PROFILE
from meter_adapters.passwords import PasswordGuard
from meter_adapters.port import LineSetting, Link, Parity
from meter_adapters.readings import IntervalRow, ProfileBlock, Protection, Refusal
from meter_adapters.simulators.iec62056_21 import Iec62056Simulator
from meter_adapters.simulators.iec62056_21_texts import MeterTexts
from meter_adapters.simulators.line_server import serve_pty, serve_tcp
from meter_adapters.simulators.meter import SimulatedMeter

START = int(datetime(2026, 3, 2, 23, tzinfo=UTC).timestamp())
DAY = 86_400
PATIENT = LineSection(switch_delay=0.02, reaction=3, gap=3)
HASTY = LineSection(switch_delay=0.02, reaction=0.25, gap=0.25)
"""For a meter that does not answer: nobody waits in a test."""


def profile_of(line: LineSection = PATIENT, **sections: object) -> MeterProfile:
    """The profile of the standard with another line."""
    return shipped_profile("iec62056-21").model_copy(update={"line": line, **sections})


@dataclass
class Bench:
    """One simulated meter and everything an adapter of it told."""

    meter: SimulatedMeter = field(default_factory=lambda: SimulatedMeter(START, 1))
    days: int = 2
    refusals: list[Refusal] = field(default_factory=list)
    guard: PasswordGuard = field(default_factory=PasswordGuard)

    def __post_init__(self) -> None:
        self.simulator = Iec62056Simulator(MeterTexts(self.meter), self.now, idle_seconds=0.6)

    def now(self) -> float:
        return float(START + self.days * DAY + 77)

    @property
    def until(self) -> int:
        return START + self.days * DAY

    def adapter(
        self,
        link: Link,
        profile: MeterProfile | None = None,
        password: bytes | None = None,
        settings: Settings | None = None,
    ) -> Iec62056Adapter:
        return Iec62056Adapter(
            link,
            profile or profile_of(),
            password=password,
            clock=self.now,
            guard=self.guard,
            settings=settings or Settings(on_refusal=self.refusals.append),
        )

    @asynccontextmanager
    async def line(self, kind: str = "tcp") -> AsyncIterator[Link]:
        """The meter on a TCP port or a pseudo terminal."""
        if kind == "tcp":
            async with serve_tcp(self.simulator.talk) as port:
                yield TcpLink("127.0.0.1", port)
        else:
            async with serve_pty(self.simulator.talk) as path:
                yield SerialLink(path, LineSetting(300, 7, Parity.EVEN))

    def truth(self, since: int = START, until: int | None = None) -> list[tuple[int | None, tuple[int | None, ...]]]:
        """End by the meter's clock and values of every row, as the meter knows them."""
        rows = self.meter.rows(since, until or self.until, self.now())
        return [(row.meter_end, row.values) for row in rows]


Rows = list[tuple[int | None, tuple[int | None, ...]]]


async def rows_of(adapter: Iec62056Adapter, since: int, until: int) -> tuple[Rows, list[Refusal]]:
    """The rows of a load profile in Wh, and the refusal that ended them, if one did."""
    rows: Rows = []
    refusals: list[Refusal] = []
    async for block in adapter.read_profile(LOAD_PROFILE, since, until):
        if isinstance(block, Refusal):
            refusals.append(block)
            continue
        assert block.protection is Protection.BCC
        rows += [(row.end, in_wh(block, row)) for row in block.rows]
    return rows, refusals


def in_wh(block: ProfileBlock, row: IntervalRow) -> tuple[int | None, ...]:
    """The row's energies in Wh; average powers become energy of the period."""
    values: list[int | None] = []
    for column, raw in zip(block.columns, row.values, strict=True):
        if raw is None:
            values.append(None)
            continue
        exact = raw * 10 ** (column.scaler + 6) * (block.period if column.unit in ("W", "var") else 3600)
        assert exact % (3600 * 10**6) == 0
        values.append(exact // (3600 * 10**6))
    return tuple(values)
