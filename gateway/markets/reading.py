"""Reading a market's TOML into a profile; a mistake in it is our bug and raises."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from importlib.resources import files
from typing import Any, TypeVar

import numpy as np

from gateway.markets.access import NO_ACCESS, AccessPolicy, GrantPolicy, QueryPolicy
from gateway.markets.agreements import NO_AGREEMENT_ACCESS, read_agreement_access
from gateway.markets.calendar import WEEKDAYS, EasterHoliday, FixedHoliday, MarketTimetable, WorkingDays
from gateway.markets.clients import read_client_terms
from gateway.markets.closing import CLOSED, ClosingTerms
from gateway.markets.distribution import Behaviour, Distribution
from gateway.markets.estfeed import NO_ESTFEED, read_estfeed
from gateway.markets.feed import NO_FEED, read_feed
from gateway.markets.meter_readings import ReadingTerms
from gateway.markets.metering_data import NO_METERING_DATA, read_metering_data
from gateway.markets.networks import NO_NETWORKS, read_networks
from gateway.markets.parameters import DatedValue, Parameter
from gateway.markets.policies import (
    Bundling,
    ControlPolicy,
    CorrectedOutward,
    IdentifierPolicy,
    MarketRules,
    Strictness,
)
from gateway.markets.profile import MarketProfile
from gateway.markets.results import NO_RESULTS, read_results
from gateway.markets.retention import RetentionTerms, read_retention
from gateway.markets.series_terms import NO_TERMS, read_series_terms
from gateway.messages.codes import (
    ConnectionState,
    Dialect,
    DocumentKind,
    MeteringPointType,
    Quality,
    Resolution,
    Role,
    Service,
    Unit,
    WireForm,
    wire_form,
)
from gateway.messages.findings import Severity
from gateway.messages.identifiers import Scheme, list_point_codes, point_key
from gateway.messages.masterdata import KINDS, RESOLUTIONS, STATES, UNITS
from gateway.messages.times import MarketZone
from gateway.rules.batch import Accepted, mask_of
from gateway.rules.catalogue import (
    AGGREGATION_REQUEST_RULES,
    CANCELLATION_RULES,
    ENVELOPE_RULES,
    HISTORY_RULES,
    MEASURE_DATA_RULES,
    NAMED_ELSEWHERE,
    READING_RULES,
    REQUEST_RULES,
    RESULTS_REQUEST_RULES,
    SETTLEMENT_REQUEST_RULES,
)
from gateway.rules.envelope import Acceptance, Breach, EnvelopeRules
from gateway.rules.interval_hits import IntervalRules
from gateway.rules.metering_catalogue import MESSAGE_RULES, METERING_DATA_RULES
from gateway.rules.metering_messages import MessageRules
from gateway.rules.readings import CaseRules, PeriodCase
from gateway.rules.runner import EnabledRule, Rule, RuleSet, Wording

Table = Mapping[str, Any]
Subject = TypeVar("Subject")
Case = TypeVar("Case", bound=PeriodCase)
Listed = TypeVar("Listed")

_LANGUAGES = ("da", "et", "fi")
"""Languages of the markets: a rule may be worded in one of them beside English."""

_NO_RULES = frozenset({"limits", "preparation"})
"""The sections that hold no rules of the hub."""


def read_table(name: str) -> Table:
    """One TOML file of the markets."""
    return tomllib.loads(files("gateway.markets").joinpath("parameters", f"{name}.toml").read_text("utf-8"))


def read_parameters(table: Table) -> dict[str, Parameter]:
    """The dated numbers, each with its values in order of time."""
    return {
        name: Parameter(
            name,
            entry["meaning"],
            entry["unit"],
            tuple(sorted(_dated(**value) for value in entry["values"])),
        )
        for name, entry in table.items()
    }


def _dated(since: date | str, **rest: Any) -> DatedValue:
    """A dated value; settings from the environment have their days as text."""
    return DatedValue(since if isinstance(since, date) else date.fromisoformat(since), **rest)


def read_working_days(table: Table) -> WorkingDays:
    """The calendar of closed days."""
    return WorkingDays(
        closed_weekdays=frozenset(WEEKDAYS.index(day) for day in table["closed_weekdays"]),
        fixed=tuple(FixedHoliday(**entry) for entry in table["fixed"]),
        easter=tuple(EasterHoliday(**entry) for entry in table["easter"]),
        extra=frozenset(table["extra"]),
    )


def read_rules(table: Table, strictness: Strictness) -> MarketRules:
    """The rules enabled, and the wording of every finding the market has a code for."""
    rest, most = table["limits"]["rest"], table["limits"]["most_findings"]
    sections = defaultdict(dict, {name: entry for name, entry in table.items() if name not in _NO_RULES})
    wordings = {rule: _wording(rule, entry, rest) for section in sections.values() for rule, entry in section.items()}
    enabled = {
        rule
        for section in sections.values()
        for rule, entry in section.items()
        if entry.get("enabled", True) and entry.get("needs", strictness) == strictness
    }
    decisive = {rule for rule, entry in sections["measure-data"].items() if entry.get("decisive", False)}

    def rule_set(known: Mapping[str, Rule[Subject]], *names: str) -> RuleSet[Subject]:
        listed = [rule for name in names for rule in sections[name] if rule in enabled]
        return RuleSet(tuple(EnabledRule(known[rule], wordings[rule], rule in decisive) for rule in listed), most)

    def case_rules(known: Mapping[str, Callable[[Case], Iterator[Breach]]]) -> CaseRules[Case]:
        section = sections["meter-reading"]
        decisive = frozenset(rule for rule, entry in section.items() if entry.get("decisive", False))
        names = sorted((rule for rule in section if rule in enabled and rule in known), key=lambda n: n not in decisive)
        return CaseRules(tuple((known[name], wordings[name]) for name in names), decisive)

    def listed(known: Mapping[str, Listed], section: str) -> tuple[tuple[Listed, Wording], ...]:
        names = [rule for rule in sections[section] if rule in enabled and rule in known]
        return tuple((known[rule], wordings[rule]) for rule in names)

    aggregation, settlement = DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST, DocumentKind.WHOLESALE_SETTLEMENT_REQUEST
    checks = [rule for rule in sections["envelope"] if rule in enabled and rule not in NAMED_ELSEWHERE]
    return MarketRules(
        measure_data=rule_set(MEASURE_DATA_RULES, "measure-data"),
        history=rule_set(HISTORY_RULES, "history"),
        requests=rule_set(REQUEST_RULES, "measure-data-request"),
        results={
            aggregation: rule_set(
                {**RESULTS_REQUEST_RULES, **AGGREGATION_REQUEST_RULES}, "results-request", aggregation
            ),
            settlement: rule_set({**RESULTS_REQUEST_RULES, **SETTLEMENT_REQUEST_RULES}, "results-request", settlement),
        },
        envelope=EnvelopeRules(tuple((ENVELOPE_RULES[rule], wordings[rule]) for rule in checks), most),
        readings=case_rules(READING_RULES),
        cancellations=case_rules(CANCELLATION_RULES),
        metering_data=IntervalRules(listed(METERING_DATA_RULES, "metering-data"), most),
        metering_messages=MessageRules(listed(MESSAGE_RULES, "metering-message")),
        wordings=wordings,
        preparation={rule: _wording(rule, entry, rest) for rule, entry in table.get("preparation", {}).items()},
    )


def read_profile(settings: Table, rules: Table, behaviour: Behaviour) -> MarketProfile:
    """A market's profile from its settings, its rules and the functions that are its behaviour.

    The metering points among its exceptions are known to the process from then on.
    """
    market = settings["market"]
    identifiers = _identifiers(settings["identifiers"])
    list_point_codes(identifiers.exceptions)
    zone, working_days = MarketZone(market["zone"]), read_working_days(settings["calendar"])
    parameters, enabled = read_parameters(settings["parameters"]), read_rules(rules, identifiers.strictness)

    area_limits = settings.get("readings", {}).get("area_limits", {})

    def deadline(name: str, day: date) -> str:
        return str(parameters[name].on(day).value)

    timetable = MarketTimetable(zone, working_days, deadline)
    return MarketProfile(
        name=market["name"],
        title=market["title"],
        zone=zone,
        working_days=working_days,
        timetable=timetable,
        hub=market["hub"],
        services=frozenset(map(Service, market["services"])),
        roles=frozenset(map(Role, market["roles"])),
        dialects=frozenset(map(Dialect, market["dialects"])),
        identifiers=identifiers,
        corrected_outward=CorrectedOutward(settings["correction"]["outward"]),
        bundling=Bundling(**settings["bundling"]),
        distribution=_distribution(settings, behaviour),
        accepted=_accepted(settings["accepted"]),
        control=_control(settings["control"]),
        acceptances=_acceptances(settings),
        rules=enabled,
        readings=ReadingTerms(parameters, area_limits, enabled.readings, enabled.cancellations),
        parameters=parameters,
        sending_processes=tuple(settings["delegation"]["sending"]),
        requesting_processes=_requesting_processes(settings["delegation"]),
        results=read_results(settings["results"]) if "results" in settings else NO_RESULTS,
        networks=read_networks(settings["networks"]) if "networks" in settings else NO_NETWORKS,
        access=AccessPolicy(GrantPolicy(**settings["access"]["grants"]), QueryPolicy(**settings["access"]["queries"]))
        if "access" in settings
        else NO_ACCESS,
        series=read_series_terms(settings["series"]) if "series" in settings else NO_TERMS,
        clauses=market["clauses"],
        closing=_closing(parameters, timetable) if CLOSED in parameters else None,
        clients=read_client_terms(settings.get("clients", {})),
        estfeed=read_estfeed(settings["estfeed"]) if "estfeed" in settings else NO_ESTFEED,
        agreement_access=read_agreement_access(settings["agreement-access"])
        if "agreement-access" in settings
        else NO_AGREEMENT_ACCESS,
        feed=read_feed(settings["feed"]) if "feed" in settings else NO_FEED,
        metering_data=read_metering_data(
            settings["metering-data"], zone, parameters, (enabled.metering_data, enabled.metering_messages)
        )
        if "metering-data" in settings
        else NO_METERING_DATA,
        retention=_retention(settings, parameters),
    )


def _retention(settings: Table, parameters: Mapping[str, Parameter]) -> RetentionTerms:
    corrected = parameters["correction-years"].values
    return read_retention(settings.get("retention", {}), max(int(value.value) for value in corrected))


def _closing(parameters: Mapping[str, Parameter], timetable: MarketTimetable) -> ClosingTerms:
    days = parameters["supplier-correction-days"]
    return ClosingTerms(timetable.zone, timetable.instant, lambda day: int(days.on(day).value))


def _wording(rule: str, entry: Table, rest: str) -> Wording:
    local = next((f"{entry[language]} / " for language in _LANGUAGES if language in entry), "")
    return Wording(
        rule=rule,
        code=entry["code"],
        clause=entry["clause"],
        text=local + entry["en"],
        rest=rest,
        severity=Severity(entry.get("severity", Severity.ERROR)),
        target=entry.get("target", ""),
        args=tuple(entry.get("args", ())),
    )


def _identifiers(table: Table) -> IdentifierPolicy:
    return IdentifierPolicy(
        party_schemes=frozenset(map(Scheme, table["party_schemes"])),
        point_scheme=Scheme(table["point_scheme"]),
        strictness=Strictness(table["strictness"]),
        exceptions=frozenset(table.get("exceptions", ())),
    )


def _distribution(settings: Table, behaviour: Behaviour) -> Distribution:
    market, delegation = settings["market"], settings["delegation"]
    return Distribution(
        behaviour=behaviour,
        queue_roles={Role(role): Role(queue) for role, queue in market["queue_roles"].items()},
        parties={Role(role): party for role, party in market["parties"].items()},
        receiving=tuple(delegation["receiving"]),
        requesting=tuple(delegation["requesting"]),
        receiving_results=tuple(delegation["receiving_results"]),
    )


def _requesting_processes(delegation: Table) -> dict[DocumentKind, tuple[str, ...]]:
    results = {DocumentKind(kind): tuple(names) for kind, names in delegation["requesting_results"].items()}
    return {DocumentKind.MEASURE_DATA_REQUEST: tuple(delegation["requesting"]), **results}


def _accepted(table: Table) -> Accepted:
    return Accepted(
        units=mask_of(UNITS, map(Unit, table["units"])),
        resolutions=mask_of(RESOLUTIONS, map(Resolution, table["resolutions"])),
        states=mask_of(STATES, map(ConnectionState, table["connection_states"])),
        monthly_types=mask_of(KINDS, map(MeteringPointType, table["monthly_types"])),
        qualities=tuple(int(Quality[name.upper()]) for name in table["qualities"]),
    )


def _control(table: Table) -> ControlPolicy:
    points = sorted(point_key(point) for point in table["left_out_points"])
    types = mask_of(KINDS, map(MeteringPointType, table["left_out_types"]))
    return ControlPolicy(types, np.array(points, dtype=np.int64))


def _acceptances(settings: Table) -> dict[tuple[DocumentKind, WireForm], Acceptance]:
    market = settings["market"]
    return {
        (DocumentKind(kind), wire_form(dialect)): Acceptance(
            sender_roles=frozenset(entry["sender_roles"]),
            process_types=frozenset(entry["process_types"])
            | frozenset(entry.get("further_process_types", {}).get(dialect, ())),
            type_codes=frozenset(entry["type_codes"]),
            acts_as={Role(role): frozenset(hats) for role, hats in entry["acts_as"].items()},
            business_sectors=frozenset(entry["business_sectors"]),
            hub=market["hub"],
            hub_role=market["hub_role"],
        )
        for kind, entry in settings["documents"].items()
        for dialect in (*market["dialects"], *entry.get("neutral_forms", ()))
    }
