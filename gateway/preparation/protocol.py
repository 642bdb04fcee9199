"""What was found and what was made of it: findings by unbroken runs of steps, and a line for every estimated step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from gateway.messages.codes import Quality
from gateway.messages.findings import Finding, Severity
from gateway.messages.identifiers import point_id
from gateway.messages.masterdata import Rows
from gateway.messages.quantities import NO_QUANTITY, format_quantity
from gateway.messages.times import format_minute, numbered_day
from gateway.preparation.draft import METHOD_COUNT, Cause, Draft, Method, WhyNot
from gateway.preparation.settings import PreparationSettings
from gateway.rules.runner import Wording

PROTOCOL_HEADER = "metering_point,time,quantity,quality,method,reason"
VALUES_HEADER = "metering_point,time,quantity,quality"

METHOD_WORDS: Mapping[Method, str] = {
    Method.CHECK_METER: "check meter",
    Method.COMPARABLE_DAY: "comparable earlier day",
    Method.SIMILAR_POINT: "rescaled similar point",
    Method.DAILY_READING: "reading spread by experience",
    Method.SPECIFIC_KNOWLEDGE: "specific knowledge",
    Method.AS_DELIVERED: "as delivered",
}
_CAUSE_WORDS = {
    Cause.NONE: "estimated before",
    Cause.VALUE_MISSING: "missing",
    Cause.VALUE_NEGATIVE: "below zero",
    Cause.VALUE_ABOVE_LIMIT: "above the limit",
    Cause.ZERO_RUN: "implausible zero",
}
_WHY_WORDS = {
    WhyNot.NOTHING_GIVEN: "none given",
    WhyNot.NO_VALUE: "no value for the step",
    WhyNot.NO_COMPARABLE_DAY: "none measured in full",
    WhyNot.NO_COMMON_DAYS: "too few days in common",
    WhyNot.NO_EXPERIENCE: "no experience of the point",
    WhyNot.READING_UNFIT: "period not fully due or with values that cannot be estimated",
    WhyNot.READING_BELOW_VALUES: "less than the values known",
    WhyNot.ABOVE_LIMIT: "above the limit of the point",
}


def findings_of(draft: Draft, wordings: Mapping[str, Wording], settings: PreparationSettings) -> list[Finding]:
    """A finding for every unbroken run of steps of a point with one cause and one outcome.

    It is a remark where all steps were estimated, an error where they stay missing. The path is
    `POINT/FIRST/LAST`, the instants at which the first and the last step begin.
    """
    concerned = np.flatnonzero((draft.cause != Cause.NONE) | draft.too_long)
    if not len(concerned):
        return []
    due = draft.due
    facts = np.column_stack(
        [due.point[due.row[concerned]], draft.too_long[concerned], draft.cause[concerned], draft.method[concerned]]
    )
    same = (np.diff(facts, axis=0) == 0).all(axis=1) & (np.diff(concerned) == 1)
    same &= (np.diff(draft.refused_by[concerned].astype(np.int64), axis=0) == 0).all(axis=1)
    runs = np.split(concerned, np.flatnonzero(~same) + 1)
    return [_finding(draft, int(run[0]), int(run[-1]), wordings, settings) for run in runs]


def _finding(
    draft: Draft, first: int, last: int, wordings: Mapping[str, Wording], settings: PreparationSettings
) -> Finding:
    due, row = draft.due, int(draft.due.row[first])
    bounds = [format_minute(int(due.step_start[step])) for step in (first, last)]
    point, method = point_id(int(due.point[row])), Method(int(draft.method[first]))
    words = {"point": point, "first": bounds[0], "last": bounds[1], "count": last - first + 1}
    path = "/".join([point, *bounds])
    if draft.too_long[first]:
        months = settings.months_profiled if due.is_profiled[row] else settings.months
        return wordings["estimated-too-long"].finding(words | {"months": months}, path)
    outcome = f"estimated by {METHOD_WORDS[method]}" if method else f"stays missing ({_why_not(draft, first)})"
    finding = wordings[Cause(int(draft.cause[first])).rule].finding(words | {"outcome": outcome}, path)
    return replace(finding, severity=Severity.WARNING) if method else finding


def _why_not(draft: Draft, step: int) -> str:
    """Which methods did not apply to a step, and why."""
    refusals = draft.refused_by[step].tolist()
    return "; ".join(
        f"{METHOD_WORDS[Method(number + 1)]}: {_WHY_WORDS[WhyNot(refusals[number])]}"
        for number in range(METHOD_COUNT)
        if refusals[number]
    )


def protocol_lines(draft: Draft, reasons: Mapping[int, str]) -> Iterator[str]:
    """A line of CSV for every step that is not sent as measured: how its value was made, or why it has none.

    Args:
        draft: the completed draft.
        reasons: what the operator gave as reason, by line of the file of knowledge.
    """
    steps = np.flatnonzero(draft.quality != Quality.MEASURED)
    columns = (draft.method, draft.source, draft.cause, draft.too_long, draft.refused_by)
    known: dict[tuple[int, bool, tuple[int, ...]], str] = {}
    for step, line, code, source, cause, too_long, refusals in zip(
        steps.tolist(), _value_texts(draft, steps), *(column[steps].tolist() for column in columns), strict=True
    ):
        method, facts = Method(code), (cause, too_long, tuple(refusals))
        if facts not in known:
            parts = (_CAUSE_WORDS[Cause(cause)], "estimated for too long" * too_long, _why_not(draft, step))
            known[facts] = "; ".join(part for part in parts if part)
        made_from = _source(method, source, reasons)
        text = f"{known[facts]}; {made_from}" if made_from else known[facts]
        yield f"{line},{method.word if method else ''},{_quoted(text)}"


def _source(method: Method, source: int, reasons: Mapping[int, str]) -> str:
    """What a value was made from."""
    match method:
        case Method.COMPARABLE_DAY:
            return f"as on {numbered_day(source).isoformat()}"
        case Method.SIMILAR_POINT:
            return f"as {point_id(source)}"
        case Method.DAILY_READING:
            return f"reading from {format_minute(source)}"
        case Method.SPECIFIC_KNOWLEDGE:
            return reasons.get(source, "")
        case _:
            return ""


def _quoted(text: str) -> str:
    escaped = text.replace('"', '""')
    return f'"{escaped}"' if "," in text or escaped != text else text


def value_lines(draft: Draft) -> Iterator[str]:
    """A line of CSV for every step as it is now: raw values of a second run, history of a later one."""
    return _value_texts(draft, np.arange(len(draft.quantity)))


def _value_texts(draft: Draft, steps: Rows) -> Iterator[str]:
    """Point, instant, quantity and quality of steps as cells."""
    due = draft.due
    points = [point_id(point) for point in due.point.tolist()]
    instants, back = np.unique(due.step_start[steps], return_inverse=True)
    times = [format_minute(instant) for instant in instants.tolist()]
    words = {quality: Quality(quality).name.lower() for quality in np.unique(draft.quality[steps]).tolist()}
    columns = (due.row[steps], back, draft.quantity[steps], draft.quality[steps])
    for row, time, quantity, quality in zip(*(column.tolist() for column in columns), strict=True):
        text = "" if quantity == NO_QUANTITY else format_quantity(quantity)
        yield f"{points[row]},{times[time]},{text},{words[quality]}"
