"""Reason codes that a dialect has no word for.

The hub's rules name codes that the code lists of the dialects do not all contain: E89 is in neither CIM's list nor that
of ebIX acknowledgements, D64 and D66 are missing there too (dk-messages §3.8). A document must stay valid by its own
schema, so the nearest code that the list has is written, and the text begins with the code that was meant.
"""

from __future__ import annotations

from functools import cache

from gateway.codecs.grammar import grammar_of
from gateway.messages.codes import Dialect, DocumentKind
from gateway.messages.documents import Reason
from gateway.schemas.registry import shipped

MOST_TEXT = 512
"""Characters of a reason's text in ebIX."""

# code meant: the nearest that every list has, by what the Danish hub means with it
_NEAREST = {
    "E89": "E86",  # too many digits or decimals: incorrect value
    "D66": "E50",  # a bound off its step: invalid period
    "D64": "E86",  # a grid area that must be named: incorrect value
}
_OTHERWISE = "E86"  # incorrect value

_PLACES = {
    (Dialect.CIM_XML, DocumentKind.ACKNOWLEDGEMENT): "Series/Reason/code",
    (Dialect.CIM_XML, DocumentKind.MEASURE_DATA_REQUEST_REJECT): "Series/Reason/code",
    (Dialect.CIM_XML, DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST_REJECT): "Series/Reason/code",
    (Dialect.CIM_XML, DocumentKind.WHOLESALE_SETTLEMENT_REQUEST_REJECT): "Series/Reason/code",
    (Dialect.EBIX_XML, DocumentKind.ACKNOWLEDGEMENT): "PayloadResponseEvent/ResponseReasonType",
    (Dialect.EBIX_XML, DocumentKind.MEASURE_DATA_REQUEST_REJECT): "PayloadResponseEvent/ResponseReasonType",
    (Dialect.EBIX_XML, DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST_REJECT): "PayloadResponseEvent/ResponseReasonType",
    (Dialect.EBIX_XML, DocumentKind.WHOLESALE_SETTLEMENT_REQUEST_REJECT): "PayloadChargeEvent/ResponseReasonType",
}


@cache
def _codes(dialect: Dialect, kind: DocumentKind) -> frozenset[str]:
    """The reason codes a document can say, read from our schema; JSON shares the list of CIM XML."""
    dialect = Dialect.CIM_XML if dialect is Dialect.CIM_JSON else dialect
    entry = shipped().entry(kind, dialect)
    return grammar_of(entry.files[0]).codes(entry.root, _PLACES[dialect, kind])


def wire_reason(code: str, dialect: Dialect, kind: DocumentKind = DocumentKind.ACKNOWLEDGEMENT) -> str:
    """The code to write for a reason: itself, or the nearest one that the dialect's list has."""
    return code if code in _codes(dialect, kind) else _NEAREST.get(code, _OTHERWISE)


def written(reason: Reason, dialect: Dialect, kind: DocumentKind) -> Reason:
    """The reason as the dialect can say it: `E89 "…"` becomes `E86 "(E89) …"`; ebIX texts are cut to 512 characters."""
    code, text = wire_reason(reason.code, dialect, kind), reason.text
    if reason.code not in (code, ""):
        text = f"({reason.code}) {text or ''}".rstrip()
    if text is not None and dialect is Dialect.EBIX_XML:
        text = text[:MOST_TEXT]
    return Reason(code=code, text=text)


NO_REASON = Reason(code=_OTHERWISE)
"""Written where a document must name a reason and has none."""
