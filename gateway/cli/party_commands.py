"""`gridpost send | peek | dequeue | status`: a party's side of a hub, over HTTP."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.outcome import FINDINGS, CommandError, stop
from gateway.cli.printing import AsJson, print_json, print_rows, refusal_words
from gateway.messages.codes import Category, Dialect, DocumentKind
from gateway.messages.findings import Finding
from gateway.schemas.detection import detect
from gateway.transport.client import (
    AGGREGATED_MEASURE_DATA_REQUEST,
    MEASURE_DATA,
    MEASURE_DATA_REQUEST,
    WHOLESALE_SETTLEMENT_REQUEST,
    HubClient,
    HubError,
    Outcome,
    Outgoing,
    Peeked,
    Receipt,
)
from gateway.transport.hub_models import MessageStatusBody
from gateway.transport.problems import FindingBody

DEFAULT_URL = "http://127.0.0.1:8080"
DOCUMENT_NAMES = {
    DocumentKind.MEASURE_DATA: MEASURE_DATA,
    DocumentKind.MEASURE_DATA_REQUEST: MEASURE_DATA_REQUEST,
    DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST: AGGREGATED_MEASURE_DATA_REQUEST,
    DocumentKind.WHOLESALE_SETTLEMENT_REQUEST: WHOLESALE_SETTLEMENT_REQUEST,
}
ENDINGS = {Dialect.CIM_XML: ".cim.xml", Dialect.CIM_JSON: ".cim.json", Dialect.EBIX_XML: ".ebix.xml"}

Url = Annotated[str, typer.Option("--url", envvar="GRIDPOST_URL", help="Address of the hub.")]
ClientId = Annotated[str, typer.Option("--client-id", envvar="GRIDPOST_CLIENT_ID", help="Name of the client.")]
Secret = Annotated[
    str,
    typer.Option(
        "--secret",
        envvar="GRIDPOST_CLIENT_SECRET",
        help="Its secret; in the environment or in --secret-file other users cannot see it.",
        show_default=False,
    ),
]
SecretFile = Annotated[Path | None, typer.Option("--secret-file", help="A file that holds the secret.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("send")(send)
    app.command("peek")(peek)
    app.command("dequeue")(dequeue)
    app.command("status")(status)


@contextmanager
def party_client(url: str, client_id: str, secret: str, secret_file: Path | None) -> Iterator[HubClient]:
    """A client of a hub from the options."""
    if secret_file is not None:
        secret = secret_file.read_text(encoding="utf-8").strip()
    if not client_id or not secret:
        raise CommandError("give --client-id and its secret, or set GRIDPOST_CLIENT_ID and GRIDPOST_CLIENT_SECRET")
    with HubClient(url, client_id, secret) as client:
        yield client


def send(  # noqa: PLR0913 - one parameter for each option
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Documents; kind and dialect are detected.")],
    *,
    parallel: Annotated[int, typer.Option(min=1, max=32, help="How many at a time.")] = 4,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    client_id: ClientId = "",
    secret: Secret = "",
    secret_file: SecretFile = None,
) -> None:
    """Send documents. Sending again after an interruption is safe: the hub knows ids it has taken."""
    documents = [outgoing_of(file) for file in files]
    good = [document for document in documents if isinstance(document, Outgoing)]
    answered: dict[Path, Receipt] = {}
    with party_client(url, client_id, secret, secret_file) as client, _progress(len(good)) as bar:
        task = bar.add_task("Sending", total=len(good))

        def note(document: Outgoing, receipt: Receipt) -> None:
            answered[Path(str(document.content))] = receipt
            bar.advance(task)

        try:
            client.send_many(good, note, parallel)
        except HubError as error:
            raise CommandError(f"{error} ({len(answered)} of {len(good)} were answered)") from error
    rows = [_sent_row(file, document, answered.get(file)) for file, document in zip(files, documents, strict=True)]
    if as_json:
        print_json(rows)
    else:
        print_rows(("file", "outcome", "status", "reference", "answer"), (list(row.values()) for row in rows))
    if any(row["outcome"] not in (Outcome.ACCEPTED, Outcome.ALREADY_THERE) for row in rows):
        stop(FINDINGS)


def outgoing_of(file: Path) -> Outgoing | Finding:
    """A file as a document to send, or why it cannot be one."""
    if not file.is_file():
        raise CommandError(f"{file} is no file")
    with file.open("rb") as content:
        entry = detect(content.read(1 << 16))
    if isinstance(entry, Finding):
        return entry
    if entry.kind not in DOCUMENT_NAMES:
        return Finding("not-sendable", f"{entry.kind} is a document the hub sends, not one it takes")
    return Outgoing(file, entry.dialect, DOCUMENT_NAMES[entry.kind])


def _sent_row(file: Path, document: Outgoing | Finding, receipt: Receipt | None) -> dict[str, str]:
    row = {"file": str(file), "outcome": "not-sent", "status": "", "reference": "", "answer": ""}
    if isinstance(document, Finding):
        return row | {"answer": document.text}
    if receipt is None:
        return row
    answer = {"status": str(receipt.status), "reference": receipt.reference, "answer": refusal_words(receipt.body)}
    return row | {"outcome": str(receipt.outcome)} | answer


def _progress(count: int) -> Progress:
    """A bar on the error output; nothing for a single file or where no one looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=count < 2 or not sys.stderr.isatty())


