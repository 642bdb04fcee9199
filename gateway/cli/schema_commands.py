"""`gridpost schemas list | install`: what documents are checked by."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import PACKS, DataDir, settings_from
from gateway.cli.outcome import FINDINGS, CommandError, stop
from gateway.cli.printing import AsJson, print_json, print_rows
from gateway.schemas.packs import InstallReport, install_pack
from gateway.schemas.registry import ENTRIES, Registry


def register(app: typer.Typer) -> None:
    """Add the family."""
    family = typer.Typer(help="Schemas: ours, and an operator's official ones beside them.", no_args_is_help=True)
    family.command("list")(show)
    family.command("install")(install)
    app.add_typer(family, name="schemas")


def show(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Every document with the schemas it is checked by, ours first."""
    registry = Registry(packs=settings_from(data_dir=data_dir).schema_packs)
    heads = ("document", "dialect", "version", "root", "schemas")
    rows = [
        (entry.kind, entry.dialect, entry.version, entry.root, [file.path.name for file in entry.files])
        for entry in registry.entries
    ]
    if as_json:
        print_json([dict(zip(heads, row, strict=True)) for row in rows])
    else:
        print_rows(heads, ((*row[:4], ", ".join(row[4])) for row in rows))


def install(
    directory: Annotated[Path, typer.Argument(help="The pack as its publisher gives it, unpacked.")],
    name: Annotated[str, typer.Option(help="Under which name; one installed under it before is replaced.")] = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Install an official schema pack beside our schemas; from its next start the hub checks by both."""
    if not directory.is_dir():
        raise CommandError(f"{directory} is no directory")
    named = name or directory.resolve().name
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", named):
        raise CommandError(f"{named!r} is no name of a pack; give one with --name")
    target = settings_from(data_dir=data_dir).data_dir / PACKS / named
    report = install_pack(directory, target, ENTRIES)
    if as_json:
        print_json(
            {
                "installed": report.installed,
                "used": dict(report.used),
                "kept": report.kept,
                "missing": report.missing,
                "faults": report.faults,
            }
        )
    else:
        _print_report(report, target)
    if not report.installed or not report.used:
        stop(FINDINGS)


def _print_report(report: InstallReport, target: Path) -> None:
    for fault in report.faults:
        typer.echo(f"cannot be used: {fault}")
    for key, file in report.used:
        typer.echo(f"{key} is checked by {file} too")
    for key in report.missing:
        typer.echo(f"{key} has no schema in the pack")
    typer.echo(f"Installed as {target}." if report.installed else "Nothing was installed.")
