"""Captured telegrams: every open sample tells the stated values, every damaged one tells none of another."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meter_adapters.dlms import captures
from meter_adapters.dlms.axdr import Data, Tag, array, encode, octets, signed, structure, unsigned
from meter_adapters.dlms.ciphering import Keys, general_envelope, protect
from meter_adapters.dlms.gbt import split
from meter_adapters.dlms.hdlc import LLC_ANSWER, Frame, client_address, server_address
from meter_adapters.meter_profiles.files import shipped_profile
from meter_adapters.obis import Obis
from meter_adapters.readings import Capture, CaptureKeys, Protection, Reading

PROFILE = shipped_profile("dlms")
NO_KEYS = CaptureKeys()
NAMES = [
    "hdlc_escape-octet-in-info",
    "hdlc_iskra550",
    "hdlc_kaifa_ma304h3e",
    "hdlc_kamstrup_omnipower",
    "hdlc_landis_gyr_e450",
    "hdlc_norway_han_3phase",
    "raw_salzburg_netz",
]


class Sample:
    """One published capture and what its source states."""

    def __init__(self, folder: Path, name: str) -> None:
        self.octets = bytes.fromhex((folder / f"{name}.hex").read_text())
        self.stated: dict[str, Any] = msgspec.json.decode((folder / f"{name}.expected.json").read_bytes())
        self.keys = CaptureKeys(*(bytes.fromhex(key) for key in self.stated.get("published_test_keys", {}).values()))

    def decode(self, damaged: bytes | None = None) -> Capture:
        return captures.decode_capture(self.octets if damaged is None else damaged, self.keys, PROFILE)


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "data" / "meters" / "dlms"


def dotted(code: Obis) -> str:
    return ".".join(str(group) for group in code)


def told(readings: tuple[Reading, ...]) -> dict[str, str | Decimal]:
    return {dotted(reading.obis): reading.text or reading.value for reading in readings}


@pytest.mark.parametrize("name", NAMES)
def test_every_open_sample_tells_the_stated_values(folder: Path, name: str) -> None:
    # AM-1.1, AM-1.2
    sample = Sample(folder, name)
    assert captures.sniff(sample.octets)
    capture = sample.decode()
    assert capture.is_sound, capture.refusals
    assert sum(check.name.startswith("fcs") for check in capture.checks) == len(sample.stated["link_check"])
    found = told(capture.readings)
    for place, stated in sample.stated["expected"].items():
        code = place.split(" ")[0]
        value = found[code]
        assert value == (stated if isinstance(value, str) else Decimal(str(stated))), code
    by_position = sample.stated.get("expected_by_position", [])
    assert [reading.text or reading.raw for reading in capture.readings][: len(by_position)] == by_position


def test_a_positional_list_is_read_in_the_units_of_its_layout(folder: Path) -> None:
    capture = Sample(folder, "hdlc_kaifa_ma304h3e").decode()
    found = {dotted(one.obis): (one.value, one.unit) for one in capture.readings}
    assert found["1.0.31.7.0.255"] == (Decimal("1.416"), "A")
    assert found["1.0.32.7.0.255"] == (Decimal("238.5"), "V")
    assert capture.readings[0].meter.serial == "6970631401753985"


def test_times_are_instants_where_the_telegram_says_which(folder: Path) -> None:
    assert {one.ts_end for one in Sample(folder, "raw_salzburg_netz").decode().readings} == {1668268440}
    assert {one.ts_end for one in Sample(folder, "hdlc_norway_han_3phase").decode().readings} == {None}


def test_what_proved_a_telegram_is_told(folder: Path) -> None:
    proved = {name: Sample(folder, name).decode().readings[0].protection for name in NAMES}
    assert proved["hdlc_kamstrup_omnipower"] is Protection.GCM
    assert proved["hdlc_landis_gyr_e450"] is Protection.CRC, "no authentication key: its tag proves nothing"
    assert proved["raw_salzburg_netz"] is Protection.NONE


def damages(octets: bytes, step: int) -> Iterator[bytes]:
    """Bits flipped, octets dropped, and ends cut off, all along a capture."""
    for at in range(0, len(octets), step):
        yield octets[:at] + bytes([octets[at] ^ (1 << at % 8)]) + octets[at + 1 :]
        yield octets[:at] + octets[at + 1 :]
        yield octets[:at]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("hdlc")])
def test_a_damaged_telegram_tells_nothing(folder: Path, name: str) -> None:
    sample = Sample(folder, name)
    whole = sample.decode().readings
    for damaged in damages(sample.octets, 1 if len(sample.octets) < 200 else 7):
        capture = sample.decode(damaged)
        assert capture.readings in ((), whole), "nothing of it, or all where a flag was hit"
        assert capture.readings or not capture.is_sound


def test_a_cut_bare_telegram_tells_nothing(folder: Path) -> None:
    """Nothing protects its octets, but a cut is seen."""
    sample = Sample(folder, "raw_salzburg_netz")
    for end in range(len(sample.octets)):
        assert sample.decode(sample.octets[:end]).readings == ()
        assert not sample.decode(sample.octets[:end]).is_sound


def hdlc(*messages: bytes) -> bytes:
    frames = [Frame(client_address(16), server_address(1), 0x13, LLC_ANSWER + message) for message in messages]
    return b"".join(frame.octets() for frame in frames)


KEYS = Keys(bytes(range(16)), bytes(range(16, 32)))
TITLE = b"GPS\x00\x00\x00\x00\x07"
PAIRS = array([octets(bytes((1, 0, 1, 8, 0, 255))), unsigned(32, 158689)])


def notification(body: Data) -> bytes:
    return b"\x0f\x00\x00\x00\x01\x00" + encode(body)


def ciphered(counter: int) -> bytes:
    return general_envelope(TITLE, protect(KEYS, 0x30, TITLE, counter, notification(PAIRS)))


def with_keys(octets_: bytes) -> Capture:
    return captures.decode_capture(octets_, CaptureKeys(KEYS.encryption, KEYS.authentication), PROFILE)


@pytest.mark.sec_18
def test_a_replayed_telegram_is_refused() -> None:
    first, second = ciphered(5), ciphered(6)
    assert len(with_keys(hdlc(first, second)).readings) == 2
    replayed = with_keys(hdlc(first, second, first))
    assert len(replayed.readings) == 2
    assert [refusal.reason.value for refusal in replayed.refusals] == ["counter-replayed"]


def test_every_flipped_bit_of_a_ciphered_telegram_is_refused() -> None:
    """The frame is made anew around it: only the tag can tell."""
    telegram = ciphered(5)
    for place in range(len(telegram) * 8):
        altered = bytearray(telegram)
        altered[place // 8] ^= 1 << place % 8
        capture = with_keys(hdlc(bytes(altered)))
        assert capture.readings == (), place
        assert not capture.is_sound


def test_a_ciphered_telegram_needs_its_key() -> None:
    capture = captures.decode_capture(hdlc(ciphered(1)), NO_KEYS, PROFILE)
    assert [refusal.reason.value for refusal in capture.refusals] == ["no-key"]


def mbus(apdu: bytes, size: int = 200) -> bytes:
    """An APDU in long frames of M-Bus, as a meter of Lower Austria or Tyrol sends it."""
    parts = [apdu[at : at + size] for at in range(0, len(apdu), size)]
    frames = []
    for number, part in enumerate(parts):
        body = bytes([0x53, 0xFF, number | (0x10 if number == len(parts) - 1 else 0), 0x01, 0x67]) + part
        frames.append(bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) & 0xFF, 0x16]))
    return b"".join(frames)


def test_m_bus_frames_are_put_together(folder: Path) -> None:
    sample = Sample(folder, "raw_salzburg_netz")
    capture = captures.decode_capture(mbus(sample.octets, 120), NO_KEYS, PROFILE)
    assert (capture.kind, len(capture.checks), capture.is_sound) == ("m-bus push", 3, True)
    assert [one.raw for one in capture.readings] == [one.raw for one in sample.decode().readings]
    assert capture.readings[0].protection is Protection.CRC
    assert with_keys(mbus(ciphered(9), 30)).readings[0].raw == 158689


def test_damaged_m_bus_frames_tell_nothing() -> None:
    stream = mbus(ciphered(9), 30)
    whole = with_keys(stream).readings
    for damaged in damages(stream, 1):
        capture = with_keys(damaged)
        assert capture.readings in ((), whole)
        assert capture.readings or not capture.is_sound


def test_general_blocks_over_hdlc_are_put_together() -> None:
    blocks = [block.octets() for block in split(ciphered(3), 20, window=63)]
    assert len(blocks) > 2
    assert with_keys(hdlc(*blocks)).readings[0].raw == 158689
    assert with_keys(hdlc(*blocks[:1], *blocks[2:])).readings == ()
    assert with_keys(hdlc(*blocks[:-1])).readings == ()


CODE = octets(bytes((1, 0, 1, 8, 0, 255)))
SCALED = structure(signed(8, 1), Data(Tag.ENUM, 30))


@pytest.mark.parametrize(
    "body",
    [
        array([structure(CODE, unsigned(32, 12), SCALED)]),
        structure(CODE, unsigned(32, 12), SCALED),
        structure(unsigned(16, 3), CODE, signed(8, 2), unsigned(32, 12), SCALED),
        structure(unsigned(32, 12), unsigned(16, 3), SCALED, CODE),
    ],
)
def test_telegrams_that_describe_themselves(body: Data) -> None:
    capture = captures.decode_capture(notification(body), NO_KEYS, PROFILE)
    assert [(one.value, one.unit) for one in capture.readings] == [(Decimal(120), "Wh")]


def test_a_scaler_may_stand_before_its_value() -> None:
    body = array([structure(unsigned(16, 3), CODE, signed(8, -2), unsigned(32, 1234))])
    capture = captures.decode_capture(notification(body), NO_KEYS, PROFILE)
    assert [one.value for one in capture.readings] == [Decimal("12.34")]


def test_a_telegram_that_begins_with_its_object_list() -> None:
    clock = structure(unsigned(16, 8), octets(bytes((0, 0, 1, 0, 0, 255))), signed(8, 2), unsigned(16, 0))
    energy = structure(unsigned(16, 3), CODE, signed(8, 2), unsigned(16, 0))
    time = octets(bytes.fromhex("07E60B0C0610360000FFC400"))
    body = structure(array([clock, energy]), time, unsigned(32, 4711))
    capture = captures.decode_capture(notification(body), NO_KEYS, PROFILE)
    assert [(dotted(one.obis), one.raw, one.ts_end) for one in capture.readings] == [
        ("0.0.1.0.0.255", 0, 1668268440),
        ("1.0.1.8.0.255", 4711, 1668268440),
    ]


def test_numbers_nobody_names_are_refused() -> None:
    capture = captures.decode_capture(notification(structure(unsigned(32, 1), unsigned(32, 2))), NO_KEYS, PROFILE)
    assert capture.readings == ()
    assert "layout-unknown" in capture.refusals[0].text
