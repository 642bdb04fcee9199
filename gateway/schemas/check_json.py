"""The schema check of a JSON document, by our schema and by every installed official one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import jsonschema_rs

from gateway.messages.findings import Finding
from gateway.schemas import json_places
from gateway.schemas.check_xml import MAX_FINDINGS
from gateway.schemas.faults import SCHEMA_INVALID, fault
from gateway.schemas.parsers import UTF8_BOM, JsonValue
from gateway.schemas.registry import SchemaEntry


def check_json(value: JsonValue, entry: SchemaEntry, raw: bytes) -> list[Finding]:
    """What the document's schemas say against it; empty when it is valid.

    Args:
        value: the whole document as `parse_json` gave it.
        entry: its row of the registry.
        raw: the bytes it was read from, for the lines.

    Returns:
        At most `MAX_FINDINGS` findings `schema-invalid` with line and path. The path leaves out the root key, so that
        one place has one path in every dialect: `Series/0/Period/Point/3/quantity`.
    """
    for schema in entry.json_schemas:
        if findings := faults_of(schema, value, raw, depth=1):
            return findings
    return []


def faults_of(schema: jsonschema_rs.Validator, value: JsonValue, raw: bytes, depth: int) -> list[Finding]:
    """What one schema says against a value, as `check_json`; so many keys are left out at the start of each path."""
    if schema.is_valid(value):
        return []
    return _findings(list(islice(_single_errors(schema, value), MAX_FINDINGS)), raw, depth)


def _single_errors(schema: jsonschema_rs.Validator, value: JsonValue) -> Iterator[tuple[str, json_places.Path]]:
    """Each fault in words with its place; one fault for each field that may not be there."""
    for error in schema.iter_errors(value):
        path = tuple(error.instance_path)
        kind = error.kind
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
            for name in kind.unexpected:
                yield f"the field {name!r} is not expected", (*path, name)
        else:
            yield error.message, path


def _findings(errors: list[tuple[str, json_places.Path]], raw: bytes, depth: int) -> list[Finding]:
    text = str(raw.removeprefix(UTF8_BOM), "utf-8")
    lines = json_places.lines_of(text, [path for _, path in errors])
    findings = [
        fault(SCHEMA_INVALID, words, path="/".join(map(str, path[depth:])), line=lines[path]) for words, path in errors
    ]
    return sorted(findings, key=lambda finding: finding.line)
