"""Another client library reads our simulator and sees what our own adapter sees.

`iec62056-21` cannot send passwords (its call raises) and serves nothing, so it is asked for readouts and registers.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from meter_adapters.obis import ACTIVE_EXPORT, ACTIVE_IMPORT
from meter_adapters.readings import Reading

from .benches import Bench

other = pytest.importorskip("iec62056_21.client")

Values = dict[str, tuple[str, str | None]]


def read_with_other(port: int) -> tuple[str, Values, Values]:
    """Identification, readout and two registers of programming mode, as the other client reads them."""
    client = other.Iec6205621Client.with_tcp_transport(("127.0.0.1", port))
    client.connect()
    readout = sets_of(client.standard_readout().data)
    client.disconnect()
    client = other.Iec6205621Client.with_tcp_transport(("127.0.0.1", port))
    client.connect()
    client.access_programming_mode()
    registers = sets_of([client.read_single_value(name) for name in ("1.8.0", "2.8.0")])
    client.send_break()
    client.disconnect()
    return client.identification, readout, registers


def sets_of(sets: list[Any]) -> Values:
    return {one.address: (one.value, one.unit) for one in sets}


# AM-1.1
def test_another_client_reads_the_same_registers() -> None:
    async def read() -> None:
        bench = Bench()
        async with bench.line() as link:
            port = int(link.name.rpartition(":")[2])
            ident, readout, registers = await asyncio.to_thread(read_with_other, port)
            adapter = bench.adapter(link)
            assert await adapter.open() is None
            own = await adapter.read_registers((ACTIVE_IMPORT, ACTIVE_EXPORT))
            await adapter.close()
        assert ident.endswith("IM1")  # it takes the first letter for an escape
        values = {one.source_id: one.value for one in own if isinstance(one, Reading)}
        assert set(values) == set(registers)
        for name, value in values.items():
            assert registers[name] == readout[name]
            assert (Decimal(readout[name][0]).scaleb(3), readout[name][1]) == (value, "kWh")
        assert readout["C.1.0"] == (bench.meter.identity.serial, None)

    asyncio.run(read())
