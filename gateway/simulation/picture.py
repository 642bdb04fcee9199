"""A day of a grid area as a drawing: what was consumed, produced, exchanged, and what is left over (SVG)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 760, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 190, 40, 44
_MOST_RULES = 6
_EVERY = 3
"""Hours from one label to the next."""

Scale = Callable[[float], float]
"""From a value, or from the part of the day that has passed, to where it is drawn."""


class Line(NamedTuple):
    """One line of the drawing: its name, its colour, kWh for each step of the day."""

    name: str
    colour: str
    values: Sequence[float]


def day_picture(title: str, lines: Sequence[Line], clock: Sequence[int]) -> str:
    """Step lines over a local day; every line has steps of equal length over the whole day.

    `clock` is the local clock hour of each of its 23, 24 or 25 hours.
    """
    values = [0.0, *(value for line in lines for value in line.values)]
    tick = _tick(max(values) - min(values))
    first, last = math.floor(min(values) / tick), max(math.ceil(max(values) / tick), 1)
    highest, span = last * tick, (last - first) * tick

    def across(place: float) -> float:
        return _LEFT + place * (_WIDTH - _LEFT - _RIGHT)

    def up(value: float) -> float:
        return _TOP + (highest - value) / span * (_HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="22" font-size="15">{escape(title)}</text>',
    ]
    parts += [_rule(up(number * tick), f"{number * tick:,}") for number in range(first, last + 1)]
    for passed, hour in enumerate(clock):
        if passed % _EVERY == 0:
            parts.append(_label(across(passed / len(clock)), _HEIGHT - _BOTTOM + 18, f"{hour:02}", "middle"))
    parts.append(_label(across(0.5), _HEIGHT - 8, f"local time, {len(clock)} hours; kWh in each step", "middle"))
    for number, line in enumerate(lines):
        parts.append(_steps(line, across, up))
        y = _TOP + 18 * number
        x = _WIDTH - _RIGHT + 16
        parts.append(f'<rect x="{x}" y="{y}" width="12" height="12" fill="{line.colour}"/>')
        parts.append(_label(x + 18, y + 11, line.name, "start"))
    return "\n".join([*parts, "</svg>\n"])


def _tick(span: float) -> int:
    """A round number that a span holds no more often than there may be rules."""
    size = 1
    while True:
        for tick in (size, 2 * size, 5 * size):
            if tick * _MOST_RULES >= span:
                return tick
        size *= 10


def _steps(line: Line, across: Scale, up: Scale) -> str:
    count = len(line.values)
    points: list[str] = []
    for place, value in enumerate(line.values):
        points += [f"{across(end / count):.1f},{up(value):.1f}" for end in (place, place + 1)]
    return f'<polyline fill="none" stroke="{line.colour}" stroke-width="2" points="{" ".join(points)}"/>'


def _rule(y: float, text: str) -> str:
    line = f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}" stroke="#dddddd"/>'
    return line + _label(_LEFT - 6, y + 4, text, "end")


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
