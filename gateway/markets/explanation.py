"""What is in force in a market on a day, for people: rules, numbers, deadlines, closed days, with their sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from gateway.markets.profile import MarketProfile
from gateway.markets.series_explanation import explain_series, explain_window
from gateway.messages.codes import DocumentKind, Service, SettlementStage
from gateway.messages.findings import Severity
from gateway.rules.batch import DeadlineGroup
from gateway.rules.runner import Wording


def explain(profile: MarketProfile, day: date) -> str:
    """The rules and numbers in force on a day of operation with their sources, as Markdown."""
    lines = [f"# {profile.title}: in force on {day.isoformat()}", "", *_settings(profile), ""]
    lines += [
        "## Numbers",
        "",
        "| Name | Value | Unit | Meaning | Clause | Since | Source |",
        "|---|---|---|---|---|---|---|",
    ]
    for parameter in profile.parameters.values():
        value = parameter.on(day)
        lines.append(
            f"| {parameter.name} | {value.value} | {parameter.unit} | {parameter.meaning} | {value.clause or '-'} "
            f"| {value.since.isoformat()} | {value.source} |"
        )
    if Service.SETTLEMENT in profile.services:
        lines += ["", *_deadlines(profile, day)]
    if profile.closing is not None:
        lines += explain_window(profile.closing, day)
    lines += explain_series(profile.series)
    lines += ["", *_closed_days(profile, day.year)]
    for title, wordings in ((title, list(wordings)) for title, wordings in _rules(profile)):
        if not wordings:
            continue
        lines += ["", f"## {title}", "", "| Rule | Code | Clause | Wording |", "|---|---|---|---|"]
        lines += [
            f"| {wording.rule}{' (remark)' if wording.severity is Severity.WARNING else ''} | {wording.code} "
            f"| {wording.clause} | {wording.text.rpartition(' / ')[2]} |"
            for wording in wordings
        ]
    return "\n".join(lines) + "\n"


def _settings(profile: MarketProfile) -> Iterator[str]:
    clauses = profile.clauses
    yield f"- Local time: {profile.zone.name}; days run from local midnight to local midnight ({clauses['day']})"
    yield f"- Identifiers: {profile.identifiers.strictness} ({clauses['identifiers']})"
    yield f"- A corrected value leaves the hub {profile.corrected_outward} ({clauses['correction']})"
    yield (
        f"- A bundle closes at {profile.bundling.transactions} transactions, {profile.bundling.points} points "
        f"or {profile.bundling.age_seconds} seconds"
    )


_STAGES = {
    SettlementStage.FIRST_REFIXATION: "First refixation, with its month",
    SettlementStage.SECOND_REFIXATION: "Second refixation",
    SettlementStage.FINAL_REFIXATION: "Third and final refixation",
    SettlementStage.CORRECTION: "Last settlement of corrections",
}


def _deadlines(profile: MarketProfile, day: date) -> Iterator[str]:
    """The instants the day sets as a day of operation, in local time."""
    timetable = profile.timetable
    rows = (
        (
            "Hourly settled, production, exchange: collected, missing accepted until",
            timetable.collection_limit(day, DeadlineGroup.HOURLY),
        ),
        ("Flex settled: collected, missing accepted until", timetable.collection_limit(day, DeadlineGroup.FLEX)),
        ("Everything may be sent again from", timetable.control_opens(day)),
        ("Fixation", timetable.fixation(day)),
        ("Fixed basis sent by", timetable.basis_due(day)),
        *((_STAGES[stage], timetable.settled(stage, day)) for stage in _STAGES),
        ("Monthly read production of its month: read by", timetable.production_reading(day)),
        ("Monthly read production of its month: series sent by", timetable.production_series(day)),
        ("Renewable share of multi-fuel units of its month: sent by", timetable.production_multi_fuel(day)),
    )
    yield "## Deadlines of this day of operation"
    yield ""
    for meaning, instant in rows:
        yield f"- {meaning}: {profile.zone.local(instant):%a %d %b %Y %H:%M}"


def _closed_days(profile: MarketProfile, year: int) -> Iterator[str]:
    yield f"## Closed days of {year}, weekends aside"
    yield ""
    for holiday, name in sorted(profile.working_days.holidays(year)):
        yield f"- {holiday.isoformat()} {name}"


def _rules(profile: MarketProfile) -> Iterator[tuple[str, Iterable[Wording]]]:
    rules = profile.rules
    yield "Rules of measure data (RSM-012)", (rule.wording for rule in rules.measure_data.rules)
    yield "Rules of measure data, once the store has answered", (rule.wording for rule in rules.history.rules)
    yield "Rules of requests for measure data (RSM-015)", (rule.wording for rule in rules.requests.rules)
    titles = {
        DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST: "Rules of requests for aggregated measure data (RSM-016)",
        DocumentKind.WHOLESALE_SETTLEMENT_REQUEST: "Rules of requests for wholesale settlement (RSM-017)",
    }
    for kind, results in rules.results.items():
        yield titles[kind], (rule.wording for rule in results.rules)
    yield "Rules of meter readings", (wording for _, wording in rules.readings.rules)
    yield "Rules of their cancellation", (wording for _, wording in rules.cancellations.rules)
    yield "Rules of metering data", (wording for _, wording in rules.metering_data.rules)
    yield "Rules of messages of metering data", (wording for _, wording in rules.metering_messages.rules)
    yield "Checks of every envelope", (wording for _, wording in rules.envelope.rules)
    yield "Checks before sending (gridpost prepare)", rules.preparation.values()
