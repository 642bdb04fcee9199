"""How finely a quantity is written, by its unit and by the fuse of its point (DH-200)."""

from __future__ import annotations

import numpy as np

from gateway.messages.codes import PointClass
from gateway.messages.masterdata import NONE, Rows
from gateway.messages.point_details import CLASSES
from gateway.messages.quantities import NO_QUANTITY, digits_of
from gateway.messages.series import Qualities
from gateway.rules.batch import Batch
from gateway.rules.hits import NOTHING, Hits, Words
from gateway.rules.series_terms import FuseDecimals

_ACCOUNTING = CLASSES.index(PointClass.ACCOUNTING_POINT)


def decimals_fit_fuse(batch: Batch) -> Hits:
    """A quantity has as many decimals, as written, as its unit and the point's fuse want (FI-2.2).

    1.2 kWh says too little of a point with a small fuse, 1.20 does not. Exchange points and production units count as
    large; so does a point whose fuse is not registered. Reactive energy is not looked at (FI-5.1).
    """
    terms = batch.facts.fuse_decimals
    if terms is None or not len(batch.series.quantity):
        return NOTHING
    least, most = _bounds(batch, terms)
    decimals = _decimals(batch)
    counts = batch.counts
    wrong = (decimals < np.repeat(least, counts)) | (decimals > np.repeat(most, counts))
    wrong &= (batch.series.quantity != NO_QUANTITY) & np.repeat(batch.known & ~batch.is_reactive, counts)

    def words(point: int) -> Words:
        row = int(batch.series.rows_of(np.array([point]))[0])
        return {
            "decimals": int(decimals[point]),
            "least": int(least[row]),
            "most": int(most[row]),
            "unit": batch.series.unit[row],
        }

    return batch.point_hits(np.flatnonzero(wrong), "quantity", words)


def _bounds(batch: Batch, terms: FuseDecimals) -> tuple[Rows, Rows]:
    """Least and most decimals of each series."""
    details, rows = batch.details, batch.detail_rows
    there = np.flatnonzero(rows != NONE)
    is_small = np.zeros(len(rows), dtype=np.int64)
    fuse = details.fuse_size[rows[there]]
    small = (details.point_class[rows[there]] == _ACCOUNTING) & (fuse > 0) & (fuse <= terms.small_fuse)
    is_small[there] = small
    found = terms.bounds[1 - is_small, batch.unit_codes]
    return found[:, 0], found[:, 1]


def _decimals(batch: Batch) -> Qualities:
    """Decimals of each quantity as written; the row's greatest where a message does not say more."""
    series = batch.series
    if series.point_decimals is None:
        decimals = np.repeat(series.decimals, batch.counts)
    elif not series.as_written:
        return series.point_decimals
    else:
        decimals = series.point_decimals.copy()
    for place, text in series.as_written.items():
        digits = digits_of(text)
        decimals[place] = 0 if digits is None else min(len(digits.fraction), 255)
    return decimals
