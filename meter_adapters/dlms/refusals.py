"""What a fault of a DLMS core means for whoever reads the meter: one table from codes to reasons."""

from __future__ import annotations

from meter_adapters.dlms.fault import Fault
from meter_adapters.readings import Refusal, RefusalReason

_REASONS = {
    "no-answer": RefusalReason.NO_ANSWER,
    "mode-e": RefusalReason.NO_ANSWER,
    "link-closed": RefusalReason.LINK_LOST,
    "hdlc-disconnected": RefusalReason.LINK_LOST,
    "gcm-tag": RefusalReason.TAG_WRONG,
    "not-authenticated": RefusalReason.TAG_WRONG,
    "counter-not-rising": RefusalReason.COUNTER_REPLAYED,
    "no-key": RefusalReason.NO_KEY,
    "key-length": RefusalReason.NO_KEY,
    "key-info": RefusalReason.NO_KEY,
    "counter-used-up": RefusalReason.NO_KEY,
    "password": RefusalReason.PASSWORD_WRONG,
    "locked-out": RefusalReason.LOCKED_OUT,
    "system-title": RefusalReason.METER_CHANGED,
    "columns": RefusalReason.COLUMNS_CHANGED,
    "access-2": RefusalReason.BUSY,
    "meter-busy": RefusalReason.BUSY,
    "access-4": RefusalReason.NOT_SUPPORTED,
    "not-configured": RefusalReason.NOT_SUPPORTED,
    "compressed": RefusalReason.NOT_SUPPORTED,
    "meter-counter": RefusalReason.METER_ERROR,
    "meter-exception": RefusalReason.METER_ERROR,
    "association-refused": RefusalReason.METER_ERROR,
    "hdlc-frame-reject": RefusalReason.METER_ERROR,
}
_FAMILIES = {
    "access-": RefusalReason.METER_ERROR,
    "hdlc-": RefusalReason.CHECK_FAILED,
    "mbus-": RefusalReason.CHECK_FAILED,
    "wrapper-": RefusalReason.CHECK_FAILED,
    "sml-crc": RefusalReason.CHECK_FAILED,
    "sml-transport": RefusalReason.CHECK_FAILED,
}


def reason_of(fault: Fault) -> RefusalReason:
    """The reason of a fault; a code nobody listed is about octets that were not understood."""
    listed = _REASONS.get(fault.code)
    if listed is not None:
        return listed
    families = (reason for family, reason in _FAMILIES.items() if fault.code.startswith(family))
    return next(families, RefusalReason.NOT_UNDERSTOOD)


def refusal(fault: Fault, meter: str, at: int | None = None) -> Refusal:
    """A fault as a refusal of one meter's data."""
    return Refusal(meter, at, reason_of(fault), f"{fault.text} ({fault.code})")
