"""SML captures: published streams tell their values, files damaged on the way tell none."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from meter_adapters.meter_profiles.files import shipped_profile
from meter_adapters.obis import Obis
from meter_adapters.readings import Capture, CaptureKeys, Protection
from meter_adapters.sml import captures
from meter_adapters.sml.transport import SmlReader

PROFILE = shipped_profile("sml")
IMPORT, POWER = Obis(1, 0, 1, 8, 0), Obis(1, 0, 16, 7, 0)


@pytest.fixture(scope="module")
def iskra(shared: Path) -> bytes:
    return (shared / "data/meters/dlms/sml_ISKRA_MT175_D1A52-V22-K0t.bin").read_bytes()


@pytest.fixture(scope="module")
def emh(shared: Path) -> bytes:
    return (shared / "data/meters/dlms/sml_EMH_eHZ-HW8E2A5L0EK2P.bin").read_bytes()


def decode(octets: bytes) -> Capture:
    return captures.decode_capture(octets, CaptureKeys(), PROFILE)


def test_the_published_values_of_an_mt175(iskra: bytes) -> None:
    # AM-1.2
    assert captures.sniff(iskra)
    capture = decode(iskra)
    assert capture.is_sound
    assert len(capture.checks) == 8
    first = {reading.obis: reading for reading in reversed(capture.readings)}
    assert (first[IMPORT].value, first[IMPORT].unit) == (Decimal("10732309.1"), "Wh")
    assert (first[POWER].value, first[POWER].unit) == (Decimal(-4308), "W")
    assert first[IMPORT].protection is Protection.CRC
    assert first[IMPORT].meter.manufacturer == "ISK"
    assert first[IMPORT].status_raw is not None


def test_a_stream_that_begins_within_a_file_loses_that_one_alone(emh: bytes) -> None:
    capture = decode(emh)
    assert capture.is_sound
    values = [reading.value for reading in capture.readings if reading.obis == IMPORT]
    assert len(values) == 12
    assert values == sorted(values)


def test_files_are_found_however_the_stream_is_split(iskra: bytes) -> None:
    whole = SmlReader().feed(iskra)
    for size in (1, 3, 7, 1000):
        reader, found = SmlReader(), []
        for at in range(0, len(iskra), size):
            found += reader.feed(iskra[at : at + size])
        assert found == whole


def test_a_flipped_bit_costs_its_file_and_never_makes_a_value(iskra: bytes) -> None:
    start = iskra.index(b"\x1b\x1b\x1b\x1b\x01\x01\x01\x01")
    one = iskra[start : iskra.index(b"\x1b\x1b\x1b\x1b\x01\x01\x01\x01", start + 8)]
    whole = decode(one).readings
    assert len(whole) == 13
    for place in range(0, len(one) * 8, 3):
        damaged = bytearray(one)
        damaged[place // 8] ^= 1 << place % 8
        capture = decode(bytes(damaged))
        assert capture.readings == (), place
        assert not capture.is_sound
    for end in range(0, len(one), 5):
        assert decode(one[:end]).readings == ()
