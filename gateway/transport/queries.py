"""Reading the query of a call: every parameter known, at most once unless it is a list, and well-formed, or 400."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from http import HTTPStatus
from typing import TypeVar

from gateway.hub.ports import Direction, MessageFilter, Page, SeriesQuery
from gateway.messages.codes import DocumentKind, Flow, Resolution, Unit
from gateway.messages.times import NO_INSTANT, parse_instant
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.routes import Call, Parameter

LARGEST_PAGE = 1000
MOST_VALUES = 500_000
"""Most values one answer may hold, counted as if every point were read in quarter-hours."""
SHORTEST_STEP = 900
FIRST_YEAR, LAST_YEAR = 1970, 9000
GREATEST_INSTANT = 253_402_300_799  # 9999-12-31T23:59:59Z
LONGEST_TEXT = 100

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)

Listed = TypeVar("Listed", bound=StrEnum)


def refuse(name: str, text: str) -> HttpRefusal:
    """The refusal of a parameter, by its name."""
    return refusal(HTTPStatus.BAD_REQUEST, f"{name} {text}", name)


class Query:
    """The parameters of one call, each read by name; the rest of the table's parameters may be absent."""

    def __init__(self, call: Call, parameters: tuple[Parameter, ...]) -> None:
        self._given = call.request.query_params
        known = {parameter.name for parameter in parameters}
        for name in self._given:
            if name not in known:
                raise refuse(name[:LONGEST_TEXT], "is no parameter of this call")

    def text(self, name: str) -> str:
        """A text, empty when absent."""
        values = self._given.getlist(name)
        if len(values) > 1 or any(len(value) > LONGEST_TEXT or not value.isprintable() for value in values):
            raise refuse(name, "must be given once, as a short text")
        return values[0] if values else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """The values of a parameter that may be repeated or hold several behind commas."""
        found = tuple(part for value in self._given.getlist(name) for part in value.split(",") if part)
        if any(len(value) > LONGEST_TEXT or not value.isprintable() for value in found):
            raise refuse(name, "must be short texts")
        return tuple(dict.fromkeys(found))

    def instant(self, name: str) -> int | None:
        """An instant, None when absent."""
        text = self.text(name)
        if not text:
            return None
        instant = parse_instant(text)
        if instant == NO_INSTANT or not 0 <= instant <= GREATEST_INSTANT:
            raise refuse(name, "must be an instant such as 2025-01-14T23:00Z")
        return instant

    def day(self, name: str) -> date | None:
        """A local day, None when absent."""
        text = self.text(name)
        if not text:
            return None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is None or day.isoformat() != text or not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise refuse(name, "must be a day such as 2025-01-31")
        return day

    def month(self, name: str) -> date:
        """The first day of a local month that must be there."""
        match = _MONTH.fullmatch(self.text(name))
        if match is None or not 1900 <= int(match[1]) < 2200:
            raise refuse(name, "must be a month such as 2026-03")
        return date(int(match[1]), int(match[2]), 1)

    def required_instant(self, name: str) -> int:
        """An instant that must be there."""
        instant = self.instant(name)
        if instant is None:
            raise refuse(name, "is required")
        return instant

    def listed(self, name: str, codes: type[Listed]) -> Listed | None:
        """One of a list of codes, None when absent."""
        text = self.text(name)
        if not text:
            return None
        try:
            return codes(text)
        except ValueError:
            raise refuse(name, "must be one of " + ", ".join(codes)) from None

    def page(self) -> Page:
        """The window asked for."""
        text = self.text("limit") or "100"
        if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= LARGEST_PAGE):
            raise refuse("limit", f"must be 1 to {LARGEST_PAGE}")
        return Page(int(text), self.text("after"))


_INSTANT: dict[str, object] = {"type": "string", "format": "date-time"}
_TEXT: dict[str, object] = {"type": "string"}

PAGE_PARAMETERS = (
    Parameter("limit", "Most items in the answer", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE}),
    Parameter("after", "Continue behind this place of the answer before", _TEXT),
)
SERIES_PARAMETERS = (
    Parameter("point", "Metering point; may be repeated", {"type": "array", "items": _TEXT}, required=True),
    Parameter("from", "Start of the interval", _INSTANT, required=True),
    Parameter("to", "End of the interval, not in it", _INSTANT, required=True),
    Parameter("as_of", "As known at this instant; now when absent", _INSTANT),
    Parameter("unit", "Unit of the quantities; the point's own when absent", {"enum": list(Unit)}),
    Parameter("step", "Resolution; as stored when absent", {"enum": list(Resolution)}),
    Parameter("flow", "Direction, of a point that has a series for each; all when absent", {"enum": list(Flow)}),
)
VERSION_PARAMETERS = (
    Parameter("point", "Metering point", _TEXT, required=True),
    Parameter("at", "Start of the value's interval", _INSTANT, required=True),
    Parameter(
        "unit", "Active or reactive energy, by any unit of it; the point's own when absent", {"enum": list(Unit)}
    ),
    Parameter("flow", "Direction, of a point that has a series for each", {"enum": list(Flow)}),
)
MESSAGE_PARAMETERS = (
    Parameter("direction", "To the hub or from it", {"enum": list(Direction)}),
    Parameter("kind", "Kind of document", {"enum": list(DocumentKind)}),
    Parameter("state", "State of the message", _TEXT),
    Parameter("point", "Metering point it speaks of", _TEXT),
    Parameter("from", "Received or created from this instant", _INSTANT),
    Parameter("to", "and before this one", _INSTANT),
    *PAGE_PARAMETERS,
)


def series_query(call: Call) -> SeriesQuery:
    """Which values are asked for."""
    query = Query(call, SERIES_PARAMETERS)
    points = query.texts("point")
    start, end = query.required_instant("from"), query.required_instant("to")
    if not points:
        raise refuse("point", "is required")
    if start >= end:
        raise refuse("to", "must be after from")
    if len(points) * (end - start) > MOST_VALUES * SHORTEST_STEP:
        raise refuse("to", f"is too far: an answer holds at most {MOST_VALUES} values")
    return SeriesQuery(
        points,
        start,
        end,
        query.instant("as_of"),
        query.listed("unit", Unit),
        query.listed("step", Resolution),
        query.listed("flow", Flow),
    )


def message_filter(query: Query) -> MessageFilter:
    """Which messages are asked for."""
    return MessageFilter(
        direction=query.listed("direction", Direction),
        kind=query.listed("kind", DocumentKind),
        state=query.text("state"),
        metering_point=query.text("point"),
        start=query.instant("from"),
        end=query.instant("to"),
    )
