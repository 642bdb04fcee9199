"""The values of a series as the dialects write them."""

from __future__ import annotations

import re
from collections.abc import Callable

from gateway.codecs.fields import Points
from gateway.codecs.points import quantity_texts
from gateway.messages.codes import Quality
from gateway.messages.series import SeriesTable

RowWriter = Callable[[int], str]
"""The values of the n-th series as text."""


def _codes(node: Points) -> dict[int, str]:
    """The code of each quality; what the dialect has no code for is an estimate."""
    codes = {int(quality): code for code, quality in node.qualities.items()}
    estimated = codes[Quality.ESTIMATED]
    return {int(quality): codes.get(quality, estimated) for quality in Quality if quality is not Quality.ABSENT}


def xml_points(series: SeriesTable, node: Points, prefix: str) -> RowWriter:
    """Writes values as XML elements. In a dialect with a flag for missing values they have neither amount nor code."""

    def element(name: str, text: str, attributes: str = "") -> str:
        return f"<{prefix}:{name}{attributes}>{text}</{prefix}:{name}>"

    def quality(code: str) -> str:
        return element(node.quality, code, node.listed(code) if node.listed else "")

    opened, between = f"<{prefix}:{node.name}><{prefix}:{node.position}>", f"</{prefix}:{node.position}>"
    closed, start, end = f"</{prefix}:{node.name}>", f"<{prefix}:{node.quantity}>", f"</{prefix}:{node.quantity}>"
    endings = {int(Quality.ABSENT): closed} | {k: f"{quality(code)}{closed}" for k, code in _codes(node).items()}
    missing = f"{element(node.missing, 'true')}{closed}" if node.missing else ""

    def row(i: int) -> str:
        parts = []
        for position, text, k in _points(series, i):
            if missing and (not text or k == Quality.MISSING):
                parts.append(f"{opened}{position}{between}{missing}")
            elif text:
                parts.append(f"{opened}{position}{between}{start}{text}{end}{endings[k]}")
            else:
                parts.append(f"{opened}{position}{between}{endings[k]}")
        return "".join(parts)

    return row


def json_points(series: SeriesTable, node: Points) -> RowWriter:
    """Writes values as the items of a JSON array."""
    endings = {int(Quality.ABSENT): "}"}
    endings |= {k: f', "{node.quality}": {{"value": "{code}"}}}}' for k, code in _codes(node).items()}

    def row(i: int) -> str:
        parts = []
        for position, text, k in _points(series, i):
            amount = f', "{node.quantity}": {json_number(text)}' if text else ""
            parts.append(f'{{"{node.position}": {{"value": {position}}}{amount}{endings[k]}')
        return ", ".join(parts)

    return row


def _points(series: SeriesTable, i: int) -> zip[tuple[int, str, int]]:
    first, last = int(series.offsets[i]), int(series.offsets[i + 1])
    positions, qualities = series.position[first:last].tolist(), series.quality[first:last].tolist()
    return zip(positions, quantity_texts(series, i), qualities, strict=True)


_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


def json_number(text: str) -> str:
    """Decimal text as a JSON number, which has no plus sign, no leading zeros and no bare point."""
    if _JSON_NUMBER.fullmatch(text):
        return text
    sign = "-" if text.startswith("-") else ""
    whole, _, fraction = text.lstrip("+-").partition(".")
    return f"{sign}{whole.lstrip('0') or '0'}{'.' if fraction else ''}{fraction}"
