"""What a run of deviations books: steps with whom and why, and what they come to by supplier and grid area (FI-4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.tables_point_series import deviation, deviation_run, deviation_summary
from gateway.messages.codes import DeviationCause
from gateway.messages.times import Interval
from gateway.settlement.balance_deviations import StepDeviation, summaries


class BookedStep(NamedTuple):
    """What a run books of a step of a point with a supplier."""

    point: int
    start: int
    length: int
    found: StepDeviation
    cause: DeviationCause


def begin_run(office: Office, connection: Connection, transaction: int) -> None:
    """Note a run under its transaction."""
    connection.execute(deviation_run.insert().values(transaction=transaction, at=office.clock.micros()))


def keep_steps(office: Office, connection: Connection, transaction: int, steps: Sequence[BookedStep]) -> None:
    """Book the steps of a run and what they come to."""
    if not steps:
        return
    connection.execute(deviation.insert(), [_row(transaction, step) for step in steps])
    totals = summaries([step.found for step in steps], _loss_suppliers(office, connection, transaction))
    named = [one._asdict() | {"type": one.type.value, "transaction": transaction} for one in totals]
    connection.execute(deviation_summary.insert(), named)


def keep_run(office: Office, connection: Connection, transaction: int, steps: Sequence[BookedStep]) -> None:
    """A run that books known steps."""
    begin_run(office, connection, transaction)
    keep_steps(office, connection, transaction, steps)


def _row(transaction: int, step: BookedStep) -> dict[str, object]:
    found = step.found
    return {
        "transaction": transaction,
        "point": step.point,
        "start": step.start,
        "length": step.length,
        "old": found.old,
        "new": found.new,
        "price": found.price,
        "supplier": found.supplier,
        "grid_area": found.grid_area,
        "is_production": found.is_production,
        "cause": step.cause.value,
    }


def _loss_suppliers(office: Office, connection: Connection, transaction: int) -> dict[str, str]:
    """Who supplies the losses of each grid area now."""
    now, facts = office.clock.now(), office.settlement_facts(connection, transaction)
    found: dict[str, str] = {}
    for loss in facts.grid_loss:
        if loss.valid_from <= now < loss.valid_to:
            versions = office.master.versions(loss.metering_point, Interval(now, now + 1))
            if versions and versions[0].energy_supplier is not None:
                found.setdefault(loss.grid_area, versions[0].energy_supplier)
    return found
