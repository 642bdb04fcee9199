"""What we send, octet for octet, and the identifications meters answer with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_adapters.iec62056_21.messages import (
    BREAK,
    Control,
    Mode,
    acknowledgement,
    block_check,
    command,
    identification,
    request,
    seven_bit,
)

VECTORS = [
    (request(), "2f 3f 21 0d 0a"),
    (request("12345678"), "2f 3f 31 32 33 34 35 36 37 38 21 0d 0a"),
    (acknowledgement(Control.READOUT, "0"), "06 30 30 30 0d 0a"),
    (acknowledgement(Control.READOUT, "5"), "06 30 35 30 0d 0a"),
    (acknowledgement(Control.PROGRAMMING, "5"), "06 30 35 31 0d 0a"),
    (acknowledgement(Control.HDLC, "5"), "06 32 35 32 0d 0a"),
    (command("P0", "(1234567)"), "01 50 30 02 28 31 32 33 34 35 36 37 29 03 50"),
    (command("P1", "(00000000)"), "01 50 31 02 28 30 30 30 30 30 30 30 30 29 03 61"),
    (command("R1", "1.8.0()"), "01 52 31 02 31 2e 38 2e 30 28 29 03 5a"),
    (
        command("R5", "P.01(1260401000000;)"),
        "01 52 35 02 50 2e 30 31 28 31 32 36 30 34 30 31 30 30 30 30 30 30 3b 29 03 13",
    ),
    (
        command("R5", "P.01(0260325000000;0260326000000)"),
        "01 52 35 02 50 2e 30 31 28 30 32 36 30 33 32 35 30 30 30 30 30 30 3b 30 32 36 30 33 32 36 30 30 30 30 30 30 "
        "29 03 20",
    ),
    (
        command("R6", "P.01(0260325000000;;10)"),
        "01 52 36 02 50 2e 30 31 28 30 32 36 30 33 32 35 30 30 30 30 30 30 3b 3b 31 30 29 03 2a",
    ),
    (command("W1", "C003(260401120000)"), "01 57 31 02 43 30 30 33 28 32 36 30 34 30 31 31 32 30 30 30 30 29 03 14"),
    (BREAK, "01 42 30 03 71"),
]


@pytest.mark.parametrize(("sent", "octets"), VECTORS)
def test_messages_are_sent_as_computed(sent: bytes, octets: str) -> None:
    assert sent == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("octets", "check"),
    [
        ("02 28 45 52 52 4f 52 29 03", 0x5A),  # (ERROR)
        ("02 21 0d 0a 03", 0x25),  # the empty data block
        ("01 50 30 02 28 31 32 33 34 35 36 37 29 03", 0x50),
    ],
)
def test_the_block_check_begins_behind_the_first_control_character(octets: str, check: int) -> None:
    assert block_check(bytes.fromhex(octets)[1:]) == check


def test_an_address_of_the_configuration_is_letters_and_digits() -> None:
    with pytest.raises(ValueError, match="no device address"):
        request("12\r\n!")
    with pytest.raises(ValueError, match="no device address"):
        request("1" * 33)


@pytest.mark.parametrize(
    ("line", "manufacturer", "mode", "baud", "text", "reaction"),
    [
        ("/LGZ4ZMF100AC.M26", "LGZ", Mode.C, 4800, "ZMF100AC.M26", 0.2),
        ("/ISk5MT174-0002", "ISk", Mode.C, 9600, "MT174-0002", 0.02),
        ("/LGZ5\\2ZMD4054459.B40", "LGZ", Mode.E, 9600, "ZMD4054459.B40", 0.2),
        ("/EMH5\\@ \\2X", "EMH", Mode.C, 9600, "\\2X", 0.2),
        ("/MCS5\\@\\2V1", "MCS", Mode.E, 9600, "V1", 0.2),
        ("/ABCE1", "ABC", Mode.B, 9600, "1", 0.2),
        ("/ABCZold", "ABC", Mode.A, None, "old", 0.2),
    ],
)
def test_identifications_tell_mode_and_speed(
    line: str, manufacturer: str, mode: Mode, baud: int | None, text: str, reaction: float
) -> None:
    found = identification(line.encode())
    assert found is not None
    assert (found.manufacturer, found.mode, found.offered_baud) == (manufacturer, mode, baud)
    assert found.text.endswith(text)
    assert found.reaction == reaction


@pytest.mark.parametrize(
    "line", ["", "/", "/?!", "/AB5", "/ab55x", "LGZ4ZMF", "/LGZ", "/LGZ!x", "/LGZ4\x02x", "/LGZ\\2"]
)
def test_other_lines_are_no_identification(line: str) -> None:
    assert identification(line.encode()) is None


def parity(octet: int) -> int:
    return octet | (octet.bit_count() & 1) << 7


@given(st.binary(min_size=1, max_size=60).map(lambda octets: bytes(octet & 0x7F for octet in octets)))
def test_seven_bits_come_out_of_every_way_to_hear_them(octets: bytes) -> None:
    assert seven_bit(octets) == octets
    assert seven_bit(bytes(octet | 0x80 for octet in octets)) == octets
    assert seven_bit(bytes(parity(octet) for octet in octets)) == octets


@given(st.binary(min_size=3, max_size=60), st.data())
def test_one_wrong_parity_bit_is_seen(octets: bytes, data: st.DataObject) -> None:
    heard = bytearray(parity(octet & 0x7F) for octet in octets)
    place = data.draw(st.integers(0, len(heard) - 1))
    heard[place] ^= 1 << data.draw(st.integers(0, 6))
    if max(heard) >= 0x80 > min(heard):
        assert seven_bit(bytes(heard)) is None
