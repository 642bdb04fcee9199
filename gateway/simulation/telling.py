"""A simulated market in sentences: each evening as it passes, and the whole at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from gateway.messages.codes import REFIXATIONS, SettlementStage
from gateway.simulation.timeline import MWH, MarketDay, Settled, Timeline

_SHOWN = ("production", "exchange", "flex", "hourly", "residual")


def day_lines(one: MarketDay, before: Timeline) -> Iterator[str]:
    """What happened on a day, and what its evening fixed, refixed and held; `before` is the market until then."""
    yield (
        f"{one.today:%a} {one.today}  {one.series.total()} series: {_counted(one.series)}; "
        f"{one.preliminary} preliminary sums, {one.documents.total()} documents sent"
    )
    if one.supplier_changes:
        yield f"  {one.supplier_changes} points will change supplier"
    for decision in one.decisions:
        until = "" if decision.until is None else f" to {decision.until}"
        yield f"  {decision.word} {decision.day} {decision.area}{until}: {decision.reason}"
    for basis in one.of_stage(SettlementStage.FIXATION):
        shares = f"flex {basis.estimated or '-'} % estimated, {basis.missing or '-'} % missing"
        yield f"  fixed    {basis.day} {basis.area}  {_sums(basis.totals)}; {shares}"
    known = {(basis.day, basis.area): basis for day in before.days for basis in day.settled if day is not one}
    for stage in REFIXATIONS:
        yield from _refixed(stage, one.of_stage(stage), known)
    for day, area in one.held:
        yield f"  held     {day} {area}  its residual is negative: the operator has to decide"


def _refixed(
    stage: SettlementStage, bases: Iterable[Settled], known: Mapping[tuple[date, str], Settled]
) -> Iterator[str]:
    """A refixation, month by month and area by area."""
    months: dict[tuple[str, str], list[Settled]] = {}
    for basis in bases:
        months.setdefault((f"{basis.day:%Y-%m}", basis.area), []).append(basis)
    for (month, area), own in sorted(months.items()):
        changed = [basis for basis in own if _residual(basis, known) != basis.totals["residual"]]
        change = sum(basis.totals["residual"] - _residual(basis, known) for basis in own)
        totals = {name: sum(basis.totals[name] for basis in own) for name in _SHOWN}
        other = f"{len(changed)} of {len(own)} days have another residual, {change / MWH:+.3f} MWh"
        yield f"  {stage.value} {month} {area}  {_sums(totals)}; {other}"


def _residual(basis: Settled, known: Mapping[tuple[date, str], Settled]) -> int:
    before = known.get((basis.day, basis.area), basis)
    return before.totals["residual"]


def summary_lines(timeline: Timeline) -> Iterator[str]:
    """The whole in a few lines."""
    counts = timeline.counts()
    yield ""
    for name, value in counts.items():
        shown = _counted(value) if isinstance(value, Mapping) else value
        yield f"{name.replace('_', ' '):<17} {shown}"


def _sums(totals: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {totals[name] / MWH:.3f}" for name in _SHOWN) + " MWh"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"
