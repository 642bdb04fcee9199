"""The finding of a reading that has one."""

from __future__ import annotations

from gateway.hub.masterdata.files import MasterDataReading
from gateway.messages.findings import Finding


def only(reading: MasterDataReading) -> Finding:
    """Its only finding."""
    assert len(reading.findings) == 1, reading.findings
    return reading.findings[0]
