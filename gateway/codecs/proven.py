"""The texts that a byte grammar captured of proven series, as neutral columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.codecs.fields import TEXT, Field, Record
from gateway.codecs.records import Column


@dataclass(frozen=True, slots=True)
class Capture:
    """What one group of a grammar holds: the text of a field, or its scheme, about which quotes may stand."""

    group: int
    field: Field
    is_scheme: bool

    @property
    def key(self) -> str:
        """The neutral field."""
        scheme = self.field.scheme
        return scheme.key if self.is_scheme and scheme is not None else self.field.key

    @property
    def read(self) -> Callable[[bytes], Any]:
        """Text to neutral value."""
        scheme, read = self.field.scheme, self.field.convert.read
        if self.is_scheme and scheme is not None:
            codes = scheme.codes
            return lambda text: codes.read(text.strip(b"\"'").decode())
        if self.field.convert is TEXT:
            return bytes.decode
        return lambda text: read(text.decode())


@dataclass(frozen=True, slots=True)
class ProvenColumns:
    """Turns captured texts into columns.

    Attributes:
        groups: the groups to take of each match.
        fields: the neutral field of each group, and how its text is read.
    """

    groups: tuple[int, ...]
    fields: tuple[tuple[str, Callable[[bytes], Any]], ...]

    @classmethod
    def of(cls, captures: Iterable[Capture]) -> ProvenColumns:
        """For the captures of a grammar."""
        found = tuple(captures)
        return cls(tuple(capture.group for capture in found), tuple((capture.key, capture.read) for capture in found))

    def columns(self, rows: Sequence[Sequence[bytes | None]]) -> dict[str, Column]:
        """The neutral columns of the texts of each series."""
        if len(rows) == 1:
            return {key: [value] for key, value in self.record(rows[0]).items()}
        columns = zip(*rows, strict=True)
        return {key: _converted(texts, read) for (key, read), texts in zip(self.fields, columns, strict=True)}

    def record(self, texts: Sequence[bytes | None]) -> Record:
        """The neutral record of the texts of one match, less what is not there."""
        return {key: read(text) for (key, read), text in zip(self.fields, texts, strict=True) if text is not None}


def _converted(texts: Sequence[bytes | None], read: Callable[[bytes], Any]) -> Column:
    """A column of texts as neutral values; a text that repeats is converted once."""
    if read is bytes.decode:
        return [None if text is None else text.decode() for text in texts]
    known = {text: None if text is None else read(text) for text in set(texts)}
    return [known[text] for text in texts]
