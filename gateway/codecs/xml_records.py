"""Records out of XML elements, and XML text out of records, by one table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from gateway.codecs.fields import Field, Group, Many, Node, Points, Record, Status, Values, text_of
from gateway.codecs.values import VALUES, Stated, ValueTexts, written_points

_SPECIAL = re.compile('[&<>"\r]')


def escape(text: str) -> str:
    """Text for XML."""
    if _SPECIAL.search(text) is None:
        return text
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("\r", "&#13;")


@dataclass(frozen=True, slots=True)
class _Level:
    """The children of one element that the table knows, by qualified name."""

    namespace: str
    nodes: dict[str, Node]
    below: dict[str, _Level]

    @classmethod
    def of(cls, nodes: Sequence[Node], namespace: str) -> _Level:
        known: dict[str, Node] = {f"{{{namespace}}}{node.name}": node for node in nodes if not isinstance(node, Points)}
        below = {name: cls.of(node.nodes, namespace) for name, node in known.items() if isinstance(node, Group | Many)}
        return cls(namespace, known, below)

    def without(self, key: str) -> _Level:
        """The level less one repeated record."""
        nodes = {name: node for name, node in self.nodes.items() if not (isinstance(node, Many) and node.key == key)}
        return _Level(self.namespace, nodes, self.below)

    def read(self, element: etree._Element, record: Record) -> Record:
        """Add what the element's children say to the record."""
        for child in element.iterchildren(*self.nodes):
            name = str(child.tag)
            node = self.nodes[name]
            if isinstance(node, Field):
                _read_field(node, child, record)
            elif isinstance(node, Many):
                record.setdefault(node.key, []).append(self.below[name].read(child, {}))
            elif isinstance(node, Values):
                record.setdefault(VALUES, ValueTexts()).add(node, _texts(child))
            else:
                self.below[name].read(child, record)
        return record


def _read_field(field: Field, element: etree._Element, record: Record) -> None:
    record[field.key] = field.convert.read(element.text or field.default)
    scheme = field.scheme
    if scheme is not None:
        record[scheme.key] = scheme.codes.read(element.get(scheme.name) or "")


def _texts(element: etree._Element) -> dict[str, str]:
    """The texts of an element's children by name."""
    return {etree.QName(child).localname: child.text or "" for child in element.iterchildren("*")}


class XmlReader:
    """Reads the records of one document kind from valid elements.

    Args:
        table: the document's table.
        namespace: of every element.
    """

    def __init__(self, table: Sequence[Node], namespace: str) -> None:
        series = next(node for node in table if isinstance(node, Many) and node.key == "series")
        self.namespace = namespace
        self.series_tag = f"{{{namespace}}}{series.name}"
        self._document = _Level.of(table, namespace)
        self._header = self._document.without("series")
        self._series = self._document.below[self.series_tag]

    def document(self, root: etree._Element) -> Record:
        """The whole document."""
        return self._document.read(root, {})

    def header(self, root: etree._Element) -> Record:
        """The document but for its series."""
        return self._header.read(root, {})

    def series(self, element: etree._Element) -> Record:
        """One series, but for its values."""
        return self._series.read(element, {})


PointWriter = Callable[[int], str]
"""The values of the n-th series as XML text."""


@dataclass(frozen=True, slots=True)
class XmlWriter:
    """Writes records as XML text.

    Attributes:
        table: the document's table.
        root: the root element's name.
        namespace: of every element.
        prefix: the prefix all elements carry.
    """

    table: Sequence[Node]
    root: str
    namespace: str
    prefix: str

    def document(self, record: Record, points: PointWriter | None = None) -> bytes:
        """The document in UTF-8, without white space between elements."""
        name = f"{self.prefix}:{self.root}"
        parts = [f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns:{self.prefix}="{escape(self.namespace)}">']
        parts += self._nodes(self.table, record, points, 0)
        parts.append(f"</{name}>\n")
        return "".join(parts).encode()

    def _nodes(self, nodes: Sequence[Node], record: Record, points: PointWriter | None, row: int) -> Iterator[str]:
        for node in nodes:
            if isinstance(node, Field):
                yield self._field(node, record)
            elif isinstance(node, Points):
                yield points(row) if points else ""
            elif isinstance(node, Values):
                for position, elements in written_points(node, record):
                    number = self._element(node.position, str(position))
                    yield self._element(node.name, number + "".join(map(self._stated, elements)))
            elif isinstance(node, Group):
                inside = "".join(self._nodes(node.nodes, record, points, row))
                yield self._element(node.name, inside) if inside or node.required else ""
            else:
                for index, item in enumerate(record.get(node.key, ())):
                    inside = "".join(self._nodes(node.nodes, item, points, index))
                    yield self._element(node.name, inside)

    def _element(self, name: str, inside: str, attributes: str = "") -> str:
        return f"<{self.prefix}:{name}{attributes}>{inside}</{self.prefix}:{name}>"

    def _stated(self, stated: Stated) -> str:
        listed = stated.part.listed if isinstance(stated.part, Status) else None
        return self._element(stated.name, escape(stated.text), listed(stated.text) if listed else "")

    def _field(self, field: Field, record: Record) -> str:
        text = text_of(field, record)
        if text is None:
            return ""
        attributes = ""
        if field.scheme is not None:
            agency = field.scheme.write(record.get(field.scheme.key))
            attributes = f' {field.scheme.name}="{escape(agency)}"{field.scheme.beside.get(agency, "")}'
        elif field.listed is not None:
            attributes = field.listed(text)
        return self._element(field.name, escape(text), attributes)
