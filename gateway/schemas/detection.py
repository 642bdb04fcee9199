"""What a document is, from its first bytes: kind, dialect and version."""

from __future__ import annotations

from gateway.messages.findings import Finding
from gateway.schemas.faults import MALFORMED, fault
from gateway.schemas.parsers import UTF8_BOM, first_json_key, first_xml_tag
from gateway.schemas.registry import Registry, SchemaEntry, shipped

_HEAD = 1 << 16
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def detect(data: bytes, registry: Registry | None = None) -> SchemaEntry | Finding:
    """The registry's row for a document, by its first element or key.

    Reads no more than the first 64 KiB. A row says what the document claims to be, not that it is valid.

    Args:
        data: the document, or its beginning.
        registry: where to look; ours when absent.

    Returns:
        The row, or a finding: `malformed` for what is neither XML nor JSON, otherwise as `Registry.for_xml` and
        `Registry.for_json` say.
    """
    registry = registry or shipped()
    head = data[:_HEAD]
    start = head.removeprefix(UTF8_BOM).lstrip()
    if start.startswith(b"{"):
        key = first_json_key(start)
        return key if isinstance(key, Finding) else registry.for_json(key)
    if start.startswith((b"<", *_UTF16_MARKS)):
        tag = first_xml_tag(head)
        return tag if isinstance(tag, Finding) else registry.for_xml(tag)
    return fault(MALFORMED, "the document is neither XML nor JSON", line=1)
