"""`gridpost validate` and `gridpost convert`: documents in files, without a hub."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.file_check import Inspection, Inspector, inspect
from gateway.cli.master_files import dataset_of
from gateway.cli.options import DataDir, Market, instant_of, profile_of, settings_from
from gateway.cli.outcome import FINDINGS, CommandError, stop
from gateway.cli.printing import AsJson, finding_line, finding_value, print_json
from gateway.codecs.table import Undecodable, decode, encode, is_sayable
from gateway.hub.clock import SystemClock
from gateway.messages.codes import Dialect
from gateway.messages.findings import Finding, has_errors
from gateway.messages.point_details import PointDetails
from gateway.schemas.detection import detect
from gateway.schemas.registry import Registry


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("validate")(validate)
    app.command("convert")(convert)


def validate(  # noqa: PLR0913 - one parameter for each option
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Documents; kind and dialect are detected.")],
    *,
    schema_only: Annotated[bool, typer.Option("--schema-only", help="Check the form alone.")] = False,
    at: Annotated[str | None, typer.Option(help="Instant of receipt to assume; now unless given.")] = None,
    masterdata: Annotated[
        list[Path] | None, typer.Option("--masterdata", metavar="DIR|FILE", help="Check against these master data.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    market: Market = None,
) -> None:
    """Check documents as the hub would, and print what it would find: line, place, code, sentence, clause.

    Without master data every rule runs that needs none; with --masterdata all of them. Exit 1 with findings.
    """
    settings = settings_from(data_dir=data_dir, market=market)
    profile = profile_of(settings)
    clock = SystemClock().now()
    now = clock if at is None else instant_of(at, profile.zone, clock)
    registry = Registry(packs=settings.schema_packs)
    inspector = Inspector(profile, registry, now, form_only=schema_only)
    if masterdata is not None:
        dataset = dataset_of(masterdata, profile)
        details = PointDetails.of(dataset.point_facts.details)
        inspector = replace(inspector, master=dataset.view(), details=details)
    inspections = [(file, inspect(_content(file), inspector)) for file in files]
    if as_json:
        print_json([_value(file, inspection) for file, inspection in inspections])
    else:
        for file, inspection in inspections:
            _print(file, inspection)
    if any(has_errors(inspection.findings) for _, inspection in inspections):
        stop(FINDINGS)


def _content(file: Path) -> bytes:
    return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()


def _value(file: Path, inspection: Inspection) -> dict[str, object]:
    form = inspection.form
    return {
        "file": str(file),
        "kind": form.kind if form else None,
        "dialect": form.dialect if form else None,
        "version": form.version if form else None,
        "series": inspection.series,
        "checked": inspection.extent,
        "remark": inspection.remark,
        "findings": [finding_value(finding) for finding in inspection.findings],
    }


def _print(file: Path, inspection: Inspection) -> None:
    for finding in inspection.findings:
        typer.echo(finding_line(str(file), finding))
    typer.echo(f"{file}: {_summary(inspection)}")


def _summary(inspection: Inspection) -> str:
    form = inspection.form
    what = f"{form.kind} in {form.dialect} {form.version}" if form else "not recognised"
    series = f", {inspection.series} series" if inspection.series else ""
    count = len(inspection.findings)
    found = "no findings" if not count else f"{count} finding{'s' if count > 1 else ''}"
    return f"{what}{series}, checked: {inspection.extent}, {found}" + (
        f" ({inspection.remark})" * bool(inspection.remark)
    )


def convert(
    file: Annotated[Path, typer.Argument(help="The document; - reads the input.")],
    to: Annotated[Dialect, typer.Option("--to", help="The dialect wanted.")],
    out: Annotated[Path | None, typer.Option("--out", help="Where it goes; the output unless given.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Write a document in another dialect. What the new dialect cannot say is left out or filled by rule.

    The result is checked by its own schema before it is written.
    """
    registry = Registry(packs=settings_from(data_dir=data_dir).schema_packs)
    data = _content(file)
    entry = detect(data, registry)
    if isinstance(entry, Finding):
        _refuse(file, (entry,))
        return
    found = decode(data, entry.dialect, entry.kind, registry)
    if isinstance(found, Undecodable):
        _refuse(file, found.findings)
        return
    if not is_sayable(entry.kind, to):
        raise CommandError(f"{file}: {to} has no form of {entry.kind}")
    written = encode(found.document, to, registry)
    again = decode(written, to, entry.kind, registry)
    if isinstance(again, Undecodable):
        typer.echo(f"{file}: {to} cannot say this document", err=True)
        _refuse(file, again.findings)
        return
    if out is None or str(out) == "-":
        sys.stdout.buffer.write(written)
        sys.stdout.buffer.flush()
    else:
        out.write_bytes(written)
        typer.echo(f"{out}: {found.document.kind} in {to}, {len(found.document.series)} series", err=True)


def _refuse(file: Path, findings: Sequence[Finding]) -> None:
    for finding in findings:
        typer.echo(finding_line(str(file), finding), err=True)
    stop(FINDINGS)