def peek(  # noqa: PLR0913 - one parameter for each option
    *,
    category: Annotated[Category, typer.Option(help="Section of the queue.")] = Category.MEASURE_DATA,
    dialect: Annotated[Dialect, typer.Option("--as", help="In which form.")] = Dialect.CIM_XML,
    save: Annotated[Path | None, typer.Option(help="Write documents into this directory.")] = None,
    take_all: Annotated[
        bool, typer.Option("--all", help="Save and dequeue one after the other until nothing waits.")
    ] = False,
    url: Url = DEFAULT_URL,
    client_id: ClientId = "",
    secret: Secret = "",
    secret_file: SecretFile = None,
) -> None:
    """Show the oldest waiting document; it stays until dequeued. Exit 0 also when nothing waits."""
    if take_all and save is None:
        raise CommandError("--all needs --save DIR: what is dequeued must have been kept first")
    with party_client(url, client_id, secret, secret_file) as client:
        if save is None:
            found = client.peek(category, dialect)
            if found is None:
                typer.echo("Nothing waits.", err=True)
                return
            sys.stdout.buffer.write(found.content)
            sys.stdout.buffer.flush()
            typer.echo(f"\nTake it off the queue: gridpost dequeue {found.message_id}", err=True)
            return
        count = 0
        for found in _waiting(client, category, dialect, take_all):
            typer.echo(save_document(found, dialect, save))
            count += 1
        if not count:
            typer.echo("Nothing waits.", err=True)


def _waiting(client: HubClient, category: Category, dialect: Dialect, take_all: bool) -> Iterator[Peeked]:
    """The oldest document, or all of them; each is dequeued once whoever iterates has come back for the next."""
    while (found := client.peek(category, dialect)) is not None:
        yield found
        if not take_all:
            return
        if not client.dequeue(found.message_id):
            raise CommandError(f"the hub did not let {found.message_id} be dequeued")


def save_document(found: Peeked, dialect: Dialect, directory: Path) -> Path:
    """Write a document so that it is on the disk, whole, before it may be dequeued; its path."""
    directory.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9._-]", "_", found.message_id) or "document"
    path = directory / f"{name}{ENDINGS[dialect]}"
    unfinished = path.with_name(f".{path.name}.part")
    with unfinished.open("wb") as file:
        file.write(found.content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return path


def dequeue(
    message_id: Annotated[str, typer.Argument(help="The MessageId of a peeked document.")],
    *,
    url: Url = DEFAULT_URL,
    client_id: ClientId = "",
    secret: Secret = "",
    secret_file: SecretFile = None,
) -> None:
    """Take a peeked document off the queue."""
    with party_client(url, client_id, secret, secret_file) as client:
        if not client.dequeue(message_id):
            typer.echo(f"No peeked document of yours has the id {message_id}.", err=True)
            stop(FINDINGS)
    typer.echo(f"{message_id} is off the queue.")


def status(  # noqa: PLR0913 - one parameter for each option
    message_id: Annotated[str, typer.Argument(help="Id of a message you sent or received.")],
    *,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    client_id: ClientId = "",
    secret: Secret = "",
    secret_file: SecretFile = None,
) -> None:
    """Where a message stands: its state, its findings, each of its series."""
    with party_client(url, client_id, secret, secret_file) as client:
        body = client.get(f"messages/{quote(message_id, safe='')}", {})
    found = MessageStatusBody.model_validate_json(body)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print_rows(("what", "value"), found.message.model_dump(mode="json", exclude_none=True).items())
    for finding in found.findings:
        typer.echo(f"[{finding.code}] {finding.text}")
    print_rows(
        ("transaction", "metering point", "state", "findings"),
        ((one.transaction_id, one.metering_point, one.state, _said(one.findings)) for one in found.series),
    )


def _said(findings: Sequence[FindingBody]) -> str:
    return "; ".join(f"[{finding.code}] {finding.text}" for finding in findings)
