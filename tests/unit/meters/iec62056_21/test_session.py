"""A session's core against written exchanges: modes A to E, programming mode, and what goes wrong on a line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_adapters.iec62056_21.framing import Telegram
from meter_adapters.iec62056_21.messages import BREAK, block_check, command, request
from meter_adapters.iec62056_21.session import MOST_FRAMES, MOST_NOISE, Session
from meter_adapters.iec62056_21.session_events import (
    Acknowledged,
    AskedAgain,
    Block,
    Failed,
    Goal,
    Identified,
    Opened,
    Pause,
    SessionEvent,
    SessionPlan,
)
from meter_adapters.meter_profiles.profile import LineSection
from meter_adapters.port import Core, LineSetting, Parity
from meter_adapters.readings import Protection, RefusalReason

LINE = LineSection()
NAK, ACK = b"\x15", b"\x06"


def framed(text: str, end: int = 3) -> bytes:
    body = text.encode() + bytes([end])
    return b"\x02" + body + bytes([block_check(body)])


READOUT = framed("1.8.0(000001.000*kWh)\r\n!\r\n")
IDENT = b"/GPs5SIM1\r\n"
ASKED = command("P0", "(10067967)")


class Talk:
    """Both ends of a session: what was sent, with the settings of the line between, and what became known."""

    def __init__(self, plan: SessionPlan | None = None) -> None:
        self.session = Session(plan or SessionPlan(LINE))
        self.core: Core[SessionEvent] = self.session
        self.events: list[SessionEvent] = []
        self.lines: list[int] = []
        self.waited = 0.0

    def sent(self) -> bytes:
        octets = b""
        while True:
            pause, out = self.session.pause(), b""
            if pause is None:
                out = self.session.next_bytes()
            if pause is None and not out:
                return octets
            octets += out
            if isinstance(pause, Pause):
                self.waited += pause.seconds
                self.lines += [pause.line.baud] if pause.line else []

    def hear(self, octets: bytes) -> bytes:
        """Feed octets; what the session then sends."""
        self.events += self.core.feed(octets)
        return self.sent()

    def silence(self) -> bytes:
        self.events += self.session.expired()
        return self.sent()

    def begin(self, goal: Goal) -> bytes:
        self.session.begin(goal)
        return self.sent()

    def programming(self) -> None:
        """Enter programming mode without a password."""
        self.begin(Goal.PROGRAMMING)
        self.hear(IDENT)
        self.hear(ASKED)
        assert self.session.is_ready
        self.events.clear()

    def ask(self, name: str, data: str) -> bytes:
        self.session.ask(name, data)
        return self.sent()

    def last(self) -> SessionEvent:
        return self.events[-1]

    def failure(self) -> RefusalReason | None:
        return self.events[-1].reason if isinstance(self.events[-1], Failed) else None


# Modes


def test_mode_c_offers_a_speed_and_both_sides_take_it() -> None:
    talk = Talk()
    assert talk.begin(Goal.READOUT) == b"/?!\r\n"
    assert talk.hear(b"/LGZ4ZMF100AC\r\n") == b"\x06040\r\n"
    assert talk.lines == [300, 4800]
    assert talk.waited == pytest.approx(0.2 + LINE.switch_delay)  # reaction time, then the delay before the switch
    talk.hear(READOUT)
    assert talk.last() == Block("1.8.0(000001.000*kWh)\r\n!\r\n", Protection.BCC)
    assert talk.session.is_settled
    assert talk.session.deadline() is None


def test_a_small_third_letter_allows_an_answer_after_20_ms() -> None:
    talk = Talk()
    talk.begin(Goal.READOUT)
    talk.hear(IDENT)
    assert talk.waited == pytest.approx(0.02 + LINE.switch_delay)


@pytest.mark.parametrize(
    ("line", "acknowledged", "lines"),
    [
        (LineSection(switches=False), b"\x06000\r\n", [300]),
        (LineSection(switches=False, baud=9600), b"\x06050\r\n", [9600]),
        (LineSection(most_baud=2400), b"\x06030\r\n", [300, 2400]),
    ],
)
def test_a_meter_that_does_not_follow_is_left_at_its_speed(
    line: LineSection, acknowledged: bytes, lines: list[int]
) -> None:
    talk = Talk(SessionPlan(line))
    talk.begin(Goal.READOUT)
    assert talk.hear(IDENT) == acknowledged
    assert talk.lines == lines


@pytest.mark.parametrize(("ident", "lines"), [(b"/GPsZold\r\n", [300]), (b"/GPsEold\r\n", [300, 9600])])
def test_modes_a_and_b_send_at_once_and_hear_no_acknowledgement(ident: bytes, lines: list[int]) -> None:
    talk = Talk()
    talk.begin(Goal.READOUT)
    assert talk.hear(ident) == b""
    assert talk.lines == lines
    talk.hear(READOUT)
    assert isinstance(talk.last(), Block)


def test_mode_d_pushes_and_is_asked_nothing() -> None:
    talk = Talk()
    assert talk.begin(Goal.LISTEN) == b""
    assert talk.hear(b"0(1)\r\n!\r\n/ESY5Q3D\r\n\r\n1.8.0(1*kWh)\r\n!\r\n") == b""
    assert talk.last() == Telegram(b"/ESY5Q3D\r\n\r\n1.8.0(1*kWh)\r\n!\r\n")
    assert talk.session.is_settled


def test_mode_e_leads_to_hdlc_at_8n1() -> None:
    talk = Talk()
    talk.begin(Goal.HDLC)
    talk.session.feed(b"/LGZ5\\2ZMD\r\n")
    steps: list[Pause | bytes] = []
    while (step := talk.session.pause() or talk.session.next_bytes()) != b"":
        steps.append(step)
    assert steps == [Pause(0.2), b"\x06252\r\n", Pause(LINE.switch_delay, LineSetting(9600, 8, Parity.NONE))]
    without = Talk()
    without.begin(Goal.HDLC)
    without.hear(IDENT)
    assert without.failure() is RefusalReason.NOT_SUPPORTED


def test_a_battery_device_is_woken_first() -> None:
    talk = Talk(SessionPlan(LINE, address="12345678", wakes=True))
    assert talk.begin(Goal.READOUT) == bytes(66) + b"/?12345678!\r\n"
    assert talk.waited == pytest.approx(1.6)


# What goes wrong before programming mode


def test_silence_is_asked_again_twice_and_then_told() -> None:
    talk = Talk()
    talk.begin(Goal.READOUT)
    assert talk.session.deadline() == LINE.reaction
    assert talk.silence() == talk.silence() == request()
    assert talk.silence() == b""
    assert [type(event) for event in talk.events] == [AskedAgain, AskedAgain, Failed]
    assert talk.last() == Failed(RefusalReason.NO_ANSWER, "no answer")


def test_a_damaged_readout_begins_the_session_anew_at_its_first_speed() -> None:
    talk = Talk()
    talk.begin(Goal.READOUT)
    talk.hear(IDENT)
    assert talk.hear(READOUT[:-1] + b"\x00") == request()
    assert talk.lines == [300, 9600, 300]
    talk.hear(IDENT)
    talk.hear(READOUT)
    assert isinstance(talk.last(), Block)


def test_a_readout_that_stops_is_judged_at_the_gap() -> None:
    talk = Talk()
    talk.begin(Goal.READOUT)
    talk.hear(IDENT)
    talk.hear(READOUT[:20])
    assert talk.session.deadline() == LINE.gap
    assert talk.silence() == request()
    assert not any(isinstance(event, Block) for event in talk.events)


def test_a_block_without_its_check_is_taken_only_where_the_plan_says_so() -> None:
    for unchecked in (False, True):
        talk = Talk(replace(SessionPlan(LINE), unchecked=unchecked))
        talk.begin(Goal.READOUT)
        talk.hear(IDENT)
        talk.hear(READOUT[:-1])
        talk.silence()
        blocks = [event for event in talk.events if isinstance(event, Block)]
        assert [block.protection for block in blocks] == ([Protection.NONE] if unchecked else [])


def test_the_probes_echo_is_no_answer() -> None:
    talk = Talk()
    talk.begin(Goal.READOUT)
    assert talk.hear(b"/?!\r\n") == b""
    assert talk.hear(IDENT) == b"\x06050\r\n"
    assert talk.hear(b"\x06050\r\n") == b""
    talk.hear(READOUT)
    assert isinstance(talk.last(), Block)


def test_a_line_of_noise_is_given_up() -> None:
    talk = Talk()
    talk.begin(Goal.READOUT)
    for _ in range(40):
        talk.hear(b"\x55" * (MOST_NOISE // 30) + b"\x06")
    assert talk.failure() is RefusalReason.CHECK_FAILED


def test_damaged_telegrams_are_waited_over_and_then_given_up() -> None:
    talk = Talk()
    talk.begin(Goal.LISTEN)
    for _ in range(3):
        talk.hear(b"/ESY5Q3D\r\n\r\n1.8.0(\x021*kWh)\r\n\x03\x00")
    assert [type(event) for event in talk.events] == [AskedAgain, AskedAgain, Failed]
    silent = Talk()
    silent.begin(Goal.LISTEN)
    silent.silence()
    assert isinstance(silent.last(), Failed)


# Programming mode


def test_the_password_is_given_and_taken() -> None:
    talk = Talk(SessionPlan(LINE, password="00000000"))
    talk.begin(Goal.PROGRAMMING)
    assert talk.hear(IDENT) == b"\x06051\r\n"
    assert talk.hear(ASKED) == command("P1", "(00000000)")
    talk.hear(ACK)
    assert talk.last() == Opened("10067967")
    assert talk.ask("R1", "1.8.0()") == bytes.fromhex("01 52 31 02 31 2e 38 2e 30 28 29 03 5a")
    talk.hear(framed("1.8.0(1*kWh)"))
    assert talk.last() == Block("1.8.0(1*kWh)", Protection.BCC)
    talk.session.leave()
    assert talk.sent() == BREAK


def test_a_manufacturers_algorithm_answers_the_seed() -> None:
    plan = SessionPlan(LINE, password="secret", algorithm=lambda seed, password: f"{seed[::-1]}{len(password)}")
    talk = Talk(plan)
    talk.begin(Goal.PROGRAMMING)
    talk.hear(IDENT)
    assert talk.hear(ASKED) == command("P2", "(769760016)")
    assert "secret" not in repr(plan)


@pytest.mark.parametrize("answer", [NAK, framed("(ERROR)"), framed("(ER05)"), BREAK])
def test_a_refused_password_ends_the_session_with_a_break(answer: bytes) -> None:
    talk = Talk(SessionPlan(LINE, password="wrong"))
    talk.begin(Goal.PROGRAMMING)
    talk.hear(IDENT)
    talk.hear(ASKED)
    assert talk.hear(answer) == BREAK
    assert talk.failure() is RefusalReason.PASSWORD_WRONG


def test_a_damaged_or_missing_answer_to_the_password_is_no_reason_to_send_it_again() -> None:
    for damage in (framed("(ERROR)")[:-1] + b"\x00", b""):
        talk = Talk(SessionPlan(LINE, password="right"))
        talk.begin(Goal.PROGRAMMING)
        talk.hear(IDENT)
        talk.hear(ASKED)
        assert (talk.hear(damage) or talk.silence()) == BREAK
        assert talk.failure() not in (None, RefusalReason.PASSWORD_WRONG)


def test_a_damaged_answer_is_asked_for_by_nak() -> None:
    talk = Talk()
    talk.programming()
    talk.ask("R5", "P.01(;)")
    good = framed("P.01(1)")
    assert talk.hear(good[:-1] + b"\x00") == NAK
    assert talk.hear(good[:4]) == b""
    assert talk.silence() == NAK
    talk.hear(good)
    assert talk.last() == Block("P.01(1)", Protection.BCC)


def test_an_answer_that_stays_damaged_is_given_up_with_a_break() -> None:
    talk = Talk()
    talk.programming()
    talk.ask("R5", "P.01(;)")
    sent = [talk.hear(framed("P.01(1)")[:-1] + b"\x00") for _ in range(3)]
    assert sent == [NAK, NAK, BREAK]
    assert not any(isinstance(event, Block) for event in talk.events)
    assert isinstance(talk.last(), Failed)


def test_nak_and_silence_repeat_the_question() -> None:
    talk = Talk()
    talk.programming()
    asked = talk.ask("R1", "1.8.0()")
    assert talk.hear(NAK) == asked
    assert talk.silence() == asked
    assert talk.silence() == BREAK
    assert isinstance(talk.last(), Failed)


def test_partial_blocks_are_acknowledged_and_come_out_as_one() -> None:
    talk = Talk()
    talk.programming()
    talk.ask("R6", "P.01(;;10)")
    assert talk.hear(framed("P.01(1)\r\n", 4)) == ACK
    assert talk.hear(framed("(2)\r\n", 4)[:-1] + b"\x00") == NAK
    assert talk.hear(framed("(2)\r\n", 4)) == ACK
    assert not any(isinstance(event, Block) for event in talk.events)
    talk.hear(framed("(3)\r\n"))
    assert talk.last() == Block("P.01(1)\r\n(2)\r\n(3)\r\n", Protection.BCC)


def test_partial_blocks_that_stop_leave_nothing_behind() -> None:
    talk = Talk()
    talk.programming()
    talk.ask("R6", "P.01(;;10)")
    talk.hear(framed("P.01(1)\r\n", 4))
    talk.silence()
    assert isinstance(talk.last(), Failed)
    talk.programming()
    talk.ask("R1", "1.8.0()")
    talk.hear(framed("1.8.0(1)"))
    assert talk.last() == Block("1.8.0(1)", Protection.BCC)


def test_an_error_of_the_meter_leaves_programming_mode_open() -> None:
    talk = Talk()
    talk.programming()
    talk.ask("R1", "9.9.9()")
    talk.hear(framed("(ERROR)"))
    assert talk.last() == Failed(RefusalReason.METER_ERROR, "the meter answers ERROR")
    assert talk.session.is_ready


def test_a_meter_that_breaks_off_is_told_apart() -> None:
    talk = Talk()
    talk.programming()
    talk.ask("R1", "1.8.0()")
    talk.hear(BREAK)
    assert talk.failure() is RefusalReason.METER_ERROR


def test_a_write_is_acknowledged() -> None:
    talk = Talk()
    talk.programming()
    talk.ask("W1", "0.9.1(120000)")
    talk.hear(ACK)
    assert talk.last() == Acknowledged()
    assert talk.session.is_ready


@pytest.mark.parametrize(("answer", "reason"), [(READOUT, RefusalReason.NOT_SUPPORTED), (BREAK, RefusalReason.BUSY)])
def test_a_meter_without_programming_mode_is_told(answer: bytes, reason: RefusalReason) -> None:
    talk = Talk()
    talk.begin(Goal.PROGRAMMING)
    talk.hear(IDENT)
    talk.hear(answer)
    assert talk.failure() is reason


def test_who_is_there_needs_no_more_than_the_identification() -> None:
    talk = Talk()
    talk.begin(Goal.IDENTIFY)
    assert talk.hear(IDENT) == b""
    assert isinstance(talk.last(), Identified)
    assert talk.session.is_settled


# Property: a recorded session, damaged once anywhere


ANSWERS = {
    request(): IDENT,
    b"\x06051\r\n": ASKED,
    command("P1", "(00000000)"): ACK,
    command("R5", "P.01(;)"): framed("P.01(1260401010000)(08)(15)(1)(1.29)(kWh)\r\n(0.304)\r\n(0.317)\r\n"),
}
TRUE = Block("P.01(1260401010000)(08)(15)(1)(1.29)(kWh)\r\n(0.304)\r\n(0.317)\r\n", Protection.BCC)


@st.composite
def damage(draw: st.DrawFn) -> tuple[int, str, int, int]:
    """Which of the meter's answers is damaged, how, where, and how the stream is split."""
    return (
        draw(st.integers(0, 3)),
        draw(st.sampled_from(["cut", "flip", "lose", "double"])),
        draw(st.integers(0, 800)),
        draw(st.integers(1, 40)),
    )


