"""What a dialect cannot say, and what is written or understood in its place.

The dialects do not carry the same facts. Each rule here fills one gap, so that a document decoded from one dialect is a
valid document of another:

=====================  ==========================================================================================
registration time      ebIX has none: its creation time is understood; CIM writes the creation time where none is known
roles                  ebIX names one role: MDR is the sender's, any other the receiver's, but a request names the
                       sender's and a refusal the receiver's. CIM names both: the party without a role is the hub (DGL)
period's bounds        optional in ebIX: CIM writes the other bound, or the creation time, so that the period is empty
                       and the rules refuse it; as for the start of a request of results that cannot be read
ids                    at most 35 characters in ebIX: a UUID loses its dashes, other ids are cut
reasons                one for each refusal in ebIX: the first, as the Danish hub does
acknowledged message   ebIX wants one event at least: an acknowledgement without series points at the message itself
product                ebIX wants one: active energy, which is what its absence means
document type          fixed in ebIX, absent from CIM's acknowledgement
areas, settlement      areas are lost in ebIX, settlement method and function in CIM
=====================  ==========================================================================================

Results of a settlement have rules of their own, in `gateway.codecs.result_completion`.
"""

from __future__ import annotations

import re
from datetime import datetime

from gateway.codecs.fields import Record
from gateway.codecs.reasons import NO_REASON, written
from gateway.codecs.result_completion import (
    LONGEST_ID,
    complete_bounds,
    complete_results_for_cim,
    complete_results_for_ebix,
    understand_results,
)
from gateway.messages.codes import REJECT_KINDS, Dialect, DocumentKind, Role
from gateway.messages.documents import Reason
from gateway.messages.series import SeriesTable
from gateway.messages.times import NO_INSTANT, WrittenInstant, to_instant

_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

_NAMES_THE_SENDER = frozenset({DocumentKind.MEASURE_DATA_REQUEST})
_REJECTS = frozenset(REJECT_KINDS.values())
_NAMES_THE_RECEIVER = _REJECTS | {DocumentKind.ACKNOWLEDGEMENT}
_WRITTEN_BOUNDS = frozenset({DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST, DocumentKind.WHOLESALE_SETTLEMENT_REQUEST})


def short_id(text: str) -> str:
    """An id as ebIX can carry it: a UUID without its dashes, others cut to 35 characters."""
    return text.replace("-", "") if _UUID.fullmatch(text) else text[:LONGEST_ID]


# --- ebIX to neutral --------------------------------------------------------------------------------------------------


def understand_ebix(record: Record, kind: DocumentKind) -> Record:
    """A record as read from ebIX, its gaps filled."""
    role = record.pop("context_role", None)
    sender_speaks = kind in _NAMES_THE_SENDER or (
        kind is DocumentKind.MEASURE_DATA and role == Role.METERED_DATA_RESPONSIBLE
    )
    record["sender_role" if sender_speaks else "receiver_role"] = role
    if kind in _NAMES_THE_RECEIVER:
        for item in record.get("series", ()):
            _understand_reason(item)
    if kind in _REJECTS and record.get("series"):
        record["reason_code"] = _FULLY_REJECTED
    understand_results(record, kind)
    return record


def understand_ebix_series(series: SeriesTable, created_at: datetime) -> None:
    """Take the creation of the message as the registration of its series."""
    series.registered_at[:] = to_instant(created_at)


_FULLY_REJECTED = "A02"  # ebIX says it as status 41, the only one its schema knows


def _understand_reason(item: Record) -> None:
    code, text = item.pop("reason", None), item.pop("reason_text", None)
    item["reasons"] = [{"code": code, "text": text}] if code else []


# --- neutral to ebIX --------------------------------------------------------------------------------------------------


def complete_for_ebix(record: Record, kind: DocumentKind) -> Record:
    """A document's record as ebIX can say it."""
    sender, receiver = record.pop("sender_role", None), record.pop("receiver_role", None)
    roles = (sender,) if kind in _NAMES_THE_SENDER else (receiver, sender)
    record["context_role"] = next((role for role in roles if role not in (None, Role.HUB)), None)
    record["type_code"] = record["business_sector"] = None  # fixed by the schema, written from the table
    record["message_id"] = short_id(record["message_id"])
    if kind is DocumentKind.ACKNOWLEDGEMENT:
        _complete_events(record)
    for item in record["series"]:
        item["transaction"] = short_id(item["transaction"])
        if item.get("original_transaction") is not None:
            item["original_transaction"] = short_id(item["original_transaction"])
        if kind in _REJECTS:
            first = _reasons(item, Dialect.EBIX_XML, kind) or [NO_REASON.model_dump()]
            item["reason"] = first[0]["code"]
    complete_results_for_ebix(record, kind)
    return record


def _complete_events(record: Record) -> None:
    kind = DocumentKind.ACKNOWLEDGEMENT
    received = record["received_message_id"] = short_id(record.get("received_message_id") or "")
    if not record["series"]:
        record["series"] = [{"transaction": received, "reasons": record["reasons"]}]
    for number, item in enumerate(record["series"], 1):
        ending = f"-{number}"
        item["event"] = record["message_id"][: LONGEST_ID - len(ending)] + ending
        for reason in _reasons(item, Dialect.EBIX_XML, kind)[:1]:
            item["reason"], item["reason_text"] = reason["code"], reason["text"]


# --- neutral to CIM ---------------------------------------------------------------------------------------------------


def complete_for_cim(record: Record, kind: DocumentKind) -> Record:
    """A document's record as CIM can say it."""
    created_at = to_instant(record["created_at"])
    if kind in _NAMES_THE_RECEIVER:
        for item in record["series"]:
            item["reasons"] = _reasons(item, Dialect.CIM_XML, kind)
            if kind in _REJECTS and not item["reasons"]:
                item["reasons"] = [NO_REASON.model_dump()]
        if kind is DocumentKind.ACKNOWLEDGEMENT:
            record["reasons"] = _reasons(record, Dialect.CIM_XML, kind)
    if kind is DocumentKind.MEASURE_DATA:
        for item in record["series"]:
            if item["registered_at"] == NO_INSTANT:
                item["registered_at"] = created_at
            complete_bounds(item, created_at)
    if kind in _WRITTEN_BOUNDS:
        for item in record["series"]:
            _complete_start(item, created_at)
    complete_results_for_cim(record, kind)
    return record


def _complete_start(item: Record, created_at: int) -> None:
    known = [bound for key in ("start", "end") if (bound := item[key]) is not None and bound.is_readable]
    item["start"] = known[0] if known else WrittenInstant(created_at)


def _reasons(record: Record, dialect: Dialect, kind: DocumentKind) -> list[Record]:
    return [written(Reason(**reason), dialect, kind).model_dump() for reason in record.get("reasons", ())]
