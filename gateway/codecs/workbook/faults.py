"""What is wrong with a workbook, collected cell by cell: a user sees all of it at once."""

from __future__ import annotations

from gateway.codecs.workbook.places import SheetColumns
from gateway.messages.findings import Finding
from gateway.schemas.faults import fault

SHEET_EMPTY = "sheet-empty"
MISSING_COLUMN = "missing-column"
UNEXPECTED_COLUMN = "unexpected-column"
NO_SUCH_LOCAL_TIME = "no-such-local-time"
"""The clocks leave the hour out in spring, or do not show it at the offset written."""
AMBIGUOUS_LOCAL_TIME = "ambiguous-local-time"
"""The hour comes twice in autumn, and the row does not say which it is."""
MORE_FAULTS = "more-faults"

MOST_FAULTS = 1000
"""Faults that are told one by one; the rest are counted."""


class FaultList:
    """Faults in the order they are found; `findings` gives them in the order of the workbook."""

    def __init__(self) -> None:
        self._found: list[tuple[int, int, int, str, str, SheetColumns]] = []
        self._sheets: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, rule: str, words: str, sheet: SheetColumns, line: int, column: int = 0) -> None:
        """A fault of a cell: row counted from 1, column from 0."""
        order = self._sheets.setdefault(sheet.name, len(self._sheets))
        self._found.append((order, line, column, rule, words, sheet))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Sheet, row and reason of every fault."""
        ordered = sorted(self._found, key=lambda one: one[:3])
        told = [
            fault(rule, f"{sheet.cell(line, column).path}: {words}", *sheet.cell(line, column))
            for _, line, column, rule, words, sheet in ordered[:MOST_FAULTS]
        ]
        if len(ordered) > MOST_FAULTS:
            told.append(fault(MORE_FAULTS, f"and {len(ordered) - MOST_FAULTS} more faults"))
        return tuple(told)
