"""Bodies of the jobs that take workbooks of metering data. Instants are ISO 8601 in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from gateway.hub.ports_metering_data import Progress
from gateway.messages.codes import Commodity
from gateway.messages.metering_status import MeteringDataStatus, ProcessingState, ReportedError
from gateway.messages.times import NO_INSTANT, to_datetime
from gateway.transport.error_bodies import clean_text
from gateway.transport.hub_models import Body

MICROSECONDS = 1_000_000


class RowErrorBody(Body):
    """One thing found in a workbook: in which sheet and row, by which code, in words."""

    sheet: str
    row: int
    cell: str
    code: str
    text: str
    metering_point: str
    period_start: datetime | None

    @classmethod
    def of(cls, error: ReportedError) -> Self:
        """The body of an error; the place of a finding is `sheet!cell`."""
        finding = error.finding
        sheet, _, cell = finding.path.rpartition("!")
        return cls(
            sheet=clean_text(sheet),
            row=finding.line,
            cell=clean_text(cell),
            code=finding.code,
            text=clean_text(finding.text),
            metering_point=clean_text(error.metering_point),
            period_start=None if error.period_start == NO_INSTANT else to_datetime(error.period_start),
        )


class WorkbookJobBody(Body):
    """A workbook on its way: its state, how far its reading is while that is known, and every error when it is over."""

    id: str
    state: ProcessingState
    commodity: Commodity
    taken_at: datetime
    finished_at: datetime | None = None
    rows_done: int | None = None
    rows_total: int | None = None
    errors: tuple[RowErrorBody, ...] = ()

    @classmethod
    def of(cls, status: MeteringDataStatus, progress: Progress | None) -> Self:
        """The body of a message's status."""
        finished = status.finished_at
        return cls(
            id=status.document_id,
            state=status.state,
            commodity=status.commodity,
            taken_at=to_datetime(status.created_at // MICROSECONDS),
            finished_at=None if finished is None else to_datetime(finished // MICROSECONDS),
            rows_done=None if progress is None else progress.done,
            rows_total=None if progress is None else progress.total,
            errors=tuple(RowErrorBody.of(error) for error in status.errors),
        )
