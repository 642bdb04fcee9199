"""Putting JSON together from texts that are JSON already, so that amounts keep the digits a codec gave them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping


def object_text(members: Mapping[str, str]) -> str:
    """An object of members whose values are JSON texts."""
    return f"{{{','.join(f'{json.dumps(name)}:{text}' for name, text in members.items())}}}"


def array_text(items: Iterable[str]) -> str:
    """An array of JSON texts."""
    return f"[{','.join(items)}]"
