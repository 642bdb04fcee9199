"""The general path of JSON: any spelling, from the objects of a valid document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.codecs.fields import Group, Many, Node, Points, Record
from gateway.codecs.json_records import read_object
from gateway.codecs.points import PointTexts
from gateway.codecs.records import columns_of, table_of
from gateway.messages.codes import Quality
from gateway.messages.series import SeriesTable
from gateway.schemas.parsers import JsonValue, number_text


def read_series(objects: Iterable[JsonValue], series: Many) -> SeriesTable:
    """The series of valid objects; each object is done with when the next is asked for."""
    records: list[Record] = []
    texts = PointTexts()
    path, node = _points(series.nodes)
    for value in objects:
        records.append(read_object(series.nodes, value, {}))
        _read_points(_at(value, path), node, texts)
    columns, offsets = texts.columns()
    return table_of(columns_of(records), len(records), columns, offsets)


def _points(nodes: Iterable[Node]) -> tuple[tuple[str, ...], Points]:
    """Where the values stand in a series, and what they are called."""
    for node in nodes:
        if isinstance(node, Points):
            return (node.name,), node
        if isinstance(node, Group) and any(isinstance(child, Points) for child in node.nodes):
            path, points = _points(node.nodes)
            return (node.name, *path), points
    raise ValueError("the table has no values")


def _at(value: JsonValue, path: tuple[str, ...]) -> list[dict[str, Any]]:
    found: Any = value
    for name in path:
        found = found[name]
    points: list[dict[str, Any]] = found
    return points


def _read_points(points: list[dict[str, Any]], node: Points, texts: PointTexts) -> None:
    for point in points:
        amount, quality = point.get(node.quantity), point.get(node.quality)
        texts.position.append(str(int(point[node.position]["value"])))  # 1.0 is an integer to JSON Schema
        texts.quantity.append(None if amount is None else number_text(amount))
        code = quality["value"] if quality else ""  # an empty code says nothing
        texts.quality.append(node.qualities[code] if code else int(Quality.ABSENT))
    texts.end_series()
