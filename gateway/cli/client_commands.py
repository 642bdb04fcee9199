"""`gridpost client add | list`: which programs may speak for which party, in which roles."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.cli.machine import existing_hub, local_hub, wait_for
from gateway.cli.options import DatabaseUrl, DataDir, Market, settings_from
from gateway.cli.outcome import CommandError
from gateway.cli.printing import AsJson, print_json, print_rows
from gateway.hub import clients
from gateway.hub.ports import Client
from gateway.messages.codes import Role
from gateway.messages.identifiers import is_eic, is_gln
from gateway.transport.addresses import MOST_ADDRESSES, network_of
from gateway.transport.client_secrets import hash_secret, new_secret
from gateway.transport.role_names import ROLE_NAMES

LONGEST_ID = 64


def register(app: typer.Typer) -> None:
    """Add the family."""
    family = typer.Typer(help="Clients: programs that speak for a party.", no_args_is_help=True)
    family.command("add")(add)
    family.command("list")(show)
    app.add_typer(family, name="client")


def add(  # noqa: PLR0913 - one parameter for each option
    client_id: Annotated[str, typer.Argument(help="Name of the client, at most 64 letters, digits, - and _.")],
    *,
    party: Annotated[str, typer.Option(help="GLN or EIC of the party it speaks for.")],
    role: Annotated[
        list[str],
        typer.Option(help="The role it acts in: grid-operator, energy-supplier, …; in Estonia it may hold several."),
    ],
    certificate: Annotated[
        Path | None, typer.Option(help="Its certificate (PEM or DER), for ebIX behind a TLS proxy.")
    ] = None,
    address: Annotated[
        list[str] | None,
        typer.Option(help="Address or network it may call from, 192.0.2.0/24; may be repeated. Anywhere unless given."),
    ] = None,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
    as_json: AsJson = False,
) -> None:
    """Register a client and show its secret, this once. An id registered before gets a new secret."""
    settings = settings_from(data_dir=data_dir, database=database, market=market)
    secret = new_secret()
    thumbprint = "" if certificate is None else thumbprint_of(certificate)
    first, *further = [_checked_role(name) for name in role]
    proof = (hash_secret(secret), thumbprint)
    addresses = tuple(map(_checked_address, address or ()))
    if len(addresses) > MOST_ADDRESSES:
        raise CommandError(f"a client has {MOST_ADDRESSES} addresses at most; name networks")
    who = (_checked_id(client_id), _checked_party(party), first)
    stated = Client(*who, *proof, frozenset(further) - {first}, addresses)
    with local_hub(settings) as hub:
        refused = wait_for(hub.register_client(stated))
    if refused is not None:
        raise CommandError(refused.findings[0].text)
    if as_json:
        print_json({"client_id": client_id, "party": party, "role": _roles(stated), "secret": secret})
        return
    typer.echo(f"Client {client_id} speaks for {party} as {_roles(stated)}. Its secret is shown only now.", err=True)
    typer.echo(f"GRIDPOST_CLIENT_ID={client_id}\nGRIDPOST_CLIENT_SECRET={secret}")


def show(
    data_dir: DataDir = None, database: DatabaseUrl = None, market: Market = None, as_json: AsJson = False
) -> None:
    """Clients in order of their names; secrets are not kept and cannot be shown."""
    with existing_hub(data_dir, database, market) as hub, hub.office.database.read() as connection:
        rows = [
            (one.client_id, one.party, _roles(one), one.thumbprint, ", ".join(one.addresses))
            for one in clients.every(connection)
        ]
    heads = ("client_id", "party", "role", "thumbprint", "addresses")
    if as_json:
        print_json([dict(zip(heads, row, strict=True)) for row in rows])
    else:
        print_rows(heads, rows)


def _roles(client: Client) -> str:
    """Its roles, the first one first."""
    return ", ".join((client.role, *sorted(client.further_roles)))


def thumbprint_of(file: Path) -> str:
    """SHA-256 of a certificate in lower-case hex."""
    content = file.read_bytes()
    try:
        is_pem = b"-----BEGIN" in content
        found = x509.load_pem_x509_certificate(content) if is_pem else x509.load_der_x509_certificate(content)
    except ValueError as error:
        raise CommandError(f"{file} is no certificate") from error
    return hashlib.sha256(found.public_bytes(Encoding.DER)).hexdigest()


def _checked_id(text: str) -> str:
    if not text.isascii() or not text.replace("-", "").replace("_", "").isalnum() or len(text) > LONGEST_ID:
        raise CommandError("a client id is at most 64 letters, digits, - and _")
    return text


def _checked_party(text: str) -> str:
    if not is_gln(text) and not is_eic(text):
        raise CommandError(f"{text} is neither a GLN of 13 digits nor an EIC of 16 characters")
    return text


def _checked_address(text: str) -> str:
    try:
        return network_of(text)
    except ValueError as error:
        raise CommandError(f"--address {text}: {error}") from None


def _checked_role(text: str) -> Role:
    """The role by its neutral name, or as tokens spell it."""
    if text in ROLE_NAMES:
        return ROLE_NAMES[text]
    known = sorted(set(ROLE_NAMES.values()))
    if text not in known:
        raise CommandError(f"{text} is no role of a client; roles are {', '.join(known)}")
    return Role(text)
