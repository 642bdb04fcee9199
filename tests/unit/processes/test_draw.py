"""The drawn page says what the table says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.processes.draw import draw, draw_all, mermaid
from gateway.processes.machine import Machine
from gateway.processes.registry import PROCESSES, by_name_and_version
from gateway.processes.submission import SUBMISSION

MACHINES = [pytest.param(machine, id=name) for (name, _), machine in PROCESSES.items()]


def test_the_diagram_labels_each_arrow_with_event_guard_and_effects() -> None:
    lines = [line.strip() for line in mermaid(SUBMISSION).splitlines()]
    assert lines[:2] == ["stateDiagram-v2", "[*] --> received"]
    assert "received --> rejected: RulesChecked [has findings] / reject, count-rejection" in lines
    assert "received --> accepted: RulesChecked [otherwise] / append" in lines
    assert "accepted --> correction: CorrectionFound / begin-correction" in lines
    assert "accepted --> stored: Appended [otherwise]" in lines
    assert lines[-1] == "failed --> [*]"


@pytest.mark.parametrize("machine", MACHINES)
def test_the_page_shows_every_row_state_and_sentence(machine: Machine[Any]) -> None:
    page = draw(machine)
    assert page.startswith(f"# {machine.title}\n")
    assert sum(" --> " in line and "[*]" not in line for line in page.splitlines()) == len(machine.rows)
    for row in machine.rows:
        effects = ", ".join(effect.name for effect in row.effects)
        guard = row.guard.__name__.replace("_", " ") if row.guard else ""
        assert f"| {row.from_state} | {row.event.__name__} | {guard} | {row.to} | {effects} | {row.clause} |" in page
    for state in machine.states:
        assert f"| {state} | {state.meaning} |" in page


def test_a_superseded_version_keeps_a_page_of_its_own() -> None:
    pages = draw_all(by_name_and_version((SUBMISSION, replace(SUBMISSION, version=2, title="Submission, second"))))
    assert set(pages) == {"README.md", "submission.md", "submission-v1.md"}
    assert pages["submission.md"].startswith("# Submission, second\n")
    assert "[Submission](submission-v1.md) | 1 |" in pages["README.md"]


def test_a_bar_in_a_clause_does_not_break_the_table() -> None:
    odd = replace(SUBMISSION, rows=(replace(SUBMISSION.rows[0], clause="a|b"), *SUBMISSION.rows[1:]))
    assert "| a\\|b |" in draw(odd)
