"""A party's whole portfolio read at once: every point it may see, a window of points at a time (DH-220)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.access import visible_points
from gateway.hub.office import Office
from gateway.hub.ports import Page, Principal, Refused, SeriesQuery
from gateway.hub.ports_point_series import AllSeries
from gateway.hub.series.reading import read_series
from gateway.messages.identifiers import is_point_id, point_id, point_key
from gateway.messages.times import DAY, Interval

MOST_POINTS = 500
"""Points of one window: a week of quarters of them is a third of a million values."""
_CHANGE_OF_CLOCKS = 3600


def all_series(
    office: Office, connection: Connection, reader: Principal, query: SeriesQuery, page: Page
) -> AllSeries | Refused:
    """The series of the points the reader may see in an interval, those behind the page's cursor, in order of points.

    A point without values has one empty series. Findings: `query-too-long`, and those of `read_series`.
    """
    profile, master, now = office.profile, office.refresh(connection), office.clock.now()
    longest = profile.number("query-days", profile.zone.day(now))
    if query.end - query.start > longest * DAY + _CHANGE_OF_CLOCKS:
        return Refused((profile.finding("query-too-long", days=longest),))
    keys = np.unique(master.points.point)
    if page.after:
        if not is_point_id(page.after):
            return AllSeries(())
        keys = keys[keys > point_key(page.after)]
    seen = visible_points(profile, master, reader, keys, (Interval(query.start, query.end), now))
    own = keys[np.unique(seen.place)]
    shown = [point_id(key) for key in own[: min(page.limit, MOST_POINTS)].tolist()]
    if not shown:
        return AllSeries(())
    found = read_series(office, connection, reader, replace(query, points=tuple(shown)))
    if isinstance(found, Refused):
        return found
    return AllSeries(found or (), shown[-1] if len(own) > len(shown) else "")
