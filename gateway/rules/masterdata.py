"""What a series says of its metering point, beside what the master data says.

Every version that overlaps the period must agree. Where the point is unknown only `point_known` speaks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gateway.messages.codes import Subtype
from gateway.messages.identifiers import has_gs1_check_digit
from gateway.messages.masterdata import KINDS, NONE, RESOLUTIONS, STATES, SUBTYPES, UNITS, Codes
from gateway.messages.series import Mask
from gateway.rules.batch import NO_POINT, RESOLUTION_CODES, Accepted, Batch, mask_of
from gateway.rules.hits import NOTHING, Hits, Words, hits_where

_MONTH = RESOLUTION_CODES["P1M"]


class Naming(NamedTuple):
    """A fact that a series states and master data hold.

    Attributes:
        field: where it stands in the series.
        names: the list it comes from.
        taken: which places of the list the market takes, the last entry being NONE's.
    """

    field: str
    names: tuple[str, ...]
    taken: Callable[[Accepted], Mask]


_TYPE = Naming("point_type", KINDS, lambda _: mask_of(KINDS, KINDS))
_UNIT = Naming("unit", UNITS, lambda accepted: accepted.units)
_RESOLUTION = Naming("Period/resolution", RESOLUTIONS, lambda accepted: accepted.resolutions)


def point_known(batch: Batch) -> Hits:
    """The metering point has master data in the period."""
    if batch.known.all():
        return NOTHING
    return hits_where(~batch.known, "point", lambda row: {"point": batch.series.point[row]})


def point_known_throughout(batch: Batch) -> Hits:
    """The metering point has master data from the start of the period to its end, without a gap (DH-200)."""
    columns, known = batch.master.points, batch.known & batch.forward
    covered = np.zeros(len(batch.keys), dtype=np.int64)
    start = np.maximum(columns.valid_from[batch.version], batch.series.start[batch.owner])
    end = np.minimum(columns.valid_to[batch.version], batch.series.end[batch.owner])
    np.add.at(covered, batch.owner, end - start)
    beyond = known & (covered < batch.series.end - batch.series.start)
    return hits_where(beyond, "point", lambda row: {"point": batch.series.point[row]})


def point_check_digit(batch: Batch) -> Hits:
    """The last digit of a GSRN is its check digit (D1 §1.17-18); the form itself is left to `point_known`."""
    wrong = np.array([not has_gs1_check_digit(point) for point in batch.series.point], dtype=np.bool_)
    return hits_where(wrong & (batch.keys != NO_POINT), "point", lambda row: {"point": batch.series.point[row]})


def point_in_grid(batch: Batch) -> Hits:
    """Every version of the point is connected or disconnected: it stands in the grid."""
    return _by_version(
        batch,
        ~batch.facts.accepted.states[batch.master.points.connection_state[batch.version]],
        "point",
        lambda row, version: {
            "point": batch.series.point[row],
            "state": STATES[batch.master.points.connection_state[version]],
        },
    )


def point_type_known(batch: Batch) -> Hits:
    """The type is one of the market's metering point types."""
    unknown = (batch.type_codes == NONE) & batch.known
    return hits_where(unknown, "point_type", lambda row: {"type": batch.series.point_type[row]})


def point_type_as_registered(batch: Batch) -> Hits:
    """The type is the one of every version of the point."""
    return _as_registered(batch, batch.master.points.kind, batch.type_codes, _TYPE)


def point_not_calculated(batch: Batch) -> Hits:
    """The hub computes a calculated point itself; nobody submits for it (D1 §6.1.3)."""
    return _subtype_is_not(batch, Subtype.CALCULATED)


def point_not_virtual(batch: Batch) -> Hits:
    """Nothing is read on a virtual point (D1 §6.1.2); for markets that also refuse computed series of it."""
    return _subtype_is_not(batch, Subtype.VIRTUAL)


def subtype_constant(batch: Batch) -> Hits:
    """The subtype does not change within the period."""
    if batch.is_plain:
        return NOTHING
    subtype, first = batch.master.points.subtype, batch.located.first[batch.owner]
    differs = subtype[batch.version] != subtype[first]
    return _by_version(batch, differs, "point", lambda row, _: {"point": batch.series.point[row]})


def unit_allowed(batch: Batch) -> Hits:
    """The unit is one the market takes for measure data: kWh or kVArh."""
    wrong = ~batch.facts.accepted.units[batch.unit_codes] & batch.known
    return hits_where(wrong, "unit", lambda row: {"unit": batch.series.unit[row]})


def unit_as_registered(batch: Batch) -> Hits:
    """An allowed unit is the one of every version of the point."""
    return _as_registered(batch, batch.master.points.unit, batch.unit_codes, _UNIT)


def resolution_allowed(batch: Batch) -> Hits:
    """The resolution is there and one the market takes for measure data (D1 §1.48)."""
    wrong = ~batch.facts.accepted.resolutions[batch.resolution_codes] & batch.known
    return hits_where(wrong, "Period/resolution", lambda row: {"resolution": batch.series.resolution[row]})


def resolution_as_registered(batch: Batch) -> Hits:
    """An allowed resolution is the one of every version of the point (D1 §1.48)."""
    return _as_registered(batch, batch.master.points.resolution, batch.resolution_codes, _RESOLUTION)


def month_fits_type(batch: Batch) -> Hits:
    """A monthly series is for renewable production only."""
    monthly = batch.resolution_codes == _MONTH
    if not monthly.any():
        return NOTHING
    wrong = monthly & ~batch.facts.accepted.monthly_types[batch.type_codes] & batch.known
    return hits_where(wrong, "Period/resolution", lambda row: {"type": batch.series.point_type[row]})


def _subtype_is_not(batch: Batch, subtype: Subtype) -> Hits:
    wrong = batch.master.points.subtype[batch.version] == SUBTYPES.index(subtype)
    return _by_version(batch, wrong, "point", lambda row, _: {"point": batch.series.point[row]})


def _by_version(
    batch: Batch,
    wrong: Mask,
    field: str,
    words: Callable[[int, int], Words],
) -> Hits:
    """Hits of the series with a wrong version, worded by (series row, its first wrong version)."""
    if not wrong.any():
        return NOTHING
    places = np.flatnonzero(wrong)
    rows, first = np.unique(batch.owner[places], return_index=True)
    versions = batch.version[places[first]]
    return Hits(rows, field, lambda i: words(int(rows[i]), int(versions[i])))


def _as_registered(batch: Batch, registered: Codes, stated: Codes, naming: Naming) -> Hits:
    """Hits of the series whose stated code differs from a version's; what is not allowed is another rule's matter."""
    differs = registered[batch.version] != stated[batch.owner]
    if not differs.any():
        return NOTHING
    taken = naming.taken(batch.facts.accepted)[stated[batch.owner]]

    def words(row: int, version: int) -> Words:
        return {"stated": naming.names[stated[row]], "registered": naming.names[registered[version]]}

    return _by_version(batch, differs & taken, naming.field, words)
