"""Looking at readings: those of a point as known at an instant, what a receiver got, what is awaited, by who asks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.access import ALWAYS, rights
from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import listed, on_driver, transaction_at
from gateway.hub.office import Office
from gateway.hub.ports import Page, Principal, Refused
from gateway.hub.ports_readings import AwaitedPage, AwaitedReading, PointReadings, ReadingFeed, StandingReading
from gateway.hub.readings import store
from gateway.hub.readings.deadlines import Awaited, awaited, passed_deadlines
from gateway.hub.readings.store import ReadingEvent, ReadingVersion
from gateway.markets.distribution import Receiver
from gateway.messages.codes import Role
from gateway.messages.findings import Finding
from gateway.messages.identifiers import BEFORE_ALL, is_point_id, point_id, point_key
from gateway.messages.masterdata import FOREVER, MasterData
from gateway.messages.series import Mask
from gateway.messages.times import day_number, numbered_day
from gateway.processes.meter_reading import ReadingState
from gateway.rules.parties import OPERATING_ROLES


def of_point(
    office: Office, connection: Connection, reader: Principal, point: str, as_of: int | None
) -> PointReadings | None:
    """The readings of a point as known at an instant, as far as the reader may see the whole of their period.

    None when the point is unknown or the reader may never see it. Periods stand oldest first, versions as they came.
    """
    if not is_point_id(point):
        return None
    master, now = office.refresh(connection), office.clock.now()
    seen = rights(office.profile, master, reader, point_key(point), (ALWAYS, now))
    if not seen:
        return None
    known = None if as_of is None else transaction_at(connection, as_of * MICROSECONDS)
    versions = [
        version
        for version in store.history(connection, point, known)
        if any(part.start <= version.start and version.end <= part.end for part in seen)
    ]
    newest = {version.start: version for version in versions}
    standing = [v for _, v in sorted(newest.items()) if v.event is not ReadingEvent.CANCELLATION]
    shown = dict(zip((v.id for v in versions), _shown(connection, versions), strict=True))
    return PointReadings(tuple(shown[v.id] for v in standing), tuple(shown.values()))


def feed(office: Office, connection: Connection, reader: Principal, page: Page) -> ReadingFeed | Refused:
    """What was handed to a reader behind a cursor, oldest first, each version once and in the order of commits.

    The cursor of the answer is that of its last version, or the one given where nothing came. Refused: `bad-cursor`.
    """
    if not (page.after or "0").isascii() or not (page.after or "0").isdigit() or len(page.after) > _LONGEST_CURSOR:
        return Refused((Finding("BadRequest", "after is no cursor of this feed", rule="bad-cursor", target="after"),))
    receiver = Receiver(reader.party, office.profile.queue_role(reader.role))
    versions = store.feed(connection, receiver, int(page.after or 0), page.limit)
    after = str(versions[-1].id) if versions else page.after
    return ReadingFeed(tuple(_shown(connection, versions)), after)


def outstanding(office: Office, connection: Connection, reader: Principal, page: Page) -> AwaitedPage:
    """Readings whose nominal date has come, by metering point: a grid operator's, a supplier's, the hub's all."""
    today = office.profile.zone.day(office.clock.now())
    owed = awaited(office, connection, today)
    master = office.refresh(connection)
    owed = owed.where((owed.nominal <= day_number(today)) & _is_visible(office, master, reader, owed))
    behind = point_key(page.after) if is_point_id(page.after) else FOREVER
    owed = owed.where(owed.point > (behind if page.after else BEFORE_ALL))
    goes_on = len(owed.point) > page.limit
    owed = owed.where(np.arange(len(owed.point)) < page.limit)
    found = tuple(_awaited(office, connection, master, owed))
    return AwaitedPage(found, found[-1].metering_point if goes_on else "")


_LONGEST_CURSOR = 18


def _is_visible(office: Office, master: MasterData, reader: Principal, owed: Awaited) -> Mask:
    """Of which readings a party is told: a grid operator of its areas' today, a supplier of its own points'."""
    columns, now = master.points, office.clock.now()
    match reader.role:
        case Role.HUB:
            return np.ones(len(owed.point), dtype=np.bool_)
        case role if role in OPERATING_ROLES:
            own = [n for n, area in enumerate(master.areas.names) if master.grid_operator(area, now) == reader.party]
            return np.isin(columns.grid_area[owed.row], own)
        case Role.ENERGY_SUPPLIER:
            mine: Mask = columns.energy_supplier[owed.row] == master.parties.find(reader.party)
            return mine
        case _:
            return np.zeros(len(owed.point), dtype=np.bool_)


def _awaited(office: Office, connection: Connection, master: MasterData, owed: Awaited) -> Iterable[AwaitedReading]:
    terms, now = office.profile.readings, office.clock.now()
    states = passed_deadlines(connection, [point_id(key) for key in owed.point.tolist()])
    columns = zip(owed.point.tolist(), owed.start.tolist(), owed.nominal.tolist(), owed.row.tolist(), strict=True)
    for key, start, nominal, row in columns:
        area, day = master.areas.names[int(master.points.grid_area[row])], numbered_day(nominal)
        yield AwaitedReading(
            metering_point=point_id(key),
            grid_area=area,
            grid_operator=master.grid_operator(area, now),
            start=start,
            nominal=day,
            reminded_after=terms.last_day_unreminded(day),
            due=terms.due(day),
            state=states.get((point_id(key), start), ReadingState.EXPECTED),
        )


def _shown(connection: Connection, versions: list[ReadingVersion]) -> list[StandingReading]:
    """Versions as the ports have them, with the instants the hub learnt them."""
    numbers = sorted({version.transaction for version in versions})
    statement = on_driver(connection, 'select id, committed_at from "transaction" where id in (*)')
    moments = {row[0]: row[1] for row in connection.exec_driver_sql(statement, (listed(connection, numbers),))}
    return [
        StandingReading(
            version=version.id,
            event=version.event,
            metering_point=version.metering_point,
            start=version.start,
            end=version.end,
            consumption=version.consumption,
            quality=version.quality,
            counter=version.counter,
            occasion=version.occasion,
            nominal=version.nominal,
            sender=version.sender,
            transaction_id=version.transaction_id,
            registered_at=moments[version.transaction] // MICROSECONDS,
        )
        for version in versions
    ]
