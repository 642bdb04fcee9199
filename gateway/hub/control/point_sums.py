"""What the points a party may see add up to, to be held against the hub's own sums before fixation (D1 §4.1.3).

A supplier compares its points with its sums, a grid operator its points with the sums of its areas. The classes are
those of the settlement; children and reactive energy are in none of them, calculated and profile settled points
neither. Hours, because the sums of both resolutions add up to them.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.access import visible_points
from gateway.hub.clock import MICROSECONDS
from gateway.hub.control.day_values import Block, is_estimated, is_gone, scanned
from gateway.hub.control.expected import Expected, expected_values
from gateway.hub.control.values import PointSums, SumClass
from gateway.hub.database import transaction_at
from gateway.hub.masterdata.settlement_registry import loss_points
from gateway.hub.office import Office
from gateway.hub.own_areas import GRID_OPERATORS, areas_of
from gateway.hub.ports import Principal
from gateway.messages.codes import MeteringPointType, SettlementMethod, Unit
from gateway.messages.masterdata import KINDS, METHODS, NONE, UNITS, Codes, Rows
from gateway.messages.series import Mask
from gateway.messages.times import HOUR

_CLASSES = tuple(SumClass)
_EXCHANGE = _CLASSES.index(SumClass.EXCHANGE)
_KWH = UNITS.index(Unit.KWH)


class _Shares(NamedTuple):
    """What entries count in: an exchange point in the area it leads into, and with the other sign in the one it leaves.

    Attributes:
        entry: int64, places in `Expected`.
        sign: int64, 1 or -1.
        area, sum_class, supplier: int64 codes.
    """

    entry: Rows
    sign: Rows
    area: Rows
    sum_class: Rows
    supplier: Rows

    def where(self, mask: Mask) -> _Shares:
        """The shares the mask keeps."""
        return _Shares(*(column[mask] for column in self))


def point_sums(
    office: Office, connection: Connection, reader: Principal, day: date, as_of: int | None = None
) -> PointSums:
    """Hourly sums of the points a reader may see on a local day, as known at an instant (None: now).

    By grid area, class, supplier and hour, in this order. An absent value counts as missing and adds nothing. Exchange
    is net. A grid operator gets the sums of its own areas; it sees all points that lead into or out of them.
    """
    master, interval = office.refresh(connection), office.profile.zone.day_interval(day)
    expected = expected_values(office.profile.control, master, interval, loss_points(connection))
    expected = expected.where(expected.sort == _KWH)
    expected = expected.where(_is_visible(office, expected, reader))
    shares = _shares(expected)
    if reader.role in GRID_OPERATORS:
        own = areas_of(master, reader, "", office.clock.now()) or frozenset()
        shares = shares.where(np.isin(shares.area, [master.areas.find(area) for area in sorted(own)]))
    keys = np.stack([shares.area, shares.sum_class, shares.supplier])
    groups, group = np.unique(keys, axis=1, return_inverse=True)
    hours = (interval.end - interval.start) // HOUR
    sums = _Sums(expected, shares, group.reshape(-1), (groups.shape[1], hours))
    version = None if as_of is None else transaction_at(connection, as_of * MICROSECONDS)
    for block in scanned(connection, office.store, expected, version):
        sums.add(block)
    names, parties = expected.master.areas.names, expected.master.parties
    area, sum_class, supplier = (np.repeat(codes, hours).tolist() for codes in groups)
    order = sorted(range(len(area)), key=lambda i: (names[area[i]], sum_class[i], parties.name(supplier[i]) or "", i))
    flat = [column.reshape(-1)[order] for column in (sums.quantity, sums.points, sums.missing, sums.estimated)]
    return PointSums(
        tuple(names[area[i]] for i in order),
        tuple(_CLASSES[sum_class[i]] for i in order),
        tuple(parties.name(supplier[i]) or "" for i in order),
        interval.start + HOUR * (np.array(order, dtype=np.int64) % hours),
        *flat,
    )


class _Sums:
    """Sums that grow block by block: int64[groups, hours]."""

    def __init__(self, expected: Expected, shares: _Shares, group: Rows, shape: tuple[int, int]) -> None:
        self._expected = expected
        order = np.argsort(shares.entry, kind="stable")
        self._entry, self._sign, self._group = shares.entry[order], shares.sign[order], group[order]
        self.quantity, self.points, self.missing, self.estimated = np.zeros((4, *shape), dtype=np.int64)
        active = self._active_hours(np.arange(len(expected)), shape[1])[self._entry]
        self._collect(self.points, self._group, active)
        self.missing += self.points

    def add(self, block: Block) -> None:
        """Add the values of a block to every group its entries count in."""
        inside = block.inside(self._expected)
        gone, guessed = is_gone(block.quality), is_estimated(block.quality)
        values = np.where(gone, 0, block.quantity)
        if inside is not None:
            gone, guessed, values = gone & inside, guessed & inside, np.where(inside, values, 0)
        hours = self.quantity.shape[1]
        shape = (len(block.entries), hours, -1)
        there = self._active_hours(block.entries, hours) & ~np.any(gone.reshape(shape), axis=2)
        estimated = there & np.any(guessed.reshape(shape), axis=2)
        quantity = np.sum(values.reshape(shape), axis=2)
        left = np.searchsorted(self._entry, block.entries)
        number = np.searchsorted(self._entry, block.entries, side="right") - left
        rows = np.repeat(np.arange(len(block.entries)), number)
        share = np.repeat(left - np.cumsum(number) + number, number) + np.arange(len(rows))
        group = self._group[share]
        self._collect(self.quantity, group, quantity[rows] * self._sign[share][:, None])
        self._collect(self.missing, group, -there[rows].astype(np.int64))
        self._collect(self.estimated, group, estimated[rows])

    def _active_hours(self, entries: Rows, hours: int) -> Mask:
        """In which hours entries should have a value."""
        per_hour = HOUR // self._expected.step[entries]
        hour = np.arange(hours)
        first, last = self._expected.first[entries] // per_hour, -(-self._expected.last[entries] // per_hour)
        active: Mask = (hour >= first[:, None]) & (hour < last[:, None])
        return active

    @staticmethod
    def _collect(target: Rows, group: Rows, rows: Rows | Mask) -> None:
        """Add rows to the groups they belong to."""
        if len(group):
            order = np.argsort(group, kind="stable")
            first = np.flatnonzero(np.diff(group[order], prepend=-1))
            target[group[order][first]] += np.add.reduceat(rows[order], first, axis=0, dtype=np.int64)


def _is_visible(office: Office, expected: Expected, reader: Principal) -> Mask:
    """Which entries lie wholly in a part of the day in which the reader may see the point."""
    points = np.unique(expected.point)
    seen = visible_points(office.profile, expected.master, reader, points, (expected.day, office.clock.now()))
    if not len(seen.place):
        return np.zeros(len(expected), dtype=np.bool_)
    begins = expected.first * expected.step
    place = np.searchsorted(points, expected.point)
    # parts are in order of point and time: the one to look at is the last that begins no later than the entry
    parts = seen.place * 2**32 + seen.start - expected.day.start
    part = np.maximum(np.searchsorted(parts, place * 2**32 + begins, side="right") - 1, 0)
    ends = expected.day.start + expected.last * expected.step
    visible: Mask = (seen.place[part] == place) & (seen.end[part] >= ends)
    return visible & (seen.start[part] <= expected.day.start + begins)


def _shares(expected: Expected) -> _Shares:
    """In which sums the entries count."""
    columns, row = expected.master.points, expected.row
    codes = _class_codes()[columns.kind[row], columns.settlement_method[row]]
    plain = np.flatnonzero((codes != NONE) & (codes != _EXCHANGE))
    across = np.flatnonzero(codes == _EXCHANGE)
    parts = [(plain, 1, expected.area[plain], columns.energy_supplier[row[plain]])]
    for sign, areas in ((1, columns.to_grid_area), (-1, columns.from_grid_area)):
        named = across[areas[row[across]] != NONE]
        parts.append((named, sign, areas[row[named]], np.full(len(named), NONE, dtype=np.int32)))
    entry = np.concatenate([part[0] for part in parts])
    return _Shares(
        entry,
        np.concatenate([np.full(len(part[0]), part[1], dtype=np.int64) for part in parts]),
        np.concatenate([part[2] for part in parts]).astype(np.int64),
        codes[entry].astype(np.int64),
        np.concatenate([part[3] for part in parts]).astype(np.int64),
    )


def _class_codes() -> Codes:
    """The class of a point by type and settlement method; NONE where it is in no sum. The last column is no method."""
    codes = np.full((len(KINDS), len(METHODS) + 1), NONE, dtype=np.int32)
    codes[KINDS.index(MeteringPointType.PRODUCTION), :] = _CLASSES.index(SumClass.PRODUCTION)
    codes[KINDS.index(MeteringPointType.EXCHANGE), :] = _EXCHANGE
    consumption = KINDS.index(MeteringPointType.CONSUMPTION)
    for method, one in (
        (SettlementMethod.FLEX, SumClass.FLEX_CONSUMPTION),
        (SettlementMethod.HOURLY, SumClass.HOURLY_CONSUMPTION),
    ):
        codes[consumption, METHODS.index(method)] = _CLASSES.index(one)
    return codes
