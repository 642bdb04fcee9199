"""Whether the values of a file stand where steps of what is due begin."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gateway.messages.findings import Finding
from gateway.messages.identifiers import point_id
from gateway.messages.series import Mask
from gateway.messages.times import HOUR, format_minute
from gateway.preparation.due_series import Assignment, DueSeries, why_not_due
from gateway.preparation.point_values import NOWHERE, PointValues
from gateway.rules.runner import Wording

_FEWEST = 4
"""Values of a day from which on it is no chance that all of them stand on full hours."""


def misplaced(due: DueSeries, values: PointValues, file: str) -> Iterator[Finding]:
    """What is wrong with the times of a file's values; with any of it nothing may be prepared.

    Findings, with file and line: `off-step` for a value that begins no step of its point; `wrong-step` for a point
    with a value for every quarter of an hour that has values at full hours only, so that these are hourly ones.
    """
    place, begins = due.place(values.point, values.start)
    for number in np.flatnonzero((place != NOWHERE) & ~begins).tolist():
        step = int(due.step[due.row[place[number]]]) // 60
        text = f"{format_minute(int(values.start[number]))} begins no step of {step} minutes"
        yield _finding("off-step", text, file, int(values.line[number]))
    placed = np.flatnonzero(begins)
    row = due.row[place[placed]]
    at_hours = values.start[placed] % HOUR == 0
    counts = np.bincount(row, minlength=len(due))
    is_coarse = (due.step < HOUR) & (counts >= _FEWEST) & (np.bincount(row[at_hours], minlength=len(due)) == counts)
    for series in np.flatnonzero(is_coarse).tolist():
        line = int(values.line[placed[row == series]].min())
        point = point_id(int(due.point[series]))
        text = f"metering point {point} has a value for every quarter, here for full hours only"
        yield _finding("wrong-step", text, file, line)


def left_aside(assignment: Assignment, due: DueSeries, values: PointValues, wording: Wording) -> Iterator[Finding]:
    """A finding for every point that has values in the interval and owes none."""
    interval = assignment.interval
    inside: Mask = (values.start >= interval.start) & (values.start < interval.end)
    for point in np.setdiff1d(values.point[inside], due.point).tolist():
        yield wording.finding({"point": point_id(point), "why": why_not_due(assignment, point)}, point_id(point))


def _finding(rule: str, text: str, file: str, line: int) -> Finding:
    return Finding(code=rule, text=text, path=file, rule=rule, clause="D1 §1.48", line=line)
