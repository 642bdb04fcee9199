"""Places in an answer that goes by day and metering point: where a window ended and the next one begins."""

from __future__ import annotations

import re
from datetime import date

import numpy as np

from gateway.messages.masterdata import Rows

_PLACE = re.compile(r"([1-8]\d{3}-\d\d-\d\d)\.(-1|\d{1,18})", re.ASCII)


def is_place(after: str) -> bool:
    """Whether a text is the `after` of a window that goes by day and point."""
    return not after or place_of(after) is not None


def place_of(after: str) -> tuple[date, int] | None:
    """The day to go on with, and the point of it behind which."""
    match = _PLACE.fullmatch(after)
    try:
        return (date.fromisoformat(match[1]), int(match[2])) if match else None
    except ValueError:
        return None


def place_behind(day: date, point: int = -1) -> str:
    """The place behind a point of a day; without one, the beginning of the day."""
    return f"{day.isoformat()}.{point}"


def that_fit(points: Rows, behind: int, room: int) -> tuple[Rows, int]:
    """Places of the points behind one that fit into a window, and the point to go on behind; -1 when all do.

    Points are ascending. Entries of one point stay together; those of the first come in any case when the window is
    empty as yet.
    """
    places = np.flatnonzero(points > behind)
    if len(places) <= room:
        return places, -1
    kept = places[points[places] < points[places[room]]]
    if not len(kept):
        kept = places[points[places] == points[places[0]]] if room > 0 else kept
    return kept, int(points[kept[-1]]) if len(kept) else max(behind, 0)
