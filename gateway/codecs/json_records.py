"""Records out of JSON objects, and JSON objects out of records, by the same tables as XML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.codecs.fields import Field, Group, JsonForm, Many, Node, Points, Record, text_of
from gateway.schemas.parsers import JsonValue


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
        else:
            assert isinstance(found, list)
            record[node.key] = [read_object(node.nodes, item, {}) for item in found]
    return record


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
        elif isinstance(node, Group):
            written[node.name] = write_object(node.nodes, record)
        elif isinstance(node, Many) and (record.get(node.key) or node.required):
            written[node.name] = [write_object(node.nodes, item) for item in record[node.key]]
    return written


def _spelled(field: Field, text: str, record: Record) -> JsonValue:
    if field.json is JsonForm.BARE:
        return text
    if field.scheme is not None:
        return {field.scheme.name: field.scheme.write(record.get(field.scheme.key)), "value": text}
    return {"value": text}
