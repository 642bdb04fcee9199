"""What stands between accounting intervals: a comma, or the end of one block and the beginning of the next."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import numpy as np

from gateway.codecs.estfeed.shapes import INTERVALS, NETS, PERIODS, QUANTITIES, READ_AT, RESOLUTION, START, Shape
from gateway.codecs.estfeed.windows import Bytes, Offsets, Source
from gateway.messages.metering_data import Indices
from gateway.messages.series import Mask

LONGEST = 512
"""Most bytes between two intervals, and before the first of them in which its metering point begins."""
MOST_SPELLINGS = 32
"""Gaps of one length that are learned before a message is called unusual."""

_SPACE = rb"[ \t\r\n]*+"
_EIC = np.zeros(256, dtype=np.bool_)
_EIC[np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-", dtype=np.uint8)] = True


class Grammar(NamedTuple):
    """What stands around the intervals of a document.

    Attributes:
        first: an interval up to its first key.
        opening: a metering point up to its first interval, at the end of what is looked at.
        closing: the end of a metering point behind its last interval, and of what follows it in the list.
        gaps: what may stand between two intervals; groups `point` and `r` where another block begins.
    """

    first: re.Pattern[bytes]
    opening: re.Pattern[bytes]
    closing: re.Pattern[bytes]
    gaps: tuple[re.Pattern[bytes], ...]


@cache
def grammar_of(shape: Shape) -> Grammar:
    """The grammar of what is sent."""
    names = "|".join((START, READ_AT, *QUANTITIES, *NETS)).encode()
    point = _opened(shape.point, rb'"(?P<point>[0-9A-Z-]{16})"', PERIODS)
    period = _opened(RESOLUTION, rb'"(?P<r>PT15M|PT1H|P1D)"', INTERVALS)
    closed, comma = _spaced(rb"]", rb"}"), _spaced(b",")
    opening, closing, gaps = point, closed, [comma, closed + comma + point]
    if shape.has_periods:
        opening, closing = point + period, closed + closed
        gaps = [comma, closed + comma + period, closed + closed + comma + point + period]
    return Grammar(
        re.compile(rb"\{" + _SPACE + b'"(?:' + names + b')"'),
        re.compile(opening + rb"\Z"),
        re.compile(closing + rb"[,\]]"),
        tuple(map(re.compile, gaps)),
    )


def _spaced(*tokens: bytes) -> bytes:
    return _SPACE + b"".join(re.escape(token) + _SPACE for token in tokens)


def _opened(key: str, value: bytes, array: str) -> bytes:
    """An object whose first member has a value, up to the first item of the array that is its second."""
    keys = [_spaced(b'"%s"' % name.encode()) + b":" + _SPACE for name in (key, array)]
    return _spaced(b"{") + keys[0] + value + _spaced(b",") + keys[1] + _spaced(b"[")


class Block(NamedTuple):
    """A block behind the first: its first interval, its metering point unless that is the one before, its step."""

    first: int
    point: str
    resolution: str


def read_gaps(source: Source, end: Offsets, begin: Offsets, grammar: Grammar) -> list[Block] | None:
    """The blocks that begin in the gaps, each from the end of an interval to the begin of the next.

    None where one of the gaps is unusual, and another path has to look at the document.
    """
    width = begin - end
    if (width <= 0).any() or (width > LONGEST).any():
        return None
    blocks: list[Block] = []
    widths = width[:1] if (width == width[:1]).all() else np.unique(width)
    for one in widths.tolist():
        gaps = np.flatnonzero(width == one)
        found = _blocks(source.at(end[gaps], one), gaps, grammar)
        if found is None:
            return None
        blocks += found
    return sorted(blocks)


def _blocks(windows: Bytes, gaps: Indices, grammar: Grammar) -> list[Block] | None:
    """The blocks that begin in gaps of one width; spellings are learned as they are met."""
    blocks: list[Block] = []
    for _ in range(MOST_SPELLINGS):
        sample = windows[0].tobytes()
        found = next((match for pattern in grammar.gaps if (match := pattern.fullmatch(sample))), None)
        if found is None:
            return None
        fits, points = _like(found, windows)
        if found.re is not grammar.gaps[0]:
            step = found["r"].decode() if "r" in found.re.groupindex else ""
            firsts = (gaps[fits] + 1).tolist()
            blocks += [Block(first, point, step) for first, point in zip(firsts, points, strict=True)]
        windows, gaps = windows[~fits], gaps[~fits]
        if not len(gaps):
            return blocks
    return None


def _like(found: re.Match[bytes], windows: Bytes) -> tuple[Mask, list[str]]:
    """Which windows are like a sample but for the metering point, and the points that stand in them."""
    same = windows == np.frombuffer(found.string, dtype=np.uint8)
    if "point" not in found.re.groupindex:
        fits = same.all(axis=1)
        return fits, [""] * int(np.count_nonzero(fits))
    first, last = found.span("point")
    same[:, first:last] = _EIC[windows[:, first:last]]
    fits = same.all(axis=1)
    text = windows[fits, first:last].tobytes().decode("ascii")
    return fits, [text[k : k + last - first] for k in range(0, len(text), last - first)]
