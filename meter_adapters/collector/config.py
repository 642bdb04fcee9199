"""The collector's configuration: hub, buses, meters, and which metering point is read where. One TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
    model_validator,
)

from gateway.messages.codes import Dialect, MeteringPointType, SettlementMethod, Unit
from gateway.messages.findings import Finding
from gateway.messages.identifiers import is_eic, is_gln, is_gsrn
from gateway.messages.times import to_instant
from meter_adapters.meter_profiles.files import read_profile_file, shipped_names, shipped_profile
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.obis import Obis

DEFAULT_URL = "http://127.0.0.1:8080"


class _Section(BaseModel):
    """A section of the file: closed, and named with dashes."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"), populate_by_name=True
    )


def _gsrn(text: str) -> str:
    if not is_gsrn(text):
        raise ValueError(f"{text!r} is no GSRN of 18 digits")
    return text


def _party(text: str) -> str:
    if not is_gln(text) and not is_eic(text):
        raise ValueError(f"{text!r} is neither a GLN of 13 digits nor an EIC of 16 characters")
    return text


def _factor(value: object) -> Fraction:
    try:
        factor = Fraction(value) if isinstance(value, int | str) else Fraction(str(Decimal(str(value))))
    except (ValueError, ZeroDivisionError, ArithmeticError):
        raise ValueError(f"{value!r} is no factor such as 40, 0.5 or 400/5") from None
    if factor <= 0:
        raise ValueError("a factor is more than zero")
    return factor


def _moment(value: object) -> int:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("must be an instant with its offset, such as 2026-03-01T10:00:00Z")
    return to_instant(value)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone") from None
    return name


Gsrn = Annotated[str, AfterValidator(_gsrn)]
Party = Annotated[str, AfterValidator(_party)]
Factor = Annotated[Any, BeforeValidator(_factor)]
Moment = Annotated[int, BeforeValidator(_moment)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.-]+$")]


class CollectorSection(_Section):
    """The collector itself."""

    name: Name
    data_dir: Path = Path("gridpost-meters")
    zone: Annotated[str, AfterValidator(_zone)] = "Europe/Copenhagen"
    """Whose local days series and files are of."""
    secrets: Path | None = None
    status_port: Annotated[int, Field(ge=0, le=65535)] = 8391
    outbox_mebibytes: Annotated[int, Field(ge=16)] = 1024
    retention_days: PositiveInt = 40
    host_clock: Literal["checked", "trusted"] = "checked"
    """`checked` marks what is read while no time server holds the collector's clock."""


class HubSection(_Section):
    """Where readings go; without this section they are kept here."""

    url: str = ""
    """Its address; that of the environment (`GRIDPOST_URL`) where none is named, else this machine's."""
    client_id: str = ""
    """Our client there; that of the environment (`GRIDPOST_CLIENT_ID`) where none is named."""
    secret: str = "hub"  # noqa: S105 - its name in the store
    """The name of the client's secret in the store."""
    party: Party
    hub_party: Party = "5790001330552"
    dialect: Dialect = Dialect.CIM_XML
    measurements: bool = True
    """Send every reading and event to the hub's measurement API."""
    series: bool = False
    """Send the metering points' values as RSM-012."""
    series_wait: Annotated[int, Field(ge=0, le=30 * 86_400)] = 36 * 3600
    """Seconds behind the end of a day after which its values are sent though some are missing."""


class PrepareSection(_Section):
    """The hand-over to `gridpost prepare` (DK-4.1.3.a): a directory of files, one set for each local day."""

    directory: Path


class BusSection(_Section):
    """One line: a serial port, a serial server, or a network meter. One user at a time."""

    name: Name
    link: str
    profile_every: PositiveInt = 900
    profile_lag: Annotated[int, Field(ge=0, le=3600)] = 20
    """Seconds a meter has to close an interval before it is asked for it."""
    jitter: Annotated[int, Field(ge=0, le=600)] = 10
    registers_every: Annotated[int, Field(ge=0)] = 3600
    """0: registers are not read."""
    events_every: Annotated[int, Field(ge=0)] = 3600
    visit_seconds: PositiveInt = 600
    """Longest session with one meter."""


class PointSection(_Section):
    """A metering point's values out of a meter: of which column, in which direction, times which factor."""

    metering_point: Gsrn
    kind: MeteringPointType = MeteringPointType.CONSUMPTION
    settlement_method: SettlementMethod | None = None
    direction: Literal["import", "export"] = "import"
    register_code: Annotated[Obis | None, Field(alias="register")] = None
    values: Literal["interval", "demand", "register"] = "interval"
    """What the column holds: energy of the interval, its mean power, or a counter."""
    factor: Factor = Fraction(1)
    """Of current and voltage transformers: what the meter did not multiply itself."""
    resolution: Literal["PT15M", "PT1H"] = "PT15M"
    unit: Literal[Unit.KWH, Unit.KVARH] = Unit.KWH
    role: Literal["main", "check"] = "main"
    """A check meter's values are no series; they go to `gridpost prepare`."""
    valid_from: Annotated[Moment | None, Field(alias="from")] = None
    valid_to: Annotated[Moment | None, Field(alias="to")] = None

    @model_validator(mode="before")
    @classmethod
    def _read_register(cls, value: object) -> object:
        if isinstance(value, dict) and isinstance(value.get("register"), str):
            parsed = Obis.parse(value["register"])
            if parsed is None:
                raise ValueError(f"register: {value['register']!r} is no OBIS code")
            return {**value, "register": parsed}
        return value

    @property
    def column(self) -> Obis:
        """The column of the load profile its values are in."""
        if self.register_code is not None:
            return self.register_code
        kind = {"interval": 29, "demand": 5, "register": 8}[self.values]
        active = self.unit is Unit.KWH
        return Obis(1, 0, (1 if active else 3) + (self.direction == "export"), kind, 0)

    @property
    def seconds(self) -> int:
        """The length of its steps."""
        return 900 if self.resolution == "PT15M" else 3600


