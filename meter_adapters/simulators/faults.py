"""Fault switches: what a bad line, a bad meter or a bad day does to a simulated meter's answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Faults:
    """Switches a test may turn while the simulator runs. Each strikes whole answers of the meter.

    Attributes:
        strikes: how many of the next answers the switches strike; -1 for every one. An answer is counted when a
            switch changed it.
        skip: how many answers pass unharmed first.
        noise: octets of line noise before the answer.
        flip: the bit of the answer to turn over, counted from its first octet's least significant bit.
        cut: how many octets of the answer arrive; the rest is lost.
        drop: the answer does not come at all.
        wrong_check: BCC, CRC or FCS is wrong (the server builds it so).
        wrong_tag: the GCM tag is wrong (DLMS).
        replay: the last ciphered answer comes again instead of a new one (DLMS).
        slow: seconds the meter waits before it answers.
        octet_delay: seconds between two octets of the answer.
        busy: the meter refuses, with the words its protocol has for it.
        hang_up: the line is closed instead of an answer (reboot, pulled plug).
        speed_refused: the meter stays at its old speed after it offered another (IEC 62056-21).
    """

    strikes: int = -1
    skip: int = 0
    noise: bytes = b""
    flip: int | None = None
    cut: int | None = None
    drop: bool = False
    wrong_check: bool = False
    wrong_tag: bool = False
    replay: bool = False
    slow: float = 0.0
    octet_delay: float = 0.0
    busy: bool = False
    hang_up: bool = False
    speed_refused: bool = False

    def strike(self) -> bool:
        """Whether the switches strike the next answer. Ask once for each answer, before it is built."""
        if self.skip:
            self.skip -= 1
            return False
        if self.strikes == 0:
            return False
        if self.strikes > 0:
            self.strikes -= 1
        return True

    def on_wire(self, answer: bytes) -> bytes:
        """What of a struck answer is heard: noise, a bit turned over, an end cut off, or nothing."""
        if self.drop:
            return b""
        heard = bytearray(answer)
        if self.flip is not None and heard:
            octet, bit = divmod(self.flip % (len(heard) * 8), 8)
            heard[octet] ^= 1 << bit
        return self.noise + bytes(heard if self.cut is None else heard[: self.cut])
