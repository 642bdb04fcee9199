"""What a DLMS link core tells: the link is up, a whole APDU came, the link is down, or something is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from meter_adapters.dlms.fault import Fault


@dataclass(frozen=True, slots=True)
class Connected:
    """The link is up; from now on APDUs may be sent."""


@dataclass(frozen=True, slots=True)
class Apdu:
    """One whole APDU of the meter. `unsolicited` where it is a push nobody asked for."""

    octets: bytes
    unsolicited: bool = False


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The meter closed the link, or agreed to."""


Event: TypeAlias = Connected | Apdu | Disconnected | Fault