class MeterSection(_Section):
    """One meter: where it is, what type it is, what proves us to it, and whose values it measures."""

    name: Name
    bus: Name
    profile: str
    address: str = ""
    serial: str = ""
    """The serial number expected; another meter is then refused. Empty: an exchange is noted and followed."""
    password: str = ""
    encryption_key: str = ""
    authentication_key: str = ""
    zone: str = ""
    set_clock: bool = False
    wakes: bool = False
    """Woken with NULs before it is asked: a battery device of IEC 62056-21."""
    unchecked: bool = False
    """Blocks without block check are taken, marked as unprotected (IEC 62056-21)."""
    bus_addresses: tuple[str, ...] = ()
    """Addresses that `discover` asks for on its bus."""
    line: dict[str, Any] = {}
    """What is otherwise on this line than the profile says: keys of its `line` section."""
    dlms: dict[str, Any] = {}
    """Likewise of its `dlms` section: client, authentication, ciphering."""
    point: tuple[PointSection, ...] = ()


class CollectorConfig(_Section):
    """All of it."""

    collector: CollectorSection
    hub: HubSection | None = None
    prepare: PrepareSection | None = None
    bus: tuple[BusSection, ...] = ()
    meter: tuple[MeterSection, ...] = ()

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        for names, what in ((self.bus, "bus"), (self.meter, "meter")):
            twice = {one.name for one in names if sum(other.name == one.name for other in names) > 1}
            if twice:
                raise ValueError(f"{what} {', '.join(sorted(twice))} is there twice")
        buses = {bus.name for bus in self.bus}
        for meter in self.meter:
            if meter.bus not in buses:
                raise ValueError(f"meter {meter.name} is on bus {meter.bus}, which is not there")
        return self

    def with_environment(self, environment: Mapping[str, str]) -> CollectorConfig:
        """The configuration with what the hub's section leaves to the environment."""
        if self.hub is None:
            return self
        url = self.hub.url or environment.get("GRIDPOST_URL", DEFAULT_URL)
        client_id = self.hub.client_id or environment.get("GRIDPOST_CLIENT_ID", "")
        return self.model_copy(update={"hub": self.hub.model_copy(update={"url": url, "client_id": client_id})})

    def meters_on(self, bus: str) -> tuple[MeterSection, ...]:
        """The meters of a bus, in the order of the file."""
        return tuple(meter for meter in self.meter if meter.bus == bus)


def read_config(path: Path) -> CollectorConfig | tuple[Finding, ...]:
    """The configuration of a file, its paths beside the file; or what is wrong with it, key by key."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        config = CollectorConfig.model_validate(table)
    except OSError as error:
        return (Finding("config", error.strerror or "cannot be read", str(path)),)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return (Finding("config", str(error), str(path)),)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        return tuple(
            Finding("config", fault["msg"], f"{path}: {'.'.join(map(str, fault['loc']))}".rstrip(": "))
            for fault in faults
        )
    return _beside(config, path.parent)


def _beside(config: CollectorConfig, directory: Path) -> CollectorConfig:
    """The configuration with its relative paths taken from where the file is."""
    own = config.collector
    secrets = None if own.secrets is None else directory / own.secrets
    changes: dict[str, object] = {
        "collector": own.model_copy(update={"data_dir": directory / own.data_dir, "secrets": secrets})
    }
    if config.prepare is not None:
        changes["prepare"] = PrepareSection(directory=directory / config.prepare.directory)
    return config.model_copy(update=changes)


def profile_of(meter: MeterSection, directory: Path) -> MeterProfile | tuple[Finding, ...]:
    """The profile of a meter, shipped or of a file beside the configuration, with what its section says otherwise."""
    if meter.profile.endswith(".toml"):
        found = read_profile_file(directory / meter.profile)
    elif meter.profile in shipped_names():
        found = shipped_profile(meter.profile)
    else:
        text = f"there is no profile {meter.profile!r}; known are {', '.join(shipped_names())}, or a file FILE.toml"
        return (Finding("config", text, f"meter {meter.name}"),)
    if isinstance(found, tuple):
        return found
    if found.protocol == "sml":
        return (Finding("config", "SML is read from captures only", f"meter {meter.name}: profile"),)
    table = found.model_dump(mode="json", by_alias=True)
    table["time"] |= {"zone": meter.zone} if meter.zone else {}
    table["line"] |= meter.line
    table["dlms"] |= meter.dlms | _addressed(meter, found)
    try:
        return MeterProfile.model_validate(table)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        return tuple(
            Finding("config", fault["msg"], f"meter {meter.name}: {'.'.join(map(str, fault['loc']))}")
            for fault in faults
        )


def _addressed(meter: MeterSection, profile: MeterProfile) -> dict[str, object]:
    """A DLMS meter's address: `17` on its bus, or `1/17` for logical and physical server."""
    if profile.protocol != "dlms" or not meter.address:
        return {}
    logical, _, physical = meter.address.rpartition("/")
    return {"physical-server": physical, **({"logical-server": logical} if logical else {})}


def sentences(findings: Sequence[Finding]) -> str:
    """Findings as lines for people."""
    return "\n".join(f"{finding.path}: {finding.text}" if finding.path else finding.text for finding in findings)
