"""A simulated meter that speaks IEC 62056-21 on a line: readout, programming mode, load profile, log, faults.

It behaves like meters in the field: it waits for the acknowledgement and else sends its readout at the first speed, it
follows the speed agreed on (and hears nothing at another), it counts wrong passwords and locks.
"""

from __future__ import annotations

import asyncio
import re
import termios
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from meter_adapters.simulators.faults import Faults
from meter_adapters.simulators.iec62056_21_texts import LINE_END, MeterTexts
from meter_adapters.simulators.meter import SimulatedMeter

_SOH, _STX, _ETX, _EOT, _ACK, _NAK = b"\x01", b"\x02", b"\x03", b"\x04", b"\x06", b"\x15"
_REQUEST = re.compile(rb"/\?([0-9A-Za-z ]*)!\r\n")
_OPTION = re.compile(rb"\x06([0-9])([0-9A-F])([0-9])\r\n")
_COMMAND = re.compile(rb"\x01([A-Z][0-9])(?:\x02([^\x03]*))?\x03([\x00-\xff])", re.DOTALL)
_BAUDS = {0: 300, 1: 600, 2: 1200, 3: 2400, 4: 4800, 5: 9600, 6: 19200}
_SPEED_OF_TERMIOS = {
    getattr(termios, f"B{baud}"): baud
    for baud in (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 115200)
    if hasattr(termios, f"B{baud}")
}
_LOCK_AFTER = 3


def _even(octets: bytes) -> bytes:
    """The octets with the eighth bit as even parity, as an 8N1 line hears a 7E1 meter."""
    return bytes(octet | (octet.bit_count() & 1) << 7 for octet in octets)


def _check(octets: bytes) -> int:
    value = 0
    for octet in octets:
        value ^= octet
    return value & 0x7F


