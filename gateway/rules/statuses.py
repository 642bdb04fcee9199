"""Which status may follow which (DH-200, DH-210): asked once the store has said what is known of each value.

The table of transitions is the market's data; this module only reads it.
"""

from __future__ import annotations

import numpy as np

from gateway.messages.codes import Quality
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Qualities, Quantities
from gateway.rules.batch import Batch
from gateway.rules.hits import NOTHING, Hits, Words, hits_where
from gateway.rules.series_terms import Move


def status_may_follow(batch: Batch) -> Hits:
    """Each value that changes goes to a status that may follow the one it has (FI-3.4)."""
    table, previous = batch.facts.transitions, batch.previous
    if table is None or previous is None or batch.looked_up is None:
        return NOTHING
    stated, quantity = stated_qualities(batch), _quantities(batch)
    is_same = quantity == previous.quantity
    move = table.moves[previous.quality, stated]
    wrong = (move == Move.NO) & ~(is_same & (stated == previous.quality))
    wrong |= (move == Move.IF_DIFFERENT) & is_same & (stated != previous.quality)
    wrong &= np.repeat(batch.looked_up, batch.counts)

    def words(point: int) -> Words:
        return {"before": table.names[previous.quality[point]], "after": table.names[stated[point]]}

    return batch.point_hits(np.flatnonzero(wrong), "quality", words)


def something_new(batch: Batch) -> Hits:
    """A series has at least one value that is not known already in quantity and status (DH-210).

    Reactive energy is only passed on: repeating it is no fault (FI-5.1).
    """
    if batch.unchanged is None or not batch.unchanged.any():
        return NOTHING
    return hits_where(batch.unchanged & ~batch.is_reactive, "", batch.named)


def stated_qualities(batch: Batch) -> Qualities:
    """The status of each value as it will be stored: none stated is measured, no quantity is missing."""
    quality = batch.series.quality.copy()
    quality[quality == Quality.ABSENT] = Quality.MEASURED
    quality[batch.series.is_missing] = Quality.MISSING
    return quality


def _quantities(batch: Batch) -> Quantities:
    quantity = batch.series.quantity
    held: Quantities = np.where(batch.series.is_missing | (quantity == NO_QUANTITY), 0, quantity)
    return held
