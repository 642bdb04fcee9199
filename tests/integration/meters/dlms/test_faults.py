"""Bad lines, bad meters, wrong keys: whole rows, fewer rows or a refusal, never another number."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_adapters.dlms.acse import Mechanism
from meter_adapters.dlms.adapter import DlmsAdapter
from meter_adapters.dlms.ciphering import Keys
from meter_adapters.obis import ACTIVE_IMPORT
from meter_adapters.port import LineSetting
from meter_adapters.readings import Refusal, RefusalReason
from meter_adapters.simulators.dlms_objects import ProfileStyle
from meter_adapters.simulators.dlms_server import PUBLIC_CLIENT
from meter_adapters.simulators.line_server import serve_tcp
from tests.integration.meters.dlms.simulated import DAY, KEYS, NOW, Bench, Framing, load_profile, told, true_rows


def strike(bench: Bench, strikes: int = 1, skip: int = 0, **switches: Any) -> None:
    """Turn switches of the meter for its next answers."""
    bench.faults.strikes, bench.faults.skip = strikes, skip
    for name, value in switches.items():
        setattr(bench.faults, name, value)


async def profile_under(bench: Bench, adapter: DlmsAdapter, **faults: Any) -> tuple[list[Any], list[Refusal]]:
    """Open well, then read a day while faults strike."""
    assert await adapter.open() is None
    strike(bench, **faults)
    return await load_profile(adapter, NOW - DAY, NOW)


@pytest.mark.parametrize(
    "faults",
    [
        {"drop": True},
        {"wrong_check": True},
        {"flip": 200},
        {"cut": 20},
        {"noise": b"\x00\x7e\xa0\xff\x13"},
        {"noise": b"\x55" * 40},
        {"octet_delay": 0.0005},
        {"drop": True, "skip": 5, "strikes": 2},
    ],
)
def test_hdlc_repairs_what_a_line_spoils(faults: dict[str, Any]) -> None:
    bench = Bench(framing="hdlc")
    rows, refused = bench.read(lambda adapter: profile_under(bench, adapter, **faults))
    assert refused == []
    assert told(rows) == true_rows(bench.meter, NOW - DAY, NOW)


@pytest.mark.parametrize(
    ("framing", "faults", "reason"),
    [
        ("hdlc", {"drop": True, "strikes": -1}, RefusalReason.NO_ANSWER),
        ("hdlc", {"wrong_check": True, "strikes": -1}, RefusalReason.CHECK_FAILED),
        ("hdlc", {"hang_up": True, "strikes": -1}, RefusalReason.LINK_LOST),
        ("wrapper", {"drop": True, "strikes": -1}, RefusalReason.NO_ANSWER),
        ("wrapper", {"cut": 30, "strikes": -1}, RefusalReason.NO_ANSWER),
        ("wrapper", {"noise": b"\xff\xff", "strikes": -1}, RefusalReason.CHECK_FAILED),
        ("wrapper", {"busy": True, "strikes": -1}, RefusalReason.BUSY),
        ("wrapper", {"slow": 0.4, "strikes": -1}, RefusalReason.NO_ANSWER),
    ],
)
def test_a_line_or_meter_that_fails_is_told_and_no_row_is_made(
    framing: Framing, faults: dict[str, Any], reason: RefusalReason
) -> None:
    bench = Bench(framing=framing)
    rows, refused = bench.read(lambda adapter: profile_under(bench, adapter, **faults))
    assert rows == []
    assert [one.reason for one in refused] == [reason]
    assert refused[0].meter == "GPS-10067967"
    assert refused[0].at == NOW


@pytest.mark.parametrize("fault", ["wrong_tag", "replay"])
@pytest.mark.sec_18
def test_a_tampered_or_replayed_answer_is_refused_and_asked_for_again(fault: str) -> None:
    bench = Bench(mechanism=Mechanism.HLS_GMAC, ciphered=True)
    rows, refused = bench.read(lambda adapter: profile_under(bench, adapter, **{fault: True}, strikes=1))
    assert [one.reason for one in bench.refusals] == [
        RefusalReason.TAG_WRONG if fault == "wrong_tag" else RefusalReason.COUNTER_REPLAYED
    ]
    assert refused == []
    assert told(rows) == true_rows(bench.meter, NOW - DAY, NOW)


@pytest.mark.parametrize("flip", range(70, 800, 37))
def test_every_altered_octet_of_a_ciphered_answer_is_refused(flip: int) -> None:
    """Over the wrapper nothing but the tag protects an answer: behind its head, every bit."""
    bench = Bench(mechanism=Mechanism.HLS_GMAC, ciphered=True)
    rows, refused = bench.read(lambda adapter: profile_under(bench, adapter, flip=flip, strikes=-1))
    assert rows == []
    assert len(refused) == 1


@pytest.mark.parametrize("mechanism", [Mechanism.LLS, Mechanism.HLS_GMAC])
def test_a_wrong_password_stops_after_two(mechanism: Mechanism) -> None:
    bench = Bench(mechanism=mechanism)
    bench.security.password = b"wrong"
    bench.security.keys = Keys(bytes(16), KEYS.authentication) if mechanism is Mechanism.HLS_GMAC else None
    asked: list[str] = []
    served = bench.simulator._talk_wrapped

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append("connection")
        await served(reader, writer)

    bench.simulator = type("Counted", (), {"wrapper": lambda _self: serve_tcp(talk)})()

    async def four_times(adapter: DlmsAdapter) -> list[RefusalReason]:
        outcomes = [await adapter.open() for _ in range(4)]
        return [one.reason for one in outcomes if one is not None]

    assert bench.read(four_times) == [RefusalReason.PASSWORD_WRONG] * 2 + [RefusalReason.LOCKED_OUT] * 2
    assert len(asked) == 2, "the meter heard of two"


def test_a_wrong_key_is_refused_by_both_sides() -> None:
    bench = Bench(mechanism=Mechanism.LLS, ciphered=True)
    bench.security.keys = Keys(KEYS.encryption, bytes(16))
    refused = bench.read(lambda adapter: adapter.open())
    assert isinstance(refused, Refusal)
    assert refused.reason is RefusalReason.PASSWORD_WRONG
    bench.security.keys = None
    refused = bench.read(lambda adapter: adapter.open())
    assert isinstance(refused, Refusal)
    assert refused.reason is RefusalReason.NO_KEY


@pytest.mark.sec_18
def test_a_counter_behind_the_meters_is_caught_up_with() -> None:
    bench = Bench(mechanism=Mechanism.LLS, ciphered=True)
    assert bench.read(lambda adapter: adapter.open()) is None
    bench.security.counter.value = 0  # restored from an old backup
    assert bench.read(lambda adapter: adapter.open()) is None, "the public client shows the meter's"
    bench.security.counter.value = 0
    bench.security.counter_object = None
    refused = bench.read(lambda adapter: adapter.open())
    assert isinstance(refused, Refusal), "without it the meter refuses"


def test_a_meter_without_public_client_gets_our_own_counter() -> None:
    bench = Bench(mechanism=Mechanism.LLS, ciphered=True)
    del bench.settings.clients[PUBLIC_CLIENT]
    assert bench.read(lambda adapter: adapter.open()) is None


def test_looking_up_the_counter_does_not_forget_refusals() -> None:
    bench = Bench(mechanism=Mechanism.LLS, ciphered=True)
    bench.security.password = b"wrong"

    async def three_times(adapter: DlmsAdapter) -> list[RefusalReason]:
        outcomes = [await adapter.open() for _ in range(3)]
        return [one.reason for one in outcomes if one is not None]

    assert bench.read(three_times) == [RefusalReason.PASSWORD_WRONG] * 2 + [RefusalReason.LOCKED_OUT]


@pytest.mark.sec_18
def test_a_forged_counter_does_not_use_up_the_key() -> None:
    bench = Bench(mechanism=Mechanism.LLS, ciphered=True)
    bench.objects.counter = 0xFFFF_FFF0
    refused = bench.read(lambda adapter: adapter.open())
    assert isinstance(refused, Refusal)
    assert "not believed" in refused.text
    assert bench.security.counter.value < 1000


def test_a_question_given_up_leaves_no_half_session() -> None:
    bench = Bench(framing="hdlc")

    async def asked(adapter: DlmsAdapter) -> tuple[list[Any], list[Refusal]]:
        assert await adapter.open() is None
        strike(bench, strikes=1, slow=0.1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.03):
                await adapter.read_registers((ACTIVE_IMPORT,))
        await adapter.close()
        return await load_profile(adapter, NOW - DAY, NOW)

    rows, refused = bench.read(asked)
    assert (told(rows), refused) == (true_rows(bench.meter, NOW - DAY, NOW), [])


def test_another_meter_is_not_taken_for_the_known_one() -> None:
    bench = Bench(mechanism=Mechanism.HLS_GMAC, ciphered=True)
    bench.security.meter_title = b"GPS\x00\x00\x00\x00\x63"
    refused = bench.read(lambda adapter: adapter.open())
    assert isinstance(refused, Refusal)
    assert refused.reason is RefusalReason.METER_CHANGED


def test_a_changed_column_list_is_told_before_rows_are_taken() -> None:
    bench = Bench()

    async def asked(adapter: DlmsAdapter) -> None:
        first, _ = await load_profile(adapter, NOW - DAY, NOW)
        await adapter.close()
        bench.objects.style = ProfileStyle(totals=True)
        rows, refused = await load_profile(adapter, NOW - DAY, NOW)
        assert (rows, [one.reason for one in refused]) == ([], [RefusalReason.COLUMNS_CHANGED])
        rows, refused = await load_profile(adapter, NOW - DAY, NOW)
        assert refused == []
        assert [row.values for row in rows] == [row.totals for row in bench.meter.rows(NOW - DAY, NOW, NOW)]
        assert len(first) == len(rows)

    bench.read(asked)


def test_columns_that_change_within_a_session_refuse_the_block() -> None:
    bench = Bench()

    async def asked(adapter: DlmsAdapter) -> list[Refusal]:
        await load_profile(adapter, NOW - DAY, NOW)
        bench.meter.channels = bench.meter.channels[:1]
        return (await load_profile(adapter, NOW - DAY, NOW))[1]

    assert [one.reason for one in bench.read(asked)] == [RefusalReason.COLUMNS_CHANGED]


def test_setting_the_clock_is_off_unless_turned_on() -> None:
    bench = Bench()

    async def asked(adapter: DlmsAdapter) -> Refusal | None:
        adapter._settings = type(adapter._settings)()
        return await adapter.set_clock(NOW + 60)

    refused = bench.read(asked)
    assert isinstance(refused, Refusal)
    assert refused.reason is RefusalReason.NOT_SUPPORTED
    assert bench.meter.steps == ()


# A recorded session, damaged: the property


class Recording:
    """A link that plays octets a meter once sent, whatever is asked; silent behind them."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks, self.name = list(chunks), "recorded"

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def write(self, data: bytes) -> None: ...
    async def set_line(self, setting: LineSetting) -> None: ...
    async def drain(self) -> None: ...
    async def send_break(self) -> None: ...

    async def read(self, timeout: float) -> bytes:
        return self.chunks.pop(0) if self.chunks else b""