@dataclass(slots=True)
class Iec62056Simulator:
    """One meter on a line; give `talk` to a line server.

    Attributes:
        texts: what it writes, and the meter behind.
        now: the instant, in epoch seconds.
        faults: switches that may be turned while it runs.
        mode: A to E; D pushes its telegram every `push_seconds`.
        speed: character of the speed it offers in its identification.
        first_baud: the speed it waits at.
        address: the device address it answers to; it also answers to none.
        password: what it wants in programming mode; None for any.
        acknowledge_seconds: how long it waits for the acknowledgement before it sends its readout all the same.
        idle_seconds: how long it stays in programming mode without a command.
        parity_bit: whether the eighth bit carries the parity, as an 8N1 converter hears it.
        wrong_passwords: how many wrong passwords came; behind three of them it is locked.
        sessions: how often it was asked for its identification.
        last_answer: what it said last, for a reader that answers NAK.
        hears_speed: whether a pseudo terminal's speed matters, as a real line's does.
    """

    texts: MeterTexts
    now: Callable[[], float]
    faults: Faults = field(default_factory=Faults)
    mode: Literal["A", "B", "C", "D", "E"] = "C"
    speed: str = "5"
    first_baud: int = 300
    address: str = ""
    password: str | None = None
    parity_bit: bool = False
    push_seconds: float = 1.0
    acknowledge_seconds: float = 2.2
    idle_seconds: float = 60.0
    hears_speed: bool = True
    wrong_passwords: int = 0
    last_answer: bytes = b""

    @property
    def meter(self) -> SimulatedMeter:
        """The meter and its truth."""
        return self.texts.meter

    @property
    def is_locked(self) -> bool:
        """Whether it takes no password any more."""
        return self.wrong_passwords >= _LOCK_AFTER

    @property
    def ident(self) -> str:
        """The identification without its slash: a small third letter, so it answers after 20 ms."""
        identity = self.meter.identity
        maker = identity.manufacturer[:2] + identity.manufacturer[2].lower()
        return f"{maker}{self.speed}{chr(92) + '2' if self.mode == 'E' else ''}{identity.model}"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Converse on one line until it ends."""
        line = _Line(self, reader, writer)
        if self.mode == "D":
            while True:
                await line.answer(self.texts.telegram(self.ident, self.now()))
                await asyncio.sleep(self.push_seconds)
        while True:
            await _session(self, line)


def _with_wrong_check(octets: bytes) -> bytes:
    """The answer with its block check, or the last digit of its CRC, one bit off."""
    place = len(octets) - (3 if octets.startswith(b"/") else 1)
    return octets[:place] + bytes([octets[place] ^ 0x01]) + octets[place + 1 :]


class _HungUp(ConnectionError):
    """The simulator closed the line itself."""


@dataclass(slots=True)
class _Line:
    """The meter's end of a line: what it hears at its own speed, and what it says, faults and all."""

    owner: Iec62056Simulator
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    baud: int = 300
    heard: bytes = b""

    async def expect(self, *patterns: re.Pattern[bytes], seconds: float | None) -> re.Match[bytes] | None:
        """The first match of any pattern in what is heard; None when nothing of it comes in time."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    found = [match for pattern in patterns if (match := pattern.search(self.heard))]
                    if found:
                        first = min(found, key=lambda match: match.start())
                        self.heard = self.heard[first.end() :]
                        return first
                    octets = await self.reader.read(4096)
                    if not octets:
                        raise ConnectionResetError("the line ended")
                    self.heard += bytes(octet & 0x7F for octet in octets) if self.hears() else b""
        except TimeoutError:
            self.heard = b""
            return None

    def hears(self) -> bool:
        """Whether the client's line has the meter's speed; TCP has none."""
        pipe = self.writer.get_extra_info("pipe")
        if pipe is None or not self.owner.hears_speed:
            return True
        return _SPEED_OF_TERMIOS.get(termios.tcgetattr(pipe.fileno())[5]) == self.baud

    async def answer(self, octets: bytes, *, checked: bool = False) -> None:
        """Say something; a checked answer gets its block check behind it."""
        faults = self.owner.faults
        struck = faults.strike()
        if checked:
            octets += bytes([_check(octets[1:])])
        self.owner.last_answer = octets
        if struck and faults.wrong_check:
            octets = _with_wrong_check(octets)
        if not self.hears():
            octets = bytes(octet * 5 & 0x7F | 0x20 for octet in octets)
        if self.owner.parity_bit:
            octets = _even(octets)
        if not struck:
            self.writer.write(octets)
            await self.writer.drain()
            return
        if faults.hang_up:
            self.writer.close()
            raise _HungUp
        await asyncio.sleep(faults.slow)
        octets = _NAK if faults.busy else faults.on_wire(octets)
        pieces = [octets] if not faults.octet_delay else [octets[i : i + 1] for i in range(len(octets))]
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(faults.octet_delay)


async def _session(meter: Iec62056Simulator, line: _Line) -> None:
    """From a request to its end: readout, or programming mode until the break."""
    line.baud = meter.first_baud
    request = await line.expect(_REQUEST, seconds=None)
    if request is None or request[1].decode() not in ("", meter.address):
        return
    await line.answer(f"/{meter.ident}{LINE_END}".encode())
    if meter.mode in ("A", "B"):
        line.baud = meter.first_baud if meter.mode == "A" else 600 * 2 ** "ABCDEF".index(meter.speed)
        await _follow(line)
        await _send_readout(meter, line)
        return
    option = await line.expect(_OPTION, seconds=meter.acknowledge_seconds)
    if option is None:
        await _send_readout(meter, line)
        return
    if meter.faults.speed_refused:
        await asyncio.sleep(0.15)  # the client has gone to the speed agreed on, and the meter has not
    else:
        line.baud = _BAUDS[int(option[2], 16)] if option[2].isdigit() else meter.first_baud
        await _follow(line)
    await (_program(meter, line) if option[3] == b"1" else _send_readout(meter, line))


async def _follow(line: _Line) -> None:
    """Wait a moment for the client to change its speed, as a meter does before it answers."""
    for _ in range(200):
        await asyncio.sleep(0.01)
        if line.hears():
            return


async def _send_readout(meter: Iec62056Simulator, line: _Line) -> None:
    await line.answer(_STX + meter.texts.readout(meter.now()).encode() + _ETX, checked=True)


# Programming mode


async def _program(meter: Iec62056Simulator, line: _Line) -> None:
    await line.answer(_SOH + b"P0" + _STX + f"({meter.meter.identity.serial})".encode() + _ETX, checked=True)
    trusted = meter.password is None
    while (heard := await line.expect(_COMMAND, re.compile(rb"\x15"), seconds=meter.idle_seconds)) is not None:
        if heard[0] == _NAK:
            await line.answer(meter.last_answer)
            continue
        name, data = heard[1].decode(), (heard[2] or b"").decode()
        if _check(heard[0][1:-1]) != heard[0][-1] & 0x7F:
            await line.answer(_NAK)
        elif name == "B0":
            return
        elif name in ("P1", "P2"):
            trusted = await _take_password(meter, line, data)
            if not trusted:
                return
        elif not trusted and meter.password is not None and name[0] == "W":
            await line.answer(_STX + b"(ERROR)" + _ETX, checked=True)
        elif name[0] == "W":
            await _write(meter, line, data)
        else:
            await _read(meter, line, name, data)


async def _take_password(meter: Iec62056Simulator, line: _Line, data: str) -> bool:
    """Whether the password is taken; a wrong one is counted, answered with an error and ends the session."""
    if not meter.is_locked and meter.password in (None, data.strip("()")):
        meter.wrong_passwords = 0
        await line.answer(_ACK)
        return True
    meter.wrong_passwords += 1
    await line.answer(_STX + b"(ERROR)" + _ETX, checked=True)
    return False


async def _read(meter: Iec62056Simulator, line: _Line, name: str, data: str) -> None:
    source_id, _, inner = data.partition("(")
    inner = inner.removesuffix(")")
    span = meter.texts.span(inner)
    if source_id == "P.01" and span is not None:
        lines = meter.texts.profile(span, meter.now())
        await _send_lines(line, lines, span.rows_per_block if name == "R6" else 0)
    elif source_id == "P.98" and span is not None:
        await _send_lines(line, meter.texts.log(span, meter.now()), 0)
    else:
        value = meter.texts.registers(meter.now()).get(source_id)
        body = "(ERROR)" if value is None else f"{source_id}({value})"
        await line.answer(_STX + body.encode() + _ETX, checked=True)


async def _send_lines(line: _Line, lines: list[str], per_block: int) -> None:
    """Rows in one block, or in partial blocks that the reader acknowledges one by one."""
    step = per_block or max(1, len(lines))
    blocks = [lines[place : place + step] for place in range(0, len(lines), step)] or [[]]
    for place, block in enumerate(blocks):
        body = "".join(row + LINE_END for row in block).encode()
        is_last = place == len(blocks) - 1
        await line.answer(_STX + body + (_ETX if is_last else _EOT), checked=True)
        if not is_last and not await _is_acknowledged(line):
            return


async def _is_acknowledged(line: _Line) -> bool:
    """Whether the reader took a partial block; on NAK it is sent again."""
    acknowledged = re.compile(rb"[\x06\x15]|\x01B0\x03q")
    while (heard := await line.expect(acknowledged, seconds=10.0)) is not None:
        if heard[0] != _NAK:
            return heard[0] == _ACK
        await line.answer(line.owner.last_answer)
    return False


async def _write(meter: Iec62056Simulator, line: _Line, data: str) -> None:
    """Take date or time of day; anything else is an error."""
    source_id, _, value = data.partition("(")
    shown, _, _ = meter.meter.local(meter.meter.meter_time(meter.now()))
    pairs = re.fullmatch(r"(\d\d)(\d\d)(\d\d)", value.removesuffix(")"))
    fields = {"0.9.1": ("hour", "minute", "second"), "0.9.2": ("year", "month", "day")}.get(source_id)
    if pairs is None or fields is None:
        await line.answer(_STX + b"(ERROR)" + _ETX, checked=True)
        return
    told = dict(zip(fields, (int(pair) for pair in pairs.groups()), strict=True))
    if "year" in told:
        told["year"] += 2000
    seconds = int((shown.replace(**told) - shown).total_seconds())  # type: ignore[arg-type]  # fields of a datetime
    instant = int(meter.now())
    if seconds:
        meter.meter.set_clock(instant, meter.meter.meter_time(instant) + seconds)
    await line.answer(_ACK)
