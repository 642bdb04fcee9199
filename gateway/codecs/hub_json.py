"""Measure data in the hub's own JSON: what no dialect has words for, as Wh or varh, and the statuses themselves.

The text of a quantity counts as written: `"1.20"` has two decimals. Who sends is who calls; the form names nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import numpy as np

from gateway.codecs.points import PointTexts
from gateway.codecs.records import columns_of, table_of
from gateway.codecs.table import Undecodable
from gateway.messages.codes import Flow, Quality, Role
from gateway.messages.documents import Header, MeasureData, PartyRef
from gateway.messages.findings import Finding
from gateway.messages.quantities import digits_of
from gateway.messages.series import SeriesTable
from gateway.messages.times import NO_INSTANT, STEP_SECONDS, parse_instant, to_datetime
from gateway.schemas import compiled
from gateway.schemas.check_json import faults_of
from gateway.schemas.compiled import SchemaFile
from gateway.schemas.faults import SCHEMA_INVALID, TOO_LARGE, fault
from gateway.schemas.parsers import BODY_LIMIT, UTF8_BOM, first_json_key, number_text, parse_json

_SCHEMAS = Path(compiled.__file__).parent / "json" / "hub"
_STATUSES = {quality.name.lower(): int(quality) for quality in Quality}
_HEAD = 1 << 16
_PERIODIC = "periodic-metering"


VERSION = "1"
_KEYS = frozenset({"message_id", "created_at", "reason", "series"})


def is_hub_json(data: bytes) -> bool:
    """Whether bytes claim to be measure data in this form, by the first key of their object."""
    head = data[:_HEAD].removeprefix(UTF8_BOM).lstrip()
    key = first_json_key(head) if head.startswith(b"{") else []
    return isinstance(key, list) and not _KEYS.isdisjoint(key)


@cache
def _schema() -> jsonschema_rs.Validator:
    return compiled.json_schema(SchemaFile(_SCHEMAS / "measure-data.json", _SCHEMAS))


def decode_hub_json(data: bytes, sender: PartyRef, hub: str) -> MeasureData | Undecodable:
    """The measure data in the bytes, or what is wrong with them.

    Findings: those of the parser, `too-large`, and `schema-invalid` with path and line; also for an instant that
    cannot be read in the header.
    """
    if len(data) > BODY_LIMIT:
        return Undecodable((fault(TOO_LARGE, f"the document is larger than {BODY_LIMIT} bytes"),))
    outcome = parse_json(data)
    if outcome.finding is not None:
        return Undecodable((outcome.finding,))
    value: Any = outcome.value
    if findings := faults_of(_schema(), value, data, depth=0):
        return Undecodable(tuple(findings))
    created_at = parse_instant(value["created_at"])
    if created_at == NO_INSTANT:
        return Undecodable((fault(SCHEMA_INVALID, "the creation time cannot be read", path="created_at"),))
    if findings := list(_no_numbers(value["series"])):
        return Undecodable(tuple(findings))
    header = Header(
        message_id=value["message_id"],
        sender=sender,
        receiver=PartyRef(id=hub, role=Role.HUB),
        created_at=to_datetime(created_at),
        process_type=_PERIODIC,
    )
    return MeasureData(header=header, series=_series(value["series"], created_at))


def _no_numbers(objects: list[dict[str, Any]]) -> Iterator[Finding]:
    """Quantities that are texts and no numbers."""
    for row, item in enumerate(objects):
        for place, one in enumerate(item["values"]):
            quantity = one.get("quantity")
            if isinstance(quantity, str) and digits_of(quantity) is None:
                path = f"series/{row}/values/{place}/quantity"
                yield fault(SCHEMA_INVALID, f"{quantity[:40]!r} is no number", path=path)


def reason_of(data: bytes) -> str:
    """Why the operator edits; empty where the form does not say."""
    value: Any = parse_json(data).value
    return str(value.get("reason") or "") if isinstance(value, dict) else ""


def _series(objects: list[dict[str, Any]], created_at: int) -> SeriesTable:
    texts, records, read_at = PointTexts(), [], list[int]()
    for item in objects:
        start, values = parse_instant(item["start"]), item["values"]
        end = NO_INSTANT if start == NO_INSTANT else start + STEP_SECONDS[item["step"]] * len(values)
        records.append(
            {
                "transaction": item["transaction_id"],
                "point": item["metering_point"],
                "point_type": item["type"],
                "unit": item["unit"],
                "resolution": item["step"],
                "start": start,
                "end": end,
                "registered_at": created_at,
            }
        )
        for position, one in enumerate(values, 1):
            quantity = one.get("quantity")
            texts.position.append(str(position))
            texts.quantity.append(_text(quantity))
            texts.quality.append(_STATUSES[one["status"]])
            read_at.append(parse_instant(one["read_at"]) if "read_at" in one else NO_INSTANT)
        texts.end_series()
    columns, offsets = texts.columns()
    table = table_of(columns_of(records), len(records), columns, offsets)
    flows = [item.get("flow") for item in objects]
    if any(flows):
        table.flow = [None if flow is None else Flow(flow) for flow in flows]
    if any(instant != NO_INSTANT for instant in read_at):
        table.read_at = np.array(read_at, dtype=np.int64)
    return table


def _text(quantity: Any) -> str | None:
    if quantity is None or isinstance(quantity, str):
        return quantity
    return number_text(quantity)
