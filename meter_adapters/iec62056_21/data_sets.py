"""Data sets: the lines `id(value*unit)(second value)` of readouts, answers and telegrams (IEC 62056-21, section 6.5).

The grammar takes what meters in the field write: reduced and full ids, history by `*` and `&`, ids twice, ids with
letters, values without unit or with blanks, several groups, LF alone, `!` behind the last data set. What it does not
take refuses the whole block, by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

_GROUP = r"\(([^()]*)\)"
_ID = r"(?:[0-9]{1,3}-[0-9]{1,3}:)?[0-9A-Z]{1,5}(?:\.[0-9A-Z]{1,4}){0,4}(?:[*&][0-9]{1,3})?"
_SET = re.compile(rf"({_ID})((?:{_GROUP})+)", re.ASCII)
_VALUES = re.compile(rf"(?:{_GROUP})+", re.ASCII)
_ONE = re.compile(_GROUP)
_OWN = re.compile(r"^[01]-0:")
_LINE_ENDS = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Group:
    """One pair of brackets: the value as written, and the unit behind `*`, empty where there is none."""

    value: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class DataSet:
    """One data set: the id as written and its groups, at least one."""

    id: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Text that is no data set: where (line from 1) and why."""

    line: int
    text: str


def group_of(text: str) -> Group:
    """The group of what stands between two brackets: the unit is behind the only `*`."""
    value, star, unit = text.partition("*")
    return Group(value, unit) if star and "*" not in unit else Group(text)


def groups_of(text: str) -> tuple[Group, ...] | None:
    """The groups of a text that is nothing but brackets; None where it is more."""
    return tuple(group_of(inner) for inner in _ONE.findall(text)) if _VALUES.fullmatch(text) else None


def lines_of(text: str) -> list[str]:
    """The lines of a block, whichever line end the meter has."""
    return _LINE_ENDS.split(text)


def data_sets(text: str) -> tuple[DataSet, ...] | Unreadable:
    """The data sets of a block's text, up to the `!` where it has one.

    A line of groups alone goes on with the data set before it. Behind `!` nothing may stand.
    """
    sets: list[DataSet] = []
    ended = False
    for number, written in enumerate(lines_of(text), 1):
        line = written.strip(" ")
        if not line:
            continue
        if ended:
            return Unreadable(number, "there is more behind the !")
        if line.endswith("!"):
            ended, line = True, line[:-1]
        found = _sets_of_line(line)
        if found is None:
            return Unreadable(number, f"no data set: {line[:60]!r}")
        if found and not found[0].id:
            if not sets:
                return Unreadable(number, "values without an id")
            sets[-1] = replace(sets[-1], groups=sets[-1].groups + found.pop(0).groups)
        sets += found
    return tuple(sets)


def is_ended(text: str) -> bool:
    """Whether the block's text ends with the `!` of a readout."""
    return text.rstrip("\r\n ").endswith("!")


def _sets_of_line(line: str) -> list[DataSet] | None:
    """The data sets of one line; the first has an empty id where the line begins with brackets."""
    if line.startswith("("):
        values = groups_of(line)
        return None if values is None else [DataSet("", values)]
    found, place = [], 0
    while place < len(line):
        match = _SET.match(line, place)
        if match is None:
            return None
        found.append(DataSet(match[1], groups_of(match[2]) or ()))
        place = match.end()
    return found


def first_of(sets: Iterable[DataSet], *ids: str) -> str | None:
    """The first value under the first of these ids that is there, in any spelling with or without `1-0:` or `0-0:`."""
    by_id: dict[str, str] = {}
    for one in sets:
        by_id.setdefault(_OWN.sub("", one.id).removesuffix("*255"), one.groups[0].value)
    return next((by_id[wanted] for wanted in ids if wanted in by_id), None)
