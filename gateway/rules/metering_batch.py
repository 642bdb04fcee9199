"""What the rules of metering data see: the accounting intervals of one message beside the master data of their points.

Where RSM-012 says series with positions, metering data says intervals each with its start (Elering 12); a rule looks at
whole columns of them, as the rules of measure data do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gateway.messages.agreements import NO_AGREEMENTS, Agreements
from gateway.messages.codes import AgreementKind, Commodity, FeedForm, Flow, Resolution, Role, commodity_of
from gateway.messages.masterdata import FOREVER, NONE, UNITS, MasterData, Rows
from gateway.messages.metering_data import (
    NOT_STATED,
    RESOLUTION_PLACES,
    MeasureColumns,
    MeteringData,
    ResolutionCodes,
)
from gateway.messages.series import Mask
from gateway.messages.times import Instants, MarketZone
from gateway.rules.batch import Sender, point_keys

OWN_FLOWS = (Flow.IN, Flow.OUT)
NET_FLOWS = (Flow.NET_IN, Flow.NET_OUT)
_GAS_UNITS = np.array([commodity_of(unit) is Commodity.NATURAL_GAS for unit in UNITS], dtype=np.bool_)


class Atomicity(StrEnum):
    """What a message is taken or refused by."""

    MESSAGE = "message"
    """One faulty value refuses all of it."""
    POINT = "point"
    """A faulty value refuses the values of its metering point."""


class MarketResolutions(NamedTuple):
    """The resolutions a market takes from an instant on; the first one is meant where a form states none."""

    since: int
    taken: tuple[Resolution, ...]


@dataclass(frozen=True)
class MeteringTerms:
    """What a market says about metering data on the day of receipt.

    Attributes:
        zone: local time.
        resolutions: by commodity, in order of time; periods before the first follow the first.
        day_hours: the hour at which the day of a commodity begins.
        submitters: the roles that may send a commodity.
        net_senders: the roles that may send net quantities.
        agreements_needed: by role, the agreements it sends under; a role that is not named needs none.
        oldest_months: how many months back a period may start.
        furthest_days: how many days ahead a period may start.
        most_intervals: how many accounting intervals a message may hold.
        integer_digits, decimals: how much of a quantity may be written.
        exact_decimals: whether all the decimals have to be written.
        clock_tolerance: seconds a sender's clock may be ahead of the hub's.
        atomicity: what a message is taken or refused by.
    """

    zone: MarketZone
    resolutions: Mapping[Commodity, tuple[MarketResolutions, ...]]
    day_hours: Mapping[Commodity, int]
    submitters: Mapping[Commodity, frozenset[Role]]
    net_senders: frozenset[Role]
    agreements_needed: Mapping[Role, frozenset[AgreementKind]]
    oldest_months: int
    furthest_days: int
    most_intervals: int
    integer_digits: int
    decimals: int
    exact_decimals: bool
    clock_tolerance: int
    atomicity: Atomicity


class Points(NamedTuple):
    """The metering points of a message, each once, in order of first appearance."""

    ids: list[str]
    keys: Rows


@dataclass(frozen=True)
class MeteringBatch:
    """The intervals of one message beside their master data; n is their number.

    Attributes:
        data: the message.
        master: master data as known now.
        sender: who sent it.
        now: instant of receipt.
        terms: what the market says today.
        agreements: agreements as known now.
    """

    data: MeteringData
    master: MasterData
    sender: Sender
    now: int
    terms: MeteringTerms
    agreements: Agreements = NO_AGREEMENTS

    @cached_property
    def today(self) -> date:
        """The local day of receipt."""
        return self.terms.zone.day(self.now)

    @property
    def atomicity(self) -> Atomicity:
        """What the message is taken or refused by; a workbook always as a whole (EE-2.1)."""
        return Atomicity.MESSAGE if self.data.form is FeedForm.WORKBOOK else self.terms.atomicity

    @cached_property
    def points(self) -> Points:
        """The metering points; the key is NO_POINT where the code names none."""
        ids = list(dict.fromkeys(self.data.point))
        return Points(ids, point_keys(ids))

    @cached_property
    def point(self) -> Rows:
        """The place of each interval's metering point in `points`, int64[n]."""
        places = {one: place for place, one in enumerate(self.points.ids)}
        return np.array([places[one] for one in self.data.point], dtype=np.int64)[self.data.block]

    @cached_property
    def version(self) -> Rows:
        """Master data row that holds at the start of each interval, NONE where the point is unknown then, int64[n]."""
        columns, keys, start = self.master.points, self.points.keys, self.data.start
        if not len(columns.point):
            return np.full(len(start), NONE, dtype=np.int64)
        first = np.searchsorted(columns.point, keys, side="left")
        last = np.searchsorted(columns.point, keys, side="right")
        row = np.minimum(first, len(columns.point) - 1)
        begins, ends = columns.valid_from[row], columns.valid_to[row]
        if ((last - first == 1) & (begins <= start.min(initial=FOREVER)) & (start.max(initial=0) < ends)).all():
            return row[self.point]  # as nearly always: each point has one version, which holds throughout
        row = row[self.point]
        found = (last > first)[self.point]
        for place in np.flatnonzero(last - first > 1).tolist():
            own = np.flatnonzero(self.point == place)
            since = columns.valid_from[first[place] : last[place]]
            row[own] = first[place] + np.maximum(np.searchsorted(since, start[own], side="right") - 1, 0)
        holds = found & (columns.valid_from[row] <= start) & (start < columns.valid_to[row])
        return np.where(holds, row, NONE)

    @cached_property
    def known(self) -> Mask:
        """Where the point has master data at the start of the interval."""
        known: Mask = self.version != NONE
        return known

    @cached_property
    def is_gas_point(self) -> Mask:
        """Where the point is registered as one of gas; False where it is unknown."""
        units = self.master.points.unit
        if not len(units):
            return np.zeros(len(self.data), dtype=np.bool_)
        return self.known & _GAS_UNITS[units[self.version]]

    @cached_property
    def resolution(self) -> ResolutionCodes:
        """Place in `RESOLUTIONS` of each interval's resolution: as stated, else the market's.

        Where the market takes several, it is the one the point is registered with, or the market's first.
        """
        stated = self.data.stated_resolution
        silent = np.flatnonzero(stated == NOT_STATED)
        if not len(silent):
            return stated
        codes = stated.copy()
        for since, taken in self._eras(silent):
            places = [RESOLUTION_PLACES[resolution] for resolution in taken]
            codes[since] = places[0]
            if len(places) > 1 and len(self.master.points.resolution):
                registered = self.master.points.resolution[self.version[since]]
                fits = self.known[since] & np.isin(registered, places)
                codes[since[fits]] = registered[fits]
        return codes

    @cached_property
    def takes_resolution(self) -> Mask:
        """Where the resolution is one that the market takes at the start of the interval."""
        takes = np.zeros(len(self.data), dtype=np.bool_)
        for of_era, taken in self._eras(np.arange(len(self.data))):
            takes[of_era] = np.isin(self.resolution[of_era], [RESOLUTION_PLACES[one] for one in taken])
        return takes

    def market_resolutions(self, start: int) -> tuple[Resolution, ...]:
        """The resolutions the market takes of a period that starts at an instant."""
        eras = self.terms.resolutions[self.data.commodity]
        return next((era.taken for era in reversed(eras) if era.since <= start), eras[0].taken)

    def _eras(self, intervals: Rows) -> list[tuple[Rows, tuple[Resolution, ...]]]:
        """The given intervals by what the market takes at their start."""
        if not len(intervals):
            return []
        eras = self.terms.resolutions[self.data.commodity]
        bounds = np.array([era.since for era in eras[1:]], dtype=np.int64)
        start = self.data.start
        first, last = (int(np.searchsorted(bounds, one, side="right")) for one in (start.min(), start.max()))
        if first == last:
            return [(intervals, eras[first].taken)]
        number = np.searchsorted(bounds, start[intervals], side="right")
        return [(intervals[number == i], era.taken) for i, era in enumerate(eras)]

    @cached_property
    def day_seconds(self) -> Instants:
        """What the clock shows at each start as seconds since the commodity's own day began, int64[n]."""
        hour = self.terms.day_hours[self.data.commodity]
        seconds: Instants = (self.terms.zone.wall_seconds(self.data.start) - hour * 3600) % 86_400
        return seconds

    def columns(self, flows: tuple[Flow, ...]) -> list[MeasureColumns]:
        """The columns of all measures of some flows, in the message's order."""
        return [columns for measure, columns in self.data.measures.items() if measure.flow in flows]

    def stated(self, flows: tuple[Flow, ...]) -> Mask:
        """Which intervals state a quantity of any of the flows."""
        stated = np.zeros(len(self.data), dtype=np.bool_)
        for columns in self.columns(flows):
            stated |= columns.is_stated
        return stated
