"""Other clients, written by others, read our simulated meters and tell what we tell: dlms-cosem and gurux-dlms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
import structlog

from benchmarks.meters_dlms import CIPHERED, CLEAR, gurux_alone
from gateway.messages.times import to_instant
from meter_adapters.dlms.acse import Mechanism
from meter_adapters.simulators.dlms_server import ClientRights
from tests.integration.meters.dlms.simulated import CLIENT, DAY, NOW, PASSWORD, Bench, Framing, true_rows

cosem = pytest.importorskip("dlms_cosem.cosem")
from dlms_cosem import enumerations, utils  # noqa: E402
from dlms_cosem.client import DlmsClient  # noqa: E402
from dlms_cosem.cosem.capture_object import CaptureObject  # noqa: E402
from dlms_cosem.cosem.selective_access import RangeDescriptor  # noqa: E402
from dlms_cosem.io import BlockingTcpIO, HdlcTransport, TcpTransport  # noqa: E402
from dlms_cosem.parsers import ProfileGenericBufferParser  # noqa: E402
from dlms_cosem.security import (  # noqa: E402
    HighLevelSecurityGmacAuthentication,
    LowLevelSecurityAuthentication,
    NoSecurityAuthentication,
)

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))  # it logs every frame

T = TypeVar("T")
PROVES = {
    Mechanism.NONE: NoSecurityAuthentication,
    Mechanism.LLS: lambda: LowLevelSecurityAuthentication(PASSWORD),
    Mechanism.HLS_GMAC: lambda: HighLevelSecurityGmacAuthentication(challenge_length=16),
}


def attribute(kind: str, *code: int, number: int = 2) -> Any:
    return cosem.CosemAttribute(enumerations.CosemInterface[kind], cosem.Obis(*code), number)


CLOCK = attribute("CLOCK", 0, 0, 1, 0, 0)
PROFILE = attribute("PROFILE_GENERIC", 1, 0, 99, 1, 0)


def with_dlms_cosem(bench: Bench, question: Callable[[Any], T]) -> T:
    """Ask our meter with the other library's client, in a thread of its own."""

    def asked(port: int) -> T:
        line = BlockingTcpIO("127.0.0.1", port, timeout=60)
        kind = TcpTransport if bench.framing == "wrapper" else HdlcTransport
        client = DlmsClient(
            transport=kind(client_logical_address=CLIENT, server_logical_address=1, io=line),
            authentication=PROVES[bench.mechanism](),
            encryption_key=bench.keys.encryption if bench.ciphered else None,
            authentication_key=bench.keys.authentication if bench.ciphered else None,
            security_suite=bench.suite,
            client_system_title=b"OTHER001" if bench.ciphered else None,
            client_initial_invocation_counter=100,
        )
        with client.session():
            return question(client)

    async def served() -> T:
        serve = bench.simulator.wrapper if bench.framing == "wrapper" else bench.simulator.hdlc_tcp
        async with serve() as port:
            return await asyncio.to_thread(asked, port)

    return asyncio.run(served())


def profile_of(client: Any) -> list[tuple[int, tuple[int, ...]]]:
    """End and values of a day's rows, read and understood by the other library alone."""
    since, until = (datetime.fromtimestamp(at, UTC) for at in (NOW - DAY, NOW))
    listed = utils.parse_as_dlms_data(client.get(attribute("PROFILE_GENERIC", 1, 0, 99, 1, 0, number=3)))
    columns = [
        cosem.CosemAttribute(enumerations.CosemInterface(one[0]), cosem.Obis.from_bytes(one[1]), one[2])
        for one in listed
    ]
    span = RangeDescriptor(CaptureObject(CLOCK, 0), since, until)
    rows = ProfileGenericBufferParser(columns, 15).parse_bytes(client.get(PROFILE, span))
    return [(to_instant(row[0].value), tuple(cell.value for cell in row[2:])) for row in rows]


SECURITIES = [
    (Mechanism.NONE, False, 0),
    (Mechanism.LLS, False, 0),
    (Mechanism.HLS_GMAC, True, 0),
    (Mechanism.HLS_GMAC, True, 2),
]


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
@pytest.mark.parametrize(("mechanism", "ciphered", "suite"), SECURITIES)
def test_dlms_cosem_reads_what_we_read(framing: Framing, mechanism: Mechanism, ciphered: bool, suite: int) -> None:
    # AM-1.1
    bench = Bench(framing=framing, mechanism=mechanism, ciphered=ciphered, suite=suite)
    truth = true_rows(bench.meter, NOW - DAY, NOW)
    assert with_dlms_cosem(bench, profile_of) == truth
    assert len(truth) == 96


@pytest.mark.parametrize("ciphered", [False, True])
@pytest.mark.parametrize("most_pdu", [300, 0xFFFF])
def test_gurux_dlms_reads_as_many_rows(ciphered: bool, most_pdu: int) -> None:
    """Alone, with its own ciphering and blocks. (Its general block transfer raises AttributeError in 1.0.203.)"""
    bench = Bench(most_pdu=most_pdu)
    bench.settings.clients = {CLEAR: ClientRights(), CIPHERED: ClientRights(Mechanism.HLS_GMAC, ciphered=True)}

    async def served() -> int:
        async with bench.simulator.wrapper() as port:
            return await asyncio.to_thread(gurux_alone, port, 2, ciphered)

    assert asyncio.run(served()) == len(true_rows(bench.meter, NOW - 2 * DAY, NOW))
