"""What an import of master data changed, entered in the feed of the parties it concerns (Elering 12, 30).

An agreement concerns both its parties and who runs the grid area of its point; a metering point concerns who runs its
area and the parties of agreements there that have not ended; a permission its holder.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.feed.key_rows import KEYED, Item
from gateway.hub.feed.streams import NewItem, add_items
from gateway.hub.masterdata import agreement_registry, registry
from gateway.hub.masterdata.files import MasterDataSet
from gateway.hub.office import Office
from gateway.hub.ports_feed import FeedReason, FeedResource
from gateway.markets.distribution import Receiver
from gateway.messages.agreements import AGREEMENT_KINDS, AccessPermission, Agreement, Agreements
from gateway.messages.codes import AREA_RUNNERS, AgreementKind, Commodity, Role, Standing, commodity_of
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import UNITS, MasterData, MeteringPointVersion

Version = TypeVar("Version", Agreement, AccessPermission, MeteringPointVersion)

_SERVICE_ROLES = (Role.ENERGY_SUPPLIER, *AREA_RUNNERS, Role.SYSTEM_OPERATOR)
"""Roles in which a party may be told of an agreement: the first of them it holds."""

_AT_ONCE = 10_000


def note_import(office: Office, connection: Connection, transaction: int, dataset: MasterDataSet) -> None:
    """Tell the parties what an import registered; the connection holds the turn to write (EE-3.3)."""
    if not office.profile.feed.recipients:
        return
    master = registry.view_now(connection, office.master)
    agreements = agreement_registry.view_now(connection, office.known_agreements)
    told = _Told(master, agreements, office.clock.now(), office.profile.feed.recipients)
    points = _by_key(dataset.points, "metering_point")
    _note(connection, transaction, FeedResource.METERING_POINT, {str(point_key(k)): v for k, v in points.items()}, told)
    _note(
        connection,
        transaction,
        FeedResource.AGREEMENT,
        _by_key(dataset.agreements.agreements, "agreement"),
        told,
    )
    _note(
        connection,
        transaction,
        FeedResource.PERMISSION,
        _by_key(dataset.agreements.permissions, "permission"),
        told,
    )


def _by_key(rows: Iterable[Version], key: str) -> dict[str, list[Version]]:
    found: dict[str, list[Version]] = {}
    for row in rows:
        found.setdefault(getattr(row, key), []).append(row)
    return found


def _note(
    connection: Connection,
    transaction: int,
    resource: FeedResource,
    stated: dict[str, list[Version]],
    told: _Told,
) -> None:
    known = _known_before(connection, transaction, resource, list(stated))
    items: dict[Commodity, list[NewItem]] = {}
    for key, rows in stated.items():
        reason = _reason(rows, is_known=key in known)
        for recipient in told.recipients(rows):
            items.setdefault(told.commodity(rows[-1]), []).append(NewItem(recipient, reason, key.encode()))
    for commodity, own in items.items():
        add_items(connection, transaction, (resource, commodity), own)


def _reason(rows: Sequence[Item], *, is_known: bool) -> FeedReason:
    if all(getattr(row, "standing", Standing.IN_FORCE) is Standing.WITHDRAWN for row in rows):
        return FeedReason.DELETE
    return FeedReason.UPDATE if is_known else FeedReason.CREATE


def _known_before(
    connection: Connection, transaction: int, resource: FeedResource, keys: Sequence[str]
) -> Collection[str]:
    """Which of the keys an earlier import has stated."""
    table, name, _ = KEYED[resource]
    column, is_number = table.c[name], isinstance(table.c[name].type, sa.Integer)
    earlier = sa.select(column).distinct().where(table.c.transaction < transaction)
    if len(keys) > _AT_ONCE:
        return {str(row[0]) for row in connection.execute(earlier)}
    wanted = [int(key) if is_number else key for key in keys]
    found: set[str] = set()
    for first in range(0, len(wanted), 400):
        statement = earlier.where(column.in_(wanted[first : first + 400]))
        found.update(str(row[0]) for row in connection.execute(statement))
    return found


class _Told:
    """Who is told of a piece of master data, as known after the import; each party and area is looked up once."""

    def __init__(self, master: MasterData, agreements: Agreements, now: int, kinds: Collection[AgreementKind]) -> None:
        self._master, self._agreements, self._now = master, agreements, now
        self._kinds = frozenset(map(AGREEMENT_KINDS.index, kinds))
        self._held: dict[tuple[str, tuple[Role, ...]], Receiver] = {}
        self._operators: dict[str, tuple[Receiver, ...]] = {}

    def commodity(self, row: Item) -> Commodity:
        """The stream a piece belongs to."""
        if isinstance(row, Agreement):
            return row.commodity
        if isinstance(row, MeteringPointVersion):
            return commodity_of(row.unit)
        versions = self._versions(row.metering_point)
        return commodity_of(UNITS[self._master.points.unit[versions[-1]]]) if versions else Commodity.ELECTRICITY

    def recipients(self, rows: Sequence[Item]) -> Iterator[Receiver]:
        """Each once, in order of the versions."""
        return iter(dict.fromkeys(receiver for row in rows for receiver in self._of(row)))

    def _of(self, row: Item) -> Iterator[Receiver]:
        match row:
            case AccessPermission():
                yield Receiver(row.holder, row.role)
            case Agreement():
                yield self._receiver(row.party, _SERVICE_ROLES)
                if row.counterparty is not None:
                    yield self._receiver(row.counterparty, _SERVICE_ROLES)
                areas, names = self._master.points.grid_area, self._master.areas.names
                for version in self._versions(row.metering_point):
                    yield from self._operator(names[areas[version]])
            case MeteringPointVersion():
                yield from self._operator(row.grid_area)
                columns, names = self._agreements.columns, self._agreements.parties.names
                for at in self._agreements.rows_of(point_key(row.metering_point)):
                    if int(columns.kind[at]) in self._kinds and self._now < columns.valid_to[at]:
                        yield self._receiver(names[columns.party[at]], _SERVICE_ROLES)

    def _versions(self, metering_point: str | None) -> range:
        """The rows of a point's versions."""
        if metering_point is None:
            return range(0)
        column, key = self._master.points.point, point_key(metering_point)
        return range(int(column.searchsorted(key)), int(column.searchsorted(key, side="right")))

    def _operator(self, area: str) -> tuple[Receiver, ...]:
        """Who runs a grid area now, if anybody does."""
        if area not in self._operators:
            operator = self._master.grid_operator(area, self._now)
            self._operators[area] = () if operator is None else (self._receiver(operator, AREA_RUNNERS),)
        return self._operators[area]

    def _receiver(self, party: str, roles: tuple[Role, ...]) -> Receiver:
        """A party in the first of the roles it holds, in the first of all where it holds none."""
        found = self._held.get((party, roles))
        if found is None:
            role = next((role for role in roles if self._master.holds(party, role, self._now)), roles[0])
            found = self._held[party, roles] = Receiver(party, role)
        return found
