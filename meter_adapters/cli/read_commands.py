"""`gridpost-meters read` and `discover`: ask a meter now, outside the schedule, and show what it says."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

import typer

from gateway.messages.times import NO_INSTANT, format_second, parse_instant
from meter_adapters.cli.outcome import (
    FINDINGS,
    READING_HEADS,
    AsJson,
    CommandError,
    ConfigFile,
    event_cells,
    event_value,
    print_json,
    print_refusal,
    print_rows,
    reading_cells,
    reading_value,
    refusal_value,
    stop,
)
from meter_adapters.cli.plants import plant_of
from meter_adapters.collector.adapters import MeterDoor
from meter_adapters.collector.collector import Plant
from meter_adapters.collector.host_clock import host_time
from meter_adapters.obis import Obis
from meter_adapters.port import Adapter
from meter_adapters.readings import MeterClock, MeterEvent, MeterId, ProfileBlock, Reading, Refusal

DAY = 86_400
T = TypeVar("T")

MeterName = Annotated[str, typer.Argument(metavar="METER", help="Its name in the configuration.")]
Since = Annotated[str | None, typer.Option(metavar="T", help="From this instant; a day back unless given.")]
Until = Annotated[str | None, typer.Option(metavar="T", help="To this instant; now unless given.")]


@dataclass(slots=True)
class Said:
    """What a meter said in one session."""

    meter: MeterId | None = None
    clock: MeterClock | None = None
    readings: list[Reading] = field(default_factory=list)
    events: list[MeterEvent] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def take(self, found: object) -> None:
        """Put an answer where it belongs."""
        match found:
            case Refusal():
                self.refusals.append(found)
            case Reading():
                self.readings.append(found)
            case MeterEvent():
                self.events.append(found)
            case ProfileBlock():
                self.readings += found.readings()
            case MeterId():
                self.meter = found
            case MeterClock():
                self.clock = found


@dataclass(frozen=True, slots=True)
class Wish:
    """What to ask a meter for."""

    registers: tuple[Obis, ...]
    profile: bool
    events: bool
    since: int
    until: int


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("read")(read)
    app.command("discover")(discover)


def read(  # noqa: PLR0913, PLR0917 - one parameter for each option
    meter: MeterName,
    config: ConfigFile,
    obis: Annotated[list[str] | None, typer.Option(metavar="CODE", help="A register; may be repeated.")] = None,
    profile: Annotated[bool, typer.Option("--profile", help="The load profile as well.")] = False,
    events: Annotated[bool, typer.Option("--events", help="The event logs as well.")] = False,
    since: Since = None,
    until: Until = None,
    forgive: Annotated[
        bool, typer.Option("--forgive", help="Try a password again that was refused: you have looked at it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read a meter now and print what it says; nothing is stored or sent. Exit 1 where it refused anything."""
    now = int(host_time())
    codes = tuple(_code(text) for text in obis or ())
    wish = Wish(codes, profile, events, _instant(since, now - DAY), _instant(until, now))
    plant = plant_of(config)
    try:
        door = _door(plant, meter)
        if forgive:
            door.forgive()
        if door.is_locked:
            raise CommandError(f"{meter} refused its password; look at it, then read with --forgive")
        said = _quietly(lambda: _ask(plant, door, wish))
    finally:
        plant.close()
    if as_json:
        print_json(_said_value(said))
    else:
        _print(said)
    if said.refusals:
        stop(FINDINGS)


def discover(config: ConfigFile, meter: MeterName, as_json: AsJson = False) -> None:
    """Find out which meters answer on the bus of a meter of the configuration."""
    plant = plant_of(config)
    try:
        door = _door(plant, meter)
        found = _quietly(lambda: _discover(plant, door))
    finally:
        plant.close()
    meters = [one for one in found if isinstance(one, MeterId)]
    refusals = [one for one in found if isinstance(one, Refusal)]
    if as_json:
        print_json(
            {
                "meters": [
                    {"name": m.name, "serial": m.serial, "manufacturer": m.manufacturer, "address": m.address}
                    for m in meters
                ],
                "refusals": [refusal_value(refusal) for refusal in refusals],
            }
        )
    else:
        heads = ("address", "manufacturer", "serial", "model", "logical name")
        print_rows(heads, [(m.address, m.manufacturer, m.serial, m.model, m.logical_name) for m in meters])
        for refusal in refusals:
            print_refusal(refusal)
    if not meters:
        stop(FINDINGS)


async def _ask(plant: Plant, door: MeterDoor, wish: Wish) -> Said:
    said = Said()
    adapter = door.open(plant.links[door.meter.bus], host_time, lambda _refusal: None)
    refused = await adapter.open()
    try:
        if refused is None:
            await _converse(adapter, door, wish, said)
        else:
            said.take(refused)
    finally:
        await adapter.close()
    door.closed(said.refusals[0] if said.refusals else None)
    return said


async def _converse(adapter: Adapter, door: MeterDoor, wish: Wish, said: Said) -> None:
    for question in (adapter.identify, adapter.read_clock):
        said.take(await question())
        if said.refusals:
            return
    for answer in await adapter.read_registers(wish.registers):
        said.take(answer)
    if wish.profile:
        async for block in adapter.read_profile(door.profile.load_profile.code, wish.since, wish.until):
            said.take(block)
    if wish.events:
        for event in await adapter.read_events(wish.since, wish.until):
            said.take(event)


async def _discover(plant: Plant, door: MeterDoor) -> list[MeterId | Refusal]:
    adapter = door.open(plant.links[door.meter.bus], host_time, lambda _refusal: None)
    refused = await adapter.open()
    try:
        return [refused] if refused is not None else await adapter.discover()
    finally:
        await adapter.close()


def _quietly(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run it; what a library prints on the way, keys among it, goes nowhere."""
    with contextlib.redirect_stdout(io.StringIO()):
        return asyncio.run(work())


def _door(plant: Plant, name: str) -> MeterDoor:
    door = plant.doors.get(name)
    if door is None:
        raise CommandError(f"there is no meter {name}; known are {', '.join(plant.doors) or 'none'}")
    return door


def _code(text: str) -> Obis:
    code = Obis.parse(text)
    if code is None:
        raise CommandError(f"{text} is no OBIS code such as 1-0:1.8.0*255")
    return code


def _instant(text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    instant = parse_instant(text)
    if instant == NO_INSTANT:
        raise CommandError(f"{text} is no instant such as 2026-01-31T23:00Z")
    return instant


def _said_value(said: Said) -> dict[str, object]:
    clock = said.clock
    return {
        "meter": None if said.meter is None else said.meter.name,
        "clock": None
        if clock is None
        else {
            "meter_time": None if clock.meter_time is None else format_second(clock.meter_time),
            "ahead_seconds": None if clock.deviation is None else round(clock.deviation, 3),
        },
        "readings": [reading_value(reading) for reading in said.readings],
        "events": [event_value(event) for event in said.events],
        "refusals": [refusal_value(refusal) for refusal in said.refusals],
    }


def _print(said: Said) -> None:
    if said.meter is not None:
        typer.echo(f"meter {said.meter.name} {said.meter.model}".rstrip())
    if said.clock is not None and said.clock.deviation is not None:
        typer.echo(f"clock {said.clock.deviation:+.1f} s")
    print_rows(READING_HEADS, [*map(reading_cells, said.readings), *map(event_cells, said.events)])
    for refusal in said.refusals:
        print_refusal(refusal)
