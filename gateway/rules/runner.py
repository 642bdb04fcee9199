"""The runner: every enabled rule over one subject, every hit worded as a finding.

All rules run and all findings are returned; the only exception is a decisive rule, whose series are left to it alone.
What a rule finds in one series is capped, never silently: a closing finding counts the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from gateway.messages.findings import Finding, Severity
from gateway.messages.masterdata import Rows
from gateway.rules.hits import Hits, Words

Subject = TypeVar("Subject")
Rule = Callable[[Subject], Hits]

LONGEST_TEXT = 512
"""What every dialect of an answer can carry; words come from the document and may be any length."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How a market names one rule.

    Attributes:
        rule: neutral name of the rule.
        code: code on the wire.
        clause: numbered rule of the market text.
        text: what a person reads, with placeholders.
        rest: what closes a capped list, with the placeholder `count`.
        severity: whether it refuses or only remarks.
        target: the field as the market's error body calls it.
        args: the placeholders whose values the market's error body lists beside the text.
    """

    rule: str
    code: str
    clause: str
    text: str
    rest: str = ""
    severity: Severity = Severity.ERROR
    target: str = ""
    args: tuple[str, ...] = ()

    def finding(self, words: Words, path: str = "", position: int = 0, line: int = 0) -> Finding:
        """One finding of this rule."""
        args = tuple(str(words[name])[:LONGEST_TEXT] for name in self.args)
        return self._finding(self.text.format_map(words), path, (position, line), args)

    def closing(self, count: int, path: str) -> Finding:
        """The finding that stands for all those which were not written out."""
        return self._finding(self.rest.format(count=count), path, (0, 0), ())

    def _finding(self, text: str, path: str, place: tuple[int, int], args: tuple[str, ...]) -> Finding:
        return Finding(
            code=self.code,
            text=text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…",
            path=path,
            rule=self.rule,
            clause=self.clause,
            position=place[0],
            line=place[1],
            target=self.target,
            severity=self.severity,
            args=args,
        )


@dataclass(frozen=True)
class EnabledRule(Generic[Subject]):
    """A rule as a market enables it.

    Attributes:
        check: the rule.
        wording: how the market names it.
        decisive: where it is broken, no other rule speaks about that series.
    """

    check: Rule[Subject]
    wording: Wording
    decisive: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all rules found in one message: findings by series row, in the order of the rules."""

    rows: Mapping[int, tuple[Finding, ...]]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, series by series."""
        return tuple(finding for row in sorted(self.rows) for finding in self.rows[row])

    @property
    def refused(self) -> frozenset[int]:
        """Rows of the series that at least one error refuses; remarks refuse nothing."""
        return frozenset(row for row, found in self.rows.items() if any(f.severity is Severity.ERROR for f in found))


@dataclass(frozen=True)
class RuleSet(Generic[Subject]):
    """The rules a market has enabled for one kind of document, in their order.

    Attributes:
        rules: decisive ones first.
        most_findings: how many findings of one rule are written out per series.
    """

    rules: tuple[EnabledRule[Subject], ...]
    most_findings: int = 100
    _ordered: tuple[EnabledRule[Subject], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ordered", tuple(sorted(self.rules, key=lambda rule: not rule.decisive)))

    @property
    def names(self) -> tuple[str, ...]:
        """Neutral names of the rules."""
        return tuple(rule.wording.rule for rule in self.rules)

    def check(self, subject: Subject) -> Verdict:
        """Run every rule over a message and word what they hit."""
        rows: dict[int, list[Finding]] = {}
        decided = np.empty(0, dtype=np.int64)
        for rule in self._ordered:
            hits = rule.check(subject)
            if not len(hits):
                continue
            if len(decided):
                hits = hits.take(np.flatnonzero(~np.isin(hits.rows, decided)))
            if rule.decisive:
                decided = np.concatenate([decided, hits.rows])
            for row, finding in _worded(rule.wording, hits, self.most_findings):
                rows.setdefault(row, []).append(finding)
        return Verdict({row: tuple(found) for row, found in rows.items()})


def _worded(wording: Wording, hits: Hits, most: int) -> Iterator[tuple[int, Finding]]:
    """Each hit as a finding; where a series has more than `most`, one more says how many are left out."""
    kept, rest = _capped(hits.rows, most)
    for i in kept.tolist():
        position = 0 if hits.position is None else int(hits.position[i])
        yield int(hits.rows[i]), wording.finding(hits.words(i), hits.path(i), position)
    for row, count in rest:
        yield row, wording.closing(count, f"Series/{row}")


def _capped(rows: Rows, most: int) -> tuple[Rows, Iterable[tuple[int, int]]]:
    """Places of the first `most` hits of each row, and (row, how many more) where there are more."""
    if len(rows) <= most:
        return np.arange(len(rows)), ()
    named, counts = np.unique(rows, return_counts=True)
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows, side="left")
    over = counts > most
    rest = zip(named[over].tolist(), (counts[over] - most).tolist(), strict=True)
    return np.flatnonzero(rank < most), rest
