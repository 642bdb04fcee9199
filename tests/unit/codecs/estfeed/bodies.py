"""Bodies of the Estonian datahub in many spellings, written by hand of these tests, and what two readings differ in."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np

from gateway.codecs.estfeed.table import decode
from gateway.messages.codes import Commodity, FeedForm
from gateway.messages.metering_data import MeteringData

POINTS = ("38ZEE-1000007L-E", "38ZGO-100000BP-P", "38ZGO-1000000C-Y")
CONTEXT = {
    "marketParticipantIdentification": "38X-EIN-GO-----0",
    "marketParticipantRole": "GRID_OPERATOR",
    "commodityType": "ELECTRICITY",
}


_MARK = "number "
_MARKED = re.compile(f'"{_MARK}([^"]*)"')


def number(text: str) -> str:
    """A text that stands in a body as the number it says, digit by digit."""
    return _MARK + text


@dataclass(frozen=True)
class Spelling:
    """How one sender writes: order of keys, white space, decimals, times."""

    shuffles: bool
    indent: int | None
    separators: tuple[str, str]
    decimals: tuple[int, ...]
    offset: int
    with_seconds: bool
    fractions: tuple[int, ...]

    @classmethod
    def any(cls, chance: random.Random) -> Spelling:
        """Some sender's."""
        return cls(
            chance.random() < 0.2,
            chance.choice((None, None, 2)),
            chance.choice(((",", ":"), (", ", ": "), (" ,", " : "))),
            chance.choice(((3,), (3,), (3,), (0, 1, 2, 3), (1,))),
            chance.choice((0, 0, 2, -5)),
            chance.random() < 0.8,
            chance.choice(((0,), (0,), (3,), (1, 6, 9))),
        )

    def time(self, instant: int, chance: random.Random, whole: bool = False) -> str:
        """An instant; starts (`whole`) have no fraction but zero."""
        moment = datetime.fromtimestamp(instant, UTC).astimezone(timezone(timedelta(hours=self.offset)))
        text = f"{moment:%Y-%m-%dT%H:%M}"
        if self.with_seconds or moment.second:
            digits = chance.choice(self.fractions)
            fraction = "0" * digits if whole else "".join(chance.choice("0123456789") for _ in range(digits))
            text += f":{moment:%S}" + (f".{fraction}" if digits else "")
        return text + ("Z" if not self.offset else f"{self.offset:+03d}:00")

    def amount(self, thousandths: int, chance: random.Random) -> str:
        """A number of kWh."""
        decimals = chance.choice(self.decimals)
        text = f"{thousandths / 1000:.3f}"
        return number(text[: len(text) - 3 + decimals].rstrip("."))

    def written(self, value: Any, chance: random.Random) -> bytes:
        """A body."""
        if self.shuffles:
            value = _ordered(value, _order(chance))
        return dumped(value, self.indent, self.separators)


def dumped(value: Any, indent: int | None = None, separators: tuple[str, str] = (", ", ": ")) -> bytes:
    """A body with its numbers as they are meant."""
    return _MARKED.sub(r"\1", json.dumps(value, indent=indent, separators=separators)).encode()


def _order(chance: random.Random) -> Callable[[str], float]:
    ranks: dict[str, float] = {}
    return lambda key: ranks.setdefault(key, chance.random())


def _ordered(value: Any, rank: Callable[[str], float]) -> Any:
    if isinstance(value, list):
        return [_ordered(one, rank) for one in value]
    if isinstance(value, dict):
        return {key: _ordered(value[key], rank) for key in sorted(value, key=rank)}
    return value


def v2_body(chance: random.Random, spelling: Spelling, points: int = 2, count: int = 6) -> bytes:
    """What is sent to the second generation."""
    net = chance.random() < 0.5
    names = chance.choice((("netQtyIn", "netQtyOut"), ("netInQty", "netOutQty")))
    value = []
    for place in range(points):
        periods = []
        read_at = chance.randrange(1_790_000_000, 1_800_000_000)
        for start in _starts(chance, count):
            period: dict[str, Any] = {"pS": spelling.time(start, chance, whole=True)}
            if chance.random() < 0.95:
                period["rTime"] = spelling.time(read_at, chance)
            for name in chance.choice((("inQty", "outQty"), ("inQty", "outQty"), ("outQty",))):
                period[name] = _quantity(chance, spelling)
            if net:
                period |= {name: spelling.amount(chance.randrange(50_000), chance) for name in names}
            periods.append(period)
        value.append({"meteringPointEic": POINTS[place % len(POINTS)], "periods": periods})
    return spelling.written(value, chance)


def v1_body(chance: random.Random, spelling: Spelling, points: int = 2, count: int = 6) -> bytes:
    """What is sent to the first generation."""
    gas = chance.random() < 0.3
    value = []
    for place in range(points):
        periods = []
        for resolution in chance.choice((("PT15M",), ("PT1H", "PT15M"))):
            intervals = []
            for start in _starts(chance, count):
                interval: dict[str, Any] = {"pS": spelling.time(start, chance, whole=True)}
                for name in chance.choice((("inQty", "outQty"), ("outQty",))):
                    read_at = {"rTime": spelling.time(chance.randrange(1_790_000_000, 1_800_000_000), chance)}
                    interval[name] = (read_at if chance.random() < 0.9 else {}) | _quantity(chance, spelling, gas)
                intervals.append(interval)
            periods.append({"r": resolution, "aI": intervals})
        value.append({"meterEic": POINTS[place % len(POINTS)], "periods": periods})
    return spelling.written({"marketParticipantContext": CONTEXT, "meterData": value}, chance)


def _starts(chance: random.Random, count: int) -> list[int]:
    begin = chance.choice((1_767_225_600, 1_774_745_100, 951_782_400))
    return [begin + 900 * k for k in range(chance.randrange(1, count + 1))]


def _quantity(chance: random.Random, spelling: Spelling, gas: bool = False) -> dict[str, Any]:
    amounts = {"kwh": spelling.amount(chance.choice((0, 7, 1_000, 12_345, 9_999_999, 12_345_678_901)), chance)}
    if gas:
        amounts["m3"] = spelling.amount(chance.randrange(90_000), chance)
    return {"rType": chance.choice("MMME"), **amounts}


def differences(one: MeteringData, other: MeteringData) -> list[str]:
    """What two readings of a document do not have in common."""
    found = [
        name
        for name in ("commodity", "form", "caller", "point", "resolution")
        if getattr(one, name) != getattr(other, name)
    ]
    found += [
        name
        for name in ("offsets", "start", "fractional")
        if not np.array_equal(getattr(one, name), getattr(other, name))
    ]
    if list(one.measures) != list(other.measures):
        return [*found, f"{list(one.measures)} {list(other.measures)}"]
    for measure, columns in one.measures.items():
        beside = other.measures[measure]
        for name in ("quantity", "quality", "read_at", "decimals"):
            if not np.array_equal(getattr(columns, name), getattr(beside, name)):
                found.append(f"{measure} {name}: {getattr(columns, name)} {getattr(beside, name)}")
        if columns.as_written != beside.as_written:
            found.append(f"{measure} as written")
    return found


def read(data: bytes, form: FeedForm = FeedForm.ESTFEED_V2) -> MeteringData:
    """What a body of electricity holds."""
    found = decode(data, form, Commodity.ELECTRICITY)
    assert isinstance(found, MeteringData), found
    return found
