"""What the schemas say against metering data, under the names the Estonian datahub tells faults apart by.

The names are neutral and as fine as the original's own codes (`validation.missing`, `invalid-enum`, …); the market's
wording puts those in place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import jsonschema_rs

from gateway.codecs.estfeed.places import json_path
from gateway.codecs.estfeed.shapes import Shape
from gateway.messages.findings import Finding
from gateway.schemas import json_places
from gateway.schemas.check_xml import MAX_FINDINGS
from gateway.schemas.faults import fault
from gateway.schemas.parsers import UTF8_BOM, JsonValue

MISSING_FIELD = "missing-field"
UNEXPECTED_FIELD = "unexpected-field"
INVALID_ENUM = "invalid-enum"
INVALID_PATTERN = "invalid-pattern"
LIST_EMPTY = "list-empty"
WRONG_SIZE = "wrong-size"
UNPARSEABLE = "unparseable"
"""Of another type than it has to be, or a date that no calendar has."""

_Kind = jsonschema_rs.ValidationErrorKind
_NAMES: tuple[tuple[type, str], ...] = (
    (_Kind.Enum, INVALID_ENUM),
    (_Kind.Pattern, INVALID_PATTERN),
    (_Kind.MinItems, LIST_EMPTY),
    (_Kind.MinLength, WRONG_SIZE),
    (_Kind.MaxLength, WRONG_SIZE),
)


def schema_faults(value: JsonValue, shape: Shape, raw: bytes) -> tuple[Finding, ...]:
    """What the schema of a document says against it, in the order of the document; empty when it is valid.

    Args:
        value: the document as `parse_json` gave it.
        shape: what it has to be.
        raw: the bytes it was read from, for the lines.

    Returns:
        At most `MAX_FINDINGS` findings with line and path, under the names of this module.
    """
    if shape.validator.is_valid(value):
        return ()
    found = list(islice(_single(shape.validator, value), MAX_FINDINGS))
    lines = json_places.lines_of(str(raw.removeprefix(UTF8_BOM), "utf-8"), [path for _, path in found])
    placed = [replace(finding, line=lines[path]) for finding, path in found]
    return tuple(sorted(placed, key=lambda finding: finding.line))


def _single(schema: jsonschema_rs.Validator, value: JsonValue) -> Iterator[tuple[Finding, json_places.Path]]:
    for error in schema.iter_errors(value):
        path, kind = tuple(error.instance_path), error.kind
        if isinstance(kind, _Kind.AdditionalProperties):
            for name in kind.unexpected:
                yield _fault(UNEXPECTED_FIELD, "is not expected", (*path, name)), path
        elif isinstance(kind, _Kind.Required):
            yield _fault(MISSING_FIELD, "is missing", (*path, kind.property)), path
        else:
            name = next((name for of, name in _NAMES if isinstance(kind, of)), UNPARSEABLE)
            yield _fault(name, f"is not as it has to be: {error.message}", path), path


def _fault(name: str, words: str, path: json_places.Path) -> Finding:
    where = json_path(path)
    return fault(name, f"{where or 'the document'} {words}", path=where)


def place_fault(name: str, words: str, steps: json_places.Path) -> Finding:
    """A finding about a place the schema has nothing against."""
    return _fault(name, words, steps)
