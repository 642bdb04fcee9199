"""What a type of meter does in its own way: ids, status bits, time, speed, profiles. A value read from a TOML file.

A field that a file does not name has the value of the standard. Times are seconds, codes canonical OBIS.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, PositiveInt

from meter_adapters.obis import EVENT_LOG, INVOCATION_COUNTER, LOAD_PROFILE, Obis
from meter_adapters.readings import Flag
from meter_adapters.time_offset import OffsetRule, OffsetStyle


def _code(value: object) -> Obis:
    parsed = value if isinstance(value, Obis) else Obis.parse(value) if isinstance(value, str) else None
    if parsed is None:
        raise ValueError(f"{value!r} is no OBIS code")
    return parsed


def _mask(value: object) -> object:
    return int(value, 0) if isinstance(value, str) else value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone") from error
    return name


Code = Annotated[Any, BeforeValidator(_code), PlainSerializer(str)]
"""An OBIS code in any spelling; `Obis` once read."""
Mask = Annotated[int, BeforeValidator(_mask)]
"""Bits of a status word: `0x80`."""


class _Section(BaseModel):
    """A section of a profile: closed, and named with dashes."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"), populate_by_name=True
    )


class TimeSection(_Section):
    """How the meter keeps time (see `time_offset`)."""

    style: OffsetStyle | None = None
    zone: Annotated[str, AfterValidator(_zone)] = "Europe/Copenhagen"
    trusts_deviation: bool = True
    """False for a meter that writes a deviation it does not keep to."""


class LineSection(_Section):
    """Speed and patience on the line."""

    baud: PositiveInt = 300
    bits: Literal[7, 8] = 7
    parity: Literal["N", "E", "O"] = "E"
    switches: bool = True
    """False for a meter that offers a speed and does not follow."""
    most_baud: PositiveInt = 19200
    switch_delay: Annotated[float, Field(ge=0, le=5)] = 0.3
    """Between the last octet of the acknowledgement and the new speed."""
    reaction: Annotated[float, Field(gt=0, le=30)] = 1.5
    """How long the meter may think before it answers."""
    gap: Annotated[float, Field(gt=0, le=30)] = 1.5
    """Longest pause between two octets of one answer."""


class StatusSection(_Section):
    """What the bits of the status word say."""

    bits: dict[Flag, Mask] = {}
    daylight: Mask = 0
    """The bit that marks daylight saving time; 0 where there is none."""

    def flags(self, status: int) -> frozenset[Flag]:
        """The flags that a status word raises."""
        return frozenset(flag for flag, mask in self.bits.items() if status & mask)

    def is_daylight(self, status: int | None) -> bool | None:
        """Whether the status marks daylight saving time; None where it has no such bit."""
        return bool(status & self.daylight) if status is not None and self.daylight else None


class LoadProfileSection(_Section):
    """The load profile that is read for billing."""

    code: Code = LOAD_PROFILE
    name: str = "P.01"
    """As IEC 62056-21 calls it."""
    period: PositiveInt = 900
    days_per_read: PositiveInt = 1
    depth_days: PositiveInt = 60
    """How far back the meter remembers."""
    command: Literal["R5", "R6"] = "R5"
    range_deviation: bool = True
    """Whether the bounds of a range carry a deviation: some meters demand it, some refuse it."""
    range_access: bool = True
    """False for a meter that ignores selective access; its rows are filtered here."""


class EventSection(_Section):
    """The event logs."""

    codes: tuple[Code, ...] = ()
    name: str = "P.98"
    code: Code = EVENT_LOG


class RegisterSection(_Section):
    """Registers, powers and operating values that are read where none are named."""

    read: tuple[Code, ...] = ()


class DlmsSection(_Section):
    """How a DLMS meter is addressed and spoken to; secrets are no part of it."""

    framing: Literal["wrapper", "hdlc"] = "wrapper"
    client: Annotated[int, Field(ge=1, le=127)] = 16
    logical_server: Annotated[int, Field(ge=0, le=16383)] = 1
    physical_server: Annotated[int, Field(ge=0, le=16383)] = 0
    address_octets: Literal[1, 2, 4] = 1
    authentication: Literal["none", "lls", "hls-gmac"] = "none"
    suite: Literal[0, 1, 2] = 0
    ciphered: bool = False
    most_info: Annotated[int, Field(ge=32, le=2030)] = 128
    starts_in_mode_e: bool = False
    counter: Code = INVOCATION_COUNTER
    """Where the meter shows the public client which invocation counter it has seen."""
    shows_counter: bool = True
    client_title: Annotated[str, Field(pattern="^[0-9A-Fa-f]{16}$")] = "4750540000000001"
    """Our system title, in hex."""
    meter_title: Annotated[str, Field(pattern="^([0-9A-Fa-f]{16})?$")] = ""
    """The meter's system title, in hex, where another one shall be refused."""
    dedicates: bool = False
    """Whether each association gets a key of its own."""


class PlausibilitySection(_Section):
    """What the meter can measure at most; beyond it a value is flagged implausible."""

    most_power: Annotated[int, Field(gt=0)] | None = None
    """W, on the meter's own side of its transformers."""
    register_digits: Annotated[int, Field(ge=4, le=18)] | None = None
    """Digits after which a register of `register_scaler` begins anew."""
    register_scaler: Annotated[int, Field(ge=-6, le=6)] = 0


class MeterProfile(_Section):
    """One type of meter.

    Attributes:
        name: the file's name without ending.
        ids: what ids that are no OBIS code mean, or mean otherwise than the standard.
    """

    name: str
    title: str = ""
    protocol: Literal["iec62056-21", "dlms", "p1", "sml"]
    time: TimeSection = TimeSection()
    line: LineSection = LineSection()
    ids: dict[str, Code] = {}
    status: StatusSection = StatusSection()
    load_profile: LoadProfileSection = LoadProfileSection()
    events: EventSection = EventSection()
    registers: RegisterSection = RegisterSection()
    dlms: DlmsSection = DlmsSection()
    plausibility: PlausibilitySection = PlausibilitySection()

    def obis_of(self, source_id: str) -> Obis | None:
        """What an id of a readout means; None where neither the profile nor the standard knows it."""
        named: Obis | None = self.ids.get(source_id)
        return named if named is not None else Obis.parse(source_id)

    @property
    def offset_rule(self) -> OffsetRule:
        """How its times become instants."""
        return OffsetRule(ZoneInfo(self.time.zone), self.time.style, self.time.trusts_deviation)
