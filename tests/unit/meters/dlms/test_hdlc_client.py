"""A client and a station over a line that loses and spoils frames: whole APDUs in their order, or the link given up."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from meter_adapters.dlms import hdlc
from meter_adapters.dlms.events import Apdu, Connected, Disconnected
from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.hdlc_client import HdlcClient, HdlcSettings
from meter_adapters.simulators.dlms_hdlc import Answer, HdlcStation

SERVER = hdlc.server_address(1)


def mirror(_client: int) -> Answer:
    """An application that sends back what it hears, upside down."""
    return lambda apdu: [bytes(reversed(apdu))]


class Line:
    """Both ends, and what happens to each message between them: 0 passes, 1 is lost, 2 has a bit turned."""

    def __init__(self, most_info: int, harm: list[int], tries: int = 6) -> None:
        self.client = HdlcClient(HdlcSettings(server=SERVER, most_info=most_info, tries=tries))
        self.station = HdlcStation(SERVER, mirror, most_info)
        self.harm = iter(harm)

    def passed(self, octets: bytes) -> bytes:
        kind = next(self.harm, 0)
        if kind == 1 or not octets:
            return b""
        return octets if kind == 0 else octets[:5] + bytes([octets[5] ^ 4]) + octets[6:]

    def until_event(self) -> object:
        for _ in range(2000):
            said = self.passed(self.client.next_bytes())
            heard = b"".join(self.passed(self.station.react(frame)) for frame in self.station.feed(said))
            events = self.client.feed(heard) if heard else self.client.expired()
            if events:
                return events[-1]
        raise AssertionError("the line never came to an end")


def test_a_long_apdu_goes_in_segments_both_ways() -> None:
    line = Line(128, [])
    line.client.connect()
    assert line.until_event() == Connected()
    for size in (1, 124, 125, 126, 1000, 5000):
        apdu = bytes(at % 251 for at in range(size))
        line.client.send(apdu)
        assert line.client.deadline() is not None
        assert line.until_event() == Apdu(bytes(reversed(apdu)))
    line.client.disconnect()
    assert line.until_event() == Disconnected()


def test_a_large_frame_is_agreed() -> None:
    line = Line(1024, [])
    line.client.connect()
    assert line.until_event() == Connected()
    line.client.send(bytes(3000))
    assert len(line.client.next_bytes()) == 1024 + 11


@settings(max_examples=120)
@given(st.lists(st.sampled_from([0, 0, 0, 1, 2]), max_size=60), st.sampled_from([40, 128]))
def test_losses_and_damage_never_change_an_apdu(harm: list[int], most_info: int) -> None:
    line = Line(most_info, harm)
    line.client.connect()
    outcome = line.until_event()
    for number in range(4):
        if not isinstance(outcome, Connected | Apdu):
            break
        apdu = bytes([number]) * (number * 150 + 1) + b"end"
        line.client.send(apdu)
        outcome = line.until_event()
        assert outcome == Apdu(bytes(reversed(apdu))) or isinstance(outcome, Fault)
    assert isinstance(outcome, Connected | Apdu | Fault)


def test_a_silent_meter_is_given_up() -> None:
    line = Line(128, [1] * 20, tries=3)
    line.client.connect()
    outcome = line.until_event()
    assert isinstance(outcome, Fault)
    assert outcome.code == "no-answer"


def test_a_meter_that_forgot_the_link_is_told_as_such() -> None:
    line = Line(128, [])
    line.client.connect()
    line.until_event()
    line.station = HdlcStation(SERVER, mirror)  # rebooted
    line.client.send(b"anything")
    assert line.until_event() == Fault("hdlc-disconnected", "the meter is in disconnected mode")


def test_frames_of_other_meters_are_passed_over() -> None:
    client = HdlcClient(HdlcSettings(server=SERVER))
    client.connect()
    client.next_bytes()
    other = hdlc.Frame(hdlc.client_address(16), hdlc.server_address(9), hdlc.UA | hdlc.POLL_FINAL)
    assert client.feed(other.octets()) == []
