"""A JSON document too large for a tree, cut into its series: each is parsed and checked alone with the header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gateway.messages.findings import Finding
from gateway.schemas.check_json import check_json
from gateway.schemas.parsers import JsonValue, parse_json
from gateway.schemas.registry import SchemaEntry

_TEXT = rb'[^{}\[\]"]++|"(?:[^"\\]++|\\.)*+"'
_FLAT = rb"\{(?:" + _TEXT + rb")*+\}"
_TWO_DEEP = rb"\{(?:" + _TEXT + rb"|" + _FLAT + rb")*+\}"
_BRACKET = re.compile(rb"(?:" + _TEXT + rb"|" + _TWO_DEEP + rb")*+([{}\[\]])", re.DOTALL)
"""Up to the next bracket outside strings; values of a series, which are two deep, are passed over as a whole."""

_BEFORE = re.compile(rb"[ \t\r\n]*+\{")
_BEHIND = re.compile(rb"[ \t\r\n]*+([,\]])")


class JsonPieces:
    """The items of the one array of a document, each checked together with the header before it comes.

    A document is valid exactly when it is with each single item in the array. Iterate once. Iteration stops at the
    first item that is not valid; the verdict on the whole is `findings` after the iteration, and nothing may be kept
    of pieces that ended with findings.

    Args:
        data: the document.
        name: the key of the array.
        entry: the document's row of the registry.
    """

    def __init__(self, data: bytes, name: str, entry: SchemaEntry) -> None:
        self.findings: list[Finding] = []
        self.header: dict[str, Any] = {}
        self._data = data
        self._name = name
        self._entry = entry
        self._array = 0
        self._items: list[tuple[int, int]] = []
        self._tail = b""

    def cut(self) -> bool:
        """Find the items; False where the document is malformed or unusual, which only the parser can explain."""
        opening = re.search(rb'"%s"[ \t\r\n]*+:[ \t\r\n]*+\[' % re.escape(self._name.encode()), self._data)
        at = self._array = opening.end() if opening else len(self._data)
        while (end := self._end_of_item(at)) and (behind := _BEHIND.match(self._data, end)):
            self._items.append((at, end))
            at = behind.end()
            if behind[1] == b"]":
                self._tail = self._data[at - 1 :]
                return True
        return False

    def _end_of_item(self, start: int) -> int:
        """Where the object that begins here ends; 0 when it does not."""
        found = _BEFORE.match(self._data, start)
        depth = 1
        while found and depth:
            found = _BRACKET.match(self._data, found.end())
            if found:
                depth += 1 if found[1] in b"[{" else -1
        return found.end() if found else 0

    def __iter__(self) -> Iterator[JsonValue]:
        head = self._data[: self._array]
        for number, (start, end) in enumerate(self._items):
            raw = head + self._data[start:end] + self._tail
            outcome = parse_json(raw)
            if outcome.finding is None:
                self.findings = check_json(outcome.value, self._entry, raw)
            else:
                self.findings = [outcome.finding]
            if self.findings:
                self.findings = [self._placed(finding, number) for finding in self.findings]
                return
            document: Any = outcome.value
            self.header = document[self._entry.root]
            (item,) = self.header.pop(self._name)
            yield item

    def _placed(self, finding: Finding, number: int) -> Finding:
        """The finding with path and line counted in the whole document."""
        start, end = self._items[number]
        header_lines = self._data.count(b"\n", 0, self._array) + 1
        if finding.line < header_lines:
            return finding
        behind = finding.line > header_lines + self._data.count(b"\n", start, end)
        others = self._data.count(b"\n", self._array, len(self._data) - len(self._tail) if behind else start)
        line = finding.line + others - (self._data.count(b"\n", start, end) if behind else 0)
        first = f"{self._name}/0"
        if finding.path == first or finding.path.startswith(f"{first}/"):
            return replace(finding, path=f"{self._name}/{number}{finding.path.removeprefix(first)}", line=line)
        return replace(finding, line=line)
