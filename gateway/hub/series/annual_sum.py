"""The energy of a metering point over a year, for a yearly request (RSM-015 with process E30, Danish BRS-024)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.period_groups import STATUS_BITS
from gateway.hub.series.step_sums import Values, summed
from gateway.messages.codes import Quality, Resolution
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import Interval


class AnnualSum(NamedTuple):
    """A year's energy of one point.

    Attributes:
        start: the local midnight at which the twelve months begin.
        quantity: thousandths of the unit; NO_QUANTITY where nothing is known.
        quality: of the sum; missing where nothing is known, never marked corrected.
    """

    start: int
    quantity: int
    quality: Quality


def annual_sum(
    office: Office, connection: Connection, series: tuple[int, int], end: int, as_of: int | None
) -> AnnualSum:
    """The sum of the twelve months before the last local midnight not after `end`, as known at a transaction.

    `series` is the point's key and the kind of its series; `as_of` None is now. Quarters, hours, days and months add
    up side by side; a value that reaches past the year does not count, and the sum is then incomplete. Twelve months
    before a 29 February begin on the 28th. A sum of corrected values is not itself a correction.
    """
    point, kind = series
    zone = office.profile.zone
    midnight = zone.midnight(zone.day(end))
    year = Interval(zone.end(Resolution.YEAR, midnight, -1), midnight)
    found = office.store.read(connection, np.array([point], dtype=np.int64), year, kind=kind, as_of=as_of)
    values = Values.joined([Values.of(run, zone) for run in found.runs[0]])
    total = summed(values.where(values.ends <= year.end), np.array([year.start, year.end], dtype=np.int64))
    if not len(total) or total.is_missing[0]:
        return AnnualSum(year.start, NO_QUANTITY, Quality.MISSING)
    return AnnualSum(year.start, int(total.quantities[0]), Quality(int(total.qualities[0]) & STATUS_BITS))
