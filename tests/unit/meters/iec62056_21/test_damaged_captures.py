"""Damaged captures: refused, or true rows only; never another number."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meter_adapters.iec62056_21.framing import Framer
from meter_adapters.iec62056_21.messages import block_check, command
from meter_adapters.readings import Capture, Protection, RefusalReason

from .captures_of_meters import FOLDER, decoded, said

CHECKED = ["lgz-e350-zmf100-m26", "isk-mt174-short", "paf-ec3-pl", "dsmr-v5", "dsmr-v42-kaifa", "ell-se-p1"]
BLOCKS = CHECKED[:3]
PROFILES = ["mcs-metcom-p01", "emh-p01-2rows"]
ALL = [*CHECKED, *PROFILES, "isk-mt382-tariffs", "lgz-zmd4054459-billing", "mcs-metcom-table1", "esy-q3d-moded"]

READOUT = (
    b"\x021-0:0.9.2*255(0260127)\r\n1-0:0.9.1*255(105644)\r\n1-0:1.8.0*255(0000502.853*kWh)\r\n"
    b"1-0:2.8.0*255(0098697.318*kWh)\r\n!\r\n\x03"
)
PROFILE = (
    b"\x02P.01(1260401010000)(08)(15)(2)(1-0:1.29.0)(kWh)(1-0:2.29.0)(kWh)\r\n(0.304)(0.000)\r\n(0.317)(0.001)\r\n"
    b"P.01(1260401020000)(88)(15)(2)(1-0:1.29.0)(kWh)(1-0:2.29.0)(kWh)\r\n(0.338)(0.002)\r\n\x03"
)
SESSIONS = {
    "readout": b"/ISk5MT174-0002\r\n" + READOUT + bytes([block_check(READOUT[1:])]),
    "profile": PROFILE + bytes([block_check(PROFILE[1:])]),
}


def octets_of(shared: Path, stem: str) -> bytes:
    return (shared / FOLDER / f"{stem}.bin").read_bytes()


def is_true_part(capture: Capture, truth: Capture) -> bool:
    """Whether every value is one of the undamaged capture; the meter's name in front of them may be gone."""
    rest = said(truth)
    return all(one in rest for one in said(capture))


