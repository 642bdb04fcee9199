"""Series of the neutral API as JSON and CSV text, written straight from the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator

from gateway.hub.ports import PointSeries
from gateway.messages.codes import CORRECTED_FLAG
from gateway.messages.quantities import NO_QUANTITY, format_quantity
from gateway.messages.times import format_second
from gateway.transport.hub_models import quality_name

CSV_COLUMNS = "metering_point,start,quantity,unit,quality,corrected,registered_at\r\n"


def json_series(series: tuple[PointSeries, ...], as_of: int) -> bytes:
    """The body `SeriesBody`."""
    found = [
        {
            "metering_point": point.metering_point,
            "unit": point.unit,
            "step": point.step,
            **({} if point.flow is None else {"flow": point.flow}),
            "values": [
                {
                    "start": start,
                    "quantity": quantity,
                    "quality": quality,
                    "corrected": corrected,
                    "registered_at": registered_at,
                }
                for start, quantity, quality, corrected, registered_at in _values(point)
            ],
        }
        for point in series
    ]
    return json.dumps({"as_of": format_second(as_of), "series": found}).encode()


def csv_series(series: tuple[PointSeries, ...]) -> bytes:
    """One line per value; an empty quantity is a missing one. Every column is digits or a word of ours."""
    lines = [CSV_COLUMNS]
    for point in series:
        lines += (
            f"{point.metering_point},{start},{quantity or ''},{point.unit},{quality},{str(corrected).lower()},{at}\r\n"
            for start, quantity, quality, corrected, at in _values(point)
        )
    return "".join(lines).encode()


def _values(point: PointSeries) -> Iterator[tuple[str, str | None, str, bool, str]]:
    columns = zip(
        point.starts.tolist(),
        point.quantities.tolist(),
        point.qualities.tolist(),
        point.registered_at.tolist(),
        strict=True,
    )
    for start, quantity, quality, registered_at in columns:
        stated = None if quantity == NO_QUANTITY else format_quantity(quantity)
        word = quality_name(quality, stated is not None)
        yield format_second(start), stated, word, bool(quality & CORRECTED_FLAG), format_second(registered_at)
