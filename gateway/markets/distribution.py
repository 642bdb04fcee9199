"""Who gets the values of a metering point: the market's receivers by type and date, delegates put in their place.

Outbound measure data only: answers to requests and acknowledgements go to whoever asked and are never redirected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.messages.codes import MeteringPointType, Role
from gateway.messages.masterdata import KINDS, NONE, Codes, MasterData, Rows
from gateway.messages.times import Instants, Interval
from gateway.rules.batch import LAST_PARENT_KIND, Batch


class Receiver(NamedTuple):
    """A party and the role whose queue it reads."""

    party: str
    role: Role


class Delivery(NamedTuple):
    """A part of one series that goes to the same receivers.

    Attributes:
        row: the series' row in the message.
        version: the master data row that holds over the part.
        start, end: the part [start, end) of the series' period.
        receivers: who gets it, each once; empty where nobody is entitled.
    """

    row: int
    version: int
    start: int
    end: int
    receivers: tuple[Receiver, ...]


class PointFacts(NamedTuple):
    """What decides who gets the values of a metering point.

    Attributes:
        kind: its type.
        supplier: its energy supplier, the parent's where it has a parent; None where nobody supplies it.
        has_parent: whether it is the child of another point.
        grid_operator: who runs its grid area.
        neighbours: who runs the other grid areas it borders on.
        authorities: the parties that hold a role for the whole market.
    """

    kind: MeteringPointType
    supplier: str | None
    has_parent: bool
    grid_operator: str | None
    neighbours: tuple[str, ...]
    authorities: Mapping[Role, tuple[str, ...]]


class Behaviour(NamedTuple):
    """What of a market is behaviour and no number.

    Attributes:
        receivers_of: the receivers by the facts of a point.
        readers_of: who may see its values, receivers included.
    """

    receivers_of: Callable[[PointFacts], tuple[Receiver, ...]]
    readers_of: Callable[[PointFacts], tuple[Receiver, ...]]


class SupplierPart(NamedTuple):
    """A part [start, end) of a series, and the code of the supplier it is sent to; NONE where to none."""

    start: int
    end: int
    supplier: int


SupplierRights = Callable[[int, SupplierPart], Iterable[SupplierPart]]
"""Cuts a part of a series, by its row in the message, where a supplier's right to it changes."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a market distributes measure data.

    Attributes:
        behaviour: the market's own functions.
        queue_roles: roles that read the queue of another.
        parties: the party of a role that exists once in the market, unless master data names holders.
        receiving, requesting: names of the delegations for receiving and for requesting measure data.
        receiving_results: names of the delegations for receiving results of settlements.
    """

    behaviour: Behaviour
    queue_roles: Mapping[Role, Role]
    parties: Mapping[Role, str]
    receiving: tuple[str, ...]
    requesting: tuple[str, ...]
    receiving_results: tuple[str, ...] = ()

    def queue_role(self, role: Role) -> Role:
        """The role whose queue a role reads: MDR reads the grid operator's."""
        return self.queue_roles.get(role, role)

    def receivers(self, master: MasterData, rows: Rows, at: int) -> list[tuple[Receiver, ...]]:
        """Receivers of each master data row as of one instant, which should lie in the row's validity.

        Suppliers, parents, grid operators and delegations are those of `at`. Each distinct case is worked out once.
        """
        instants = np.full(len(rows), at, dtype=np.int64)
        parents = _parents(master, rows)
        suppliers = master.points.energy_supplier[rows]
        child = np.flatnonzero(parents != NONE)
        if len(child):
            located = master.locate(parents[child], instants[child], instants[child] + 1)
            suppliers[child] = _suppliers(master, located.first, located.number)
        return _Cases(self, master, at).receivers(rows, suppliers)

    def results_receiver(self, master: MasterData, entitled: Receiver, area: str, at: int) -> Receiver:
        """Who receives the results of a grid area for a party: the party, or the delegate in its place (DK-3.4.c)."""
        mine = (entitled.party, self.queue_role(entitled.role))
        for process in self.receiving_results:
            for item in master.delegations_at(process, at):
                if (item.from_party, self.queue_role(item.from_role)) == mine and item.grid_area == area:
                    return Receiver(item.to_party, self.queue_role(item.to_role))
        return entitled

    def deliveries(
        self, batch: Batch, refused: Iterable[int] = (), rights: SupplierRights | None = None
    ) -> list[Delivery]:
        """The accepted series of a message, cut where master data change, each part with its receivers.

        Parts are cut at every version of the point, and of its parent where the supplier changes. Who supplies is
        asked of the time of the values, who runs a grid area and which delegations hold is asked of now. A part of a
        period without master data goes to nobody and is left out. `rights` cuts further, where more than master data
        of points decides what a supplier is sent.
        """
        wanted = np.ones(len(batch.series), dtype=np.bool_)
        wanted[list(refused)] = False
        kept = np.flatnonzero(wanted[batch.owner] & batch.forward[batch.owner])
        owner, version = batch.owner[kept], batch.version[kept]
        columns = batch.master.points
        start = np.maximum(batch.series.start[owner], columns.valid_from[version])
        end = np.minimum(batch.series.end[owner], columns.valid_to[version])
        parts = _cut_by_parent(batch.master, _Parts(owner, version, start, end, columns.energy_supplier[version]))
        if rights is not None:
            parts = _cut_by_rights(parts, rights)
        receivers = _Cases(self, batch.master, batch.now).receivers(parts.version, parts.supplier)
        return [
            Delivery(*part)
            for part in zip(
                parts.owner.tolist(),
                parts.version.tolist(),
                parts.start.tolist(),
                parts.end.tolist(),
                receivers,
                strict=True,
            )
        ]

    def visible_parts(
        self, master: MasterData, reader: Receiver, point: int, interval: Interval, now: int
    ) -> tuple[Interval, ...]:
        """The parts of an interval in which a party may see a point, in order; none where it may see nothing.

        A party sees in its own role, and in the role of those who delegated requests to it in the point's grid area.
        """
        seen = self.visible(master, reader, np.array([point], dtype=np.int64), interval, now)
        return tuple(Interval(*bounds) for bounds in zip(seen.start.tolist(), seen.end.tolist(), strict=True))

    def visible(self, master: MasterData, reader: Receiver, points: Rows, interval: Interval, now: int) -> Visible:
        """The parts of an interval in which a party may see each of many points; see `visible_parts`."""
        bounds = np.full(len(points), interval.start), np.full(len(points), interval.end)
        located = master.locate(points, *bounds)
        owner = np.repeat(np.arange(len(points)), located.number)
        version = np.repeat(located.first - np.cumsum(located.number) + located.number, located.number)
        version += np.arange(len(owner))
        columns = master.points
        start = np.maximum(interval.start, columns.valid_from[version])
        end = np.minimum(interval.end, columns.valid_to[version])
        parts = _cut_by_parent(master, _Parts(owner, version, start, end, columns.energy_supplier[version]))
        kept = _Cases(self, master, now).readable(parts.version, parts.supplier, reader)
        owner, start, end = parts.owner[kept], parts.start[kept], parts.end[kept]
        begins = np.append(True, (owner[1:] != owner[:-1]) | (start[1:] != end[:-1]))[: len(owner)]
        first = np.flatnonzero(begins)
        last = np.append(first[1:], len(owner))[: len(first)] - 1
        return Visible(owner[first], start[first], end[last])


