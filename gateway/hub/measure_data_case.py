"""Measure data ready to be carried out: messages of one sender that came together, as one table of series.

A busy hub commits hundreds of small messages at once; their series pass rules and store together, as if one message
had brought them, and every message keeps its own ids, steps, findings and answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from gateway.hub import journal, used_ids
from gateway.hub.journal import Outcome, OutcomeState
from gateway.hub.measure_data_run import CheckedSeries, MeasureDataRun, Section
from gateway.hub.ports import Accepted, Refused
from gateway.hub.refused_case import RefusedCase, used_findings
from gateway.messages.documents import MeasureData


@dataclass(frozen=True, slots=True)
class MeasureDataCase:
    """Messages that passed the envelope's checks.

    Attributes:
        numbers: their numbers in the journal.
        documents: the messages, beside `numbers`.
        checked: the series of all of them, message by message, as the rules found them.
    """

    numbers: Sequence[int]
    documents: Sequence[MeasureData]
    checked: CheckedSeries

    def settle(self, connection: Connection, transaction: int, at: int) -> list[Accepted | Refused]:
        """Carry the messages out, but for those whose ids have been used before; one answer each."""
        principal, sections = self.checked.principal, self._sections()
        used = used_findings(connection, self.checked.office.profile, principal.party, self.documents)
        good = [section for section, found in zip(sections, used, strict=True) if not found]
        if good:
            self._claim(connection, good)
            MeasureDataRun(self.checked, good, connection, transaction, at).carry_out()
        answers: list[Accepted | Refused] = []
        outcomes: list[tuple[int, Outcome]] = []
        for section, found in zip(sections, used, strict=True):
            header, count = section.header, section.end - section.first
            if found:
                refused = RefusedCase(section.message, principal, found, header, count)
                answers += refused.settle(connection, transaction, at)
                continue
            result = Outcome(OutcomeState.ACCEPTED, header.message_id, header.process_type, count, transaction)
            outcomes.append((section.message, result))
            answers.append(Accepted(header.message_id))
        journal.conclude_all(connection, at, outcomes)
        return answers

    def _sections(self) -> list[Section]:
        sections: list[Section] = []
        first = 0
        for number, document in zip(self.numbers, self.documents, strict=True):
            end = first + len(document.series)
            sections.append(Section(number, document.header, first, end))
            first = end
        return sections

    def _claim(self, connection: Connection, sections: Sequence[Section]) -> None:
        series = self.checked.batch.series
        used_ids.claim(
            connection,
            self.checked.principal.party,
            [(section.message, section.header.message_id) for section in sections],
            [
                (series.transaction[row], section.message, row - section.first, series.point[row])
                for section in sections
                for row in range(section.first, section.end)
            ],
        )
