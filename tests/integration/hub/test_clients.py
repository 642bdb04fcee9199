"""Clients on both databases: one per party and role or by the market's terms, found by id and by certificate."""

from __future__ import annotations

from dataclasses import replace

from gateway.hub import clients
from gateway.hub.database import Database
from gateway.hub.ports import Client
from gateway.markets.clients import ONE_PER_ROLE, ClientTerms
from gateway.messages.codes import Role

SUPPLIER = Client("supplier", "2000000000015", Role.ENERGY_SUPPLIER, "scrypt$salt$hash", "ab" * 32)


ESTONIAN = ClientTerms(one_per_role=False, most_per_party=2)
TECHNICAL_USER = Client(
    "technical",
    "38X-SOMEBODY---8",
    Role.GRID_OPERATOR,
    "scrypt$salt$hash",
    further_roles=frozenset({Role.LINE_OPERATOR, Role.AGGREGATOR}),
)


def register(database: Database, client: Client, terms: ClientTerms = ONE_PER_ROLE) -> str:
    with database.write() as connection:
        finding = clients.register(connection, client, terms)
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


def test_a_client_of_one_role_names_no_other(database: Database) -> None:
    assert register(database, TECHNICAL_USER) == "one-role-only"
    assert find(database, "technical") is None


def test_technical_users_hold_several_roles_and_the_same_ones(database: Database) -> None:
    assert register(database, TECHNICAL_USER, ESTONIAN) == ""
    assert find(database, "technical") == TECHNICAL_USER
    assert TECHNICAL_USER.roles == {Role.GRID_OPERATOR, Role.LINE_OPERATOR, Role.AGGREGATOR}
    assert register(database, replace(TECHNICAL_USER, client_id="second"), ESTONIAN) == ""
    assert register(database, replace(TECHNICAL_USER, client_id="third"), ESTONIAN) == "too-many-clients"
    assert register(database, replace(TECHNICAL_USER, secret_hash="new"), ESTONIAN) == "", "one of them anew"
    other = replace(TECHNICAL_USER, client_id="third", party="38X-SOMEBODY---9")
    assert register(database, other, ESTONIAN) == "", "of another party"
