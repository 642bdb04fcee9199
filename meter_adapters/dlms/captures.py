"""Captured DLMS octets: push telegrams over HDLC, M-Bus or bare, clear or ciphered, as readings with their checks.

A capture may begin in the middle of a frame and end within one. Of each telegram all checks must hold, or nothing of
it is told. Without the authentication key a tag cannot be checked; the telegram is then told as the link protects it,
and the capture notes that its tag proved nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from meter_adapters.dlms import hdlc
from meter_adapters.dlms.ciphering import CIPHERED_TAGS, Keys, Opener, parse_ciphered
from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.gbt import TAG as BLOCK_TAG
from meter_adapters.dlms.gbt import BlockReceiver, parse_block
from meter_adapters.dlms.hdlc import Frame, FrameReader
from meter_adapters.dlms.mbus import MbusAssembly, MbusFrame, MbusReader
from meter_adapters.dlms.refusals import refusal
from meter_adapters.dlms.telegrams import DATA_NOTIFICATION, UNNAMED, Entry, Telegram, parse_notification
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.obis import LOGICAL_DEVICE_NAME, SERIAL_NUMBER, Obis
from meter_adapters.readings import (
    Capture,
    CaptureCheck,
    CaptureKeys,
    Flag,
    MeterId,
    Protection,
    Reading,
    Refusal,
)
from meter_adapters.time_offset import OffsetSource

_APDU_TAGS = CIPHERED_TAGS | {DATA_NOTIFICATION, BLOCK_TAG}
_CLOCK_GROUP = (1, 0, 0)

HDLC, MBUS, RAW = "hdlc push", "m-bus push", "raw apdu"


def sniff(data: bytes) -> bool:
    """Whether octets look like DLMS: an HDLC frame, a long frame of M-Bus, or a bare push APDU."""
    return _kind(data) != ""


def decode_capture(data: bytes, keys: CaptureKeys, profile: MeterProfile) -> Capture:
    """The readings of a capture, with every check that was made on the way."""
    found = _Findings(keys, profile)
    kind = _kind(data)
    if kind == HDLC:
        _from_hdlc(data, found)
    elif kind == MBUS:
        _from_mbus(data, found)
    else:
        found.apdu(data, Protection.NONE)
    found.finish()
    return Capture(
        kind or RAW,
        tuple(found.checks),
        tuple(found.readings),
        refusals=tuple(found.refusals),
        notes=tuple(found.notes),
    )


def _kind(data: bytes) -> str:
    """How the octets are framed: by a whole frame anywhere in them, or else by how they begin; empty for neither."""
    if any(isinstance(one, Frame) for one in FrameReader().feed(data)):
        return HDLC
    if any(isinstance(one, MbusFrame) for one in MbusReader().feed(data)):
        return MBUS
    if data[:1] == b"\x7e" and data[1:2] >= b"\xa0":
        return HDLC
    if data[:1] == b"\x68" and data[3:4] == b"\x68":
        return MBUS
    return RAW if data and data[0] in _APDU_TAGS else ""


@dataclass(slots=True)
class _Findings:
    """What is collected while a capture is read."""

    keys: CaptureKeys
    profile: MeterProfile
    checks: list[CaptureCheck] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    blocks: BlockReceiver | None = None
    opener: Opener | None = None

    def check(self, name: str, fault: Fault | None) -> None:
        """One check, and the refusal where it fails."""
        self.checks.append(CaptureCheck(name, fault is None, fault.text if fault else ""))
        if fault is not None:
            self.refuse(fault)

    def refuse(self, fault: Fault) -> None:
        """Something was not taken."""
        self.refusals.append(refusal(fault, ""))

    def apdu(self, apdu: bytes, protection: Protection) -> None:
        """One APDU of the capture: put blocks together, decipher, read."""
        plain: bytes | Fault | None = apdu
        if apdu[:1] == bytes([BLOCK_TAG]):
            plain = self._block(apdu)
        maker = ""
        if isinstance(plain, bytes) and plain and plain[0] in CIPHERED_TAGS:
            envelope = parse_ciphered(plain)
            maker = "" if isinstance(envelope, Fault) else _maker(envelope.title)
            plain, protection = self._opened(plain, protection)
        if isinstance(plain, Fault):
            self.refuse(plain)
        elif plain is not None:
            telegram = parse_notification(plain, maker)
            if isinstance(telegram, Fault):
                self.refuse(telegram)
            else:
                self._tell(telegram, maker, protection)

    def finish(self) -> None:
        """The capture is at its end: what is still open is not whole."""
        if self.blocks is not None:
            self.refuse(Fault("gbt-cut", "the capture ends before the last block"))
        if not self.readings and not self.refusals:
            self.refuse(Fault("capture-empty", "the capture holds no whole telegram"))

    def _block(self, apdu: bytes) -> bytes | Fault | None:
        block = parse_block(apdu)
        if isinstance(block, Fault):
            return block
        if self.blocks is None or block.number == 1:
            self.blocks = BlockReceiver()
        whole = self.blocks.take(block)
        if whole is not None:
            self.blocks = None
        return whole

    def _opened(self, apdu: bytes, protection: Protection) -> tuple[bytes | Fault, Protection]:
        keys = self.keys
        if keys.encryption is None:
            return Fault("no-key", "the telegram is ciphered: its encryption key is needed"), protection
        if self.opener is None:
            wants_tag = keys.authentication is not None
            self.opener = Opener(Keys(keys.encryption, keys.authentication), suite=None, wants_tag=wants_tag)
        plain = self.opener.open(apdu)
        if keys.authentication is None:
            note = "gcm tag not checked: no authentication key was given"
            self.notes += [note] if note not in self.notes else []
            return plain, protection
        fault = plain if isinstance(plain, Fault) else None
        self.checks.append(CaptureCheck("gcm tag and counter", fault is None, fault.text if fault else ""))
        return plain, Protection.GCM

    def _tell(self, telegram: Telegram, maker: str, protection: Protection) -> None:
        if telegram.layout:
            self.notes.append(f"read by layout: {telegram.layout}")
        meter = _meter(telegram, maker)
        self.readings += _readings(telegram, meter, protection, self.profile)


def _maker(title: bytes) -> str:
    """The three letters of a system title's maker."""
    return title[:3].decode("ascii") if title[:3].isascii() and title[:3].isalpha() else ""


