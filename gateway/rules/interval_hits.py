"""Hits among accounting intervals, and the runner that words them by metering point and period (EE-1.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from gateway.messages.findings import Finding, Severity
from gateway.messages.masterdata import Rows
from gateway.messages.metering_data import Measure, Member
from gateway.messages.metering_status import ReportedError
from gateway.messages.series import Mask
from gateway.messages.times import NO_INSTANT
from gateway.rules.hits import Words, no_words
from gateway.rules.metering_batch import Atomicity, MeteringBatch
from gateway.rules.runner import Wording


@dataclass(frozen=True, slots=True)
class IntervalHits:
    """Where one rule of metering data was broken.

    Attributes:
        intervals: int64[k], the intervals, in ascending order.
        member: what of them is wrong.
        measure: whose quantity or quality; None where the member is the interval's own.
        words: the wording's values of an interval; called only for hits that are worded.
        by_point: whether all intervals of a metering point break it for one reason, which is then told once.
    """

    intervals: Rows
    member: Member = Member.INTERVAL
    measure: Measure | None = None
    words: Callable[[int], Words] = no_words
    by_point: bool = False


IntervalRule = Callable[[MeteringBatch], Iterable[IntervalHits]]


@dataclass(frozen=True, slots=True)
class IntervalVerdict:
    """What all rules found in one message: the errors in the order of the document, and where values are refused."""

    errors: tuple[ReportedError, ...]
    refused: Mask

    def taken(self, batch: MeteringBatch) -> Mask:
        """Which intervals are taken, by what the market takes messages by (EE-1.2)."""
        if not self.refused.any():
            return ~self.refused
        if batch.atomicity is Atomicity.MESSAGE:
            return np.zeros(len(self.refused), dtype=np.bool_)
        faulty = np.unique(batch.point[self.refused])
        return ~np.isin(batch.point, faulty)


@dataclass(frozen=True)
class IntervalRules:
    """The rules of metering data a market has enabled, in their order.

    Attributes:
        rules: each with its wording.
        most_findings: how many findings of one rule are written out per message; a closing one counts the rest.
    """

    rules: tuple[tuple[IntervalRule, Wording], ...] = ()
    most_findings: int = 1000

    def check(self, batch: MeteringBatch) -> IntervalVerdict:
        """Run every rule over a message and word what they hit."""
        refused = np.zeros(len(batch.data), dtype=np.bool_)
        found: list[tuple[int, ReportedError]] = []
        for rule, wording in self.rules:
            hits = [one for one in rule(batch) if len(one.intervals)]
            if not hits:
                continue
            if wording.severity is Severity.ERROR:
                for one in hits:
                    refused[one.intervals] = True
            found += self._worded(batch, hits, wording)
        found.sort(key=lambda item: item[0])
        return IntervalVerdict(tuple(error for _, error in found), refused)

    def _worded(
        self, batch: MeteringBatch, hits: Iterable[IntervalHits], wording: Wording
    ) -> Iterator[tuple[int, ReportedError]]:
        """Findings with the interval they stand at; what an interval has twice for one reason is told once."""
        told = left = 0
        paths: set[str] = set()
        for one in hits:
            intervals = _first_of_points(batch, one.intervals) if one.by_point else one.intervals
            room = max(self.most_findings - told, 0)
            left += len(intervals) - len(intervals[:room])
            for interval in intervals[:room].tolist():
                finding = _finding(batch, one, interval, wording)
                if finding.path and finding.path in paths:
                    continue
                paths.add(finding.path)
                told += 1
                start = NO_INSTANT if one.by_point else int(batch.data.start[interval])
                yield interval, ReportedError(finding, batch.points.ids[batch.point[interval]], start)
        if left:
            yield len(batch.data), ReportedError(wording.closing(left, ""))


def _finding(batch: MeteringBatch, hits: IntervalHits, interval: int, wording: Wording) -> Finding:
    place = batch.data.place(interval, hits.member, hits.measure)
    words = {"point": batch.points.ids[batch.point[interval]], **hits.words(interval)}
    return wording.finding(words, place.path, line=place.line)


def _first_of_points(batch: MeteringBatch, intervals: Rows) -> Rows:
    """The first of the given intervals of each metering point."""
    _, first = np.unique(batch.point[intervals], return_index=True)
    return intervals[np.sort(first)]
