"""`gridpost prepare`: a grid operator's raw values checked, completed and written as documents to send."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from gateway.cli.master_files import master_of
from gateway.cli.options import DataDir, Market, instant_of, interval_of, profile_of, settings_from
from gateway.cli.outcome import FINDINGS, CommandError, stop
from gateway.cli.prepare_output import print_report, report_value, write
from gateway.cli.printing import AsJson, finding_line, finding_value, print_json
from gateway.hub.clock import SystemClock
from gateway.hub.new_ids import new_id
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Dialect
from gateway.messages.findings import Finding, has_errors
from gateway.messages.identifiers import is_eic, is_gln
from gateway.messages.masterdata import MasterData
from gateway.messages.times import Interval
from gateway.preparation.csv_columns import InputFile
from gateway.preparation.due_series import Assignment
from gateway.preparation.estimation import NO_READINGS, NO_SIMILAR_POINTS, Evidence
from gateway.preparation.outgoing import Desk
from gateway.preparation.point_values import PointValues
from gateway.preparation.prepare import SENDER_ROLE, Sources, operators_of
from gateway.preparation.prepare import prepare as prepared_from
from gateway.preparation.value_files import ValueFiles
from gateway.rules.batch import Sender

LARGE = 8 * 1024 * 1024
"""Bytes of input from which on a progress bar is shown."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("prepare")(prepare)


def prepare(  # noqa: PLR0913 - one parameter for each option
    *,
    masterdata: Annotated[
        list[Path], typer.Option("--masterdata", metavar="DIR|FILE", help="The market's master data.")
    ],
    values: Annotated[Path, typer.Option(metavar="FILE", help="Raw values: metering_point, time, quantity, quality.")],
    day: Annotated[
        str | None, typer.Option(metavar="DAY", help="The local day to prepare (2025-06-10, yesterday).")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="T", help="Or: from a day or instant.")] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="T", help="To a day or instant, not in the interval.")
    ] = None,
    factors: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Fixed factors of raw values: metering_point, factor.")
    ] = None,
    history: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Values of earlier days, with their quality.")
    ] = None,
    check_meter: Annotated[Path | None, typer.Option(metavar="FILE", help="Values of check meters.")] = None,
    similar: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Similar points: metering_point, similar_point.")
    ] = None,
    readings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Energy of periods: metering_point, from, to, quantity.")
    ] = None,
    knowledge: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What is known: metering_point, time, quantity, reason.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where documents, values and protocol go; else only checked.")
    ] = None,
    dialect: Annotated[Dialect, typer.Option("--format", help="The form of the documents.")] = Dialect.CIM_XML,
    sender: Annotated[
        str | None, typer.Option(metavar="GLN", help="Who sends; the grid operator, where there is only one.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="Instant of sending to assume; now unless given.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    market: Market = None,
) -> None:
    """Check a day's raw values as a grid operator must, estimate what is missing, and write what can be sent.

    Missing values, negative ones, values above the limits and implausible zeros are estimated by the regulation's five
    methods in their order; the protocol says by which, and why not by an earlier one. Exit 1 where findings remain.
    """
    settings = settings_from(data_dir=data_dir, market=market)
    profile = profile_of(settings)
    clock = SystemClock().now()
    now = clock if at is None else instant_of(at, profile.zone, clock)
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CommandError(f"{out} is there already and no empty directory")
    master = master_of(masterdata, profile)
    interval = _interval(profile, now, day, (start, end))
    assignment = Assignment(master, profile.facts(now), _sender(sender, master, now), interval, now)
    files = _Files(values, factors, history, check_meter, similar, readings, knowledge)
    size = files.size
    with _progress(size) as bar:
        task = bar.add_task("Preparing", total=3 * size)

        def advance(amount: float) -> None:
            bar.advance(task, amount)

        reader = ValueFiles(profile.zone, advance)
        sources = files.read(reader)
        result = reader.findings.all() or prepared_from(assignment, sources, profile)
        if isinstance(result, tuple):
            _refuse(result, as_json)
        advance(size)
        desk = Desk(profile, assignment, dialect, new_id)
        written = write(result, desk, sources.evidence.reasons, out, lambda share: advance(share * size))
    if as_json:
        print_json(report_value(result, written, desk))
    else:
        print_report(result, written, desk, (values, out))
    if has_errors(written.findings):
        stop(FINDINGS)


def _progress(size: int) -> Progress:
    """A bar on the error output, for large inputs and where someone looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=size < LARGE or not sys.stderr.isatty())


class _Files(NamedTuple):
    """The files of one run; None for one that is not given."""

    values: Path
    factors: Path | None
    history: Path | None
    check_meter: Path | None
    similar: Path | None
    readings: Path | None
    knowledge: Path | None

    @property
    def size(self) -> int:
        """How many bytes they are all together."""
        return sum(path.stat().st_size for path in self if path is not None)

    def read(self, reader: ValueFiles) -> Sources:
        """What the files hold; what is wrong with them is left with the reader."""
        factors = reader.factors(_opened(self.factors)) if self.factors else {}
        knowledge, reasons = reader.knowledge(_opened(self.knowledge)) if self.knowledge else (PointValues.none(), {})
        evidence = Evidence(
            history=reader.values(_opened(self.history), may_repeat=True) if self.history else PointValues.none(),
            check_meter=reader.values(_opened(self.check_meter)) if self.check_meter else PointValues.none(),
            similar=reader.similar_points(_opened(self.similar)) if self.similar else NO_SIMILAR_POINTS,
            readings=reader.readings(_opened(self.readings), factors) if self.readings else NO_READINGS,
            knowledge=knowledge,
            reasons=reasons,
        )
        names = {name: str(path) for name, path in self._asdict().items()}
        return Sources(reader.raw_values(_opened(self.values)), factors, evidence, names)


def _opened(path: Path) -> InputFile:
    return InputFile(str(path), path.read_bytes())


def _interval(profile: MarketProfile, now: int, day: str | None, bounds: tuple[str | None, str | None]) -> Interval:
    """The local day, or the span between two days or instants."""
    start, end = bounds
    if day is not None and start is None and end is None:
        begin = instant_of(day, profile.zone, now)
        return profile.zone.day_interval(profile.zone.day(begin))
    if day is not None or start is None or end is None:
        raise CommandError("give --day, or --from and --to")
    return interval_of(start, end, profile.zone, now)


def _sender(named: str | None, master: MasterData, now: int) -> Sender:
    """Who sends: the party named, or the only grid operator there is."""
    operators = operators_of(master, now)
    if named is None and len(operators) != 1:
        raise CommandError(f"give --sender; grid operators are {', '.join(operators) or 'none'}")
    party = named or operators[0]
    if not is_gln(party) and not is_eic(party):
        raise CommandError(f"{party} is neither a GLN of 13 digits nor an EIC of 16 characters")
    return Sender(party, SENDER_ROLE)


def _refuse(findings: tuple[Finding, ...], as_json: bool) -> NoReturn:
    """Tell what is wrong with the files; nothing is written."""
    if as_json:
        print_json({"findings": [finding_value(finding) for finding in findings]})
    else:
        for finding in findings:
            typer.echo(finding_line(finding.path, replace(finding, path="")))
        typer.echo("Nothing was prepared.")
    stop(FINDINGS)
