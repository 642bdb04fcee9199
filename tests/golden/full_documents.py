"""The documents with every field the schemas know."""

from __future__ import annotations

from pathlib import Path

from gateway.messages.codes import Dialect, DocumentKind

FULL = Path(__file__).parent / "full"


def full_document(kind: DocumentKind, dialect: Dialect) -> bytes:
    """The one of a kind in a dialect."""
    return (FULL / f"{kind}.{dialect}.{'json' if dialect is Dialect.CIM_JSON else 'xml'}").read_bytes()
