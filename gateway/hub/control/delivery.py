"""How far a day's values have come: missing and estimated steps of every entry, as known at a transaction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.control.day_values import Block, is_estimated, is_gone, read_again, scanned
from gateway.hub.control.expected import Expected
from gateway.hub.series.store import SeriesStore
from gateway.messages.masterdata import Rows


@dataclass(frozen=True, slots=True)
class Delivery:
    """What of the expected values is there: columns of the length of `Expected`.

    Attributes:
        missing: int64, steps without a value, absent or stated as missing.
        estimated: int64, steps with an estimate.
        first_missing, last_missing: int64, steps counted from the beginning of the day, where any is missing.
    """

    missing: Rows
    estimated: Rows
    first_missing: Rows
    last_missing: Rows


_FEW = 20_000
"""Entries up to which it is cheaper to look for the values of each point than through everything stored of the day."""


def delivered(
    connection: Connection, store: SeriesStore, expected: Expected, as_of: int | None, *, of_some: bool = False
) -> Delivery:
    """What the hub had of the expected values at a transaction; None is now.

    `of_some` says that these are some of the day's entries only, which are looked for one by one while they are few.
    """
    so_far = Delivery(
        expected.count.copy(), np.zeros(len(expected), dtype=np.int64), expected.first.copy(), expected.last - 1
    )
    if of_some and len(expected) <= _FEW:
        blocks = read_again(connection, store, expected, (np.arange(len(expected)), as_of))
    else:
        blocks = scanned(connection, store, expected, as_of)
    for block in blocks:
        _note(so_far, expected, block)
    return so_far


def _note(so_far: Delivery, expected: Expected, block: Block) -> None:
    gone, estimated = is_gone(block.quality), is_estimated(block.quality)
    inside = block.inside(expected)
    if inside is not None:
        gone, estimated = gone & inside, estimated & inside
    so_far.estimated[block.entries] = np.count_nonzero(estimated, axis=1)
    so_far.missing[block.entries] = 0
    if not gone.any():
        return
    rows = np.flatnonzero(gone.any(axis=1))
    entries, gone = block.entries[rows], gone[rows]
    so_far.missing[entries] = np.count_nonzero(gone, axis=1)
    so_far.first_missing[entries] = gone.argmax(axis=1)
    so_far.last_missing[entries] = gone.shape[1] - 1 - gone[:, ::-1].argmax(axis=1)
