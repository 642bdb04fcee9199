"""Clients on both databases: one per party and role, found by id and by certificate."""

from __future__ import annotations

from dataclasses import replace

from gateway.hub import clients
from gateway.hub.database import Database
from gateway.hub.ports import Client
from gateway.messages.codes import Role

SUPPLIER = Client("supplier", "2000000000015", Role.ENERGY_SUPPLIER, "scrypt$salt$hash", "ab" * 32)


def register(database: Database, client: Client) -> str:
    with database.write() as connection:
        finding = clients.register(connection, client)
    return finding.rule if finding else ""


def find(database: Database, client_id: str) -> Client | None:
    with database.read() as connection:
        return clients.find(connection, client_id)


def find_by_thumbprint(database: Database, thumbprint: str) -> Client | None:
    with database.read() as connection:
        return clients.find_by_thumbprint(connection, thumbprint)


def test_a_client_is_found_by_id_and_by_certificate(database: Database) -> None:
    assert find(database, "supplier") is None
    assert register(database, SUPPLIER) == ""
    assert find(database, "supplier") == SUPPLIER
    assert find_by_thumbprint(database, "ab" * 32) == SUPPLIER
    assert find_by_thumbprint(database, "cd" * 32) is None


def test_clients_without_a_certificate_are_not_found_by_none(database: Database) -> None:
    assert register(database, replace(SUPPLIER, thumbprint="")) == ""
    assert register(database, Client("grid", "2000000000022", Role.GRID_OPERATOR)) == ""
    assert find_by_thumbprint(database, "") is None
    assert find(database, "grid") == Client("grid", "2000000000022", Role.GRID_OPERATOR)


def test_the_same_id_replaces(database: Database) -> None:
    register(database, SUPPLIER)
    changed = replace(SUPPLIER, role=Role.BALANCE_RESPONSIBLE, thumbprint="cd" * 32)
    assert register(database, changed) == ""
    assert find(database, "supplier") == changed
    assert find_by_thumbprint(database, "ab" * 32) is None


def test_another_client_takes_neither_the_role_nor_the_certificate(database: Database) -> None:
    register(database, SUPPLIER)
    assert register(database, replace(SUPPLIER, client_id="other", thumbprint="")) == "client-exists"
    thief = Client("other", "2000000000022", Role.ENERGY_SUPPLIER, thumbprint="ab" * 32)
    assert register(database, thief) == "certificate-in-use"
    assert find(database, "other") is None
    assert find(database, "supplier") == SUPPLIER
