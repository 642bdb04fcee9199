"""What a market's own terms of series say on a day, for people: units, directions, decimals, statuses, windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from gateway.markets.closing import ClosingTerms
from gateway.markets.series_terms import SeriesTerms
from gateway.messages.codes import MeteringPointType, Quality, Unit
from gateway.messages.masterdata import UNITS
from gateway.rules.series_terms import FuseDecimals, Move, Transitions

_MOVES = {Move.NO: "no", Move.YES: "yes", Move.IF_DIFFERENT: "if the quantity differs"}
_ACTIVE = (Unit.WH, Unit.KWH, Unit.MWH, Unit.GWH)


def explain_series(terms: SeriesTerms) -> Iterator[str]:
    """The sections on series, as lines of Markdown; none of a market without terms of its own."""
    if terms.sorts:
        yield from _sorts(terms)
    if terms.fuse_decimals is not None:
        yield from _decimals(terms.fuse_decimals)
    if terms.transitions is not None:
        yield from _transitions(terms.transitions)
        for dialect in terms.codes:
            yield from _codes(dialect, terms)


def explain_window(closing: ClosingTerms, day: date) -> Iterator[str]:
    """The balance window of a day of delivery, in local time."""
    window = closing.window(day, 0)
    rows = (
        ("First values are there by", window.preliminary),
        ("Final for imbalance settlement; a correction from here on is outside the window", window.final),
        ("The balance is closed", window.closed),
    )
    yield from ("", "## Balance window of this day of delivery", "")
    for meaning, instant in rows:
        yield f"- {meaning}: {closing.zone.local(instant):%a %d %b %Y %H:%M}"


def _sorts(terms: SeriesTerms) -> Iterator[str]:
    yield from ("", "## Series of a metering point", "", "| Type | Series |", "|---|---|")
    sorts: Mapping[MeteringPointType, object] = terms.sorts
    for kind in sorts:
        series = (f"{sort.unit}{f' {sort.flow}' if sort.flow else ''}" for sort in terms.sorts[kind])
        yield f"| {kind} | {', '.join(series)} |"
    if terms.in_base_units:
        yield from ("", "Everything is kept in whole Wh and varh, whatever unit it comes in.")
    for product, flow in terms.flows.items():
        yield from ("", f"The product {product} is the direction {flow}.")


def _decimals(decimals: FuseDecimals) -> Iterator[str]:
    yield from ("", "## Decimals as written", "", "| Unit | Small fuse | The rest |", "|---|---|---|")
    for unit in _ACTIVE:
        small, large = (decimals.bounds[row, UNITS.index(unit)].tolist() for row in (0, 1))
        yield f"| {unit} | {_span(small)} | {_span(large)} |"
    yield from ("", f"A fuse is small up to {decimals.small_fuse} A of all phases together.")


def _span(bounds: list[int]) -> str:
    low, high = bounds
    return str(low) if low == high else f"{low} to {high}"


def _transitions(table: Transitions) -> Iterator[str]:
    stated = (Quality.MISSING, Quality.UNCERTAIN, Quality.ESTIMATED, Quality.MEASURED, Quality.CORRECTED)
    heads = " | ".join(table.names[status] for status in stated)
    yield from ("", "## What status may follow what", "", f"| From, to | {heads} |", "|---" * (len(stated) + 1) + "|")
    for before in (Quality.ABSENT, *stated):
        moves = (_MOVES[Move(int(table.moves[before, after]))] for after in stated)
        name = "no value yet" if before is Quality.ABSENT else table.names[before]
        yield f"| {name} | {' | '.join(moves)} |"


def _codes(dialect: str, terms: SeriesTerms) -> Iterator[str]:
    table, codes = terms.transitions, terms.codes[dialect]
    assert table is not None
    yield from ("", f"## Codes of statuses in {dialect}", "", "| Code | Status |", "|---|---|")
    for status in Quality:
        if status is not Quality.ABSENT and codes.read[codes.write[status]] == status:
            yield f"| A0{codes.write[status]} | {table.names[status]} |"
