"""One session with a meter of IEC 62056-21, modes A to E, without line and without clock.

A session goes request, identification, acknowledgement, change of speed, and then data, programming mode or HDLC. It is
fed octets and told when nothing came (`expired`); it hands out octets (`next_bytes`), what to do behind them (`pause`)
and how long to wait (`deadline`). What is damaged is asked for again; nothing of it comes out.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto

from meter_adapters.iec62056_21.framing import Answered, Damaged, Frame, Framer, Message, Noise, Telegram
from meter_adapters.iec62056_21.messages import (
    ACK,
    BREAK,
    NAK,
    SPEEDS_C,
    WAKE_UP,
    WAKE_UP_PAUSE,
    Control,
    Identification,
    Mode,
    acknowledgement,
    command,
    request,
)
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
from meter_adapters.port import LineSetting, Parity
from meter_adapters.readings import Protection, RefusalReason

TRIES = 3
"""How often the same thing is asked for."""
MOST_FRAMES = 64
"""Messages heard on one question before it counts as unanswered: a meter that pushes telegrams has no pause."""
MOST_NOISE = 8192
"""Octets of nothing after which a line counts as broken."""


class _State(Enum):
    IDLE = auto()
    REQUESTED = auto()
    DATA = auto()
    ENTERING = auto()
    """Programming mode was asked for; the password request is awaited."""
    PASSWORD = auto()
    """The password was sent."""
    READY = auto()
    ANSWER = auto()
    LISTENING = auto()
    OVER = auto()


_WAITING = frozenset({_State.REQUESTED, _State.DATA, _State.ENTERING, _State.PASSWORD, _State.ANSWER, _State.LISTENING})
_BREAK_PAUSE = 0.1
_ERROR = re.compile(r"(?:[0-9A-Z.:*&-]{1,24})?\((ER[A-Z0-9 ]*)\)\s*")


class Session:
    """The core of a session. Begin one with `begin`, ask in programming mode with `ask`, leave with `leave`."""

    def __init__(self, plan: SessionPlan) -> None:
        self.plan = plan
        self.ident: Identification | None = None
        self._framer = Framer()
        self._state = _State.IDLE
        self._goal = Goal.READOUT
        self._steps: deque[bytes | Pause] = deque()
        self._sent = b""
        self._serial = ""
        self._tries = 0
        self._noise = self._heard = 0
        self._parts: list[bytes] = []
        self._events: list[SessionEvent] = []
        self._wants_ack = False

    # What the owner of the line asks

    @property
    def is_settled(self) -> bool:
        """Whether nothing is awaited: the last question is answered, refused, or none was asked."""
        return self._state not in _WAITING

    @property
    def is_ready(self) -> bool:
        """Whether programming mode is open for a question."""
        return self._state is _State.READY

    @property
    def start_line(self) -> LineSetting:
        """How the line is set when a session begins."""
        line = self.plan.line
        return LineSetting(line.baud, line.bits, Parity(line.parity))

    def begin(self, goal: Goal) -> None:
        """Begin a session; whatever was before is forgotten."""
        self._goal, self.ident = goal, None
        self._tries = self._noise = self._heard = 0
        self._listen() if goal is Goal.LISTEN else self._request()

    def ask(self, name: str, data: str) -> None:
        """Ask in programming mode: `ask("R5", "P.01(…)")`. A write (`W…`) is answered by `Acknowledged`."""
        self._framer = Framer()
        self._tries = self._noise = self._heard = 0
        self._wants_ack = name.startswith("W")
        self._after_reaction()
        self._send(command(name, data), _State.ANSWER)

    def leave(self) -> None:
        """End the session with the break message, always when programming mode may be open."""
        if self._state not in (_State.IDLE, _State.OVER, _State.LISTENING):
            self._break_off()
        self._state = _State.OVER

    def next_bytes(self) -> bytes:
        """The octets to send now; none while a pause comes first."""
        octets = bytearray()
        while self._steps and isinstance(self._steps[0], bytes):
            octets += self._steps.popleft()  # type: ignore[arg-type]  # the line above knows that it is bytes
        return bytes(octets)

    def pause(self) -> Pause | None:
        """What to do before the next octets, once; None where octets come first or nothing is to do."""
        if self._steps and isinstance(self._steps[0], Pause):
            return self._steps.popleft()  # type: ignore[return-value]  # the line above knows that it is a Pause
        return None

    def deadline(self) -> float | None:
        """Seconds to wait for the next octet: the meter's reaction, or the gap within its message."""
        if self.is_settled:
            return None
        line = self.plan.line
        return line.gap if self._framer.is_within else max(line.reaction, line.gap)

    @property
    def reaction(self) -> float:
        """Seconds kept between the meter's message and ours."""
        return self.ident.reaction if self.ident else 0.2

    def feed(self, data: bytes) -> list[SessionEvent]:
        """What the octets make known."""
        self._take(self._framer.feed(data))
        return self._taken()

    def expired(self) -> list[SessionEvent]:
        """Nothing came within the deadline: what was begun is judged, and asked for again or given up."""
        frames = self._framer.finish()
        self._take(frames)
        if not self.is_settled and not any(isinstance(frame, Message | Telegram | Damaged) for frame in frames):
            self._again(RefusalReason.NO_ANSWER, "no answer")
        return self._taken()

    # Beginning

    def _request(self, *, breaks_off: bool = False) -> None:
        """Begin at the first speed; a meter that may be in programming mode is told so at the speed it has now."""
        self._parts.clear()
        self._framer = Framer()
        self._steps.clear()
        if breaks_off:
            self._break_off()
        self._steps.append(Pause(0.0, self.start_line))
        if self.plan.wakes:
            self._steps += [WAKE_UP, Pause(WAKE_UP_PAUSE)]
        self._send(request(self.plan.address), _State.REQUESTED)

    def _listen(self) -> None:
        self._framer = Framer()
        self._steps.append(Pause(0.0, self.start_line))
        self._state = _State.LISTENING

    def _send(self, octets: bytes, state: _State) -> None:
        self._sent = octets
        self._steps.append(octets)
        self._state = state

    # Taking frames

    def _take(self, frames: list[Frame]) -> None:
        framer = self._framer
        for frame in frames:
            if self._framer is not framer:  # begun anew: what was heard before is stale
                return
            self._heard += 1
            if self._heard > MOST_FRAMES and not self.is_settled:
                self._fail(RefusalReason.NOT_UNDERSTOOD, "many messages and none that answers")
            elif isinstance(frame, Noise):
                self._take_noise(frame)
            elif self._state in _TAKERS:
                _TAKERS[self._state](self, frame)

    def _take_noise(self, noise: Noise) -> None:
        self._noise += len(noise.octets)
        if self._noise > MOST_NOISE and not self.is_settled:
            self._fail(RefusalReason.CHECK_FAILED, f"{self._noise} octets of noise and no message")

    def _take_identification(self, frame: Frame) -> None:
        if isinstance(frame, Damaged):
            self._again(RefusalReason.CHECK_FAILED, frame.text)
            return
        if not isinstance(frame, Identification):
            return
        self.ident = frame
        self._events.append(Identified(frame))
        if self._goal is Goal.HDLC and frame.mode is not Mode.E:
            self._fail(RefusalReason.NOT_SUPPORTED, f"{frame.name} offers no HDLC (mode E)")
            return
        if frame.mode in (Mode.A, Mode.B):
            self._follow(frame.offered_baud)
            self._state = _State.DATA
            return
        if self._goal is Goal.IDENTIFY:
            self._state = _State.OVER
            return
        self._choose(frame)

    def _choose(self, ident: Identification) -> None:
        """Answer a meter of mode C or E with protocol, speed and mode, and go to the speed chosen."""
        control = {Goal.PROGRAMMING: Control.PROGRAMMING, Goal.HDLC: Control.HDLC}.get(self._goal, Control.READOUT)
        speed, baud = self._speed(ident)
        self._steps.append(Pause(ident.reaction))
        state = _State.ENTERING if control is Control.PROGRAMMING else _State.DATA
        self._send(acknowledgement(control, speed), state)
        self._follow(baud, hdlc=control is Control.HDLC)
        if control is Control.HDLC:
            self._state = _State.OVER
            self._events.append(Opened())

    def _speed(self, ident: Identification) -> tuple[str, int]:
        """The speed character of the acknowledgement: the meter's offer within what the line may do."""
        line = self.plan.line
        offered = ident.offered_baud or line.baud
        if line.switches and offered <= line.most_baud:
            return ident.speed, offered
        most = min(offered, line.most_baud) if line.switches else line.baud
        speed = max((baud, letter) for letter, baud in SPEEDS_C.items() if baud <= max(300, most))
        return speed[1], speed[0] if line.switches else line.baud

    def _follow(self, baud: int | None, *, hdlc: bool = False) -> None:
        line, start = self.plan.line, self.start_line
        setting = replace(start, baud=baud or start.baud)
        if hdlc:
            setting = LineSetting(setting.baud)
        if setting != start:
            self._steps.append(Pause(line.switch_delay, setting))

    def _take_data(self, frame: Frame) -> None:
        """The data block behind an acknowledgement, or at once in modes A and B."""
        if isinstance(frame, Message) and not frame.command:
            self._take_block(frame)
        elif isinstance(frame, Telegram):
            self._events.append(frame)
            self._state = _State.OVER
        elif isinstance(frame, Damaged):
            self._restart(RefusalReason.CHECK_FAILED, frame.text)

    def _take_listening(self, frame: Frame) -> None:
        """The next telegram the meter pushes; a damaged one is waited over."""
        if isinstance(frame, Identification):
            self.ident = frame
        elif isinstance(frame, Telegram):
            self._events.append(frame)
            self._state = _State.OVER
        elif isinstance(frame, Damaged):
            self._tries += 1
            if self._tries >= TRIES:
                self._fail(RefusalReason.CHECK_FAILED, frame.text)
            else:
                self._events.append(AskedAgain(RefusalReason.CHECK_FAILED, frame.text))

    # Programming mode

    def _take_password_request(self, frame: Frame) -> None:
        if isinstance(frame, Message) and frame.command in ("P0", "P1", "P2") and frame.is_checked:
            serial = frame.body.decode("ascii").strip("()")
            if self.plan.password is None:
                self._open(serial)
                return
            self._serial = serial
            self._send_password(serial)
        elif isinstance(frame, Damaged):
            self._repeat(frame.text)
        elif isinstance(frame, Message) and frame.command == "B0":
            self._fail(RefusalReason.BUSY, "the meter breaks off before programming mode")
        elif isinstance(frame, Message) and not frame.command:
            self._fail(RefusalReason.NOT_SUPPORTED, "the meter answers with a readout instead of programming mode")

    def _send_password(self, seed: str) -> None:
        password = self.plan.password or ""
        if self.plan.algorithm is not None:
            octets = command("P2", f"({self.plan.algorithm(seed, password)})")
        else:
            octets = command("P1", f"({password})")
        self._after_reaction()
        self._send(octets, _State.PASSWORD)

    def _take_password_answer(self, frame: Frame) -> None:
        refused = (isinstance(frame, Answered) and not frame.positive) or (
            isinstance(frame, Message) and (frame.command == "B0" or _ERROR.fullmatch(frame.body.decode("ascii")))
        )
        if refused:
            self._fail(RefusalReason.PASSWORD_WRONG, "the meter refuses the password")
        elif isinstance(frame, Answered):
            self._open(self._serial)
        elif isinstance(frame, Damaged):
            self._fail(RefusalReason.CHECK_FAILED, f"the answer to the password is damaged: {frame.text}")

    def _open(self, serial: str) -> None:
        self._state = _State.READY
        self._events.append(Opened(serial))

    def _take_answer(self, frame: Frame) -> None:
        """The answer to a question, whole or in partial blocks that are acknowledged one by one."""
        match frame:
            case Message(command="B0"):
                self._fail(RefusalReason.METER_ERROR, "the meter broke programming mode off")
            case Message(command=""):
                self._take_block(frame)
            case Answered(positive=True) if self._wants_ack:
                self._state = _State.READY
                self._events.append(Acknowledged())
            case Answered(positive=False):
                self._again(RefusalReason.BUSY, "the meter answers NAK")
            case Damaged():
                self._repeat(frame.text)
            case _:
                return

    def _take_block(self, message: Message) -> None:
        if not message.is_checked and not self.plan.unchecked:
            self._again(RefusalReason.CHECK_FAILED, "the block came without its check")
            return
        self._parts.append(message.body)
        if not message.is_last:
            self._tries = self._heard = 0
            self._after_reaction()
            self._steps.append(bytes([ACK]))
            return
        text = b"".join(self._parts).decode("ascii")
        self._parts.clear()
        in_programming = self._state is _State.ANSWER
        self._state = _State.READY if in_programming else _State.OVER
        refused = _ERROR.fullmatch(text)
        if refused is not None:
            self._events.append(Failed(RefusalReason.METER_ERROR, f"the meter answers {refused[1]}"))
            return
        self._events.append(Block(text, Protection.BCC if message.is_checked else Protection.NONE))
        if self._goal is Goal.PROGRAMMING and not in_programming:
            self._open("")

    # Asking again and giving up

    def _repeat(self, text: str) -> None:
        """Ask the meter to send its last message again, by NAK."""
        self._tries += 1
        if self._tries >= TRIES:
            self._fail(RefusalReason.CHECK_FAILED, text)
            return
        self._events.append(AskedAgain(RefusalReason.CHECK_FAILED, text))
        self._after_reaction()
        self._steps.append(bytes([NAK]))

    def _again(self, reason: RefusalReason, text: str) -> None:
        """Send the last question again; before programming mode is open, begin the session anew."""
        if self._state is _State.LISTENING:
            self._fail(reason, text)
        elif self._state is _State.ANSWER and not self._parts and not self._wants_ack:
            self._tries += 1
            if self._tries >= TRIES:
                self._fail(reason, text)
                return
            self._events.append(AskedAgain(reason, text))
            self._after_reaction()
            self._send(self._sent, _State.ANSWER)
        elif self._state in (_State.PASSWORD, _State.ANSWER):
            self._fail(reason, text)
        else:
            self._restart(reason, text)

    def _restart(self, reason: RefusalReason, text: str) -> None:
        """Begin the session again at its first speed."""
        self._tries += 1
        if self._tries >= TRIES:
            self._fail(reason, text)
            return
        self._events.append(AskedAgain(reason, text))
        self._request(breaks_off=self._state is _State.ENTERING)

    def _fail(self, reason: RefusalReason, text: str) -> None:
        """Give up; where programming mode may be open the meter is told."""
        if self._state in (_State.ENTERING, _State.PASSWORD, _State.ANSWER):
            self._break_off()
        self._state = _State.OVER
        self._parts.clear()
        self._events.append(Failed(reason, text))

    def _break_off(self) -> None:
        """Tell the meter at the speed it has, and give it time to go back to its first one."""
        self._steps += [BREAK, Pause(max(_BREAK_PAUSE, self.reaction))]

    def _after_reaction(self) -> None:
        self._steps.append(Pause(self.reaction))

    def _taken(self) -> list[SessionEvent]:
        events, self._events = self._events, []
        return events


_TAKERS: dict[_State, Callable[[Session, Frame], None]] = {
    _State.REQUESTED: Session._take_identification,
    _State.DATA: Session._take_data,
    _State.ENTERING: Session._take_password_request,
    _State.PASSWORD: Session._take_password_answer,
    _State.ANSWER: Session._take_answer,
    _State.LISTENING: Session._take_listening,
}
"""Who takes a frame in which state; in the others nothing is awaited and what comes is passed over."""
