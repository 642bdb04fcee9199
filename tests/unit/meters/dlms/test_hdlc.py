"""HDLC frames: found by their length in any pieces, never believed against their checks."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.fcs import fcs16
from meter_adapters.dlms.hdlc import Frame, FrameReader, client_address, information, receive_ready, server_address

FRAMES = st.builds(
    Frame,
    destination=st.integers(1, 127).map(client_address),
    source=st.one_of(
        st.integers(1, 127).map(server_address),
        st.tuples(st.integers(0, 127), st.integers(0, 127)).map(lambda a: server_address(*a, size=2)),
        st.tuples(st.integers(0, 16383), st.integers(0, 16383)).map(lambda a: server_address(*a, size=4)),
    ),
    control=st.integers(0, 7).map(lambda n: information(n, 3)),
    information=st.binary(max_size=60) | st.lists(st.sampled_from([0x7E, 0xA0, 0x7D]), max_size=30).map(bytes),
    segmented=st.booleans(),
)


def test_the_published_check_of_its_family() -> None:
    """CRC-16/X-25 of "123456789" is 906Eh."""
    assert fcs16(b"123456789") == 0x906E
    assert fcs16(b"123456789", start=0, final=0) == 0x2189, "Kermit"


def test_the_frame_of_a_standard_connection() -> None:
    """SNRM from client 16 to server 1, as published with every DLMS tool."""
    assert Frame(server_address(1), client_address(16), 0x93).octets().hex() == "7ea0070321930f017e"
    assert server_address(1, 17, size=4).hex() == "00020023"


def test_numbers_of_frames() -> None:
    frame = Frame(client_address(16), server_address(1), information(5, 3), b"x")
    assert (frame.is_information, frame.send_number, frame.receive_number, frame.final) == (True, 5, 3, True)
    assert Frame(b"\x21", b"\x03", receive_ready(6)).receive_number == 6


@given(st.lists(FRAMES, min_size=1, max_size=4), st.data())
def test_frames_are_found_however_they_are_split(frames: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(frame.octets() for frame in frames)
    reader, found, at = FrameReader(), [], 0
    while at < len(stream):
        size = data.draw(st.integers(1, 40))
        found += reader.feed(stream[at : at + size])
        at += size
    assert found == frames


@given(st.lists(FRAMES, min_size=1, max_size=3))
def test_frames_may_share_a_flag(frames: list[Frame]) -> None:
    stream = b"\x7e" + b"".join(frame.octets()[1:] for frame in frames)
    assert FrameReader().feed(stream) == frames


@settings(max_examples=200)
@given(st.lists(FRAMES, min_size=1, max_size=3), st.data())
def test_a_flipped_bit_costs_a_frame_and_never_makes_another(frames: list[Frame], data: st.DataObject) -> None:
    """A wrong length may wait for more: the next telegram brings it, as on a line that goes on."""
    stream = bytearray(b"".join(frame.octets() for frame in frames))
    place = data.draw(st.integers(0, len(stream) * 8 - 1))
    stream[place // 8] ^= 1 << place % 8
    after = Frame(b"\x21", b"\x03", 0x13, b"after")
    reader = FrameReader()
    found = [one for one in reader.feed(bytes(stream) + after.octets() * 60) if not isinstance(one, Fault)]
    kept = [one for one in found if one != after]
    assert all(one in frames for one in kept)
    assert len(kept) >= len(frames) - 2


@given(FRAMES, st.data())
def test_a_cut_frame_is_waited_for(frame: Frame, data: st.DataObject) -> None:
    whole = frame.octets()
    assert FrameReader().feed(whole[: data.draw(st.integers(0, len(whole) - 1))]) == []


@given(st.binary(max_size=30).filter(lambda noise: 0x7E not in noise), FRAMES)
def test_noise_before_a_frame_is_skipped(noise: bytes, frame: Frame) -> None:
    assert FrameReader().feed(noise + frame.octets()) == [frame]
