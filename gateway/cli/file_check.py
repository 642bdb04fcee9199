"""A document in a file, checked as the hub would check it: detected, decoded, envelope and rules; nothing is stored.

Without master data the points are taken for what the document says they are, and the rules that compare with master
data rest (`NEEDS_MASTER_DATA`). What only a hub's history knows (ids used before, resends) is never checked here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from gateway.cli.places import with_lines
from gateway.codecs.table import Decoded, Undecodable, decode
from gateway.markets.profile import Incoming, MarketProfile
from gateway.messages.codes import MeteringPointType, Role, SettlementMethod
from gateway.messages.documents import (
    AggregatedMeasureDataRequest,
    Document,
    Header,
    MeasureData,
    MeasureDataRequest,
    RequestedSeries,
    WholesaleSettlementRequest,
)
from gateway.messages.findings import Finding
from gateway.messages.identifiers import is_point_id
from gateway.messages.masterdata import FOREVER, GridArea, MasterData, MeteringPointVersion
from gateway.messages.point_details import NO_DETAILS, PointDetails
from gateway.messages.series import Series
from gateway.rules.batch import Sender
from gateway.rules.runner import RuleSet
from gateway.schemas.detection import detect
from gateway.schemas.registry import Registry, SchemaEntry

Subject = TypeVar("Subject")
Listed = TypeVar("Listed", bound=StrEnum)

NEEDS_MASTER_DATA = frozenset(
    {
        # RSM-012: who runs the grid area, and what is registered of the point
        "delegation-exists",
        "sender-is-responsible",
        "point-in-grid",
        "point-type-as-registered",
        "point-not-calculated",
        "point-not-virtual",
        "subtype-constant",
        "unit-as-registered",
        "resolution-as-registered",
        "flow-stated",
        "flow-allowed",
        # RSM-015: who may see the point
        "yearly-type-allowed",
        "supplier-entitled",
        "operator-entitled",
        "other-role-entitled",
        # RSM-016, RSM-017: for whom the sender may speak
        "requesting-supplier-is-own",
        "balance-responsible-is-own",
        "operator-owns-grid-area",
    }
)
"""Rules that say nothing sensible without master data. All others look at the document, the calendar and the clock.

`point-known` stays: without master data it speaks only of ids that no metering point can have. Limits of consumption
(E90) and of its missing values (D12) depend on the settlement method, which is known only where the document names it;
without one the more generous limit holds.
"""


class Extent(StrEnum):
    """How far a document was checked."""

    FORM = "form"
    """It could not be read, or is not one the hub takes, or only its form was asked about."""
    DOCUMENT = "document"
    """All rules that need no master data."""
    FULL = "full"
    """All rules, against master data."""


@dataclass(frozen=True, slots=True)
class Inspector:
    """What documents are checked with.

    Attributes:
        profile: the market.
        registry: the schemas.
        now: the instant of receipt to assume.
        master: master data; None where there are none.
        form_only: leave out envelope and rules.
        details: what else is known of the points.
    """

    profile: MarketProfile
    registry: Registry
    now: int
    master: MasterData | None = None
    form_only: bool = False
    details: PointDetails = NO_DETAILS


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a document.

    Attributes:
        entry: what it is; None where that cannot be told.
        extent: how far it was checked.
        findings: everything found, in the order of the document's checks.
        series: how many series it holds.
        remark: why it was not checked further, in words; empty where nothing is to be said.
    """

    entry: SchemaEntry | None
    extent: Extent
    findings: tuple[Finding, ...]
    series: int = 0
    remark: str = ""


