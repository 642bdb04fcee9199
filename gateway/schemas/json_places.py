"""Places in JSON text: the line a path stands on, and the first fault the strict reading refuses.

Only documents that are refused pay for this; the parser itself keeps no places.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal

Path = tuple[str | int, ...]

MAX_NUMBER = 64
"""Most characters of a number. A quantity of the market has fourteen."""
_MAX_EXPONENT = 308  # of a double; `1e400` must not become infinity anywhere downstream

_SPACE = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*+")([ \t\n\r]*+:)?|([{}\[\]])|([^\s{}\[\],:"]++)', re.DOTALL)
_LITERAL = re.compile(r"true|false|null|NaN|-?Infinity|(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)")
"""What the decoder takes as a literal; it stops where the literal ends, whatever follows."""

_SKIP = json.JSONDecoder()


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def number_fault(text: str) -> str:
    """Why a JSON number is refused; empty when it is taken."""
    if len(text) > MAX_NUMBER:
        return f"a number of more than {MAX_NUMBER} characters"
    mantissa, _, exponent = text.lower().partition("e")
    # A zero with a huge exponent is refused too: written out it would fill the memory.
    if exponent and (abs(int(exponent)) > 1000 or abs(Decimal(mantissa).adjusted() + int(exponent)) >= _MAX_EXPONENT):
        return f"the number {text} is out of range"
    return ""


def first_fault(text: str) -> tuple[str, int]:
    """The first thing in well-formed JSON that the strict reading refuses, in words, with its offset.

    Looks for a key that occurs twice in one object, the literals NaN and Infinity, and numbers out of bounds.
    """
    keys: list[set[str]] = [set()]  # one more than there are brackets: what follows the fault need not be JSON
    for token in _TOKEN.finditer(text):
        string, colon, bracket, literal = token.groups()
        if bracket in ("{", "["):
            keys.append(set())
        elif bracket:
            keys = keys[:-1] or [set()]
        elif colon:
            key = json.JSONDecoder().decode(string)
            if key in keys[-1]:
                return f"the key {key!r} occurs twice in one object", token.start()
            keys[-1].add(key)
        elif literal and (message := _literal_fault(literal)):
            return message, token.start()
    return "a value that is not accepted", 0


def _literal_fault(literal: str) -> str:
    known = _LITERAL.match(literal)
    if known is None:
        return ""
    if known[0].lstrip("-") in ("NaN", "Infinity"):
        return f"{known[0]} is no number"
    return number_fault(known[0]) if known[1] else ""


def lines_of(text: str, paths: Iterable[Path]) -> dict[Path, int]:
    """The line each path's value starts on, counted from 1; a path that is not there gets its nearest ancestor's."""
    wanted: dict[Path, set[str | int]] = {}
    asked = list(paths)
    for path in asked:
        for depth, step in enumerate(path):
            wanted.setdefault(path[:depth], set()).add(step)
    offsets: dict[Path, int] = {}
    _visit(text, _space(text, 0), (), wanted, offsets)
    return {path: line_and_column(text, _nearest(path, offsets))[0] for path in asked}


def _nearest(path: Path, offsets: dict[Path, int]) -> int:
    while path not in offsets:
        path = path[:-1]
    return offsets[path]


def _space(text: str, offset: int) -> int:
    match = _SPACE.match(text, offset)
    return match.end() if match else offset


def _visit(text: str, offset: int, path: Path, wanted: dict[Path, set[str | int]], offsets: dict[Path, int]) -> int:
    """Note the offset of the value at `path` and descend where something is wanted; returns the value's end."""
    offsets[path] = offset
    steps = wanted.get(path)
    opening = text[offset]
    if not steps or opening not in "{[":
        return _SKIP.raw_decode(text, offset)[1]
    index = 0
    offset = _space(text, offset + 1)
    while text[offset] not in "}]":
        step: str | int = index
        if opening == "{":
            step, offset = _SKIP.raw_decode(text, offset)
            offset = _space(text, _space(text, offset) + 1)
        if step in steps:
            offset = _visit(text, offset, (*path, step), wanted, offsets)
        else:
            offset = _SKIP.raw_decode(text, offset)[1]
        offset = _space(text, offset)
        if text[offset] == ",":
            offset = _space(text, offset + 1)
        index += 1
    return offset + 1