# AM-1.1
@pytest.mark.parametrize("stem", CHECKED)
def test_no_bit_turned_over_gives_another_number(shared: Path, stem: str) -> None:
    octets = octets_of(shared, stem)
    truth = decoded(octets)
    for bit in range(0, len(octets) * 8, 3):  # every third: all octets, and every bit of an octet, are met
        damaged = bytearray(octets)
        damaged[bit // 8] ^= 1 << bit % 8
        capture = decoded(bytes(damaged))
        assert not capture.readings or is_true_part(capture, truth), (bit, capture)
        if capture.readings:  # damage the check does not cover: before the block, or case and end of the CRC line
            assert {one.protection for one in capture.readings} != {Protection.NONE} or not capture.is_sound


@pytest.mark.parametrize("stem", ALL)
def test_no_octet_lost_and_no_cut_gives_another_number(shared: Path, stem: str) -> None:
    octets = octets_of(shared, stem)
    truth = decoded(octets)
    for place in range(0, len(octets), 2):
        cut = decoded(octets[:place])
        assert is_true_part(cut, truth), place
        lost = decoded(octets[:place] + octets[place + 1 :])
        if stem in CHECKED:
            assert is_true_part(lost, truth), place


@pytest.mark.parametrize("stem", BLOCKS)
def test_a_block_whose_end_is_gone_is_refused_whole(shared: Path, stem: str) -> None:
    octets = octets_of(shared, stem)
    for place in range(octets.index(b"\x02") + 1, octets.index(b"\x03")):
        capture = decoded(octets[:place])
        assert not capture.readings
        assert [one.reason for one in capture.refusals] == [RefusalReason.CHECK_FAILED]
    noise = decoded(octets.replace(b"\x03", b"\x58"))
    assert not noise.readings
    assert not noise.is_sound


@pytest.mark.parametrize("stem", ["dsmr-v5", "dsmr-v42-kaifa", "ell-se-p1", "isk-mt382-tariffs", "esy-q3d-moded"])
def test_a_telegram_whose_end_is_gone_is_refused_whole(shared: Path, stem: str) -> None:
    octets = octets_of(shared, stem)
    for place in range(30, octets.rindex(b"!") + 1):
        assert not decoded(octets[:place]).readings


@pytest.mark.parametrize(
    "heard",
    [lambda octet: octet | 0x80, lambda octet: octet | (octet.bit_count() & 1) << 7],
    ids=["eighth bit set", "even parity"],
)
@pytest.mark.parametrize("stem", CHECKED)
def test_a_seven_bit_line_heard_with_eight_bits_reads_the_same(
    shared: Path, stem: str, heard: Callable[[int], int]
) -> None:
    octets = octets_of(shared, stem)
    capture = decoded(bytes(heard(octet) for octet in octets))
    assert capture.is_sound
    assert said(capture) == said(decoded(octets))


@pytest.mark.parametrize("stem", BLOCKS)
def test_what_stands_behind_a_block_is_told(shared: Path, stem: str) -> None:
    octets = octets_of(shared, stem)
    truth = decoded(octets)
    again = decoded(octets + b"/ISk5MT174-0002\r\n")
    assert said(again) == said(truth)
    assert not again.is_sound
    stray = decoded(octets + command("B0"))  # seen from an EMH meter: the block before it is good
    assert said(stray) == said(truth)
    assert stray.is_sound
    assert "message B0" in stray.notes


def test_unprotected_data_with_octets_behind_it_is_refused(shared: Path) -> None:
    octets = octets_of(shared, "isk-mt174-short").replace(b"\x02", b"\r\n")
    assert not decoded(octets).readings


def test_a_profile_cut_within_a_row_gives_its_whole_rows_and_where_to_go_on() -> None:
    cut = SESSIONS["profile"][: PROFILE.index(b"(0.317)") + len("(0.317)(0.00")]
    capture = decoded(cut)
    assert [str(one.value) for one in capture.readings] == ["304", "0"]
    assert {one.protection for one in capture.readings} == {Protection.NONE}
    assert "go on behind 1260401010000" in capture.refusals[0].text
    assert not capture.is_sound


def test_a_whole_profile_with_an_incomplete_row_is_refused() -> None:
    body = PROFILE.replace(b"(0.317)(0.001)", b"(0.317)(0.001")
    capture = decoded(body + bytes([block_check(body[1:])]))
    assert not capture.readings
    assert capture.refusals[0].reason is RefusalReason.NOT_UNDERSTOOD


@pytest.mark.parametrize("answer", [b"\x02(ERROR)\x03\x5a", b"\x02P.01(ERROR)\x03"])
def test_an_error_of_the_meter_is_its_own_reason(answer: bytes) -> None:
    capture = decoded(answer)
    assert [one.reason for one in capture.refusals] == [RefusalReason.METER_ERROR]


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A session with one damage: cut, a bit turned over, an octet lost or brought in."""
    name = draw(st.sampled_from(sorted(SESSIONS)))
    octets = bytearray(SESSIONS[name])
    place = draw(st.integers(0, len(octets) - 1))
    match draw(st.sampled_from(["cut", "flip", "lose", "bring"])):
        case "cut":
            del octets[place:]
        case "flip":
            octets[place] ^= 1 << draw(st.integers(0, 7))
        case "lose":
            del octets[place]
        case _:
            octets.insert(place, draw(st.integers(0, 255)))
    return name, bytes(octets)


@given(damaged())
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_a_checked_session_damaged_once_gives_true_rows_or_a_refusal(case: tuple[str, bytes]) -> None:
    name, octets = case
    capture = decoded(octets)
    assert is_true_part(capture, decoded(SESSIONS[name])), capture


@given(st.sampled_from(sorted(SESSIONS)), st.lists(st.integers(0, 400), max_size=12))
def test_frames_do_not_depend_on_how_the_stream_was_split(name: str, places: list[int]) -> None:
    octets = b"noise" + SESSIONS[name] + SESSIONS[name]
    whole, split = Framer(), Framer()
    expected = whole.feed(octets) + whole.finish()
    found = []
    bounds = sorted({0, len(octets), *(place % len(octets) for place in places)})
    for start, end in pairwise(bounds):
        found += split.feed(octets[start:end])
    assert found + split.finish() == expected


@given(st.binary(max_size=300))
def test_any_octets_are_read_without_an_exception(octets: bytes) -> None:
    decoded(octets)
    decoded(b"\x02" + octets + b"\x03" + bytes([block_check(octets + b"\x03")]))
    decoded(b"/ABC5x\r\n\r\n" + octets + b"\r\n!\r\n")


@given(st.text(st.sampled_from("0123456789.:*&-()P kWh!\r\n,"), max_size=200))
def test_any_text_of_the_grammars_letters_is_read_without_an_exception(text: str) -> None:
    decoded(text.encode())
    decoded(f"P.01(1260401010000)(08)(15)(1)(1.5)(kW)\r\n{text}".encode())
