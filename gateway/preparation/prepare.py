"""A grid operator's values from raw to ready: what is due, checks, estimates, the hub's rules (D1 §4.1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Role
from gateway.messages.findings import Finding
from gateway.messages.masterdata import MasterData, Rows
from gateway.preparation.checks import mark_too_long, set_aside_wrong, set_aside_zeros, yield_to_check_meter
from gateway.preparation.draft import Draft
from gateway.preparation.due_series import Assignment, due_series
from gateway.preparation.estimation import Case, Evidence, estimate
from gateway.preparation.methods import METHODS
from gateway.preparation.outgoing import refusals
from gateway.preparation.placing import left_aside, misplaced
from gateway.preparation.point_values import PointValues
from gateway.preparation.protocol import findings_of
from gateway.preparation.scaling import scaled
from gateway.preparation.settings import PreparationSettings


@dataclass(frozen=True)
class Sources:
    """What is prepared, and from what.

    Attributes:
        values: raw values, in millionths of the unit.
        factors: the fixed factor of points, by number.
        evidence: what estimates are made from.
        names: names of the files of `values`, `check_meter` and `knowledge`, for findings.
    """

    values: PointValues
    factors: Mapping[int, Fraction] = field(default_factory=dict)
    evidence: Evidence = field(default_factory=Evidence)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """The completed series and everything found on the way.

    Attributes:
        draft: every step that is due.
        good: rows of the series that the hub is going to take.
        findings: what was found in the values; errors remain, remarks were made good by an estimate.
    """

    draft: Draft
    good: Rows
    findings: tuple[Finding, ...]


def prepare(assignment: Assignment, sources: Sources, profile: MarketProfile) -> Prepared | tuple[Finding, ...]:
    """Check and complete the values of a sender's points over an interval.

    Returns:
        The series, or findings about the files (`off-step`, `wrong-step`) with which nothing can be prepared.
    """
    due = due_series(assignment, sources.values.point)
    evidence, names = sources.evidence, sources.names
    faults = [
        finding
        for name, values in (
            ("values", sources.values),
            ("check_meter", evidence.check_meter),
            ("knowledge", evidence.knowledge),
        )
        for finding in misplaced(due, values, names.get(name, name))
    ]
    if faults:
        return tuple(faults)
    wordings = profile.rules.preparation
    settings = PreparationSettings.of(profile, profile.zone.day(assignment.interval.start))
    draft = Draft.of(due, scaled(sources.values, sources.factors, profile.zone))
    set_aside_wrong(draft)
    yield_to_check_meter(draft, evidence.check_meter)
    set_aside_zeros(draft, evidence.history, settings, (evidence.check_meter, evidence.knowledge))
    mark_too_long(draft, evidence.history, settings)
    estimate(Case(draft, evidence, profile.working_days, settings), METHODS)
    good, refused = refusals(draft, profile, assignment)
    aside = left_aside(assignment, due, sources.values, wordings["point-not-due"])
    return Prepared(draft, good, (*aside, *findings_of(draft, wordings, settings), *refused))


def operators_of(master: MasterData, now: int) -> tuple[str, ...]:
    """The grid operators of the master data at an instant, from whom a sender is chosen where none is named."""
    found = {master.grid_operator(area.code, now) for area in master.grid_areas}
    return tuple(sorted(party for party in found if party is not None))


SENDER_ROLE = Role.METERED_DATA_RESPONSIBLE
"""The role in which a grid operator sends its measure data."""