def record(bench: Bench) -> tuple[list[bytes], list[Any]]:
    """The meter's side of one session that reads two hours, message by message."""
    heard: list[bytes] = []
    say = bench.simulator._say

    async def listened(writer: asyncio.StreamWriter, said: bytes, struck: bool) -> bool:
        heard.append(said)
        return await say(writer, said, struck)

    bench.simulator = type("Listened", (type(bench.simulator),), {"_say": staticmethod(listened)})(
        bench.objects, bench.settings, bench.faults, most_info=2030
    )

    async def asked(adapter: DlmsAdapter) -> list[Any]:
        rows, refused = await load_profile(adapter, NOW - 7200, NOW)
        assert refused == []
        return rows

    return heard, bench.read(asked)


def play(bench: Bench, chunks: list[bytes]) -> list[Any]:
    bench.security.counter.value = 0
    bench.security.seen.last.clear()
    adapter = bench.adapter(Recording(chunks))

    async def asked() -> list[Any]:
        rows, _ = await load_profile(adapter, NOW - 7200, NOW)
        await adapter.close()
        return rows

    return told(asyncio.run(asked()))


@pytest.fixture(scope="module", params=["hdlc", "wrapper"])
def recorded(request: pytest.FixtureRequest) -> tuple[Bench, list[bytes], list[Any]]:
    """HDLC is protected by its frames' checks; over the wrapper the ciphering is."""
    bench = Bench(framing=request.param)
    if request.param == "wrapper":
        bench = Bench(mechanism=Mechanism.HLS_GMAC, ciphered=True)
        bench.security.counter_object = None
    chunks, rows = record(bench)
    return bench, chunks, told(rows)


