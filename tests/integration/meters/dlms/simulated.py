"""A simulated DLMS meter on a real socket, and a client that reads it: what the integration tests share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from meter_adapters.dlms.acse import Mechanism
from meter_adapters.dlms.adapter import DlmsAdapter, Settings
from meter_adapters.dlms.ciphering import Keys
from meter_adapters.dlms.connection import Patience
from meter_adapters.dlms.security import DlmsSecurity
from meter_adapters.links.tcp import TcpLink
from meter_adapters.meter_profiles.files import shipped_profile
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.obis import INVOCATION_COUNTER, LOAD_PROFILE, Obis
from meter_adapters.port import Link
from meter_adapters.readings import IntervalRow, ProfileBlock, Refusal
from meter_adapters.simulators.dlms import SimulatedDlmsMeter
from meter_adapters.simulators.dlms_objects import DlmsObjects, ProfileStyle
from meter_adapters.simulators.dlms_server import PUBLIC_CLIENT, ClientRights, MeterSettings
from meter_adapters.simulators.faults import Faults
from meter_adapters.simulators.meter import SimulatedMeter

T = TypeVar("T")
DAY = 86_400
NOW = 1_790_000_200
"""An instant in September 2026, a little behind a quarter of an hour."""
STARTED = NOW // 900 * 900 - 10 * DAY

KEYS = Keys(bytes(range(16)), bytes(range(0xD0, 0xE0)))
LONG_KEYS = Keys(bytes(range(32)), bytes(range(0xC0, 0xE0)))
CLIENT = 1
PASSWORD = b"12345678"

Framing = Literal["wrapper", "hdlc"]


@dataclass
class Bench:
    """A meter and how it is read.

    Attributes:
        meter: the truth.
        framing, mechanism, ciphered, suite: how it is spoken to.
        most_pdu, general_blocks: how long answers are cut.
        most_info: octets in an HDLC frame, offered by the client.
        style: how the load profile is kept.
        now: the clock of meter and client.
    """

    meter: SimulatedMeter = field(default_factory=lambda: SimulatedMeter(started=STARTED))
    framing: Framing = "wrapper"
    mechanism: Mechanism = Mechanism.NONE
    ciphered: bool = False
    suite: int = 0
    most_pdu: int = 0xFFFF
    general_blocks: int = 0
    most_info: int = 128
    style: ProfileStyle = field(default_factory=ProfileStyle)
    now: float = NOW
    refusals: list[Refusal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keys = LONG_KEYS if self.suite == 2 else KEYS
        self.faults = Faults(strikes=0)
        rights = {PUBLIC_CLIENT: ClientRights(), CLIENT: ClientRights(self.mechanism, PASSWORD, self.ciphered)}
        self.settings = MeterSettings(
            rights, self.keys, self.suite, most_pdu=self.most_pdu, general_blocks=self.general_blocks
        )
        self.objects = DlmsObjects(self.meter, lambda: self.now, self.style)
        self.simulator = SimulatedDlmsMeter(self.objects, self.settings, self.faults, most_info=2030)
        self.security = DlmsSecurity(
            self.mechanism,
            PASSWORD,
            self.ciphered,
            self.keys if self.ciphered or self.mechanism is Mechanism.HLS_GMAC else None,
            self.suite,
            counter_object=INVOCATION_COUNTER if self.ciphered else None,
            chance=lambda count: bytes(range(count)),
        )

    @property
    def profile(self) -> MeterProfile:
        """The meter profile of the client."""
        shipped = shipped_profile("dlms")
        facts = shipped.dlms.model_copy(update={"framing": self.framing, "client": CLIENT, "most_info": self.most_info})
        return shipped.model_copy(update={"dlms": facts})

    def adapter(self, link: Link, profile: MeterProfile | None = None) -> DlmsAdapter:
        """A client on a link."""
        settings = Settings(sets_clock=True, patience=Patience(0.15, 3), on_refusal=self.refusals.append)
        return DlmsAdapter(link, profile or self.profile, self.security, clock=lambda: self.now, settings=settings)

    def read(self, question: Callable[[DlmsAdapter], Awaitable[T]], profile: MeterProfile | None = None) -> T:
        """Serve the meter, open a client, ask, close."""

        async def asked() -> T:
            serve = self.simulator.wrapper if self.framing == "wrapper" else self.simulator.hdlc_tcp
            async with serve() as port:
                adapter = self.adapter(TcpLink("127.0.0.1", port), profile)
                try:
                    return await question(adapter)
                finally:
                    await adapter.close()

        return asyncio.run(asked())


Truth = list[tuple[int, tuple[int, ...]]]


def true_rows(meter: SimulatedMeter, since: int, until: int, now: float = NOW) -> Truth:
    """End and values of the meter's rows."""
    return [(row.end, row.values) for row in meter.rows(since, until, now)]


async def load_profile(
    adapter: DlmsAdapter, since: int, until: int, code: Obis = LOAD_PROFILE
) -> tuple[list[IntervalRow], list[Refusal]]:
    """The rows of a span, and what was refused."""
    rows: list[IntervalRow] = []
    refused: list[Refusal] = []
    async for block in adapter.read_profile(code, since, until):
        if isinstance(block, ProfileBlock):
            rows += block.rows
        else:
            refused.append(block)
    return rows, refused


def told(rows: list[IntervalRow]) -> list[tuple[int | None, tuple[int | None, ...]]]:
    """End and values of rows as read."""
    return [(row.end, row.values) for row in rows]
