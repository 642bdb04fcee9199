"""Two simulated meters at the sample market: a collector reads them and sends what they say to the hub.

They run as processes of their own, by the command of the meters' package; nothing of it is loaded here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from gateway.demo.market import GRID_OPERATOR, SUPPLIER_B
from gateway.demo.run import Story
from gateway.demo.server import DemoFailed
from gateway.messages.codes import MeteringPointType, Resolution, SettlementMethod
from gateway.messages.times import format_second
from gateway.schemas.parsers import parse_json
from gateway.transport.client import HubClient

NEEDED = "gurux_dlms"
"""What the extra `meters` installs."""

PATIENCE = 90.0
"""Seconds until the first readings must be at the hub."""

DAYS = 3
"""Days of load profile the meters have."""

_COMMAND = (sys.executable, "-m", "meter_adapters")
_LINE = "meter on "


class _Type(NamedTuple):
    """A kind of simulated meter: its protocol, its serial number, its profile's name."""

    protocol: str
    serial: str
    profile: str


_TYPES = (_Type("dlms", "4711", "dlms"), _Type("iec62056-21", "10067967", "iec62056-21"))


@dataclass(frozen=True, slots=True)
class Metered:
    """What came of the meters: metering points, readings the hub keeps, steps of the points that it accepted."""

    points: tuple[str, ...]
    readings: int
    steps: int

    def sentence(self) -> str:
        """One line for people."""
        return (
            f"Two simulated meters (DLMS and IEC 62056-21): {self.readings} readings kept by the hub; "
            f"{self.steps} quarters of their metering points accepted as RSM-012."
        )


@contextmanager
def metered(story: Story, directory: Path) -> Iterator[Metered]:
    """Simulate two meters and collect from them until their readings are at the hub; they go on within the block."""
    if find_spec(NEEDED) is None:
        raise DemoFailed(f"DLMS meters need {NEEDED}, of the extra `meters`: pip install 'gridpost[meters]'")
    points = _points(story)
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        lines = [stack.enter_context(_simulated(kind)) for kind in _TYPES]
        plant = directory / "plant.toml"
        plant.write_text(_plant(directory, points, lines), encoding="utf-8")
        stack.enter_context(_collector(story, plant))
        yield _when_there(story, points)


def _points(story: Story) -> tuple[str, ...]:
    """Two consumption points in quarters of the second supplier."""
    found = [
        version.metering_point
        for version in story.market.dataset.points
        if version.energy_supplier == SUPPLIER_B
        and version.kind is MeteringPointType.CONSUMPTION
        and version.settlement_method is SettlementMethod.FLEX
        and version.resolution is Resolution.QUARTER
    ]
    return tuple(found[-2:])


@contextmanager
def _simulated(kind: _Type) -> Iterator[str]:
    """A simulated meter; its line."""
    command = (*_COMMAND, "simulate", kind.protocol, "--serial", kind.serial, "--days", str(DAYS))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as meter:  # noqa: S603 - our own command
        try:
            assert meter.stdout is not None
            told = meter.stdout.readline()
            if not told.startswith(_LINE):
                raise DemoFailed(f"the simulated meter did not start: {told.strip() or 'it says nothing'}")
            yield told.removeprefix(_LINE).strip()
        finally:
            meter.terminate()


def _plant(directory: Path, points: tuple[str, ...], lines: list[str]) -> str:
    """The collector's configuration."""
    text = [
        "[collector]",
        'name = "demo"',
        f'data-dir = "{directory / "outbox"}"',
        'host-clock = "trusted"',
        "status-port = 0",
        "[hub]",
        f'party = "{GRID_OPERATOR}"',
        "series = true",
        "series-wait = 0",
    ]
    for kind, point, line in zip(_TYPES, points, lines, strict=True):
        text += [
            "[[bus]]",
            f'name = "{kind.protocol}"',
            f'link = "{line}"',
            "profile-lag = 0",
            "jitter = 0",
            "[[meter]]",
            f'name = "meter-{kind.serial}"',
            f'bus = "{kind.protocol}"',
            f'profile = "{kind.profile}"',
            "[[meter.point]]",
            f'metering-point = "{point}"',
            'settlement-method = "flex"',
        ]
    return "\n".join(text) + "\n"


@contextmanager
def _collector(story: Story, plant: Path) -> Iterator[None]:
    desk = story.desk(GRID_OPERATOR)
    named = {"URL": story.url, "CLIENT_ID": desk.client_id, "CLIENT_SECRET": desk.secret}
    environment = os.environ | {f"GRIDPOST_{name}": value for name, value in named.items()}
    command = (*_COMMAND, "run", "--config", str(plant))
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as collector:  # noqa: S603 - likewise
        try:
            yield
        finally:
            collector.terminate()


def _when_there(story: Story, points: tuple[str, ...]) -> Metered:
    """Wait until the load profiles of all meters and the day before the demonstration's are at the hub."""
    client = story.clients[story.desk(GRID_OPERATOR)]
    patient_until = time.monotonic() + PATIENCE
    while time.monotonic() < patient_until:
        meters = _asked(client, "measurements/meters", {})["meters"]
        steps = [_steps(story, client, point) for point in points]
        if len(meters) == len(_TYPES) and all(steps):
            return Metered(points, sum(_readings(client, meter) for meter in meters), sum(steps))
        time.sleep(0.2)
    raise DemoFailed("the meters' readings did not reach the hub in time")


def _readings(client: HubClient, meter: str) -> int:
    """How many readings of a meter the hub keeps."""
    count, after = 0, ""
    while True:
        page = _asked(client, "measurements", {"meter": meter, "limit": "1000", "after": after})
        count += len(page["readings"])
        after = page["after"]
        if not after:
            return count


def _steps(story: Story, client: HubClient, point: str) -> int:
    """How many quarters of a point the hub knows of the day before the demonstration's, which nobody else sends."""
    day = story.market.zone.day_interval(story.market.day - timedelta(days=1))
    query = {"point": point, "from": format_second(day.start), "to": format_second(day.end)}
    found = _asked(client, "series", query)["series"]
    return sum(value["quantity"] is not None for series in found for value in series["values"])


def _asked(client: HubClient, path: str, query: dict[str, str]) -> Any:
    return parse_json(client.get(path, {name: value for name, value in query.items() if value})).value
