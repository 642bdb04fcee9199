"""Captured SML: the values of electronic household meters as readings, file by file, each checked whole.

A capture that begins within a file loses that one; that is no fault.
"""

from __future__ import annotations

from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.refusals import refusal
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.obis import Obis
from meter_adapters.readings import Capture, CaptureCheck, CaptureKeys, Flag, MeterId, Protection, Reading, Refusal
from meter_adapters.sml.messages import SmlEntry, SmlList, parse_file
from meter_adapters.sml.transport import SmlReader
from meter_adapters.time_offset import OffsetSource

_START = b"\x1b\x1b\x1b\x1b\x01\x01\x01\x01"
_MAKER = Obis(129, 129, 199, 130, 3)


def sniff(data: bytes) -> bool:
    """Whether an SML file begins somewhere in the octets."""
    return _START in data


def decode_capture(data: bytes, _keys: CaptureKeys, profile: MeterProfile) -> Capture:
    """The readings of every whole file; a file cut by the capture's end is only noted."""
    checks: list[CaptureCheck] = []
    readings: list[Reading] = []
    refusals: list[Refusal] = []
    reader = SmlReader()
    for number, found in enumerate(reader.feed(data), 1):
        lists = found if isinstance(found, Fault) else parse_file(found)
        if isinstance(lists, Fault):
            checks.append(CaptureCheck(f"crc file {number}", holds=False, text=lists.text))
            refusals.append(refusal(lists, ""))
            continue
        checks.append(CaptureCheck(f"crc file {number}", holds=True))
        for told in lists:
            readings += _readings(told, profile)
    if not checks:
        refusals.append(refusal(Fault("capture-empty", "the capture holds no whole SML file"), ""))
    notes = ("the capture ends within a file",) if reader.pending else ()
    return Capture("sml", tuple(checks), tuple(readings), refusals=tuple(refusals), notes=notes)


def _readings(told: SmlList, profile: MeterProfile) -> list[Reading]:
    maker = next((entry.octets for entry in told.entries if entry.code == _MAKER), b"")
    name = told.server.hex().upper()
    meter = MeterId(name, name, maker.decode("ascii") if maker.isascii() else "")
    return [_reading(entry, told, meter, profile) for entry in told.entries]


def _reading(entry: SmlEntry, told: SmlList, meter: MeterId, profile: MeterProfile) -> Reading:
    instant = entry.timestamp if entry.timestamp is not None else told.timestamp
    flags = set() if entry.status is None else set(profile.status.flags(entry.status))
    if instant is None:
        flags.add(Flag.NO_OFFSET)
    return Reading(
        meter,
        entry.code,
        entry.raw or 0,
        entry.scaler,
        entry.unit,
        ts_end=instant,
        offset_source=OffsetSource.UNKNOWN if instant is None else OffsetSource.DEVIATION,
        status_raw=entry.status,
        flags=frozenset(flags),
        protection=Protection.CRC,
        text=_text(entry),
    )


def _text(entry: SmlEntry) -> str:
    """What is no number: printable octets as text, others in hex."""
    octets = entry.octets
    printable = bool(octets) and octets.isascii() and octets.decode("ascii").isprintable()
    return octets.decode("ascii") if printable else octets.hex().upper()
