"""The rules a market has enabled, read from its table: which, in which order, and in which words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from gateway.markets.policies import MarketRules, Strictness
from gateway.messages.codes import DocumentKind
from gateway.messages.findings import Severity
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
from gateway.rules.envelope import Breach, EnvelopeRule, EnvelopeRules
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


def read_rules(table: Table, strictness: Strictness) -> MarketRules:
    """The rules enabled, and the wording of every finding the market has a code for."""
    enabled = _Enabled(table, strictness)
    aggregation, settlement = DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST, DocumentKind.WHOLESALE_SETTLEMENT_REQUEST
    return MarketRules(
        measure_data=enabled.rule_set(MEASURE_DATA_RULES, "measure-data"),
        history=enabled.rule_set(HISTORY_RULES, "history"),
        requests=enabled.rule_set(REQUEST_RULES, "measure-data-request"),
        results={
            aggregation: enabled.rule_set(
                {**RESULTS_REQUEST_RULES, **AGGREGATION_REQUEST_RULES}, "results-request", aggregation
            ),
            settlement: enabled.rule_set(
                {**RESULTS_REQUEST_RULES, **SETTLEMENT_REQUEST_RULES}, "results-request", settlement
            ),
        },
        envelope=EnvelopeRules(enabled.envelope(), enabled.most),
        readings=enabled.case_rules(READING_RULES),
        cancellations=enabled.case_rules(CANCELLATION_RULES),
        metering_data=IntervalRules(enabled.listed(METERING_DATA_RULES, "metering-data"), enabled.most),
        metering_messages=MessageRules(enabled.listed(MESSAGE_RULES, "metering-message")),
        wordings=enabled.wordings,
        preparation={rule: _wording(rule, entry, enabled.rest) for rule, entry in table.get("preparation", {}).items()},
    )


class _Enabled:
    """The rules of a table that count under a strictness, by section, with their wordings."""

    def __init__(self, table: Table, strictness: Strictness) -> None:
        self.rest, self.most = table["limits"]["rest"], table["limits"]["most_findings"]
        self._sections: Mapping[str, Table] = defaultdict(
            dict, {name: entry for name, entry in table.items() if name not in _NO_RULES}
        )
        entries = [(rule, entry) for section in self._sections.values() for rule, entry in section.items()]
        self.wordings = {rule: _wording(rule, entry, self.rest) for rule, entry in entries}
        self._names = {
            rule
            for rule, entry in entries
            if entry.get("enabled", True) and entry.get("needs", strictness) == strictness
        }

    def rule_set(self, known: Mapping[str, Rule[Subject]], *names: str) -> RuleSet[Subject]:
        """The rules of some sections, each of which must be known."""
        listed = [rule for name in names for rule in self._sections[name] if rule in self._names]
        decisive = self._decisive("measure-data")
        return RuleSet(
            tuple(EnabledRule(known[rule], self.wordings[rule], rule in decisive) for rule in listed), self.most
        )

    def envelope(self) -> tuple[tuple[EnvelopeRule, Wording], ...]:
        """The checks of envelopes, each of which must be known; what is found elsewhere has only its words here."""
        names = [rule for rule in self._sections["envelope"] if rule in self._names and rule not in NAMED_ELSEWHERE]
        return tuple((ENVELOPE_RULES[rule], self.wordings[rule]) for rule in names)

    def case_rules(self, known: Mapping[str, Callable[[Case], Iterator[Breach]]]) -> CaseRules[Case]:
        """Those rules of meter readings that are known, the decisive ones first."""
        decisive = self._decisive("meter-reading")
        rules = self.listed(known, "meter-reading")
        return CaseRules(tuple(sorted(rules, key=lambda rule: rule[1].rule not in decisive)), decisive)

    def listed(self, known: Mapping[str, Listed], section: str) -> tuple[tuple[Listed, Wording], ...]:
        """Those rules of a section that are known."""
        names = [rule for rule in self._sections[section] if rule in self._names and rule in known]
        return tuple((known[rule], self.wordings[rule]) for rule in names)

    def _decisive(self, section: str) -> frozenset[str]:
        return frozenset(rule for rule, entry in self._sections[section].items() if entry.get("decisive", False))


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
