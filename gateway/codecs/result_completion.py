"""What a dialect cannot say of a settlement's results, and what is written or understood in its place.

=====================  ==========================================================================================
settlement version     one for a whole document in ebIX: where the series differ, none is said
points of a reminder   one for each transaction in ebIX: a transaction of several points is said once for each
day of a reminder      ebIX wants one: the creation time is written where none is known
reminded grid company  ebIX knows it as MDR alone, the role it gets measure data in
period's bounds        the other bound is written for one that is not known, or the creation time
no values              ebIX wants one: the first is said to be missing
missing values         ebIX has a flag in place of amount and code; in RSM-014 a value without amount is missing
quality                of a sum: incomplete and uncertain count as estimated, calculated as measured; of a charge: any
                       is calculated, but a missing price says incomplete
metering point type    CIM wants one in RSM-014: not used (D03) is written where none is known
areas, registration    areas of exchange, kind of plant and registration time are lost in ebIX, counted reminders in CIM
=====================  ==========================================================================================
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gateway.codecs.fields import Record
from gateway.codecs.values import PERIOD
from gateway.messages.amounts import Amounts
from gateway.messages.codes import DocumentKind, MeteringPointType, Quality, Role
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Period
from gateway.messages.times import NO_INSTANT, to_instant

RESULTS = frozenset({DocumentKind.AGGREGATED_MEASURE_DATA, DocumentKind.WHOLESALE_SERVICES})
"""The documents whose series are results."""

_LONGEST_TEXT = 132
LONGEST_ID = 35
"""Characters of an id in ebIX."""

# --- ebIX to neutral --------------------------------------------------------------------------------------------------


def understand_results(record: Record, kind: DocumentKind) -> None:
    """Fill the gaps of a record as read from ebIX."""
    if kind in RESULTS:
        version = record.pop("settlement_version", None)
        for item in record["series"]:
            item["settlement_version"] = version
    elif kind is DocumentKind.MISSING_DATA_REMINDER:
        for item in record["series"]:
            item["points"] = [{key: item[key] for key in ("point", "point_scheme")}] if item["point"] else []


# --- neutral to ebIX --------------------------------------------------------------------------------------------------


def complete_results_for_ebix(record: Record, kind: DocumentKind) -> None:
    """Make a document's record one that ebIX can say."""
    created_at = to_instant(record["created_at"])
    if kind is DocumentKind.MISSING_DATA_REMINDER:
        if record["context_role"] == Role.GRID_OPERATOR:
            record["context_role"] = Role.METERED_DATA_RESPONSIBLE
        record["series"] = [one for item in record["series"] for one in _single_points(item, created_at)]
    elif kind in RESULTS:
        versions = {item["settlement_version"] for item in record["series"]}
        record["settlement_version"] = versions.pop() if len(versions) == 1 else None
        for item in record["series"]:
            complete_bounds(item, created_at)
            _shorten(item)
            _flag_missing(item, kind)


def _single_points(item: Record, created_at: int) -> list[Record]:
    if item["day"] in (None, NO_INSTANT):
        item["day"] = created_at
    points = item.pop("points") or [{"point": ""}]
    if len(points) == 1:
        return [item | points[0]]
    numbered = [(f"-{number}", point) for number, point in enumerate(points, 1)]
    return [
        item | point | {"transaction": item["transaction"][: LONGEST_ID - len(ending)] + ending}
        for ending, point in numbered
    ]


def _shorten(item: Record) -> None:
    for key, longest in (("version", _LONGEST_TEXT), ("charge", LONGEST_ID)):
        if item.get(key):
            item[key] = item[key][:longest]


def _flag_missing(item: Record, kind: DocumentKind) -> None:
    """Say what is missing by quality alone, and say one value at least."""
    period: Period = item[PERIOD]
    if not len(period.position):
        period = _one_missing(period)
        item.update({key: Amounts.none(1) for key in ("price", "amount") if key in item})
    quality = period.quality
    if kind is DocumentKind.AGGREGATED_MEASURE_DATA:
        quality = np.where(period.quantity == NO_QUANTITY, np.uint8(Quality.MISSING), quality)
    is_missing = quality == Quality.MISSING
    as_written = {index: text for index, text in period.as_written.items() if not is_missing[index]}
    quantity = np.where(is_missing, NO_QUANTITY, period.quantity)
    item[PERIOD] = replace(period, quantity=quantity, quality=quality, as_written=as_written)


def _one_missing(period: Period) -> Period:
    return replace(
        period,
        position=np.array([1], dtype=np.int32),
        quantity=np.array([NO_QUANTITY], dtype=np.int64),
        quality=np.array([Quality.MISSING], dtype=np.uint8),
        as_written={},
    )


# --- neutral to CIM ---------------------------------------------------------------------------------------------------


def complete_results_for_cim(record: Record, kind: DocumentKind) -> None:
    """Make a document's record one that CIM can say."""
    for item in record["series"] if kind in RESULTS else ():
        complete_bounds(item, to_instant(record["created_at"]))
        if kind is DocumentKind.AGGREGATED_MEASURE_DATA and item["point_type"] is None:
            item["point_type"] = MeteringPointType.NOT_USED


def complete_bounds(item: Record, created_at: int) -> None:
    """Fill an unknown bound of a period with the other one or the creation time."""
    known = [item[bound] for bound in ("start", "end") if item[bound] != NO_INSTANT]
    for bound in ("start", "end"):
        if item[bound] == NO_INSTANT:
            item[bound] = known[0] if known else created_at
