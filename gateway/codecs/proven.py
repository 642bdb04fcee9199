"""The texts that a byte grammar captured of proven series, as neutral columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.codecs.fields import TEXT, Field, Record
from gateway.codecs.records import Column


@dataclass(frozen=True, slots=True)
class Capture:
    """What one group of a grammar holds: the text of a field, or its scheme; quotes may stand around a scheme."""

    group: int
    field: Field
    is_scheme: bool


@dataclass(frozen=True, slots=True)
class ProvenColumns:
    """Turns captured texts into columns."""

    captures: tuple[Capture, ...]
    groups: tuple[int, ...]
    """The groups to take of each match, in the order of the captures."""

    @classmethod
    def of(cls, captures: Iterable[Capture]) -> ProvenColumns:
        """For the captures of a grammar."""
        found = tuple(captures)
        return cls(found, tuple(capture.group for capture in found))

    def columns(self, rows: Sequence[Sequence[bytes | None]]) -> dict[str, Column]:
        """The neutral columns of the texts of each series."""
        found: dict[str, Column] = {}
        for texts, capture in zip(zip(*rows, strict=True), self.captures, strict=True):
            field, scheme = capture.field, capture.field.scheme
            if capture.is_scheme and scheme is not None:
                found[scheme.key] = _converted([text and text.strip(b"\"'") for text in texts], scheme.codes.read)
            elif field.convert is TEXT:
                found[field.key] = ["" if text is None else text.decode() for text in texts]
            else:
                found[field.key] = _converted(texts, field.convert.read)
        return found

    def record(self, texts: Sequence[bytes | None]) -> Record:
        """The neutral record of the texts of a header."""
        return {key: column[0] for key, column in self.columns([texts]).items() if column[0] is not None}


def _converted(texts: Sequence[bytes | None], read: Callable[[str], Any]) -> Column:
    """A column of texts as neutral values; a text that repeats is converted once."""
    if len(texts) == 1:
        return [None if text is None else read(text.decode()) for text in texts]
    known = {text: None if text is None else read(text.decode()) for text in set(texts)}
    return [known[text] for text in texts]