def damaged(octets: bytes, how: str, where: int) -> bytes:
    place = where % len(octets)
    match how:
        case "cut":
            return octets[:place]
        case "flip":
            return octets[:place] + bytes([octets[place] ^ 1 << where % 8]) + octets[place + 1 :]
        case "lose":
            return octets[:place] + octets[place + 1 :]
        case _:
            return octets + octets


@given(damage())
@settings(max_examples=300)
def test_a_session_damaged_once_gives_the_true_rows_or_a_failure(case: tuple[int, str, int, int]) -> None:
    struck, how, where, step = case
    talk = Talk(SessionPlan(LINE, password="00000000"))
    heard = talk.begin(Goal.PROGRAMMING)
    asked = False
    answers = 0
    for _ in range(60):
        answer = ANSWERS.get(heard, b"")
        if heard == NAK:
            answer = ANSWERS[command("R5", "P.01(;)")] if asked else ASKED
        if answer and answers == struck:
            answer = damaged(answer, how, where)
        answers += bool(answer)
        heard = b"".join(talk.hear(answer[place : place + step]) for place in range(0, len(answer), step))
        if talk.session.is_ready and not asked:
            asked, heard = True, talk.ask("R5", "P.01(;)")
        elif talk.session.is_settled:
            break
        elif not heard:
            heard = talk.silence()
    blocks = [event for event in talk.events if isinstance(event, Block)]
    assert all(block == TRUE for block in blocks)
    assert blocks or isinstance(talk.last(), Failed)


def test_a_meter_that_may_be_in_programming_mode_hears_the_break_at_its_speed_before_the_line_changes() -> None:
    talk = Talk()
    talk.begin(Goal.PROGRAMMING)
    talk.hear(IDENT)
    talk.lines.clear()
    assert talk.silence() == BREAK + request()
    assert talk.lines == [300]


@pytest.mark.parametrize("goal", [Goal.READOUT, Goal.LISTEN, Goal.PROGRAMMING])
def test_a_meter_that_never_stops_talking_of_other_things_is_given_up(goal: Goal) -> None:
    talk = Talk()
    talk.begin(goal)
    for _ in range(MOST_FRAMES + 1):
        talk.hear(command("R1", "1.8.0()"))
    assert talk.failure() is RefusalReason.NOT_UNDERSTOOD
    assert talk.session.is_settled


@pytest.mark.parametrize("ident", [b"/GPsZold\r\n", b"/GPsEold\r\n"])
def test_meters_of_modes_a_and_b_have_no_hdlc(ident: bytes) -> None:
    talk = Talk()
    talk.begin(Goal.HDLC)
    talk.hear(ident)
    assert talk.failure() is RefusalReason.NOT_SUPPORTED
