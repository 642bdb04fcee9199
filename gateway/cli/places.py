"""On which line of a document a finding points: the neutral path of the rules, followed through the dialect's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lxml import etree

from gateway.codecs.catalogue import ROWS, Row
from gateway.codecs.fields import Field, Group, Many, Node, Points
from gateway.messages.findings import Finding
from gateway.schemas.json_places import lines_of
from gateway.schemas.parsers import UTF8_BOM, parse_xml
from gateway.schemas.registry import SchemaEntry

Place = tuple[str | int, ...]
"""Steps from the root in the dialect's own names; a number counts elements of the name before it, from 0."""

_HEADER_KEYS = {
    "sender/id": "sender",
    "sender/role": "sender_role",
    "receiver/id": "receiver",
    "receiver/role": "receiver_role",
}
_LARGEST = 16 * 1024 * 1024
"""Bytes up to which a document is read once more to find lines."""


def with_lines(data: bytes, entry: SchemaEntry, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings with their lines, as far as these can be told; a document of many megabytes is not read again."""
    if not findings or len(data) > _LARGEST:
        return tuple(findings)
    row = ROWS[entry.kind, entry.dialect]
    places = [place_of(row, finding.path) for finding in findings]
    lines = _xml_lines(data, places) if entry.is_xml else _json_lines(data, entry.root, places)
    return tuple(replace(finding, line=line or finding.line) for finding, line in zip(findings, lines, strict=True))


def with_hub_lines(data: bytes, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings with their lines in measure data of the hub's own form; what has none, has a path in good JSON."""
    places = {finding.path: _hub_place(finding.path) for finding in findings if finding.path and not finding.line}
    if not places or len(data) > _LARGEST:
        return tuple(findings)
    lines = lines_of(data.removeprefix(UTF8_BOM).decode(), set(places.values()))
    return tuple(
        replace(finding, line=lines[places[finding.path]]) if finding.path in places else finding
        for finding in findings
    )


def _hub_place(path: str) -> Place:
    """Where a path lies in the hub's own form; one that its decoder names already lies where it says."""
    steps = path.split("/")
    if steps[0] != "Series":
        return tuple(int(step) if step.isdigit() else step for step in steps) if path else ()
    series: Place = ("series", int(steps[1]))
    if steps[2:4] == ["Period", "Point"]:
        return (*series, "values", int(steps[4]), *(_HUB_NAMES.get(step, step) for step in steps[5:]))
    return (*series, *(_HUB_NAMES.get(step, step) for step in steps[-1:] if len(steps) > 2))


_HUB_NAMES = {
    "point": "metering_point",
    "transaction": "transaction_id",
    "resolution": "step",
    "quality": "status",
    "end": "values",
}
"""Names of the neutral path that the hub's own form spells otherwise."""


def place_of(row: Row, path: str) -> Place:
    """Where the neutral path of a finding lies in a dialect: `Series/3/Period/Point/7/quality` and the like."""
    steps = path.split("/")
    if steps[0] != "Series" or len(steps) < 2:
        return _names_to(row.table, _HEADER_KEYS.get(path, path)) if path else ()
    series: Place = (row.series.name, int(steps[1]))
    rest = steps[2:]
    points = row.points
    if rest[:2] == ["Period", "Point"] and points is not None:
        above = _names_to(row.series.nodes, points)
        value = {"quantity": points.quantity, "quality": points.quality}.get(rest[-1])
        return (*series, *above, int(rest[2]), *((value,) if value else ()))
    return (*series, *(_names_to(row.series.nodes, rest[-1]) if rest else ()))


def _names_to(nodes: tuple[Node, ...], wanted: str | Points) -> Place:
    """Names from a list of nodes down to a field or to the points; a word that is a group's own name leads to it."""
    for node in nodes:
        is_it = node is wanted or (isinstance(node, Field | Many) and node.key == wanted)
        if is_it or (isinstance(node, Group) and node.name == wanted):
            return (node.name,)
        if isinstance(node, Group) and (below := _names_to(node.nodes, wanted)):
            return (node.name, *below)
    return ()


def _xml_lines(data: bytes, places: Sequence[Place]) -> list[int]:
    root = parse_xml(data).root
    if root is None:
        return [0] * len(places)
    children = _Children()
    return [_xml_line(root, place, children) for place in places]


class _Children(dict[etree._Element, dict[str, list[etree._Element]]]):
    """Children of an element by local name, listed once."""

    def __missing__(self, parent: etree._Element) -> dict[str, list[etree._Element]]:
        found = self[parent] = {}
        for child in parent:
            found.setdefault(etree.QName(child).localname, []).append(child)
        return found


def _xml_line(element: etree._Element, place: Place, children: _Children) -> int:
    """The line of the element at a place, or of its nearest ancestor that is there."""
    steps = list(place)
    while steps:
        named = children[element].get(str(steps.pop(0)), [])
        index = int(steps.pop(0)) if steps and isinstance(steps[0], int) else 0
        if index >= len(named):
            break
        element = named[index]
    line: object = element.sourceline
    return line if isinstance(line, int) else 0


def _json_lines(data: bytes, root: str, places: Sequence[Place]) -> list[int]:
    text = data.removeprefix(UTF8_BOM).decode()
    lines = lines_of(text, {(root, *place) for place in places})
    return [lines[root, *place] for place in places]
