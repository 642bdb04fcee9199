"""The schema check of an XML document too large for a tree: element by element, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from lxml import etree

from gateway.messages.findings import Finding
from gateway.schemas.check_xml import check_xml
from gateway.schemas.faults import SCHEMA_INVALID, fault
from gateway.schemas.parsers import BODY_LIMIT, XmlPieces
from gateway.schemas.registry import SchemaEntry


class XmlStream:
    """The valid elements of one tag, each checked together with the header before it comes.

    Iterate it once: each element is gone when the next is asked for. Iteration stops at the first element that is
    not valid. The verdict on the whole is `findings` after the iteration; nothing may be kept of a stream that ended
    with findings.
    """

    def __init__(self, source: BinaryIO, tag: str, entry: SchemaEntry, limit: int = BODY_LIMIT) -> None:
        self.findings: list[Finding] = []
        self._pieces = XmlPieces(source, tag, limit)
        self._name = etree.QName(tag).localname
        self._entry = entry

    @property
    def document(self) -> etree._Element | None:
        """The document's root with its header and the element that just came; none before the first came."""
        return self._pieces.document

    def __iter__(self) -> Iterator[etree._Element]:
        for count, element in enumerate(self._pieces):
            self.findings = [self._place(finding, count) for finding in self._check(self._pieces.document)]
            if self.findings:
                return
            yield element
        self.findings = [self._pieces.finding] if self._pieces.finding else self._check_rest()

    def _check(self, root: etree._Element | None) -> list[Finding]:
        return [] if root is None else check_xml(root, self._entry)

    def _check_rest(self) -> list[Finding]:
        """What stood beside the elements: nothing may follow the header but one of them, and no text."""
        rest = self._pieces.rest
        if rest is None or self._pieces.document is None:
            return self._check(rest)
        if len(rest) > self._pieces.header_length:
            name = etree.QName(rest[self._pieces.header_length]).localname
            text = f"Element '{name}': This element is not expected. Expected is ( {self._name} )."
            return [fault(SCHEMA_INVALID, text, path=name)]
        rest.append(self._pieces.document[-1])
        return self._check(rest)

    def _place(self, finding: Finding, count: int) -> Finding:
        """The finding with its path counted in the whole document."""
        first = f"{self._name}/0"
        if finding.path != first and not finding.path.startswith(f"{first}/"):
            return finding
        return replace(finding, path=f"{self._name}/{count}{finding.path.removeprefix(first)}")


def stream_xml(source: BinaryIO, tag: str, entry: SchemaEntry, limit: int = BODY_LIMIT) -> XmlStream:
    """Read and check an XML document in constant memory.

    The schema must have `tag` as the repeatable last child of the root, as all documents of the market do; then the
    header with each single element is valid exactly when the whole is.

    Args:
        source: a binary file positioned at the document's start.
        tag: the element in Clark notation (`{namespace}Series`).
        entry: the document's row of the registry.
        limit: greatest size in bytes.
    """
    return XmlStream(source, tag, entry, limit)
