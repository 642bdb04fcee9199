"""Where a request for measure data is answered from: the series store (RSM-015, BRS-024 and BRS-025).

The answer is the values as known in the transaction that answers, however late the requester peeks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.outgoing import Answer, Answers, Reply
from gateway.hub.period_groups import series_kind
from gateway.hub.request_case import Reading
from gateway.messages.codes import DocumentKind, Flow, ProcessType
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.times import Interval
from gateway.messages.units import are_alike
from gateway.rules.requests import RequestBatch


@dataclass(frozen=True, slots=True)
class MeasureDataSource:
    """What the store can say to the transactions of one request."""

    office: Office
    batch: RequestBatch

    def read(self, connection: Connection, rows: Sequence[int], transaction: int) -> Mapping[int, Reading]:
        """What the requester may see, and whether the store holds any of it."""
        found = {row: self._found(connection, row, transaction) for row in rows}
        without = np.array([row in found and not found[row] for row in range(len(self.batch.requests))], dtype=np.bool_)
        lacking = self.office.profile.check_request(self.batch, without).rows if without.any() else {}
        return {
            row: Reading((Reply(DocumentKind.MEASURE_DATA, Answers(answers)),))
            if answers
            else Reading(findings=lacking[row])
            for row, answers in found.items()
        }

    def _found(self, connection: Connection, row: int, transaction: int) -> tuple[Answer, ...]:
        return tuple(answer for answer in self._possible(row, transaction) if self._has_values(connection, answer))

    def _possible(self, row: int, transaction: int) -> Sequence[Answer]:
        """One answer for each part the requester may see and each version of the point in it."""
        request = self.batch.requests[row]
        is_annual = self.batch.process_type == ProcessType.YEARLY_METERING
        found: list[Answer] = []
        for part in self.batch.entitled[row]:
            for version in self.batch.master.versions(request.point, part):
                span = Interval(max(part.start, version.valid_from), min(part.end, version.valid_to))
                answer = _answer(request.transaction, version, span, transaction, is_annual=is_annual)
                found += [answer] if is_annual else self._by_direction(answer, version)
        return found[-1:] if is_annual else found

    def _by_direction(self, answer: Answer, version: MeteringPointVersion) -> Iterator[Answer]:
        """The answer for each series a party sends of the point in its registered unit (FI-1.3)."""
        terms, master = self.office.profile.series, self.batch.master
        for sort in terms.sorts_of(version.kind, version.unit):
            if not are_alike(sort.unit, version.unit) or sort.flow not in (None, Flow.IN, Flow.OUT):
                continue
            row = master.locate(np.array([point_key(answer.point)]), np.array([answer.start]), np.array([answer.end]))
            areas = terms.areas_of(master, int(row.first[0]), sort.flow)
            into, out_of = (None, None) if areas is None else (areas[0].code, areas[1].code)
            yield msgspec.structs.replace(answer, unit=sort.unit, flow=sort.flow, in_area=into, out_area=out_of)

    def _has_values(self, connection: Connection, answer: Answer) -> bool:
        points = np.array([point_key(answer.point)], dtype=np.int64)
        span, kind = Interval(answer.start, answer.end), series_kind(answer.unit, answer.flow)
        return bool(self.office.store.read(connection, points, span, kind=kind).runs[0])


def _answer(transaction: str, version: MeteringPointVersion, span: Interval, as_of: int, *, is_annual: bool) -> Answer:
    return Answer(
        transaction=transaction,
        point=version.metering_point,
        point_type=version.kind,
        unit=version.unit,
        start=span.start,
        end=span.end,
        as_of=as_of,
        is_annual=is_annual,
    )