def inspect(data: bytes, inspector: Inspector) -> Inspection:
    """Check a document as the hub would at the inspector's instant, from the document's own sender.

    Findings carry the market's codes, and the line of what they point at.
    """
    entry = detect(data, inspector.registry)
    if isinstance(entry, Finding):
        return Inspection(None, Extent.FORM, inspector.profile.worded((entry,)))
    found = decode(data, entry.dialect, entry.kind, inspector.registry)
    if isinstance(found, Undecodable):
        return Inspection(entry, Extent.FORM, inspector.profile.worded(found.findings))
    document, count = found.document, _count(found.document)
    if inspector.form_only:
        return Inspection(entry, Extent.FORM, (), count)
    if not isinstance(document, Incoming):
        return Inspection(entry, Extent.FORM, (), count, "a document that the hub sends: its form was checked")
    sender = document.header.sender
    if sender.id == inspector.profile.hub and sender.role in (Role.HUB, None):
        return Inspection(entry, Extent.FORM, (), count, "comes from the hub itself: its form was checked")
    findings = (*_envelope(document, found, inspector), *_rules(document, found, inspector))
    extent = Extent.DOCUMENT if inspector.master is None else Extent.FULL
    return Inspection(entry, extent, with_lines(data, found.entry, findings), count)


def _count(document: Document) -> int:
    return len(document.series)


def _sender(header: Header) -> Sender:
    """The document's own sender as the caller; a role that is none shows as what it is in the envelope's checks."""
    stated = header.sender.role
    return Sender(header.sender.id, Role(stated) if stated in set(Role) else Role.METERED_DATA_RESPONSIBLE)


def _envelope(document: Incoming, found: Decoded, inspector: Inspector) -> tuple[Finding, ...]:
    master = inspector.master or MasterData.build(())
    sender = _sender(document.header)
    return inspector.profile.check_envelope(document, found.entry.dialect, sender, master, inspector.now)


def _rules(document: Incoming, found: Decoded, inspector: Inspector) -> tuple[Finding, ...]:
    profile, now, sender = inspector.profile, inspector.now, _sender(document.header)
    if isinstance(document, AggregatedMeasureDataRequest | WholesaleSettlementRequest):
        asked = profile.results_batch(document, sender, inspector.master or MasterData.build(()), now)
        results = profile.rules.results[document.kind]
        return (results if inspector.master else _without_master_data(results)).check(asked).findings
    master = inspector.master or _as_stated(document, sender)
    if isinstance(document, MeasureData):
        series = profile.series.understood(document.series, found.entry.dialect)
        batch = profile.batch(series, master, sender, now, inspector.details)
        rules = profile.rules.measure_data
        return (rules if inspector.master else _without_master_data(rules)).check(batch).findings
    request = profile.request_batch(document, sender, master, now)
    requests = profile.rules.requests
    return (requests if inspector.master else _without_master_data(requests)).check(request).findings


def _without_master_data(rules: RuleSet[Subject]) -> RuleSet[Subject]:
    return replace(rules, rules=tuple(rule for rule in rules.rules if rule.wording.rule not in NEEDS_MASTER_DATA))


def _as_stated(document: MeasureData | MeasureDataRequest, sender: Sender) -> MasterData:
    """The points of a document as it states them, in one grid area run by its sender."""
    points: dict[str, MeteringPointVersion] = {}
    for series in document.series:
        if is_point_id(series.point) and series.point not in points:
            points[series.point] = _stated_version(series)
    return MasterData.build(points.values(), [GridArea(_AREA, sender.party, valid_from=-FOREVER)])


def _stated_version(series: Series | RequestedSeries) -> MeteringPointVersion:
    version = MeteringPointVersion(series.point, MeteringPointType.CONSUMPTION, _AREA, -FOREVER)
    if isinstance(series, RequestedSeries):
        return version
    return version._replace(
        kind=_listed(series.point_type, version.kind),
        unit=_listed(series.unit, version.unit),
        resolution=_listed(series.period.resolution, version.resolution),
        settlement_method=_METHODS.get(series.settlement_method or ""),
    )


def _listed(text: str, otherwise: Listed) -> Listed:
    """The code a text names; one that names none is the rules' to find."""
    known = {str(member): member for member in type(otherwise)}
    return known.get(text, otherwise)


_METHODS = {str(method): method for method in SettlementMethod}
_AREA = "000"
