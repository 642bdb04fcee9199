"""Draws a process for people: a Markdown page with a Mermaid state diagram, its states, its table and its words.

Pure text in, text out; `gridpost draw` writes the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from gateway.processes.machine import Machine, Row, sentence_of
from gateway.processes.registry import PROCESSES, latest


def draw_all(processes: Mapping[tuple[str, int], Machine[Any]] = PROCESSES) -> dict[str, str]:
    """Every page of `docs/processes/` as {file name: text}: an index, and one page per version of a process."""
    names = file_names(processes)
    pages = {names[key]: draw(processes[key]) for key in sorted(processes)}
    return {"README.md": _index(processes), **pages}


def file_names(processes: Mapping[tuple[str, int], Machine[Any]]) -> dict[tuple[str, int], str]:
    """The page of each process: `submission.md` for the version in force, `submission-v1.md` for a superseded one."""
    in_force = latest(processes)
    return {
        (name, version): f"{name}.md" if in_force[name].version == version else f"{name}-v{version}.md"
        for name, version in processes
    }


def draw(machine: Machine[Any]) -> str:
    """One process as a Markdown page: purpose, diagram, states, table, and a sentence for every word of the table."""
    parts = (
        f"# {machine.title}",
        f"<!-- Written by `gridpost draw` from the table {machine.name} version {machine.version}. -->",
        machine.purpose,
        f"```mermaid\n{mermaid(machine)}\n```",
        "## States",
        _states(machine),
        "## Table",
        f"Version {machine.version}. The first row that matches wins; an event that is not listed for a state is "
        "refused and changes nothing.",
        _table(("From", "Event", "Guard", "To", "Effects", "Clause"), map(_cells, machine.rows)),
        "## Events",
        _words((row.event.__name__, sentence_of(row.event)) for row in machine.rows),
        "## Guards",
        _words((_guard(row), sentence_of(row.guard)) for row in machine.rows if row.guard is not None),
        "## Effects",
        _words((effect.name, effect.meaning) for row in machine.rows for effect in row.effects),
    )
    return "\n\n".join(parts) + "\n"


def mermaid(machine: Machine[Any]) -> str:
    """The rows as a Mermaid state diagram: one arrow per row, labelled `Event [guard] / effects`."""
    lines = ["stateDiagram-v2", f"    [*] --> {_id(machine.initial)}"]
    fall_through = {
        index
        for index, (before, row) in enumerate(pairwise(machine.rows), start=1)
        if row.guard is None and (before.from_state, before.event) == (row.from_state, row.event)
    }
    for index, row in enumerate(machine.rows):
        guard = _guard(row) or ("otherwise" if index in fall_through else "")
        effects = ", ".join(effect.name for effect in row.effects)
        label = row.event.__name__ + (f" [{guard}]" if guard else "") + (f" / {effects}" if effects else "")
        lines.append(f"    {_id(row.from_state)} --> {_id(row.to)}: {label}")
    ends = (state for state in machine.states if state in machine.terminal)
    return "\n".join([*lines, *(f"    {_id(state)} --> [*]" for state in ends)])


def _index(processes: Mapping[tuple[str, int], Machine[Any]]) -> str:
    """The page that lists the others."""
    names = file_names(processes)
    rows = (
        (f"[{machine.title}]({names[key]})", str(machine.version), machine.purpose.split(". ")[0] + ".")
        for key, machine in sorted(processes.items(), key=lambda item: item[0])
    )
    return "\n\n".join(
        (
            "# Processes",
            "<!-- Written by `gridpost draw`. -->",
            "Every business process of the hub is a table; these pages are drawn from the tables the hub runs.",
            _table(("Process", "Version", "What it is"), rows),
            "Clauses: D1 is the Danish Regulation D1 on settlement metering, BRS a business process of the Danish hub, "
            "B2B its exchange protocol, and GW a requirement of gridpost's own.\n",
        )
    )


def _states(machine: Machine[Any]) -> str:
    """The states with what each means, marking where an instance begins and ends."""
    marks = {machine.initial: "begins here", **dict.fromkeys(machine.terminal, "ends here")}
    return _table(("State", "Meaning", ""), ((state, state.meaning, marks.get(state, "")) for state in machine.states))


def _cells(row: Row[Any, Any]) -> tuple[str, ...]:
    """One row as the cells of its printed line."""
    effects = ", ".join(effect.name for effect in row.effects)
    return (row.from_state, row.event.__name__, _guard(row), row.to, effects, row.clause)


def _guard(row: Row[Any, Any]) -> str:
    """A guard's name as words."""
    return "" if row.guard is None else row.guard.__name__.replace("_", " ")


def _words(pairs: Iterable[tuple[str, str]]) -> str:
    """A table of names with a sentence each, every name once, in order of appearance."""
    return _table(("Name", "Meaning"), dict(pairs).items())


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _id(state: str) -> str:
    """A state's name as Mermaid takes it: letters, digits and underscores."""
    return state.replace("-", "_")
