"""Registering who the customers of metering points are: a file in, everything taken under one transaction, or nothing.

The newest registration of a point states its whole line of customers, as everywhere in master data. A supplier speaks
for the time in which it supplies a point; what others have said of other times is stated again beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.customers.points import newest_links
from gateway.hub.database import allocate
from gateway.hub.masterdata import registry
from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.layouts import CUSTOMERS
from gateway.hub.masterdata.table_rows import FindingList, TableRows, read_table
from gateway.hub.office import Office
from gateway.hub.ports import ImportReport, Principal
from gateway.hub.tables_access import customer_link
from gateway.messages.codes import Role
from gateway.messages.findings import has_errors
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import NONE, CustomerLink, MasterData
from gateway.messages.times import Interval
from gateway.rules.batch import LAST_PARENT_KIND

Taken = TableRows[CustomerLink]

_BATCH = 20_000


def import_links(office: Office, registrar: Principal, file: str, content: bytes, manner: Manner) -> ImportReport:
    """Take a file of customers (columns `metering_point, customer, valid_from, valid_to`) whole or not at all.

    Findings: those of `gateway.hub.masterdata.table_rows.read_table`; `unknown-point` where the hub knows no such
    point in the time stated, or a supplier does not supply it all that time; `child-customer` where the point is a
    child, which follows its parent's customer (D1 §6.1.1).
    """
    while True:
        with office.database.read() as connection:
            master = office.refresh(connection)
        findings = FindingList()
        rows: Taken = read_table(file, content, CUSTOMERS, manner, findings)
        _check_points(rows, master, registrar, findings)
        found = findings.all()
        if has_errors(found):
            return ImportReport({CUSTOMERS.table: 0}, found)
        with office.database.write() as connection:
            transaction = allocate(connection, office.clock.micros())
            if registry.latest_transaction(connection) == master.transaction:
                _register(connection, transaction, _timelines(connection, rows.rows, master, registrar))
                return ImportReport({CUSTOMERS.table: len(rows.rows)}, found)


def _check_points(rows: Taken, master: MasterData, registrar: Principal, findings: FindingList) -> None:
    """Each row speaks of a point the registrar may speak of, which is no child."""
    count = len(rows.rows)
    keys = np.fromiter((point_key(row.metering_point) for row in rows.rows), dtype=np.int64, count=count)
    start = np.fromiter((row.valid_from for row in rows.rows), dtype=np.int64, count=count)
    end = np.fromiter((row.valid_to for row in rows.rows), dtype=np.int64, count=count)
    located = master.locate(keys, start, end)
    owner = np.repeat(np.arange(count), located.number)
    version = np.arange(len(owner)) + np.repeat(
        located.first - np.cumsum(located.number) + located.number, located.number
    )
    columns = master.points
    known = located.number > 0
    if registrar.role is not Role.HUB:
        supplier = master.parties.find(registrar.party)
        supplied = (columns.energy_supplier[version] == supplier) & (supplier != NONE)
        length = np.minimum(columns.valid_to[version], end[owner]) - np.maximum(
            columns.valid_from[version], start[owner]
        )
        covered = np.zeros(count, dtype=np.int64)
        np.add.at(covered, owner[supplied], length[supplied])
        known &= covered == end - start
    child = np.zeros(count, dtype=np.bool_)
    child[owner[(columns.parent[version] != NONE) & (columns.kind[version] > LAST_PARENT_KIND)]] = True
    for number in np.flatnonzero(~known).tolist():
        suffix = "" if registrar.role is Role.HUB else ", or not yours to supply all that time"
        text = f"column metering_point: {rows.rows[number].metering_point} is unknown in the time stated{suffix}"
        findings.add("unknown-point", text, rows.place(number))
    for number in np.flatnonzero(known & child).tolist():
        text = f"column metering_point: {rows.rows[number].metering_point} is a child and follows its parent's customer"
        findings.add("child-customer", text, rows.place(number), clause="D1 §6.1.1")


def _timelines(
    connection: Connection, rows: Sequence[CustomerLink], master: MasterData, registrar: Principal
) -> Sequence[CustomerLink]:
    """The whole line of customers of every point named: the rows, and what a supplier has no say in."""
    if registrar.role is Role.HUB:
        return rows
    kept: list[CustomerLink] = []
    for point, links in _registered(connection, {point_key(row.metering_point) for row in rows}).items():
        own = [
            Interval(version.valid_from, version.valid_to)
            for version in master.versions(point)
            if version.energy_supplier == registrar.party
        ]
        for link in links:
            parts = _outside(Interval(link.valid_from, link.valid_to), own)
            kept += [link._replace(valid_from=part.start, valid_to=part.end) for part in parts]
    return [*rows, *kept]


def _registered(connection: Connection, points: set[int]) -> Mapping[int, list[CustomerLink]]:
    """What is registered of points now."""
    found: dict[int, list[CustomerLink]] = {}
    waiting = iter(sorted(points))
    while some := list(islice(waiting, 500)):
        for row in connection.execute(newest_links().where(customer_link.c.metering_point.in_(some))):
            link = CustomerLink(point_id(row.metering_point), row.customer, row.valid_from, row.valid_to)
            found.setdefault(row.metering_point, []).append(link)
    return found


def _outside(span: Interval, taken: Iterable[Interval]) -> list[Interval]:
    """The parts of a span that lie in none of the spans taken, which come in order of time."""
    parts: list[Interval] = []
    start = span.start
    for one in taken:
        common = one.common(span)
        if common is not None:
            if common.start > start:
                parts.append(Interval(start, common.start))
            start = common.end
    return [*parts, Interval(start, span.end)] if start < span.end else parts


def _register(connection: Connection, transaction: int, links: Iterable[CustomerLink]) -> None:
    waiting = iter(links)
    while some := list(islice(waiting, _BATCH)):
        values = [
            {
                "metering_point": point_key(link.metering_point),
                "valid_from": link.valid_from,
                "transaction": transaction,
                "valid_to": link.valid_to,
                "customer": link.customer,
            }
            for link in some
        ]
        connection.execute(sa.insert(customer_link), values)