def is_harmless(found: list[Any], truth: list[Any]) -> bool:
    """The true rows, or whole rows of them."""
    return all(row in truth for row in found)


@settings(max_examples=60)
@given(st.data())
def test_a_session_split_anywhere_reads_the_same(
    recorded: tuple[Bench, list[bytes], list[Any]], data: st.DataObject
) -> None:
    bench, chunks, truth = recorded
    pieces: list[bytes] = []
    for chunk in chunks:
        cut = data.draw(st.integers(0, len(chunk)))
        pieces += [piece for piece in (chunk[:cut], chunk[cut:]) if piece]
    assert play(bench, pieces) == truth
    assert len(truth) == 8


@settings(max_examples=150)
@given(st.data())
def test_a_session_with_a_flipped_bit_never_tells_another_number(
    recorded: tuple[Bench, list[bytes], list[Any]], data: st.DataObject
) -> None:
    bench, chunks, truth = recorded
    damaged = list(chunks)
    # In clear associations of the wrapper opening messages and names are unprotected; they are no numbers.
    place = data.draw(st.integers(0, len(chunks) - 1))
    bit = data.draw(st.integers(0, len(chunks[place]) * 8 - 1))
    altered = bytearray(chunks[place])
    altered[bit // 8] ^= 1 << bit % 8
    damaged[place] = bytes(altered)
    assert is_harmless(play(bench, damaged), truth)


@settings(max_examples=60)
@given(st.data())
def test_a_session_cut_anywhere_never_tells_another_number(
    recorded: tuple[Bench, list[bytes], list[Any]], data: st.DataObject
) -> None:
    bench, chunks, truth = recorded
    place = data.draw(st.integers(0, len(chunks) - 1))
    end = data.draw(st.integers(0, len(chunks[place])))
    assert is_harmless(play(bench, [*chunks[:place], chunks[place][:end]]), truth)


@pytest.mark.sec_20
def test_nothing_secret_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    bench = Bench(mechanism=Mechanism.HLS_GMAC, ciphered=True)
    bench.read(lambda adapter: adapter.read_registers((ACTIVE_IMPORT,)))
    assert capfd.readouterr() == ("", "")
    assert KEYS.encryption.hex() not in repr(bench.security).lower()
    assert str(KEYS.encryption) not in repr(bench.security)
