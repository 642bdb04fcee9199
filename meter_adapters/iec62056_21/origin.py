"""Where a value came from: which meter, read under which meter profile, proved by what."""

from __future__ import annotations

from dataclasses import dataclass

from meter_adapters.iec62056_21.messages import Identification, Mode
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.readings import Flag, MeterId, Protection, Refusal, RefusalReason
from meter_adapters.time_offset import NOT_PLACED, MeterTime, PlacedTime


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of one block of values."""

    meter: MeterId
    profile: MeterProfile
    protection: Protection

    @property
    def flags(self) -> frozenset[Flag]:
        """What holds for every value of the block."""
        return frozenset({Flag.UNPROTECTED}) if self.protection is Protection.NONE else frozenset()

    def place(self, time: MeterTime | None, expected: int | None = None) -> PlacedTime:
        """The instant of a time the meter wrote."""
        return NOT_PLACED if time is None else self.profile.offset_rule.place(time, expected)

    def refusal(self, text: str, reason: RefusalReason = RefusalReason.NOT_UNDERSTOOD) -> Refusal:
        """A refusal of something this meter said."""
        return Refusal(self.meter.name, None, reason, text)


def meter_of(ident: Identification, address: str = "") -> MeterId:
    """The meter of an identification; its serial number only its registers tell."""
    model = ident.text if ident.mode is not Mode.A else f"{ident.speed}{ident.text}"
    return MeterId(ident.name, "", ident.manufacturer.upper(), model, address)
