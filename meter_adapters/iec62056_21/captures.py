"""Captured octets of IEC 62056-21 and P1, read as a whole: what they are, whether their checks hold, what they say.

A capture may be a readout with or without identification, the answer of a load profile or log, a telegram, or the bare
data sets somebody kept. A block whose check fails is refused whole. A profile cut within a row gives its whole rows and
a refusal that names where to go on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from meter_adapters.iec62056_21.data_sets import DataSet, Unreadable, data_sets, is_ended
from meter_adapters.iec62056_21.framing import Answered, Damaged, Frame, Framer, Message, Noise, Telegram
from meter_adapters.iec62056_21.load_profiles import begins_profile, log_events, profile_blocks, profile_text
from meter_adapters.iec62056_21.messages import STX, Identification, seven_bit
from meter_adapters.iec62056_21.origin import Origin, meter_of
from meter_adapters.iec62056_21.registers import readout, with_serial
from meter_adapters.iec62056_21.telegrams import UnsoundTelegram, read_telegram
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.readings import (
    Capture,
    CaptureCheck,
    CaptureKeys,
    MeterEvent,
    MeterId,
    ProfileBlock,
    Protection,
    Reading,
    Refusal,
    RefusalReason,
)

READOUT, PROFILE, LOG, P1, PUSH, ERROR = (
    "iec62056-21 readout",
    "iec62056-21 profile",
    "iec62056-21 log",
    "p1",
    "iec62056-21 push",
    "iec62056-21 answer",
)
_LOOKS = re.compile(rb"/[A-Z]{2}[A-Za-z][!-~][ -~]*\r?\n|[\x01\x02][ -~\r\n]*\(|(?:^|\n)[0-9A-Z.:*&-]{1,24}\([^()]*\)")
_ERROR_ANSWER = re.compile(r"(?:[0-9A-Z.:*&-]{1,24})?\((ER[A-Z0-9 ]*)\)")
_CONTROLS = re.compile(rb"[^\r\n -~]")


def sniff(data: bytes) -> bool:
    """Whether the octets look like IEC 62056-21 or P1: an identification, a framed block, or bare data sets."""
    head = bytes(octet & 0x7F for octet in data[:4096])
    printable = sum(octet in b"\r\n\x01\x02\x03\x04\x06" or 0x20 <= octet < 0x7F for octet in head)
    return bool(head) and printable >= 0.9 * len(head) and _LOOKS.search(head) is not None


def decode_capture(data: bytes, keys: CaptureKeys, profile: MeterProfile) -> Capture:
    """What a capture says, read under a meter profile. It needs no keys: nothing here is ciphered."""
    del keys
    framer = Framer()
    frames = framer.feed(data) + framer.finish()
    reader = _Reader(profile)
    if any(isinstance(frame, Message | Telegram | Damaged) for frame in frames):
        reader.take_frames(frames)
    else:
        reader.take_bare(data)
    return reader.capture()


@dataclass(slots=True)
class _Reader:
    """What was understood of a capture so far."""

    profile: MeterProfile
    meter: MeterId = field(default_factory=lambda: MeterId(""))
    kind: str = ""
    checks: list[CaptureCheck] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    events: list[MeterEvent] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pending: bytes = b""
    blocks: int = 0
    unprotected: int = 0

    def capture(self) -> Capture:
        if self.pending:
            self.refuse("the partial blocks end before the last one")
        return Capture(
            self.kind or READOUT,
            tuple(self.checks),
            tuple(self.readings),
            tuple(self.events),
            tuple(self.refusals),
            tuple(self.notes),
        )

    def refuse(self, text: str, reason: RefusalReason = RefusalReason.NOT_UNDERSTOOD) -> None:
        self.refusals.append(Refusal(self.meter.name, None, reason, text))

    def take_frames(self, frames: list[Frame]) -> None:
        for place, frame in enumerate(frames):
            match frame:
                case Identification():
                    self.take_identification(frame)
                case Message():
                    self.take_message(frame)
                case Telegram():
                    self.take_telegram(frame)
                case Damaged():
                    self.take_damaged(frame, is_last=place == len(frames) - 1)
                case Noise():
                    self.take_noise(frame)
                case Answered():
                    continue

    def take_identification(self, ident: Identification) -> None:
        if self.blocks:
            self.refuse("an identification without data stands behind the block", RefusalReason.CHECK_FAILED)
            return
        self.notes.append(f"identification {ident.name}, mode {ident.mode}")
        self.meter = meter_of(ident)

    def take_message(self, message: Message) -> None:
        if message.command:
            self.notes.append(f"message {message.command}")
            return
        if message.is_checked:
            self.checks.append(CaptureCheck("bcc", holds=True))
        self.pending += message.body
        if message.is_last:
            body, self.pending = self.pending, b""
            self.take_text(body.decode("ascii"), Protection.BCC if message.is_checked else Protection.NONE)

    def take_telegram(self, telegram: Telegram) -> None:
        read = read_telegram(telegram.octets)
        self.kind = self.kind or P1
        if isinstance(read, UnsoundTelegram):
            if read.is_check:
                self.checks.append(CaptureCheck("crc", holds=False, text=read.text))
            self.refuse(read.text, RefusalReason.CHECK_FAILED if read.is_check else RefusalReason.NOT_UNDERSTOOD)
            return
        if read.check:
            self.checks.append(CaptureCheck("crc", holds=True, text=read.check))
        else:
            self.kind = PUSH
        self.meter = meter_of(read.ident)
        self.take_sets(read.sets, read.protection)

    def take_damaged(self, damaged: Damaged, *, is_last: bool) -> None:
        """A damaged frame: whole rows of a profile whose end did not arrive, else nothing."""
        self.checks.append(CaptureCheck("frame", holds=False, text=damaged.text))
        plain = seven_bit(damaged.octets) or b""
        body = (self.pending + plain[1:]).decode("latin-1")
        self.pending = b""
        if is_last and plain[:1] == bytes([STX]) and not _CONTROLS.search(plain[1:]) and begins_profile(body):
            self.take_profile(body, Protection.NONE, is_open=True)
            return
        self.refuse(damaged.text, RefusalReason.CHECK_FAILED)

    def take_noise(self, noise: Noise) -> None:
        """Octets of no frame: a capture may begin within one; behind unprotected data they prove damage."""
        if not self.blocks and not self.refusals:
            self.notes.append(f"{len(noise.octets)} octets before the first frame")
            return
        if self.unprotected:
            self.readings.clear()
            self.events.clear()
        self.refuse(f"{len(noise.octets)} octets behind the block belong to nothing", RefusalReason.CHECK_FAILED)

    def take_bare(self, data: bytes) -> None:
        """Data sets that somebody kept without their frame."""
        plain = seven_bit(data)
        if plain is None or _CONTROLS.search(plain) or not plain.strip():
            self.refuse("neither a framed block nor data sets", RefusalReason.CHECK_FAILED)
            return
        text = plain.decode("ascii")
        if not begins_profile(text) and not is_ended(text):
            self.refuse("the data sets end before their !", RefusalReason.CHECK_FAILED)
            return
        self.take_text(text, Protection.NONE, is_open=True)

    def take_text(self, text: str, protection: Protection, *, is_open: bool = False) -> None:
        """The text of one block, whatever it holds."""
        refused = _ERROR_ANSWER.fullmatch(text.strip())
        if refused is not None:
            self.kind = self.kind or ERROR
            self.blocks += 1
            self.refuse(f"the meter answers {refused[1]}", RefusalReason.METER_ERROR)
        elif begins_profile(text):
            self.take_profile(text, protection, is_open=is_open)
        else:
            sets = data_sets(text)
            if isinstance(sets, Unreadable):
                self.refuse(f"line {sets.line}: {sets.text}")
                return
            self.take_sets(sets, protection)

    def take_sets(self, sets: tuple[DataSet, ...], protection: Protection) -> None:
        self.kind = self.kind or READOUT
        self.blocks += 1
        self.unprotected += protection is Protection.NONE
        self.meter = with_serial(self.meter, sets)
        found = readout(sets, Origin(self.meter, self.profile, protection))
        self.readings += found.readings
        self.events += found.events
        self.notes += [f"nothing says what {unknown!r} is" for unknown in found.unknown]

    def take_profile(self, text: str, protection: Protection, *, is_open: bool = False) -> None:
        origin = Origin(self.meter, self.profile, protection)
        read = profile_text(text, is_open=is_open)
        if isinstance(read, Unreadable):
            self.refuse(f"line {read.line}: {read.text}")
            return
        self.blocks += 1
        self.unprotected += protection is Protection.NONE
        self.events += log_events(read, origin)
        self.kind = LOG if self.events else PROFILE
        last = ""
        for block in profile_blocks(read, origin):
            if isinstance(block, ProfileBlock):
                self.readings += block.readings()
                last = block.rows[-1].meter_time_raw if block.rows else last
            else:
                self.refusals.append(block)
        if read.cut or (is_open and self.checks):
            self.refuse(f"cut within a row; go on behind {last or 'the beginning'}", RefusalReason.CHECK_FAILED)
