"""Hits: where a rule was broken, as columns, before anyone words it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gateway.messages.masterdata import Rows

Words = Mapping[str, object]
"""What the wording of one hit may name, by the placeholders of the text."""


def no_words(_: int) -> Words:
    """A text that needs no values."""
    return {}


@dataclass(frozen=True, slots=True)
class Hits:
    """Where one rule was broken.

    Attributes:
        rows: int64[k], the series, in ascending order.
        field: the last step of the path (`unit`, `Period/resolution`, `quantity`); empty for the whole series.
        words: the wording's values of hit i; called only for hits that are worded.
        index: int64[k], the point's place within its series counted from 0; None when no point is meant.
        position: int64[k], the point's position as received; None when no point is meant.
    """

    rows: Rows
    field: str = ""
    words: Callable[[int], Words] = no_words
    index: Rows | None = None
    position: Rows | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def path(self, i: int) -> str:
        """Where in the document hit i stands, counted from 0."""
        parts = [f"Series/{int(self.rows[i])}"]
        if self.index is not None:
            parts.append(f"Period/Point/{int(self.index[i])}")
        if self.field:
            parts.append(self.field)
        return "/".join(parts)

    def take(self, kept: npt.NDArray[np.int64]) -> Hits:
        """The hits at the given places."""
        return Hits(
            self.rows[kept],
            self.field,
            lambda i: self.words(int(kept[i])),
            None if self.index is None else self.index[kept],
            None if self.position is None else self.position[kept],
        )


NOTHING = Hits(np.empty(0, dtype=np.int64))
"""No hit at all."""


def hits_where(mask: npt.NDArray[np.bool_], field: str = "", words: Callable[[int], Words] = no_words) -> Hits:
    """Hits of the series for which a mask holds; `words` is asked by series row."""
    if not mask.any():
        return NOTHING
    rows = np.flatnonzero(mask)
    return Hits(rows, field, lambda i: words(int(rows[i])))
