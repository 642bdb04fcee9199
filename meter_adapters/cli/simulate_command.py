"""`gridpost-meters simulate`: a meter that is none, on a TCP port or a pseudo terminal, with faults on request."""

from __future__ import annotations

import asyncio
import dataclasses
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Literal

import typer

from gateway.messages.times import NO_INSTANT, parse_instant
from meter_adapters.cli.outcome import CommandError
from meter_adapters.collector.host_clock import host_time
from meter_adapters.dlms.acse import Mechanism
from meter_adapters.dlms.ciphering import Keys
from meter_adapters.simulators.dlms import SimulatedDlmsMeter
from meter_adapters.simulators.dlms_objects import DlmsObjects
from meter_adapters.simulators.dlms_server import ClientRights, MeterSettings
from meter_adapters.simulators.faults import Faults
from meter_adapters.simulators.iec62056_21 import Iec62056Simulator
from meter_adapters.simulators.iec62056_21_texts import MeterTexts
from meter_adapters.simulators.line_server import serve_pty, serve_tcp
from meter_adapters.simulators.meter import ClockStep, ClockStyle, Identity, Outage, SimulatedMeter, battery_dead

DAY = 86_400
Clock = Callable[[], float]

Port = Annotated[int, typer.Option(help="TCP port on loopback; a free one unless given.")]
Pty = Annotated[bool, typer.Option("--pty", help="Serve a pseudo terminal instead of a TCP port.")]
Serial = Annotated[str, typer.Option(help="The meter's serial number.")]
Seed = Annotated[int, typer.Option(help="What its values are drawn from.")]
Days = Annotated[int, typer.Option(help="Days of load profile it begins with.")]
Style = Annotated[ClockStyle, typer.Option(help="What its clock shows.")]
At = Annotated[str | None, typer.Option(metavar="T", help="The instant its world begins at; now unless given.")]
FaultOptions = Annotated[
    list[str] | None,
    typer.Option("--fault", metavar="NAME[=VALUE]", help="A fault switch, such as drop, cut=20, noise=7e7e, slow=2."),
]
Happening = Annotated[
    list[str] | None,
    typer.Option(
        "--happening", metavar="WHAT@T", help="clock-step=SECONDS@T, outage=SECONDS@T, battery-dead@T, drift=SECONDS@T."
    ),
]
Password = Annotated[str | None, typer.Option(help="The password it wants.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="simulate", help="Play a meter, until told to stop.", no_args_is_help=True)
    group.command("iec62056-21")(simulate_iec)
    group.command("dlms")(simulate_dlms)
    app.add_typer(group)


def simulate_iec(  # noqa: PLR0913, PLR0917 - one parameter for each option
    port: Port = 0,
    pty: Pty = False,
    serial: Serial = "10067967",
    seed: Seed = 0,
    days: Days = 10,
    style: Style = ClockStyle.LOCAL_DST,
    at: At = None,
    fault: FaultOptions = None,
    happening: Happening = None,
    mode: Annotated[Literal["A", "B", "C", "D", "E"], typer.Option(help="Its protocol mode.")] = "C",
    address: Annotated[str, typer.Option(help="The device address it answers to.")] = "",
    password: Password = None,
) -> None:
    """Play a meter of IEC 62056-21."""
    now = _clock(at)
    meter = _meter((serial, seed, days, style), now(), happening or [])
    simulator = Iec62056Simulator(
        MeterTexts(meter), now, _faults(fault or []), mode=mode, address=address, password=password
    )
    _serve(_line(simulator.talk, port, pty))


def simulate_dlms(  # noqa: PLR0913, PLR0917 - one parameter for each option
    port: Port = 0,
    pty: Pty = False,
    serial: Serial = "10067967",
    seed: Seed = 0,
    days: Days = 10,
    style: Style = ClockStyle.LOCAL_DST,
    at: At = None,
    fault: FaultOptions = None,
    happening: Happening = None,
    framing: Annotated[Literal["wrapper", "hdlc"], typer.Option(help="How APDUs travel; a pty has HDLC.")] = "wrapper",
    client: Annotated[int, typer.Option(help="The client that may do more than the public one, 16.")] = 1,
    password: Password = None,
    key: Annotated[str | None, typer.Option(metavar="HEX", help="Its encryption key: client speaks ciphered.")] = None,
    auth_key: Annotated[str | None, typer.Option(metavar="HEX", help="Its authentication key.")] = None,
) -> None:
    """Play a DLMS meter: open to client 16, and to another by password or keys."""
    now = _clock(at)
    meter = _meter((serial, seed, days, style), now(), happening or [])
    settings = MeterSettings()
    if key is not None:
        settings.keys = Keys(_octets(key), _octets(auth_key or key))
        settings.clients[client] = ClientRights(Mechanism.HLS_GMAC, ciphered=True)
    elif password is not None:
        settings.clients[client] = ClientRights(Mechanism.LLS, password.encode())
    simulated = SimulatedDlmsMeter(DlmsObjects(meter, now), settings, _faults(fault or []))
    if pty:
        _serve(_named("serial:", simulated.hdlc_pty()))
    elif framing == "hdlc":
        _serve(_named("tcp://127.0.0.1:", simulated.hdlc_tcp(port=port)))
    else:
        _serve(_named("tcp://127.0.0.1:", simulated.wrapper(port=port)))


def _clock(at: str | None) -> Clock:
    """The time of the meter's world: this machine's, or one that began at an instant."""
    if at is None:
        return host_time
    begin, started = _instant(at), host_time()
    return lambda: begin + host_time() - started


def _meter(about: tuple[str, int, int, ClockStyle], now: float, happenings: list[str]) -> SimulatedMeter:
    serial, seed, days, style = about
    meter = SimulatedMeter(int(now) // DAY * DAY - days * DAY, seed, Identity(serial), style=style)
    for happening in happenings:
        _happen(meter, happening)
    meter.steps = tuple(sorted(meter.steps, key=lambda step: step.at))
    meter.outages = tuple(sorted(meter.outages, key=lambda outage: outage.start))
    return meter


def _happen(meter: SimulatedMeter, text: str) -> None:
    """Let something happen to the meter: `clock-step=-1200@2026-01-01T12:00Z`."""
    about, _, at_text = text.partition("@")
    name, _, amount = about.partition("=")
    at, seconds = _instant(at_text), _whole(amount or "0", text)
    match name:
        case "clock-step":
            meter.steps = (*meter.steps, ClockStep(at, seconds))
        case "outage":
            meter.outages = (*meter.outages, Outage(at, at + seconds))
        case "battery-dead":
            meter.steps = (*meter.steps, battery_dead(at))
        case "drift":
            meter.drift = float(seconds)
        case _:
            raise CommandError(f"{text}: known are clock-step, outage, battery-dead, drift")


def _faults(texts: list[str]) -> Faults:
    """The fault switches of `name=value` texts."""
    faults = Faults()
    kinds = {field.name: str(field.type) for field in dataclasses.fields(Faults)}
    for text in texts:
        name, _, value = text.partition("=")
        name = name.replace("-", "_")
        if name not in kinds:
            raise CommandError(f"{text}: known are {', '.join(sorted(kinds)).replace('_', '-')}")
        match kinds[name]:
            case "bool":
                setattr(faults, name, True)
            case "bytes":
                setattr(faults, name, _octets(value))
            case "float":
                setattr(faults, name, _number(value, text))
            case _:
                setattr(faults, name, _whole(value, text))
    return faults


def _number(value: str, text: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise CommandError(f"{text}: {value!r} is no number") from None


def _whole(value: str, text: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise CommandError(f"{text}: {value!r} is no whole number") from None


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise CommandError("octets are written in hexadecimal digits") from None


def _instant(text: str) -> int:
    instant = parse_instant(text)
    if instant == NO_INSTANT:
        raise CommandError(f"{text!r} is no instant such as 2026-01-31T23:00Z")
    return instant


Line = AbstractAsyncContextManager[str]


@asynccontextmanager
async def _named(prefix: str, serving: AbstractAsyncContextManager[int | str]) -> AsyncIterator[str]:
    """A line that is served, by the address a bus of the configuration names it with."""
    async with serving as where:
        yield f"{prefix}{where}"


def _line(talk: Callable[..., object], port: int, pty: bool) -> Line:
    return _named("serial:", serve_pty(talk)) if pty else _named("tcp://127.0.0.1:", serve_tcp(talk, port=port))  # type: ignore[arg-type]  # as the simulators talk


def _serve(line: Line) -> None:
    """Serve until told to stop; where, is the first thing said."""

    async def run() -> None:
        stop = asyncio.Event()
        for signum in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(signum, stop.set)
        async with line as address:
            typer.echo(f"meter on {address}")
            await stop.wait()

    asyncio.run(run())
