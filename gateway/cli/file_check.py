"""A document in a file, checked as the hub would check it: detected, decoded, envelope and rules; nothing is stored.

Without master data the points are taken for what the document says they are, and the rules that compare with master
data rest (`NEEDS_MASTER_DATA`). What only a hub's history knows (ids used before, resends) is never checked here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, TypeVar

from gateway.cli.places import with_hub_lines, with_lines
from gateway.codecs.hub_json import VERSION, decode_hub_json, is_hub_json
from gateway.codecs.table import Undecodable, decode
from gateway.markets.profile import Incoming, MarketProfile
from gateway.messages.codes import DocumentKind, MeteringPointType, NeutralForm, Role, SettlementMethod, WireForm
from gateway.messages.documents import (
    AggregatedMeasureDataRequest,
    Document,
    Header,
    MeasureData,
    MeasureDataRequest,
    PartyRef,
    RequestedSeries,
    WholesaleSettlementRequest,
)
from gateway.messages.findings import Finding
from gateway.messages.identifiers import Scheme, is_point_id
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

    @property
    def extent(self) -> Extent:
        """How far a document is checked that can be read."""
        return Extent.DOCUMENT if self.master is None else Extent.FULL


class Form(NamedTuple):
    """What a document is: its kind, the form it is written in, and the version of that."""

    kind: DocumentKind
    dialect: WireForm
    version: str

    @classmethod
    def of(cls, entry: SchemaEntry) -> Form:
        """The form a row of the registry stands for."""
        return cls(entry.kind, entry.dialect, entry.version)


_HUB_FORM = Form(DocumentKind.MEASURE_DATA, NeutralForm.HUB_JSON, VERSION)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a document.

    Attributes:
        form: what it is; None where that cannot be told.
        extent: how far it was checked.
        findings: everything found, in the order of the document's checks.
        series: how many series it holds.
        remark: why it was not checked further, in words; empty where nothing is to be said.
    """

    form: Form | None
    extent: Extent
    findings: tuple[Finding, ...]
    series: int = 0
    remark: str = ""


def inspect(data: bytes, inspector: Inspector) -> Inspection:
    """Check a document as the hub would at the inspector's instant, from the document's own sender.

    Findings carry the market's codes, and the line of what they point at.
    """
    if _HUB_FORM[:2] in inspector.profile.acceptances and is_hub_json(data):
        return _inspect_hub_json(data, inspector)
    entry = detect(data, inspector.registry)
    if isinstance(entry, Finding):
        return Inspection(None, Extent.FORM, inspector.profile.worded((entry,)))
    form, found = Form.of(entry), decode(data, entry.dialect, entry.kind, inspector.registry)
    if isinstance(found, Undecodable):
        return Inspection(form, Extent.FORM, inspector.profile.worded(found.findings))
    document, count = found.document, _count(found.document)
    if inspector.form_only:
        return Inspection(form, Extent.FORM, (), count)
    if not isinstance(document, Incoming):
        return Inspection(form, Extent.FORM, (), count, "a document that the hub sends: its form was checked")
    return _inspect_incoming(data, document, found.entry, inspector)


def _inspect_incoming(data: bytes, document: Incoming, entry: SchemaEntry, inspector: Inspector) -> Inspection:
    """A document that parties send: envelope and rules, unless it is the hub's own."""
    sender, form, count = document.header.sender, Form.of(entry), _count(document)
    if sender.id == inspector.profile.hub and sender.role in (Role.HUB, None):
        return Inspection(form, Extent.FORM, (), count, "comes from the hub itself: its form was checked")
    findings = with_lines(data, entry, _findings(document, form, inspector))
    return Inspection(form, inspector.extent, findings, count)


def _inspect_hub_json(data: bytes, inspector: Inspector) -> Inspection:
    """Measure data in the hub's own form, which names no sender: who runs the grid area of its first known point."""
    role = Role.METERED_DATA_RESPONSIBLE
    found = decode_hub_json(data, PartyRef(id=_NOBODY, scheme=Scheme.GS1, role=role), inspector.profile.hub)
    if isinstance(found, Undecodable):
        faults = inspector.profile.worded(with_hub_lines(data, found.findings))
        return Inspection(_HUB_FORM, Extent.FORM, faults)
    if inspector.form_only:
        return Inspection(_HUB_FORM, Extent.FORM, (), _count(found))
    sender = PartyRef(id=_responsible(found, inspector), scheme=Scheme.GS1, role=role)
    document = MeasureData(header=found.header.model_copy(update={"sender": sender}), series=found.series)
    findings = with_hub_lines(data, _findings(document, _HUB_FORM, inspector))
    remark = "" if sender.id == _NOBODY else f"as sent by {sender.id}"
    return Inspection(_HUB_FORM, inspector.extent, findings, _count(found), remark)


def _responsible(document: MeasureData, inspector: Inspector) -> str:
    """Who runs the grid area of the first point that is known; nobody without master data."""
    master = inspector.master or MasterData.build(())
    points = filter(is_point_id, document.series.point)
    areas = (version.grid_area for point in points for version in master.versions(point)[-1:])
    operators = (master.grid_operator(area, inspector.now) for area in areas)
    return next((operator for operator in operators if operator is not None), _NOBODY)


_NOBODY = "0" * 13
"""A number with the form of a GLN that nobody has."""


def _count(document: Document) -> int:
    return len(document.series)


def _sender(header: Header) -> Sender:
    """The document's own sender as the caller; a role that is none shows as what it is in the envelope's checks."""
    stated = header.sender.role
    return Sender(header.sender.id, Role(stated) if stated in set(Role) else Role.METERED_DATA_RESPONSIBLE)


def _findings(document: Incoming, form: Form, inspector: Inspector) -> tuple[Finding, ...]:
    """What envelope and rules find."""
    master, sender = inspector.master or MasterData.build(()), _sender(document.header)
    breaches = inspector.profile.check_envelope(document, form.dialect, sender, master, inspector.now)
    return (*breaches, *_rules(document, form, inspector))


def _rules(document: Incoming, form: Form, inspector: Inspector) -> tuple[Finding, ...]:
    profile, now, sender = inspector.profile, inspector.now, _sender(document.header)
    if isinstance(document, AggregatedMeasureDataRequest | WholesaleSettlementRequest):
        asked = profile.results_batch(document, sender, inspector.master or MasterData.build(()), now)
        results = profile.rules.results[document.kind]
        return (results if inspector.master else _without_master_data(results)).check(asked).findings
    master = inspector.master or _as_stated(document, sender)
    if isinstance(document, MeasureData):
        series = profile.series.understood(document.series, form.dialect)
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
