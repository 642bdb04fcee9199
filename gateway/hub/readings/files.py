"""Readings and cancellations as files: the columns of each, as CSV or JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from enum import StrEnum

from gateway.hub.masterdata import cells
from gateway.hub.masterdata.cells import Manner, Reader
from gateway.hub.masterdata.layouts import ColumnLayout, Layout
from gateway.messages.codes import Quality
from gateway.messages.quantities import parse_quantity
from gateway.messages.readings import MeterReading, Occasion, ReadingCancellation


class ReadingTable(StrEnum):
    """What can be sent about readings."""

    READINGS = "readings"
    CANCELLATIONS = "cancellations"


_DAY = re.compile(r"(?:19|20|21)\d\d-\d\d-\d\d", re.ASCII)
_LONGEST_NUMBER = 40
_QUALITIES = {quality.name.lower(): quality for quality in Quality if quality is not Quality.ABSENT}


def _quantity(text: str) -> object:
    found = parse_quantity(text.strip()) if len(text) <= _LONGEST_NUMBER else None
    if found is None:
        raise ValueError("is no number such as 1234.5")
    return found


def _quality(text: str) -> object:
    found = _QUALITIES.get(text.strip().lower())
    if found is None:
        raise ValueError("is neither measured nor estimated")
    return found


def _day(text: str) -> object:
    try:
        return date.fromisoformat(text.strip()) if _DAY.fullmatch(text.strip()) else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> object:
    raise ValueError("is no day such as 2025-03-31") from None


def _plain(reader: Reader) -> Callable[[Manner], Reader]:
    return lambda _manner: reader


def _instant(manner: Manner) -> Reader:
    return manner.instant


def _point(manner: Manner) -> Reader:
    return manner.metering_point


_PERIOD = (
    ColumnLayout("transaction", "transaction", _plain(cells.name), repeats=False),
    ColumnLayout("metering_point", "metering_point", _point, repeats=False),
    ColumnLayout("start", "start", _instant),
    ColumnLayout("end", "end", _instant),
)

READINGS = Layout(
    ReadingTable.READINGS,
    MeterReading,
    ("transaction",),
    (
        *_PERIOD,
        ColumnLayout("consumption", "consumption", _plain(_quantity), repeats=False),
        ColumnLayout("status", "quality", _plain(_quality)),
        ColumnLayout("counter", "counter", _plain(_quantity), None),
        ColumnLayout("occasion", "occasion", _plain(cells.code(Occasion)), Occasion.ORDINARY),
        ColumnLayout("nominal", "nominal", _plain(_day), None),
    ),
)

CANCELLATIONS = Layout(ReadingTable.CANCELLATIONS, ReadingCancellation, ("transaction",), _PERIOD)
