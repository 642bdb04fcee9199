"""Findings: refusals and remarks as values, up to the edge.

A finding says which rule was broken (`rule`), under which wire code the market names it (`code`), where (`path`,
`line`, `position`), by which clause, how badly, and in words. Nothing below the transport raises for bad input.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs: an error refuses what it points at, a warning only remarks on it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One refusal or remark about a document.

    Attributes:
        code: the code on the wire (`E86`, `00302`); each market's profile assigns it.
        text: the sentence a person reads, without payload secrets.
        path: where in the document, as `Series/0/Period/Point/3/quantity` counted from 0; empty for the whole.
        rule: the neutral name of the rule (`quantity-not-negative`); empty where a parser speaks.
        clause: the numbered rule of the market text (`D1 §4.1.5`).
        line: the line in the document as received, counted from 1; 0 where there is none.
        position: the position of the value within its period, counted from 1; 0 where the finding is not about one.
        target: the field's name as the market's error body calls it (`MessageId`); empty where it names none.
        severity: error or warning.
        args: what the text names, in the order in which the market's error body lists it.
    """

    code: str
    text: str
    path: str = ""
    rule: str = ""
    clause: str = ""
    line: int = 0
    position: int = 0
    target: str = ""
    severity: Severity = Severity.ERROR
    args: tuple[str, ...] = ()


def quoted(text: str) -> str:
    """A text out of a file as a finding shows it: in quotation marks, the end of a long one cut off."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def has_errors(findings: list[Finding] | tuple[Finding, ...]) -> bool:
    """Whether any finding refuses what it points at."""
    return any(finding.severity is Severity.ERROR for finding in findings)
