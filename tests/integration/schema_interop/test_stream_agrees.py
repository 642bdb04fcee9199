"""The constant-memory stream gives the verdict of the tree, on thousands of mutations in chunks of any size."""

from __future__ import annotations

import copy
import io
from pathlib import Path

import pytest
from lxml import etree

from gateway.messages.codes import Dialect, DocumentKind
from gateway.schemas.check_xml import check_xml
from gateway.schemas.parsers import parse_xml
from gateway.schemas.registry import ENTRIES, SchemaEntry, shipped
from gateway.schemas.stream_xml import stream_xml

from .mutations import mutated_xml

FULL = Path(__file__).parents[2] / "golden" / "full"


class Trickle(io.BytesIO):
    """A source that hands out a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._size = size

    def read(self, size: int | None = -1, /) -> bytes:
        """At most the few bytes."""
        return super().read(self._size)


def _repeated(entry: SchemaEntry) -> tuple[etree._Element, str]:
    """The full document with its last child, the repeatable one, three times; and that child's tag."""
    suffix = "json" if not entry.is_xml else "xml"
    root = parse_xml((FULL / f"{entry.kind}.{entry.dialect}.{suffix}").read_bytes()).root
    assert root is not None
    last = root[-1]
    for _ in range(2):
        root.append(copy.deepcopy(last))
    return root, str(last.tag)


@pytest.mark.parametrize(("kind", "dialect"), [(entry.kind, entry.dialect) for entry in ENTRIES if entry.is_xml])
def test_the_stream_agrees_with_the_tree(kind: DocumentKind, dialect: Dialect) -> None:
    entry = shipped().entry(kind, dialect)
    document, tag = _repeated(entry)
    seen = set()
    for seed in range(300):
        data = etree.tostring(mutated_xml(document, seed))
        root = parse_xml(data).root
        assert root is not None
        findings = check_xml(root, entry)
        stream = stream_xml(Trickle(data, (1 << 16, 700, 53)[seed % 3]), tag, entry)
        texts = [etree.tostring(element, with_tail=False) for element in stream]
        assert bool(stream.findings) == bool(findings), (seed, stream.findings, findings, data)
        if not findings:
            assert texts == [etree.tostring(child, with_tail=False) for child in root.findall(tag)]
        seen.add(bool(findings))
    assert seen == {True, False}


@pytest.mark.parametrize("size", [1 << 16, 7, 1])
@pytest.mark.parametrize("stray", ["x", "&#32;x", "<![CDATA[x]]>", "<Other/>"])
def test_nothing_may_stand_between_or_behind_the_series(stray: str, size: int) -> None:
    entry = shipped().entry(DocumentKind.MEASURE_DATA, Dialect.CIM_XML)
    document, tag = _repeated(entry)
    ending = "</Series>"
    parts = etree.tostring(document).decode().split(ending)
    for place in range(1, len(parts)):
        data = ending.join(parts[:place]) + ending + stray + ending.join(parts[place:])
        stream = stream_xml(Trickle(data.encode(), size), tag, entry)
        list(stream)
        assert [finding.rule for finding in stream.findings] == ["schema-invalid"], (place, stream.findings)
