"""Records out of JSON objects, and JSON objects out of records, by the same tables as XML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.codecs.fields import Amount, Field, Group, JsonForm, Many, Node, Points, Record, Values, text_of
from gateway.codecs.point_texts import json_number
from gateway.codecs.values import VALUES, Stated, ValueTexts, written_points
from gateway.schemas.parsers import JsonValue, number_text


def read_object(nodes: Sequence[Node], value: JsonValue, record: Record) -> Record:
    """Add what a valid object says to the record; values of series are left to the columns."""
    assert isinstance(value, dict)
    for node in nodes:
        if isinstance(node, Points) or node.name not in value:
            continue
        found = value[node.name]
        if isinstance(node, Field):
            _read_field(node, found, record)
        elif isinstance(node, Group):
            read_object(node.nodes, found, record)
        elif isinstance(node, Values):
            texts = record[VALUES] = ValueTexts()
            points: Any = found
            for point in points:
                texts.add(node, _texts(point, node))
        else:
            assert isinstance(found, list)
            record[node.key] = [read_object(node.nodes, item, {}) for item in found]
    return record


def _texts(point: dict[str, Any], node: Values) -> dict[str, str]:
    """The texts of a point's members by name."""
    values = {name: value["value"] if isinstance(value, dict) else value for name, value in point.items()}
    texts = {name: value if isinstance(value, str) else number_text(value) for name, value in values.items()}
    return texts | {node.position: str(int(values[node.position]))}  # 1.0 is an integer to JSON Schema


def _read_field(field: Field, value: JsonValue, record: Record) -> None:
    if isinstance(value, dict):
        if field.scheme is not None and value[field.scheme.name]:
            record[field.scheme.key] = field.scheme.codes.read(str(value[field.scheme.name]))
        value = value["value"]
        if not value:  # the code lists of JSON have an empty code, which says nothing
            return
    record[field.key] = field.convert.read(str(value))


def write_object(nodes: Sequence[Node], record: Record) -> dict[str, Any]:
    """The object of a record, in the order of the table; values of series are left out."""
    written: dict[str, Any] = {}
    for node in nodes:
        if isinstance(node, Field):
            text = text_of(node, record)
            if text is not None:
                written[node.name] = _spelled(node, text, record)
        elif isinstance(node, Values):
            written[node.name] = Spelled("[" + ", ".join(_points(node, record)) + "]")
        elif isinstance(node, Group):
            written[node.name] = write_object(node.nodes, record)
        elif isinstance(node, Many) and (record.get(node.key) or node.required):
            written[node.name] = [write_object(node.nodes, item) for item in record[node.key]]
    return written


@dataclass(frozen=True, slots=True)
class Spelled:
    """Text that is JSON already: numbers keep their digits."""

    text: str


def json_text(value: object) -> str:
    """A written object as JSON."""
    if isinstance(value, Spelled):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)}: {json_text(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(json_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _points(node: Values, record: Record) -> Iterator[str]:
    for position, elements in written_points(node, record):
        number = f'"{node.position}": {{"value": {position}}}'
        yield "{" + ", ".join((number, *map(_stated, elements))) + "}"


def _stated(stated: Stated) -> str:
    part, text = stated.part, stated.text
    if isinstance(part, Amount):
        text = json_number(text)
        if part.json is JsonForm.BARE:
            return f'"{stated.name}": {text}'
    else:
        text = f'"{text}"'
    return f'"{stated.name}": {{"value": {text}}}'


def _spelled(field: Field, text: str, record: Record) -> JsonValue:
    if field.json is JsonForm.BARE:
        return text
    if field.scheme is not None:
        return {field.scheme.name: field.scheme.write(record.get(field.scheme.key)), "value": text}
    return {"value": text}
