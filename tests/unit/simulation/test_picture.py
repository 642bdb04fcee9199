"""Pictures of days: well-formed, to scale, and committed as they are drawn."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pytest

from gateway.messages.codes import Resolution, SettlementStage
from gateway.messages.times import MarketZone
from gateway.schemas.parsers import parse_xml
from gateway.simulation.files import picture_of
from gateway.simulation.picture import Line, day_picture
from gateway.simulation.timeline import SUMS, Settled

ZONE = MarketZone("Europe/Copenhagen")


def steps_of(picture: str) -> list[list[tuple[float, float]]]:
    """The corners of every line."""
    lines = re.findall(r'points="([^"]*)"', picture)
    return [[(float(x), float(y)) for x, y in (corner.split(",") for corner in line.split())] for line in lines]


def test_a_line_is_drawn_to_scale() -> None:
    picture = day_picture(
        "A & B", [Line("up", "#000000", [0.0, 10.0]), Line("down", "#ff0000", [-10.0, 0.0])], range(24)
    )
    assert parse_xml(picture.encode()).root is not None
    up, down = steps_of(picture)
    assert [x for x, _ in up] == [x for x, _ in down]
    assert up[0][0] < up[1][0] == up[2][0] < up[3][0]
    zero, ten, minus_ten = up[0][1], up[2][1], down[0][1]
    assert zero - ten == pytest.approx(minus_ten - zero, abs=0.11)
    assert down[2][1] == zero


def test_nothing_at_all_can_be_drawn() -> None:
    assert parse_xml(day_picture("none", [Line("zero", "#000000", [0.0] * 24)], range(24)).encode()).root is not None


@pytest.mark.parametrize(
    ("day", "hours", "clock"),
    [
        (date(2016, 3, 27), 23, ["00", "04", "07", "10", "13", "16", "19", "22"]),
        (date(2016, 10, 30), 25, ["00", "02", "05", "08", "11", "14", "17", "20", "23"]),
    ],
)
def test_the_clock_below_a_day_of_another_length_is_the_local_one(day: date, hours: int, clock: list[str]) -> None:
    wh = np.arange(hours, dtype=np.int64) * 1_000_000
    basis = Settled(
        SettlementStage.FIXATION, day, "901", 1, ZONE.midnight(day), Resolution.HOUR, dict.fromkeys(SUMS, wh)
    )
    picture = picture_of(ZONE, basis)
    assert re.findall(r"anchor=\"middle\">(\d\d)</text>", picture) == clock
    assert f"{hours} hours" in picture
    assert {len(line) for line in steps_of(picture)} == {2 * hours}