def _meter(telegram: Telegram, maker: str) -> MeterId:
    texts: dict[Obis, str] = {}
    for entry in telegram.entries:
        if entry.text and entry.time is None:
            texts.setdefault(entry.code._replace(b=0), entry.text)
    serial, name = texts.get(SERIAL_NUMBER, ""), texts.get(LOGICAL_DEVICE_NAME, "")
    return MeterId(name or serial, serial, maker, texts.get(UNNAMED, ""))


def _readings(telegram: Telegram, meter: MeterId, protection: Protection, profile: MeterProfile) -> Iterator[Reading]:
    """The readings of a telegram, at the time it states: its clock's, or else that of its head."""
    times = [entry.time for entry in telegram.entries if entry.time is not None and _is_clock(entry)]
    time = times[0] if times else telegram.time
    placed = profile.offset_rule.place(time.meter_time) if time is not None else None
    flags = {Flag.UNPROTECTED} if protection is Protection.NONE else set()
    if time is not None and time.is_invalid:
        flags.add(Flag.CLOCK_INVALID)
    if placed is None or placed.instant is None:
        flags.add(Flag.NO_OFFSET)
    for entry in telegram.entries:
        yield Reading(
            meter,
            entry.code,
            entry.raw,
            entry.scaler,
            entry.unit,
            ts_end=placed.instant if placed else None,
            meter_time_raw=time.raw.hex().upper() if time else "",
            offset_source=placed.source if placed else OffsetSource.UNKNOWN,
            flags=frozenset(flags),
            protection=protection,
            text=entry.text,
        )


def _is_clock(entry: Entry) -> bool:
    return entry.code == UNNAMED or (entry.code.c, entry.code.d, entry.code.e) == _CLOCK_GROUP


def _from_hdlc(data: bytes, found: _Findings) -> None:
    """Frames, put together by their segmentation bit; a damaged one loses its whole message."""
    reader = FrameReader()
    number, message, first = 0, bytearray(), True
    for outcome in reader.feed(data):
        number += 1
        if isinstance(outcome, Fault):
            found.check(f"fcs frame {number}", outcome)
            message.clear()
            first = True
            continue
        found.check(f"fcs frame {number}", None)
        message += _without_llc(outcome) if first else outcome.information
        first = not outcome.segmented
        if first:
            found.apdu(bytes(message), Protection.CRC)
            message.clear()
    if message or reader.pending:
        found.refuse(Fault("hdlc-cut", "the capture ends within a message"))


def _without_llc(frame: Frame) -> bytes:
    information = frame.information
    for head in (hdlc.LLC_ANSWER, hdlc.LLC_REQUEST):
        information = information.removeprefix(head)
    return information


def _from_mbus(data: bytes, found: _Findings) -> None:
    reader, assembly = MbusReader(), MbusAssembly()
    for number, outcome in enumerate(reader.feed(data), 1):
        found.check(f"checksum frame {number}", outcome if isinstance(outcome, Fault) else None)
        whole = None if isinstance(outcome, Fault) else assembly.take(outcome)
        if isinstance(whole, Fault):
            found.refuse(whole)
        elif whole is not None:
            # The checksum of M-Bus is a sum of eight bits: it finds an altered octet, not two that make up for another.
            found.apdu(whole, Protection.CRC)
    if reader.pending or assembly.pending:
        found.refuse(Fault("mbus-cut", "the capture ends within a message"))
