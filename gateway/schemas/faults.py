"""Neutral names of what a parser or a schema can say against a document.

Findings made here carry the same neutral name as `rule` and as `code`; a market's profile puts its wire code in place
(in Denmark `00302` for all of them but `unknown-namespace`, which is `00301`).
"""

from __future__ import annotations

from gateway.messages.findings import Finding

MALFORMED = "malformed"
"""The bytes are no well-formed document of their dialect, or use a construction the exchange refuses (a DOCTYPE)."""
SCHEMA_INVALID = "schema-invalid"
"""Well-formed, but not as the schema of the document demands."""
UNKNOWN_NAMESPACE = "unknown-namespace"
"""A namespace, version or document that the registry has no schema for."""
TOO_LARGE = "too-large"
"""More bytes than the limit, before or after decompression."""


_HEAD, _TAIL = 180, 90  # kept of words and path, which both quote the document


def fault(name: str, text: str, path: str = "", line: int = 0) -> Finding:
    """A finding under a neutral name; what it quotes is cut to a readable length."""
    return Finding(code=name, text=_cut(text), path=_cut(path), rule=name, line=line)


def _cut(text: str) -> str:
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}…{text[-_TAIL:]}"
