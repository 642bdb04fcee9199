"""A day of the Finnish sample market as messages in the hub's own form: good ones, and some the rules speak against."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.demo.finland.market import FinnishMarket
from gateway.messages.codes import Resolution
from gateway.messages.quantities import format_scaled
from gateway.messages.times import STEP_SECONDS, Interval, format_second

OK, CORRECTED, ESTIMATED, UNCERTAIN = "measured", "corrected", "estimated", "uncertain"
CORRECTED_QUARTER = 42
"""The quarter of the site's consumption that is corrected in the evening."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, and what it is there to show."""

    purpose: str
    message_id: str
    body: bytes
    series: int


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes series of one local day."""

    market: FinnishMarket
    day: Interval

    def letter(self, purpose: str, number: int, series: Sequence[dict[str, Any]]) -> Letter:
        """A message of some series, made an hour after the day."""
        message_id = f"fi-{format_second(self.day.start)[:10]}-{number}"
        stated = [{"transaction_id": f"{message_id}-{place}", **one} for place, one in enumerate(series, 1)]
        whole = {"message_id": message_id, "created_at": format_second(self.day.end + 3600), "series": stated}
        return Letter(purpose, message_id, json.dumps(whole, indent=1).encode(), len(stated))

    def series(self, name: str, values: Iterable[dict[str, Any]], **stated: Any) -> dict[str, Any]:
        """A series of a point from the beginning of the day on."""
        point = self.market.point(name)
        found = {
            "metering_point": point.metering_point,
            "type": point.kind.value,
            "unit": "kwh",
            "step": point.resolution.value,
            "start": format_second(self.day.start),
        }
        return {**found, **stated, "values": list(values)}

    def day_of(self, name: str, wh: int, unit: str = "kwh", status: str = OK) -> Iterator[dict[str, Any]]:
        """The day's values of a point: so many Wh and a little more with every step, written in a unit."""
        places = {"kwh": 3, "mwh": 6}[unit]
        for step in range(self.steps(name)):
            yield {"quantity": format_scaled(wh + step % 24 * wh // 10, places, places), "status": status}

    def steps(self, name: str) -> int:
        """How many steps the day has for a point."""
        seconds = STEP_SECONDS[self.market.point(name).resolution]
        return (self.day.end - self.day.start) // seconds


def day_letters(market: FinnishMarket, day: Interval) -> list[Letter]:
    """The messages of the day, in the order they are sent."""
    write = _Writer(market, day)
    members = [write.series(f"member-{letter}", write.day_of(f"member-{letter}", 300)) for letter in "abc"]
    return [
        write.letter(
            "a day of homes, works and plants",
            1,
            [
                write.series("home", write.day_of("home", 250)),
                write.series("works", write.day_of("works", 90_000, "mwh"), unit="mwh"),
                write.series("plant", write.day_of("plant", 400_000)),
                write.series("plant-own-use", write.day_of("plant-own-use", 9_000)),
                write.series("street-light", write.day_of("street-light", 50, status=ESTIMATED)),
                write.series("read-by-hand", write.day_of("read-by-hand", 570, status=UNCERTAIN)),
            ],
        ),
        write.letter(
            "an exchange point, a series for each direction",
            2,
            [write.series("exchange", write.day_of("exchange", wh), flow=flow) for flow, wh in _FLOWS],
        ),
        write.letter(
            "a site and a community",
            3,
            [
                write.series("site-consumption", write.day_of("site-consumption", 500)),
                write.series("site-production", write.day_of("site-production", 400)),
                write.series("community-production", write.day_of("community-production", 900)),
                *members,
            ],
        ),
        _refused_letter(write, day),
    ]


def _refused_letter(write: _Writer, day: Interval) -> Letter:
    much = {"quantity": "10234.56", "status": OK, "read_at": _later(day, 2)}
    return write.letter(
        "what the rules speak against",
        4,
        [
            write.series("home", [{"quantity": "0.2", "status": OK}], start=_later(day, 0)),
            write.series("home", [{"quantity": "0.999", "status": OK}], start=_later(day, 1)),
            write.series("home", [much], start=_later(day, 2)),
            write.series("one-way-exchange", [{"quantity": "1", "status": OK}], flow="out"),
        ],
    )


_FLOWS = (("in", 70_000), ("out", 20_000))


def correction_letter(market: FinnishMarket, day: Interval) -> Letter:
    """The evening's correction of one quarter of the site."""
    write = _Writer(market, day)
    value = {"quantity": "9.000", "status": CORRECTED}
    series = write.series("site-consumption", [value], start=_later(day, CORRECTED_QUARTER))
    return write.letter("a correction of the site", 5, [series])


def _later(day: Interval, quarters: int) -> str:
    return format_second(day.start + STEP_SECONDS[Resolution.QUARTER] * quarters)


def write_letters(letters: Iterable[Letter], directory: Path) -> None:
    """The messages as files."""
    directory.mkdir(parents=True, exist_ok=True)
    for number, letter in enumerate(letters, 1):
        (directory / f"{number}-{letter.purpose.replace(' ', '-').replace(',', '')}.json").write_bytes(letter.body)
