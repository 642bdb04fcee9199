"""The settlement of corrections after the final refixation: what changed for each supplier, and its counterpart.

Total consumption stays as it was settled, so what one supplier gains the supplier of the area's grid loss loses; the
corrections go to the suppliers involved and to nobody else (DK-4.5.a, DK-4.5.b).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.settlement.snapshots import newest_of
from gateway.messages.codes import GridLossRole, SettlementStage
from gateway.messages.times import Interval
from gateway.settlement.corrections import correction
from gateway.settlement.results import KeyedSums, ResultKey, ResultKind, SettlementResults

_TABLES = {
    ResultKind.PRODUCTION_PER_SUPPLIER: ResultKind.PRODUCTION_CORRECTION,
    ResultKind.FLEX_PER_SUPPLIER: ResultKind.FLEX_CORRECTION,
    ResultKind.HOURLY_PER_SUPPLIER: ResultKind.HOURLY_CORRECTION,
}


def corrected(
    office: Office, connection: Connection, of: tuple[date, str, int], current: SettlementResults
) -> SettlementResults:
    """The differences between a settlement of now and the final refixation of a day, grid area and version.

    An area without a grid-loss point has nobody to take the counterpart: the differences stand alone.
    """
    day, area, as_of = of
    final = newest_of(connection, day, area, SettlementStage.FINAL_REFIXATION)
    span = office.profile.zone.day_interval(day)
    loss = _loss_supplier(office, connection, (area, span), as_of)
    found = correction(current, final.results, {area: loss or ResultKey(area)})
    tables: dict[ResultKind, KeyedSums] = {}
    for kind, change in found.items():
        parts = (change.delta, change.counterpart) if loss else (change.delta,)
        tables[_TABLES[kind]] = KeyedSums.joined(parts).by(lambda key: key)
    return replace(current, tables=tables)


def _loss_supplier(office: Office, connection: Connection, where: tuple[str, Interval], as_of: int) -> ResultKey | None:
    """Whose the loss of a grid area is: the supplier of the point its positive loss is booked on."""
    area, span = where
    point = office.settlement_facts(connection, as_of).loss_point(area, GridLossRole.POSITIVE, span.start)
    if point is None:
        return None
    versions = office.master_as_of(connection, as_of).versions(point, span)
    if not versions or versions[0].energy_supplier is None:
        return None
    return ResultKey(area, versions[0].energy_supplier, versions[0].balance_responsible)
