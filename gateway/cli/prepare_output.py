"""What `gridpost prepare` leaves behind: documents, values, protocol, and a report for people or programs."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import typer

from gateway.cli.party_commands import ENDINGS
from gateway.cli.printing import console, finding_line, finding_value, table_of
from gateway.messages.codes import Quality
from gateway.messages.findings import Finding, Severity
from gateway.messages.times import format_minute
from gateway.preparation.draft import Method
from gateway.preparation.outgoing import Desk, messages
from gateway.preparation.prepare import Prepared
from gateway.preparation.protocol import (
    METHOD_WORDS,
    PROTOCOL_HEADER,
    VALUES_HEADER,
    protocol_lines,
    value_lines,
)

MOST_PRINTED = 50
"""Most findings printed for people; the protocol has every step."""


class Written(NamedTuple):
    """The documents by file name, with how many series each holds, and everything found until they stood there."""

    documents: tuple[tuple[str, int], ...]
    findings: tuple[Finding, ...]


def write(
    prepared: Prepared, desk: Desk, reasons: Mapping[int, str], out: Path | None, advance: Callable[[float], None]
) -> Written:
    """Make the documents, and write them with values and protocol; all of it or nothing, nowhere without `out`.

    Args:
        prepared: the completed series.
        desk: from where they are sent.
        reasons: what the operator gave as reason, by line of the file of knowledge.
        out: a directory that is empty or not there yet.
        advance: hears what share of the work has been done since it was last told.
    """
    documents: list[tuple[str, int]] = []
    findings = list(prepared.findings)
    with _directory(out, desk.new_id()) as directory:
        for number, message in enumerate(messages(prepared.draft, prepared.good, desk), 1):
            name = f"measure-data-{number:03d}{ENDINGS[desk.dialect]}"
            findings += message.findings
            if not message.findings:
                documents.append((name, message.series))
                if directory is not None:
                    (directory / name).write_bytes(message.content)
            advance(message.series / len(prepared.good))
        if directory is not None:
            _write_lines(directory / "values.csv", VALUES_HEADER, value_lines(prepared.draft))
            _write_lines(directory / "protocol.csv", PROTOCOL_HEADER, protocol_lines(prepared.draft, reasons))
    return Written(tuple(documents), tuple(findings))


@contextmanager
def _directory(out: Path | None, name: str) -> Iterator[Path | None]:
    """A directory beside the one wanted, which takes its place once everything in it is written."""
    if out is None:
        yield None
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.parent / f".{out.name}.{name}"
    unfinished.mkdir()
    try:
        yield unfinished
        unfinished.replace(out)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _write_lines(path: Path, header: str, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(header + "\n")
        file.writelines(f"{line}\n" for line in lines)


def report_value(prepared: Prepared, written: Written, desk: Desk) -> dict[str, object]:
    """The report for programs."""
    draft, interval = prepared.draft, desk.assignment.interval
    qualities = np.bincount(draft.quality, minlength=8)
    methods = np.bincount(draft.method, minlength=len(Method))
    return {
        "sender": desk.assignment.sender.party,
        "from": format_minute(interval.start),
        "to": format_minute(interval.end),
        "metering_points": len(np.unique(draft.due.point)),
        "series": len(draft.due),
        "ready": sum(count for _, count in written.documents),
        "values": {quality.name.lower(): int(qualities[quality]) for quality in _SENT},
        "methods": {method.word: int(methods[method]) for method in Method if method},
        "documents": [{"file": name, "series": count} for name, count in written.documents],
        "findings": [finding_value(finding) for finding in written.findings],
    }


_SENT = (Quality.MEASURED, Quality.ESTIMATED, Quality.MISSING)


def print_report(prepared: Prepared, written: Written, desk: Desk, places: tuple[Path, Path | None]) -> None:
    """The report for people: what remains to be done, what was made of the values, where it lies.

    Args:
        prepared: the completed series.
        written: what was written.
        desk: who sends.
        places: the file of values, and the directory written to.
    """
    values, out = places
    errors = [finding for finding in written.findings if finding.severity is Severity.ERROR]
    own_words = desk.profile.rules.preparation  # these name point and steps themselves
    for finding in errors[:MOST_PRINTED]:
        typer.echo(finding_line(str(values), replace(finding, path="") if finding.rule in own_words else finding))
    if len(errors) > MOST_PRINTED:
        typer.echo(f"{len(errors) - MOST_PRINTED} further findings are not listed; --json and the protocol have all")
    console().print(table_of(("values", "steps"), _value_rows(prepared)))
    remarks = Counter(finding.rule for finding in written.findings if finding.severity is Severity.WARNING)
    if remarks:
        typer.echo("Made good by estimates: " + ", ".join(f"{count} {rule}" for rule, count in sorted(remarks.items())))
    ready, due = sum(count for _, count in written.documents), prepared.draft.due
    typer.echo(
        f"Ready to be sent by {desk.assignment.sender.party}: {ready} of {len(due)} series "
        f"of {_counted(len(np.unique(due.point)), 'metering point')}, in {_counted(len(written.documents), 'document')}"
    )
    typer.echo(
        f"{_counted(len(errors), 'finding')} left; " + ("nothing was written" if out is None else f"written to {out}")
    )


def _value_rows(prepared: Prepared) -> list[tuple[str, int]]:
    """How many values came about in which way."""
    draft = prepared.draft
    counts = np.bincount(draft.method, minlength=len(Method)).tolist()
    return [
        ("measured", int(np.count_nonzero(draft.quality == Quality.MEASURED))),
        *((f"estimated: {words}", counts[method]) for method, words in METHOD_WORDS.items() if counts[method]),
        ("missing", int(np.count_nonzero(draft.quality == Quality.MISSING))),
    ]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"
