"""The collector's own clock, and whether a time server holds it. No other module of the adapters reads the clock."""

from __future__ import annotations

import ctypes
import time

_NOT_SYNCHRONISED = 5
_TIMEX_OCTETS = 256


def host_time() -> float:
    """Now, in epoch seconds with fraction."""
    return time.time()


def is_synchronised() -> bool:
    """Whether the system says its clock is held by a time server; True where it cannot be asked."""
    try:
        adjust = ctypes.CDLL(None).ntp_adjtime
    except (OSError, AttributeError):
        return True
    asked = ctypes.create_string_buffer(_TIMEX_OCTETS)  # all zero: nothing is changed
    return int(adjust(asked)) != _NOT_SYNCHRONISED