class Visible(NamedTuple):
    """Parts of time in which a party may see points: int64 columns by point and time.

    Attributes:
        place: which of the points asked for.
        start, end: the part [start, end); parts of a point do not touch.
    """

    place: Rows
    start: Instants
    end: Instants


class _Parts(NamedTuple):
    """Parts of series as columns: series row, master data row, [start, end), code of the supplier."""

    owner: Rows
    version: Rows
    start: Instants
    end: Instants
    supplier: Codes


class _Key(NamedTuple):
    """Everything in the master data that tells one case from another, as codes."""

    kind: int
    supplier: int
    has_parent: bool
    area: int
    from_area: int
    to_area: int


_Case = tuple[int, int, bool, int, int, int]
"""The same as a plain tuple, which is made several times faster."""


class _Cases:
    """The distinct cases of one moment, each worked out once."""

    def __init__(self, distribution: Distribution, master: MasterData, at: int) -> None:
        self._distribution, self._master, self._at = distribution, master, at
        self._known: dict[_Key | _Case, tuple[Receiver, ...]] = {}
        self._delegates = self._receiving_delegates()
        self._authorities = {role: master.holders(role, at) or (party,) for role, party in distribution.parties.items()}

    def receivers(self, rows: Rows, suppliers: Codes) -> list[tuple[Receiver, ...]]:
        """Receivers of each master data row, with the code of its supplier."""
        known = self._known
        found = []
        for key in self._keys(rows, suppliers):
            receivers = known.get(key)
            if receivers is None:
                receivers = known[key] = self._work_out(_Key(*key))
            found.append(receivers)
        return found

    def readable(self, rows: Rows, suppliers: Codes, reader: Receiver) -> npt.NDArray[np.bool_]:
        """Which master data rows, with the code of their supplier, a party may see."""
        known: dict[_Key | _Case, bool] = {}
        found = np.zeros(len(rows), dtype=np.bool_)
        for place, key in enumerate(self._keys(rows, suppliers)):
            may = known.get(key)
            if may is None:
                case = _Key(*key)
                readers = self._distribution.behaviour.readers_of(self.facts(case))
                may = not self.hats(reader, self._master.areas.names[case.area]).isdisjoint(readers)
                known[key] = may
            found[place] = may
        return found

    def _keys(self, rows: Rows, suppliers: Codes) -> Iterator[_Case]:
        """The case of each master data row."""
        columns = self._master.points
        return zip(
            columns.kind[rows].tolist(),
            suppliers.tolist(),
            (_parents(self._master, rows) != NONE).tolist(),
            columns.grid_area[rows].tolist(),
            columns.from_grid_area[rows].tolist(),
            columns.to_grid_area[rows].tolist(),
            strict=True,
        )

    def facts(self, key: _Key) -> PointFacts:
        """The case in the market's words."""
        areas, at = self._master.areas, self._at
        others = dict.fromkeys(code for code in (key.from_area, key.to_area) if code not in (NONE, key.area))
        neighbours = (self._master.grid_operator(areas.name(code), at) for code in others)
        return PointFacts(
            kind=KINDS[key.kind],
            supplier=self._master.parties.name(key.supplier),
            has_parent=key.has_parent,
            grid_operator=self._master.grid_operator(areas.name(key.area), at),
            neighbours=tuple(party for party in neighbours if party is not None),
            authorities=self._authorities,
        )

    def hats(self, reader: Receiver, area: str) -> set[Receiver]:
        """The party in its own role, and as those who let it ask for them in a grid area."""
        role = self._distribution.queue_role(reader.role)
        hats = {Receiver(reader.party, role)}
        for process in self._distribution.requesting:
            for item in self._master.delegations_at(process, self._at):
                hat = Receiver(item.from_party, self._distribution.queue_role(item.from_role))
                if item.to_party == reader.party and item.grid_area == area and role in (hat.role, Role.DELEGATE):
                    hats.add(hat)
        return hats

    def _work_out(self, key: _Key) -> tuple[Receiver, ...]:
        """The receivers of a case, delegates in place of those who delegated, nobody twice."""
        entitled = self._distribution.behaviour.receivers_of(self.facts(key))
        return tuple(dict.fromkeys(self._delegates.get((key.area, receiver), receiver) for receiver in entitled))

    def _receiving_delegates(self) -> dict[tuple[int, Receiver], Receiver]:
        role = self._distribution.queue_role
        return {
            (self._master.areas.find(item.grid_area), Receiver(item.from_party, role(item.from_role))): Receiver(
                item.to_party, role(item.to_role)
            )
            for process in self._distribution.receiving
            for item in self._master.delegations_at(process, self._at)
        }


