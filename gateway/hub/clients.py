"""The hub's clients: which program speaks for which party in which roles, and what proves it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.ports import Client
from gateway.hub.tables_masterdata import client as table
from gateway.markets.clients import ONE_PER_ROLE, ClientTerms
from gateway.messages.codes import Role
from gateway.messages.findings import Finding


def find(connection: Connection, client_id: str) -> Client | None:
    """The client registered under an id."""
    return _one(connection, table.c.client_id == client_id)


def find_by_thumbprint(connection: Connection, thumbprint: str) -> Client | None:
    """The client registered with a certificate, by its SHA-256 thumbprint in lower-case hex; empty finds none."""
    return _one(connection, table.c.thumbprint == thumbprint) if thumbprint else None


def find_by_party(connection: Connection, party: str, role: Role) -> Client | None:
    """The client that speaks for a party in a role, in a market where it has one."""
    return _one(connection, (table.c.party == party) & (table.c.role == role.value))


def every(connection: Connection) -> tuple[Client, ...]:
    """All clients in order of their ids."""
    return tuple(_client(row) for row in connection.execute(sa.select(table).order_by(table.c.client_id)))


def register(connection: Connection, client: Client, terms: ClientTerms = ONE_PER_ROLE) -> Finding | None:
    """Add a client or replace the one of the same id, in a writing transaction.

    Findings, with nothing changed: `client-exists` when another client speaks for the same party in the same role and
    the market has one for each, `one-role-only` when it names further roles there, `too-many-clients` when the party
    has all the clients it may have, `certificate-in-use` when another one is proved by the same certificate.
    """
    others = table.c.client_id != client.client_id
    refused = _refused_by_terms(connection, client, terms)
    if refused is not None:
        return refused
    if client.thumbprint and _one(connection, others & (table.c.thumbprint == client.thumbprint)):
        return _refusal("certificate-in-use", "another client is proved by the same certificate")
    connection.execute(sa.delete(table).where(table.c.client_id == client.client_id))
    connection.execute(
        sa.insert(table).values(
            client_id=client.client_id,
            party=client.party,
            role=client.role.value,
            secret_hash=client.secret_hash,
            thumbprint=client.thumbprint or None,
            further_roles=" ".join(sorted(client.further_roles - {client.role})),
            addresses=" ".join(client.addresses),
            seat=_seat(client) if terms.one_per_role else None,
        )
    )
    return None


def _refused_by_terms(connection: Connection, client: Client, terms: ClientTerms) -> Finding | None:
    others = table.c.client_id != client.client_id
    if terms.one_per_role and len(client.roles) > 1:
        return _refusal("one-role-only", "a client of this market acts in one role")
    if terms.one_per_role and _one(connection, others & (table.c.seat == _seat(client))):
        return _refusal("client-exists", f"another client speaks for {client.party} as {client.role}")
    if terms.most_per_party:
        known = sa.select(sa.func.count()).where(others & (table.c.party == client.party))
        if connection.execute(known).scalar_one() >= terms.most_per_party:
            return _refusal("too-many-clients", f"{client.party} has {terms.most_per_party} clients already")
    return None


def _seat(client: Client) -> str:
    return f"{client.party} {client.role}"


def _refusal(rule: str, text: str) -> Finding:
    return Finding(code=rule, text=text, rule=rule)


def _one(connection: Connection, condition: sa.ColumnElement[bool]) -> Client | None:
    row = connection.execute(sa.select(table).where(condition)).first()
    return None if row is None else _client(row)


def _client(row: sa.Row[Any]) -> Client:
    further = frozenset(map(Role, row.further_roles.split()))
    proof = (row.secret_hash, row.thumbprint or "")
    return Client(row.client_id, row.party, Role(row.role), *proof, further, tuple(row.addresses.split()))
