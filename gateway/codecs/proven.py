"""The texts that a byte grammar captured of proven series, as neutral columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.codecs.fields import TEXT, Field
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

    @property
    def groups(self) -> tuple[int, ...]:
        """The groups to take of each match, in the order of the captures."""
        return tuple(capture.group for capture in self.captures)

    def columns(self, rows: Sequence[tuple[bytes, ...]]) -> dict[str, Column]:
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


def _converted(texts: Sequence[bytes | None], read: Callable[[str], Any]) -> Column:
    """A column of texts as neutral values; a text that repeats is converted once."""
    known = {text: None if text is None else read(text.decode()) for text in set(texts)}
    return [known[text] for text in texts]
