"""The schema check of an XML document, by our schema and by every installed official one."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from lxml import etree

from gateway.messages.findings import Finding
from gateway.schemas import compiled
from gateway.schemas.faults import SCHEMA_INVALID, fault
from gateway.schemas.registry import SchemaEntry

MAX_FINDINGS = 50
"""Most findings reported of one document; the first ones are what helps."""

_STEP = re.compile(r"(?:(?P<prefix>[^:\[]+):)?(?P<name>[^\[]+)(?:\[(?P<index>\d+)\])?")
_NAMESPACE = re.compile(r"\{[^{}\s]*:[^{}\s]*\}")


def check_xml(root: etree._Element, entry: SchemaEntry) -> list[Finding]:
    """What the document's schemas say against it; empty when it is valid.

    Schema locations in the document are ignored. The official schemas are asked only about what ours accepts, so no
    fault is named twice.

    Returns:
        At most `MAX_FINDINGS` findings `schema-invalid` with line and path, in the order of the document.
    """
    for schema in entry.xml_schemas:
        if not schema.validate(root):
            return _findings(schema.error_log, entry, root)
    return []


def _findings(errors: Any, entry: SchemaEntry, root: etree._Element) -> list[Finding]:
    repeated = compiled.repeated_elements(entry.files[0])
    return [
        fault(
            SCHEMA_INVALID,
            _NAMESPACE.sub("", error.message),
            path=_path(root, error.path or "", repeated),
            line=error.line,
        )
        for error in islice(errors, MAX_FINDINGS)
    ]


def _path(root: etree._Element, xpath: str, repeated: frozenset[str]) -> str:
    """The place libxml2 names, as `Series/0/Period/Point/3/quantity`: repeatable elements counted from 0."""
    steps: list[str] = []
    element = root
    for step in xpath.split("/")[2:]:
        child = _child(element, step)
        if child is None:
            break
        element = child
        name = etree.QName(element).localname
        steps.append(name)
        if name in repeated:
            steps.append(str(sum(1 for _ in element.itersiblings(str(element.tag), preceding=True))))
    return "/".join(steps)


def _child(parent: etree._Element, step: str) -> etree._Element | None:
    """The child a step of libxml2's path means: `cim:Point[3]`, or `*[3]` where elements have no prefix."""
    parts = _STEP.fullmatch(step)
    if parts is None:
        return None
    prefix, name = parts["prefix"], parts["name"]
    same = (child for child in parent if name == "*" or (child.prefix, etree.QName(child).localname) == (prefix, name))
    return next(islice(same, int(parts["index"] or 1) - 1, None), None)
