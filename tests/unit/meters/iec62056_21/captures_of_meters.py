"""The open captures beside the project, and how a capture is read in tests."""

from __future__ import annotations

from pathlib import Path

from meter_adapters.iec62056_21.captures import decode_capture
from meter_adapters.meter_profiles.files import shipped_profile
from meter_adapters.readings import Capture, CaptureKeys

FOLDER = Path("data/meters/iec62056-21")


def decoded(octets: bytes, profile: str = "iec62056-21") -> Capture:
    """What a capture says."""
    return decode_capture(octets, CaptureKeys(), shipped_profile(profile))


def said(capture: Capture) -> list[tuple[str, str, str, int | None]]:
    """Every value of a capture by the id as written: value, text, end."""
    return [
        (reading.source_id or str(reading.obis), str(reading.value), reading.text, reading.ts_end)
        for reading in capture.readings
    ]
