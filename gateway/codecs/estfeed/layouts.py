"""How an accounting interval is laid out in bytes, learned from one and proven of the others.

Machines write every interval of a message alike: the same members in the same order with the same white space, times
of one length, only the amounts shorter or longer. A layout is the fixed texts between the amounts; times and reading
types lie at fixed places in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from gateway.codecs.estfeed.digits import Numbers, read_numbers
from gateway.codecs.estfeed.shapes import AMOUNTS, NETS, QUALITY, QUANTITIES, READ_AT, START, Shape
from gateway.codecs.estfeed.windows import PADDING, Fixed, Offsets, Source
from gateway.codecs.time_columns import TimeForm, Times
from gateway.messages.codes import Flow, Quality
from gateway.messages.metering_data import Measure
from gateway.messages.series import Mask, Qualities

_NUMBER_ROOM = 24
"""More bytes than reading a number goes on, or looks beyond."""

_SPACE = rb"[ \t\r\n]*+"
_OPEN = re.compile(rb"\{" + _SPACE)
_KEY = re.compile(rb'"([A-Za-z0-9]++)"' + _SPACE + b":" + _SPACE)
_NEXT = re.compile(_SPACE + rb"([,}])" + _SPACE)
_TEXT = re.compile(rb'"([^"\\]{1,40}+)"')
_NUMBER = re.compile(rb"[0-9]++(?:\.[0-9]++)?+")
_CLOSE = re.compile(_SPACE + rb"\}")

_M, _E = b"ME"

_Member = Callable[[str, Flow | None], bool]
"""Reads the value of a member, given its key and the flow it is of; says whether it is taken."""


class _TimeSlot(NamedTuple):
    offset: int
    form: TimeForm
    flow: Flow | None
    is_start: bool


class _QualitySlot(NamedTuple):
    offset: int
    flow: Flow


@dataclass(frozen=True, slots=True)
class _Part:
    """A fixed text with the times and reading types in it."""

    text: Fixed
    times: tuple[_TimeSlot, ...]
    qualities: tuple[_QualitySlot, ...]


@dataclass(slots=True)
class Proven:
    """The intervals that a layout reads; n is how many were looked at.

    Attributes:
        fits: bool[n], where the layout proves the whole interval. The rest means nothing where it does not.
        end: the byte behind each interval.
        start: when each begins.
        numbers: of each measure.
        quality: of each flow that has a reading type.
        read_at: of each flow, or under None of the interval as a whole.
    """

    fits: Mask
    end: Offsets
    start: Times | None = None
    numbers: dict[Measure, Numbers] = field(default_factory=dict)
    quality: dict[Flow, Qualities] = field(default_factory=dict)
    read_at: dict[Flow | None, Times] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layout:
    """Fixed texts, with a number between each and the next.

    Attributes:
        parts: the fixed texts.
        measures: what the number behind each but the last amounts to.
        first_key: the interval's first key with its quotes, and how many bytes behind its brace that is.
        nets: how the net amounts are spelled.
    """

    parts: tuple[_Part, ...]
    measures: tuple[Measure, ...]
    first_key: tuple[bytes, int]
    nets: Mapping[Flow, str]

    def read(self, source: Source, begin: Offsets) -> Proven:
        """Prove and read the intervals that begin at the given places."""
        found = Proven(np.ones(len(begin), dtype=np.bool_), begin)
        for place, part in enumerate(self.parts):
            _read_part(part, source, found)
            found.end = found.end + part.text.length
            if place < len(self.measures):
                numbers = read_numbers(source, found.end, self.parts[place + 1].text.first)
                found.numbers[self.measures[place]] = numbers
                found.fits &= ~numbers.wrong
                found.end = found.end + numbers.length
        return found


def _read_part(part: _Part, source: Source, found: Proven) -> None:
    windows = source.at(found.end, part.text.width)
    if (other := part.text.differs(windows)) is not None:
        found.fits &= ~other
    for slot in part.qualities:
        letters = windows[:, slot.offset]
        is_estimated = letters == _E
        found.fits &= is_estimated | (letters == _M)
        found.quality[slot.flow] = np.where(is_estimated, np.uint8(Quality.ESTIMATED), np.uint8(Quality.MEASURED))
    for time in part.times:
        times = time.form.read(windows[:, time.offset : time.offset + time.form.length])
        found.fits &= ~times.wrong
        if time.is_start:
            found.start = times
        else:
            found.read_at[time.flow] = times


def learn(data: bytes, begin: int, shape: Shape) -> Layout | None:
    """The layout of the interval at a place; None where it is unusual and another path has to look at it."""
    learner = _Learner(data, begin, shape)
    return learner.layout() if learner.interval() else None


@dataclass(slots=True)
class _Learner:
    """Reads one interval token by token and notes where things are."""

    data: bytes
    at: int
    shape: Shape
    _part_from: int = field(init=False)
    _free: set[int] = field(default_factory=set)
    _times: list[_TimeSlot] = field(default_factory=list)
    _qualities: list[_QualitySlot] = field(default_factory=list)
    _parts: list[_Part] = field(default_factory=list)
    _measures: list[Measure] = field(default_factory=list)
    _first_key: tuple[bytes, int] = (b"", 0)
    _nets: dict[Flow, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._part_from = self.at

    def layout(self) -> Layout | None:
        """What was learned of a whole interval; None where its windows could reach over the padding of the source."""
        self._end_part()
        reach = sum(part.text.width + _NUMBER_ROOM for part in self._parts)
        if reach > PADDING:
            return None
        return Layout(tuple(self._parts), tuple(self._measures), self._first_key, self._nets)

    def interval(self) -> bool:
        """Whether a whole interval stands here that the schema takes and that states every measure once."""
        keys = self._object(self._member)
        return keys is not None and START in keys and len(set(self._measures)) == len(self._measures)

    def _object(self, member: _Member, flow: Flow | None = None) -> set[str] | None:
        """The keys of the object here, each once; None where a member is not taken."""
        begin = self.at
        keys: set[str] = set()
        found = _OPEN.match(self.data, self.at)
        while found is not None:
            self.at = found.end()
            key = _KEY.match(self.data, self.at)
            if key is None or (name := key[1].decode()) in keys:
                return None
            if not self._first_key[0]:
                self._first_key = (b'"' + key[1] + b'"', key.start() - begin)
            keys.add(name)
            self.at = key.end()
            if not member(name, flow):
                return None
            found = _NEXT.match(self.data, self.at)
            if found is not None and found[1] == b"}":
                break
        if found is None:
            return None
        closing = _CLOSE.match(self.data, self.at)  # white space behind the object is none of it
        assert closing is not None
        self.at = closing.end()
        return keys

    def _member(self, name: str, _: Flow | None) -> bool:
        if name == START:
            return self._time(None, is_start=True)
        if name == READ_AT:
            return not self.shape.reads_quantities and self._time(None)
        if name in NETS and self.shape.has_nets:
            self._nets[NETS[name].flow] = name
            return self._number(NETS[name])
        if name not in QUANTITIES:
            return False
        keys = self._object(self._part_of_quantity, QUANTITIES[name])
        return keys is not None and QUALITY in keys and not keys.isdisjoint(AMOUNTS)

    def _part_of_quantity(self, name: str, flow: Flow | None) -> bool:
        assert flow is not None
        if name == QUALITY:
            return self._quality(flow)
        if name == READ_AT:
            return self.shape.reads_quantities and self._time(flow)
        return name in AMOUNTS and self._number(Measure(flow, AMOUNTS[name]))

    def _time(self, flow: Flow | None, is_start: bool = False) -> bool:
        text = _TEXT.match(self.data, self.at)
        form = None if text is None else TimeForm.of(text[1])
        if text is None or form is None:
            return False
        offset = text.start(1) - self._part_from
        self._times.append(_TimeSlot(offset, form, flow, is_start))
        self._free.update(offset + place for place in form.digits)
        self.at = text.end()
        return True

    def _quality(self, flow: Flow) -> bool:
        text = _TEXT.match(self.data, self.at)
        if text is None or text[1] not in (b"M", b"E"):
            return False
        offset = text.start(1) - self._part_from
        self._qualities.append(_QualitySlot(offset, flow))
        self._free.add(offset)
        self.at = text.end()
        return True

    def _number(self, measure: Measure) -> bool:
        number = _NUMBER.match(self.data, self.at)
        if number is None:
            return False
        self._end_part()
        self._measures.append(measure)
        self.at = self._part_from = number.end()
        return True

    def _end_part(self) -> None:
        text = Fixed(self.data[self._part_from : self.at], frozenset(self._free))
        self._parts.append(_Part(text, tuple(self._times), tuple(self._qualities)))
        self._free.clear()
        self._times.clear()
        self._qualities.clear()
