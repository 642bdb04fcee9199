"""What a series says of its metering point, beside what the master data says.

Every version that overlaps the period must agree. Where the point is unknown only `point_known` speaks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gateway.messages.codes import Subtype
from gateway.messages.identifiers import has_gs1_check_digit
from gateway.messages.masterdata import KINDS, NONE, RESOLUTIONS, STATES, SUBTYPES, UNITS, Codes
from gateway.messages.series import Mask
from gateway.rules.batch import (
    KIND_CODES,
    NO_POINT,
    RESOLUTION_CODES,
    STATE_CODES,
    UNIT_CODES,
    Batch,
)
from gateway.rules.hits import NOTHING, Hits, Words, hits_where

_MONTH = RESOLUTION_CODES["P1M"]


def point_known(batch: Batch) -> Hits:
    """The metering point has master data in the period."""
    if batch.known.all():
        return NOTHING
    return hits_where(~batch.known, "point", lambda row: {"point": batch.series.point[row]})


def point_check_digit(batch: Batch) -> Hits:
    """The last digit of a GSRN is its check digit (D1 §1.17-18); the form itself is left to `point_known`."""
    wrong = np.array([not has_gs1_check_digit(point) for point in batch.series.point], dtype=np.bool_)
    return hits_where(wrong & (batch.keys != NO_POINT), "point", lambda row: {"point": batch.series.point[row]})


def point_in_grid(batch: Batch) -> Hits:
    """Every version of the point is connected or disconnected: it stands in the grid."""
    allowed = [STATE_CODES[state] for state in batch.facts.accepted.states]
    return _by_version(
        batch,
        ~_allows(batch.master.points.connection_state[batch.version], allowed, len(STATES)),
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
    return _as_registered(batch, batch.master.points.kind, batch.type_codes, ("point_type", KINDS))


def point_not_calculated(batch: Batch) -> Hits:
    """The hub computes a calculated point itself; nobody submits for it (D1 §6.1.3)."""
    return _subtype_is_not(batch, Subtype.CALCULATED)


def point_not_virtual(batch: Batch) -> Hits:
    """Nothing is read on a virtual point (D1 §6.1.2); for markets that also refuse computed series of it."""
    return _subtype_is_not(batch, Subtype.VIRTUAL)


def subtype_constant(batch: Batch) -> Hits:
    """The subtype does not change within the period."""
    if len(batch.version) == len(batch.keys):
        return NOTHING
    subtype = batch.master.points.subtype
    registered = np.where(batch.known, subtype[np.where(batch.known, batch.located.first, 0)], NONE)
    other = batch.differing(subtype, registered)
    return hits_where(other != NONE, "point", lambda row: {"point": batch.series.point[row]})


def unit_allowed(batch: Batch) -> Hits:
    """The unit is one the market takes for measure data: kWh or kVArh."""
    allowed = [UNIT_CODES[unit] for unit in batch.facts.accepted.units]
    wrong = ~_allows(batch.unit_codes, allowed, len(UNITS)) & batch.known
    return hits_where(wrong, "unit", lambda row: {"unit": batch.series.unit[row]})


def unit_as_registered(batch: Batch) -> Hits:
    """An allowed unit is the one of every version of the point."""
    allowed = [UNIT_CODES[unit] for unit in batch.facts.accepted.units]
    stated = np.where(_allows(batch.unit_codes, allowed, len(UNITS)), batch.unit_codes, NONE).astype(np.int32)
    return _as_registered(batch, batch.master.points.unit, stated, ("unit", UNITS))


def resolution_allowed(batch: Batch) -> Hits:
    """The resolution is there and one the market takes for measure data (D1 §1.48)."""
    wrong = ~_resolution_allowed(batch) & batch.known
    return hits_where(wrong, "Period/resolution", lambda row: {"resolution": batch.series.resolution[row]})


def resolution_as_registered(batch: Batch) -> Hits:
    """An allowed resolution is the one of every version of the point (D1 §1.48)."""
    stated = np.where(_resolution_allowed(batch), batch.resolution_codes, NONE).astype(np.int32)
    return _as_registered(batch, batch.master.points.resolution, stated, ("Period/resolution", RESOLUTIONS))


def month_fits_type(batch: Batch) -> Hits:
    """A monthly series is for renewable production only."""
    monthly = batch.resolution_codes == _MONTH
    if not monthly.any():
        return NOTHING
    allowed = [KIND_CODES[kind] for kind in batch.facts.accepted.monthly_types]
    wrong = monthly & ~_allows(batch.type_codes, allowed, len(KINDS)) & batch.known
    return hits_where(wrong, "Period/resolution", lambda row: {"type": batch.series.point_type[row]})


def _subtype_is_not(batch: Batch, subtype: Subtype) -> Hits:
    wrong = batch.master.points.subtype[batch.version] == SUBTYPES.index(subtype)
    return _by_version(batch, wrong, "point", lambda row, _: {"point": batch.series.point[row]})


def _resolution_allowed(batch: Batch) -> Mask:
    allowed = [RESOLUTION_CODES[resolution] for resolution in batch.facts.accepted.resolutions]
    return _allows(batch.resolution_codes, allowed, len(RESOLUTIONS))


def _allows(codes: Codes, allowed: list[int], size: int) -> Mask:
    """Which codes are among the allowed ones; NONE never is."""
    table = np.zeros(size + 1, dtype=np.bool_)
    table[allowed] = True
    found: Mask = table[codes]
    return found


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


def _as_registered(batch: Batch, registered: Codes, stated: Codes, naming: tuple[str, tuple[str, ...]]) -> Hits:
    """Hits of the series whose stated code differs from a version's; what states NONE is another rule's matter."""
    field, names = naming
    other = np.where(stated == NONE, NONE, batch.differing(registered, stated))

    def words(row: int) -> Words:
        return {"stated": names[stated[row]], "registered": names[registered[other[row]]]}

    return hits_where(other != NONE, field, words)
