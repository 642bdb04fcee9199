"""The fields that the documents of the CIM dialects are made of."""

from __future__ import annotations

from gateway.codecs import codes_cim as codes
from gateway.codecs.fields import (
    FILLED,
    MINUTE,
    MOMENT,
    STATED,
    TOKEN,
    Codes,
    Convert,
    Field,
    JsonForm,
    Many,
    Node,
    Scheme,
    coded,
)

Table = tuple[Node, ...]


def code(name: str, key: str, list_of: Codes | None = None, required: bool = True, absent: str = "") -> Field:
    """A code of a list, or one without neutral names."""
    return Field(name, key, coded(list_of) if list_of else TOKEN, required, absent, json=JsonForm.VALUE)


def default_code(name: str, key: str, default: str, required: bool = True) -> Field:
    """A code whose element may be empty: the schema gives it a default."""
    return Field(name, key, TOKEN, required, default, default, json=JsonForm.VALUE)


def identifier(name: str, key: str, scheme: str = "A10", required: bool = True) -> Field:
    """An id with the scheme that issued it; `scheme` is written where the document knows none."""
    attribute = Scheme("codingScheme", f"{key}_scheme", codes.SCHEMES, others=scheme)
    return Field(name, key, FILLED if required else STATED, required, scheme=attribute, json=JsonForm.IDENTIFIER)


def text(name: str, key: str, convert: Convert = FILLED, required: bool = True, absent: str = "") -> Field:
    """Text, or what its conversion makes of it."""
    return Field(name, key, convert, required, absent)


def bound(name: str, key: str) -> Field:
    """A bound of an interval, to the minute."""
    return Field(name, key, MINUTE, json=JsonForm.VALUE)


def parties(receiver_role: bool = True, ids: bool = True) -> Table:
    """Who sends to whom, and when the document was made; whether the receiver's role and the ids must be named.

    A party without a role on the way through the hub is the hub (DGL); see `gateway.codecs.completion`.
    """
    return (
        identifier("sender_MarketParticipant.mRID", "sender", required=ids),
        code("sender_MarketParticipant.marketRole.type", "sender_role", codes.ROLES, absent="DGL"),
        identifier("receiver_MarketParticipant.mRID", "receiver", required=ids),
        code("receiver_MarketParticipant.marketRole.type", "receiver_role", codes.ROLES, receiver_role, "DGL"),
        text("createdDateTime", "created_at", MOMENT),
    )


ID = Field("mRID", "message_id")
SECTOR = code("businessSector.type", "business_sector", required=False)


def header(type_code: str, process: str = "E23", ids: bool = True) -> Table:
    """What every document but the acknowledgement says of itself; type and process are written where it knows none."""
    return (
        ID,
        default_code("type", "type_code", type_code),
        code("process.processType", "process_type", codes.PROCESSES, absent=process),
        SECTOR,
        *parties(ids=ids),
    )


TRANSACTION = Field("mRID", "transaction")
ORIGINAL = text("originalTransactionIDReference_Series.mRID", "original_transaction", required=False)
REASONS = Many("Reason", "reasons", (code("code", "code"), text("text", "text", required=False)))
