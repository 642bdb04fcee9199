"""Master data given as files to a command that needs no hub."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import typer

from gateway.cli.outcome import CommandError
from gateway.cli.printing import finding_line
from gateway.hub.masterdata.cells import manner_of
from gateway.hub.masterdata.files import FILE_NAMES, MasterDataSet, files_of, read_files
from gateway.markets.profile import MarketProfile
from gateway.messages.masterdata import MasterData


def master_of(paths: list[Path], profile: MarketProfile) -> MasterData:
    """Master data of files, which must be good."""
    return dataset_of(paths, profile).view()


def dataset_of(paths: list[Path], profile: MarketProfile) -> MasterDataSet:
    """All that files of master data hold, which must be good."""
    reading = read_files(master_data_files(paths), manner_of(profile))
    if not reading.is_good:
        for finding in reading.findings:
            typer.echo(finding_line(finding.path or "master data", replace(finding, path="")), err=True)
        raise CommandError("the master data have errors; nothing was checked against them")
    return reading.dataset


def master_data_files(paths: list[Path]) -> dict[str, bytes]:
    """The files named, those of a directory among them, by name."""
    found: dict[str, bytes] = {}
    for path in paths:
        files = files_of(path) if path.is_dir() else {path.name: path.read_bytes()}
        if not files:
            raise CommandError(f"{path} holds none of {', '.join(sorted(FILE_NAMES))}")
        if twice := found.keys() & files.keys():
            raise CommandError(f"{', '.join(sorted(twice))} is given twice")
        found |= files
    return found