def _parents(master: MasterData, rows: Rows) -> Rows:
    """The parents of child points; a point of its own type has none, whatever is written."""
    parents: Rows = np.where(master.points.kind[rows] > LAST_PARENT_KIND, master.points.parent[rows], NONE)
    return parents


def _suppliers(master: MasterData, first: Rows, number: Rows) -> Codes:
    """The supplier of each located version, NONE where there is no version."""
    row = np.where(number > 0, first, 0)
    suppliers: Codes = np.where(number > 0, master.points.energy_supplier[row], NONE)
    return suppliers


def _cut_by_parent(master: MasterData, parts: _Parts) -> _Parts:
    """The parts with the parent's supplier in place of a child's own, cut where the parent's versions change."""
    parents = _parents(master, parts.version)
    child = np.flatnonzero(parents != NONE)
    if not len(child):
        return parts
    columns = master.points
    located = master.locate(parents[child], parts.start[child], parts.end[child])
    supplier = parts.supplier.copy()
    supplier[child] = _suppliers(master, located.first, located.number)
    parts = parts._replace(supplier=supplier)
    row = np.where(located.number > 0, located.first, 0)
    whole = (columns.valid_from[row] <= parts.start[child]) & (columns.valid_to[row] >= parts.end[child])
    split = {
        int(place): (int(first), int(number))
        for place, first, number in zip(child[~whole], located.first[~whole], located.number[~whole], strict=True)
        if number
    }
    if not split:
        return parts
    cut = [
        piece
        for place, part in enumerate(zip(*(column.tolist() for column in parts), strict=True))
        for piece in (_pieces(master, part, *split[place]) if place in split else (part,))
    ]
    owner, version, start, end, code = (np.array(column, dtype=np.int64) for column in zip(*cut, strict=True))
    return _Parts(owner, version, start, end, code.astype(np.int32))


def _cut_by_rights(parts: _Parts, rights: SupplierRights) -> _Parts:
    """The parts cut where a supplier's right changes."""
    cut = [
        (owner, version, *piece)
        for owner, version, *part in zip(*(column.tolist() for column in parts), strict=True)
        for piece in rights(owner, SupplierPart(*part))
    ]
    if not cut:
        return parts
    owner, version, start, end, code = (np.array(column, dtype=np.int64) for column in zip(*cut, strict=True))
    return _Parts(owner, version, start, end, code.astype(np.int32))


def _pieces(master: MasterData, part: tuple[int, ...], first: int, number: int) -> list[tuple[int, int, int, int, int]]:
    """One part cut at the bounds of its parent's versions; between and around them nobody supplies."""
    owner, version, start, end, _ = part
    columns = master.points
    pieces: list[tuple[int, int, int, int, int]] = []
    reached = start
    for row in range(first, first + number):
        begins, ends = max(start, int(columns.valid_from[row])), min(end, int(columns.valid_to[row]))
        if begins > reached:
            pieces.append((owner, version, reached, begins, NONE))
        supplier = int(columns.energy_supplier[row])
        if pieces and pieces[-1][4] == supplier and pieces[-1][3] == begins:
            pieces[-1] = (*pieces[-1][:3], ends, supplier)
        else:
            pieces.append((owner, version, begins, ends, supplier))
        reached = ends
    if reached < end:
        pieces.append((owner, version, reached, end, NONE))
    return pieces
