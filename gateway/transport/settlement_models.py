"""Bodies of the settlement's part of the neutral API. Quantities are decimal text in kWh, days local."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from gateway.hub.ports_settlement import (
    DayStanding,
    Postponement,
    SettledRow,
    SnapshotSummary,
    SnapshotView,
)
from gateway.messages.codes import Quality, Resolution, SettlementStage
from gateway.messages.quantities import format_quantity
from gateway.messages.times import STEP_SECONDS, format_second, to_datetime
from gateway.transport.hub_models import Body, HistoryBody


class DayBody(Body):
    """Where a day of operation stands in a grid area."""

    day: date
    grid_area: str
    state: str
    meaning: str
    fixation: datetime
    history: list[HistoryBody]

    @classmethod
    def of(cls, standing: DayStanding) -> DayBody:
        """The body of a standing."""
        return cls(
            day=standing.day,
            grid_area=standing.grid_area,
            state=standing.state,
            meaning=standing.meaning,
            fixation=to_datetime(standing.fixation),
            history=[HistoryBody.of(entry) for entry in standing.history],
        )


class DaysBody(Body):
    """Where days of operation stand."""

    days: list[DayBody]


class SnapshotBody(Body):
    """One snapshot without its results; `sha256` is over the results, `as_of` the version they were calculated from."""

    number: int
    version: int
    stage: SettlementStage
    day: date
    grid_area: str
    cut_off: datetime
    as_of: int
    rules: str
    filed_at: datetime
    sha256: str

    @classmethod
    def of(cls, summary: SnapshotSummary) -> SnapshotBody:
        """The body of a summary."""
        return cls(
            number=summary.number,
            version=summary.version,
            stage=summary.stage,
            day=summary.day,
            grid_area=summary.grid_area,
            cut_off=to_datetime(summary.evening),
            as_of=summary.as_of,
            rules=summary.rules,
            filed_at=to_datetime(summary.filed_at),
            sha256=summary.sha256,
        )


class SnapshotsBody(Body):
    """Snapshots, oldest first."""

    snapshots: list[SnapshotBody]


class SettledRowBody(Body):
    """One row of results; a step without a sum has null. What is empty does not apply."""

    kind: str
    supplier: str
    balance_responsible: str
    neighbour: str
    tariff: str
    quantities: list[str | None]
    statuses: list[str]
    qualities: list[str]
    corrected: list[bool]

    @classmethod
    def of(cls, row: SettledRow) -> SettledRowBody:
        """The body of a row."""
        return cls(
            kind=row.kind,
            supplier=row.supplier,
            balance_responsible=row.balance_responsible,
            neighbour=row.neighbour,
            tariff=row.tariff,
            quantities=[_kwh(one, exists) for one, exists in zip(row.quantity, row.exists, strict=True)],
            statuses=[Quality(one).name.lower() for one in row.status.tolist()],
            qualities=list(row.qualities),
            corrected=row.corrected.tolist(),
        )


def _kwh(wh: int, exists: bool) -> str | None:
    return format_quantity(int(wh)) if exists else None


class SnapshotResultsBody(Body):
    """A snapshot with the rows the caller is entitled to; `curve` is the distribution curve as fixed."""

    snapshot: SnapshotBody
    start: datetime
    resolution: Resolution
    rows: list[SettledRowBody]
    curve: list[str]

    @classmethod
    def of(cls, view: SnapshotView) -> SnapshotResultsBody:
        """The body of a view."""
        return cls(
            snapshot=SnapshotBody.of(view.summary),
            start=to_datetime(view.start),
            resolution=view.resolution,
            rows=[SettledRowBody.of(row) for row in view.rows],
            curve=list(view.curve),
        )


RESULT_COLUMNS = (
    "kind,grid_area,supplier,balance_responsible,neighbour,tariff,start,quantity,status,qualities,corrected\r\n"
)


def csv_results(view: SnapshotView) -> bytes:
    """The rows of a snapshot, one line for each step; an empty quantity is a step without a sum."""
    seconds = STEP_SECONDS[view.resolution]
    lines = [RESULT_COLUMNS]
    for row in view.rows:
        whose = (row.kind, view.summary.grid_area, row.supplier, row.balance_responsible, row.neighbour, row.tariff)
        lines += (f"{','.join(whose)},{line}\r\n" for line in _steps(row, view.start, seconds))
    return "".join(lines).encode()


def _steps(row: SettledRow, start: int, seconds: int) -> Iterator[str]:
    body = SettledRowBody.of(row)
    columns = zip(body.quantities, body.statuses, body.qualities, body.corrected, strict=True)
    for place, (quantity, status, qualities, corrected) in enumerate(columns):
        at = format_second(start + place * seconds)
        yield f"{at},{quantity or ''},{status},{qualities},{str(corrected).lower()}"


class PostponementBody(Body):
    """A fixation moved to a later evening."""

    day: date
    grid_area: str
    old: datetime
    new: datetime
    sent_by: datetime
    reason: str
    decided_at: datetime

    @classmethod
    def of(cls, notice: Postponement) -> PostponementBody:
        """The body of a postponement."""
        return cls(
            day=notice.day,
            grid_area=notice.grid_area,
            old=to_datetime(notice.old),
            new=to_datetime(notice.new),
            sent_by=to_datetime(notice.sent_by),
            reason=notice.reason,
            decided_at=to_datetime(notice.decided_at),
        )


class PostponementsBody(Body):
    """Postponed fixations, newest last."""

    postponements: list[PostponementBody]


Areas = Annotated[list[Annotated[str, Field(max_length=35)]], Field(max_length=1000)]
Reason = Annotated[str, Field(max_length=2000)]


class PostponeBody(Body):
    """Which fixation to move, in some grid areas or in all of them, to the evening of which day, and why."""

    day: date
    grid_areas: Areas = Field(default_factory=list)
    until: date
    reason: Reason


class AcceptBody(Body):
    """Which negative residual to let stand, and why."""

    day: date
    grid_areas: Areas
    reason: Reason
