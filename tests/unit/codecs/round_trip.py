"""A document sent and read again."""

from __future__ import annotations

from typing import TypeVar

from gateway.codecs.table import Decoded, decode, encode
from gateway.messages.codes import Dialect
from gateway.messages.documents import Document

Sent = TypeVar("Sent", bound=Document)


def through(document: Sent, dialect: Dialect) -> Sent:
    """What a receiver reads of a document in a dialect."""
    taken = decode(encode(document, dialect), dialect, document.kind)
    assert isinstance(taken, Decoded), taken
    assert isinstance(taken.document, type(document))
    return taken.document
