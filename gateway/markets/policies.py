"""The small policies of a market's profile: identifiers, bundles, control, and the rules it has enabled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.messages.codes import DocumentKind
from gateway.messages.identifiers import Scheme
from gateway.messages.masterdata import Rows
from gateway.messages.series import Mask
from gateway.rules.batch import Batch
from gateway.rules.envelope import EnvelopeRules
from gateway.rules.interval_hits import IntervalRules
from gateway.rules.metering_messages import MessageRules
from gateway.rules.readings import CaseRules, PeriodCase, ReadingCase
from gateway.rules.requests import RequestBatch
from gateway.rules.results_requests import ResultsBatch
from gateway.rules.runner import RuleSet, Wording


class Strictness(StrEnum):
    """How closely identifiers are looked at (DK-1.17)."""

    FORMAT = "format"
    CHECK_DIGIT = "check-digit"


class CorrectedOutward(StrEnum):
    """How a corrected value leaves the hub."""

    MARKED = "marked"
    """As corrected: A01, ebIX 36 (D1 §4.1.5)."""
    PLAIN = "plain"
    """With the sender's own status, as DataHub 3 does."""


@dataclass(frozen=True, slots=True)
class IdentifierPolicy:
    """Which identifiers name parties and points, and how closely they are looked at."""

    party_schemes: frozenset[Scheme]
    point_scheme: Scheme
    strictness: Strictness
    exceptions: frozenset[str] = frozenset()
    """Identifiers that count although their check digit is wrong."""


@dataclass(frozen=True, slots=True)
class Bundling:
    """When an outgoing bundle closes: at so many transactions, points or seconds of its oldest."""

    transactions: int
    points: int
    age_seconds: int


@dataclass(frozen=True, slots=True)
class ControlPolicy:
    """What is not asked for when values are missing (D1 §4.1.5, appendix 4).

    Attributes:
        left_out_types: a mask by the place in `KINDS`; its last entry is NONE's.
        left_out_points: keys of metering points, ascending.
    """

    left_out_types: Mask
    left_out_points: Rows


@dataclass(frozen=True, slots=True)
class MarketRules:
    """Every rule the market has enabled, and the wording of all findings by rule name.

    `preparation` words what a grid operator finds before sending; no document carries it.
    """

    measure_data: RuleSet[Batch]
    history: RuleSet[Batch]
    requests: RuleSet[RequestBatch]
    results: Mapping[DocumentKind, RuleSet[ResultsBatch[Any]]]
    readings: CaseRules[ReadingCase]
    cancellations: CaseRules[PeriodCase]
    metering_data: IntervalRules
    metering_messages: MessageRules
    envelope: EnvelopeRules
    wordings: Mapping[str, Wording]
    preparation: Mapping[str, Wording]
