"""A market as one frozen value: its time, calendar, parties, documents, rules and numbers (house.md §6)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from gateway.markets.access import AccessPolicy
from gateway.markets.agreements import NO_AGREEMENT_ACCESS, AgreementAccess
from gateway.markets.calendar import MarketTimetable, WorkingDays
from gateway.markets.clients import ONE_PER_ROLE, ClientTerms
from gateway.markets.closing import ClosingTerms
from gateway.markets.deliveries import DeliveryDeadlines
from gateway.markets.distribution import Distribution, Receiver
from gateway.markets.estfeed import NO_ESTFEED, EstfeedPolicy
from gateway.markets.feed import NO_FEED, FeedPolicy
from gateway.markets.meter_readings import ReadingTerms
from gateway.markets.metering_data import NO_METERING_DATA, MeteringDataPolicy
from gateway.markets.networks import NetworkTerms
from gateway.markets.parameters import Parameter, changes_of
from gateway.markets.policies import (
    Bundling,
    ControlPolicy,
    CorrectedOutward,
    IdentifierPolicy,
    MarketRules,
)
from gateway.markets.results import ResultPolicy
from gateway.markets.retention import KEEPS_ALL, RetentionTerms
from gateway.markets.series_terms import NO_TERMS, SeriesTerms
from gateway.messages.codes import (
    Dialect,
    DocumentKind,
    MeteringPointType,
    Resolution,
    Role,
    Service,
    SettlementMethod,
    WireForm,
)
from gateway.messages.documents import (
    AggregatedMeasureDataRequest,
    MeasureData,
    MeasureDataRequest,
    Request,
    WholesaleSettlementRequest,
)
from gateway.messages.findings import Finding
from gateway.messages.masterdata import KINDS, METHODS, MasterData, Rows
from gateway.messages.point_details import NO_DETAILS, PointDetails
from gateway.messages.series import Mask, SeriesTable
from gateway.messages.times import HOUR, Interval, MarketZone
from gateway.rules.batch import NO_LIMIT, Accepted, Batch, Caller, MarketFacts, Numbers, Sender, point_keys
from gateway.rules.envelope import Acceptance, Envelope
from gateway.rules.periods import years_before
from gateway.rules.requests import RequestBatch
from gateway.rules.results_requests import Lack, RequestNumbers, ResultsBatch
from gateway.rules.runner import Verdict
from gateway.rules.series_terms import Previous

Incoming = MeasureData | Request


@dataclass(frozen=True)
class MarketProfile:
    """Everything that makes a market this market.

    Attributes:
        name, title: its short and its full name.
        zone: local time; days begin at local midnight.
        working_days, timetable: its calendar, and the instants a day of operation sets.
        hub: the party that runs the hub.
        services: what its hub offers and does.
        roles, dialects: what it knows.
        identifiers, corrected_outward, bundling: its settings.
        distribution: who gets and who may see measure data.
        accepted: what measure data may state.
        control: what is not asked for when values are missing.
        acceptances: what an envelope may state, by document kind and dialect.
        rules: the rules enabled.
        readings: its terms of meter readings.
        parameters: the dated numbers.
        sending_processes: names of delegations for sending measure data.
        requesting_processes: names of delegations for each kind of request.
        results: who is sent what of a settlement's results.
        networks: what counts in the losses of networks.
        access: what customers may grant, and how anonymous queries are handed on.
        series: its own terms of series: statuses, directions, units.
        closing: its balance windows and the limit of a supplier's responsibility; None where settlement sets both.
        clauses: where the market says what it says of `day`, `identifiers` and `correction`.
        clients: how many clients a party has, and how many roles a client.
        estfeed: how the endpoints of the Estonian datahub answer.
        agreement_access: who may read metering data where agreements decide it.
        feed: how its parties are told of changes.
        metering_data: how metering data sent by the interval are taken.
        retention: how long values are kept.
    """

    name: str
    title: str
    zone: MarketZone
    working_days: WorkingDays
    timetable: MarketTimetable
    hub: str
    services: frozenset[Service]
    roles: frozenset[Role]
    dialects: frozenset[Dialect]
    identifiers: IdentifierPolicy
    corrected_outward: CorrectedOutward
    bundling: Bundling
    distribution: Distribution
    accepted: Accepted
    control: ControlPolicy
    acceptances: Mapping[tuple[DocumentKind, WireForm], Acceptance]
    rules: MarketRules
    readings: ReadingTerms
    parameters: Mapping[str, Parameter]
    sending_processes: tuple[str, ...]
    requesting_processes: Mapping[DocumentKind, tuple[str, ...]]
    results: ResultPolicy
    networks: NetworkTerms
    access: AccessPolicy
    series: SeriesTerms = NO_TERMS
    closing: ClosingTerms | None = None
    clauses: Mapping[str, str] = field(default_factory=dict)
    clients: ClientTerms = ONE_PER_ROLE
    estfeed: EstfeedPolicy = NO_ESTFEED
    agreement_access: AgreementAccess = NO_AGREEMENT_ACCESS
    feed: FeedPolicy = NO_FEED
    metering_data: MeteringDataPolicy = NO_METERING_DATA
    retention: RetentionTerms = KEEPS_ALL
    _facts: dict[int, MarketFacts] = field(init=False, repr=False, compare=False, default_factory=dict)
    _changes: list[date] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_changes", changes_of(self.parameters))

    # --- incoming documents ---------------------------------------------------------------------------------------

    def check_envelope(
        self, document: Incoming, dialect: WireForm, caller: Caller, master: MasterData, now: int
    ) -> tuple[Finding, ...]:
        """The synchronous checks of a decoded document (00001 to 00403), all of them; empty when it may go on.

        Ids used before, namespaces and schemas are found elsewhere: word those with `finding`.
        """
        envelope = Envelope(
            header=document.header,
            transactions=transactions_of(document),
            sender=Sender(caller.party, caller.role),
            acceptance=self.acceptances[document.kind, dialect],
            is_delegated=self._is_delegated(document, caller, master, now),
        )
        return self.rules.envelope.check(envelope)

    def batch(
        self, series: SeriesTable, master: MasterData, caller: Caller, now: int, details: PointDetails = NO_DETAILS
    ) -> Batch:
        """The series of one message beside their master data, ready for `check` and `deliveries`."""
        directed = self.series.directed(series, master)
        return Batch.of(directed, master, Sender(caller.party, caller.role), now, self.facts(now), details=details)

    def check(self, batch: Batch) -> Verdict:
        """Every rule of measure data over a message: findings by series row (RSM-012 §6.1, Regulation D1)."""
        return self.rules.measure_data.check(batch)

    def check_history(
        self, batch: Batch, unchanged: Mask, looked_up: Mask | None = None, previous: Previous | None = None
    ) -> Verdict:
        """The rules that need the store's answer (D1 §4.1.4, DH-210).

        Given which series repeat accepted values, which were looked up at all, and what was found of each value.
        """
        return self.rules.history.check(replace(batch, unchanged=unchanged, looked_up=looked_up, previous=previous))

    def request_batch(self, request: MeasureDataRequest, caller: Caller, master: MasterData, now: int) -> RequestBatch:
        """The transactions of a request beside their master data; the requester acts in the role it states."""
        requester = Receiver(caller.party, _role(request.header.sender.role, caller.role))

        def access(point: int, interval: Interval) -> tuple[Interval, ...]:
            return self.distribution.visible_parts(master, requester, point, interval, now)

        sender = Sender(*requester)
        return RequestBatch(request.series, request.header.process_type, sender, master, now, access)

    def check_request(self, batch: RequestBatch, without_data: Mask | None = None) -> Verdict:
        """Every rule of a request for measure data; given also which transactions find no data, E0H for these."""
        return self.rules.requests.check(replace(batch, without_data=without_data))

    def results_batch(
        self,
        request: AggregatedMeasureDataRequest | WholesaleSettlementRequest,
        caller: Caller,
        master: MasterData,
        now: int,
    ) -> ResultsBatch[Any]:
        """The transactions of a request for results beside those the requester speaks for in the role it states."""
        role, day = _role(request.header.sender.role, caller.role), self.zone.day(now)
        return ResultsBatch(
            kind=request.kind,
            requests=request.series,
            process_type=request.header.process_type,
            requester=Sender(caller.party, role),
            principals=self._principals(request.kind, Sender(caller.party, role), master, now),
            operator=lambda area: master.grid_operator(area, now),
            now=now,
            zone=self.zone,
            numbers=RequestNumbers(
                longest_months=self.number("request-longest", day),
                oldest_months=self.number("request-oldest", day),
                charge_id_length=self.number("charge-id-length", day),
            ),
        )

    def check_results_request(self, batch: ResultsBatch[Any], lacking: Sequence[Lack | None] = ()) -> Verdict:
        """Every rule of a request for results; given also what was found wanting, E0H or D46 for these."""
        return self.rules.results[batch.kind].check(replace(batch, lacking=lacking))

    # --- words and numbers ----------------------------------------------------------------------------------------

    def finding(self, rule: str, path: str = "", **words: object) -> Finding:
        """One finding of a named rule, under the market's code, clause and text (`message-id-used`, id=…)."""
        return self.rules.wordings[rule].finding(words, path)

    def worded(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Findings of parsers and schemas under the market's codes; path and line stay."""
        said: list[Finding] = []
        for found in findings:
            market = self.finding(found.rule, found.path, detail=found.text)
            said.append(replace(found, code=market.code, text=market.text, clause=market.clause, position=0))
        return tuple(said)

    def number(self, name: str, day: date) -> int:
        """A numeric parameter in force on a local day."""
        return self.parameters[name].number(day)

    def oldest_corrected(self, today: date) -> date:
        """The first local day whose values may still be corrected (FI-4.1)."""
        return years_before(today, self.number("correction-years", today))

    def settlement_resolution(self, day: date) -> Resolution:
        """The step in which a day of operation is settled (DK-1.15, DK-1.35)."""
        return Resolution(self.parameters["settlement-resolution"].text(day))

    @cached_property
    def deliveries(self) -> DeliveryDeadlines:
        """Until when deliveries of a day are due; KeyError for what the market has no deadline for."""
        return DeliveryDeadlines(self.timetable, self.parameters)

    def facts(self, now: int) -> MarketFacts:
        """What the rules need to know, as in force on the local day of an instant."""
        day = self.zone.day(now)
        era = bisect_right(self._changes, day)
        if era not in self._facts:
            self._facts[era] = MarketFacts(
                self.zone,
                self.accepted,
                self._numbers(day),
                self.timetable,
                self.sending_processes,
                self.series.transitions,
                self.series.fuse_decimals,
            )
        return self._facts[era]

    # --- receivers ------------------------------------------------------------------------------------------------

    def receivers(self, master: MasterData, rows: Rows, at: int) -> list[tuple[Receiver, ...]]:
        """Receivers of each master data row as of one instant; see `Distribution.receivers`."""
        return self.distribution.receivers(master, rows, at)

    def queue_role(self, role: Role) -> Role:
        """The role whose queue a role reads."""
        return self.distribution.queue_role(role)

    def _numbers(self, day: date) -> Numbers:
        greatest = np.full((len(KINDS), len(METHODS) + 1), NO_LIMIT, dtype=np.int64)
        for kind, methods in _LIMITED.items():
            for column, name in methods.items():
                if name not in self.parameters:
                    continue
                limit = self.number(name, day) * 1000
                greatest[KINDS.index(kind), slice(None) if column is None else METHODS.index(column) + 1] = limit
        return Numbers(
            oldest_years=self.number("correction-years", day),
            furthest_years=self.number("furthest-years", day),
            shortest_seconds=self.number("shortest-period", day) * HOUR,
            integer_digits=self.number("integer-digits", day),
            decimals=self.number("decimals", day),
            greatest_per_hour=greatest,
        )

    def _is_delegated(self, document: Incoming, caller: Caller, master: MasterData, now: int) -> bool:
        """Whether every series of a request lies in a grid area delegated to the caller by the role it states.

        Measure data are not looked at here: their delegations are checked per series, once the points are known.
        """
        if isinstance(document, MeasureData) or not document.series:
            return False
        asks = Sender(caller.party, _role(document.header.sender.role, caller.role))
        areas = self._principals(document.kind, asks, master, now).keys()
        if not areas:
            return False
        if not isinstance(document, MeasureDataRequest):
            return all(request.grid_area and request.grid_area.code in areas for request in document.series)
        keys = point_keys([request.point for request in document.series])
        located = master.locate(keys, np.full(len(keys), now), np.full(len(keys), now + 1))
        if not located.number.all():
            return False
        return {master.areas.name(code) for code in master.points.grid_area[located.first].tolist()} <= areas

    def _principals(
        self, kind: DocumentKind, requester: Sender, master: MasterData, now: int
    ) -> Mapping[str, frozenset[str]]:
        """By grid area, the parties that delegated a kind of request to a party, in the role it states."""
        role = self.queue_role(requester.role)
        found: dict[str, set[str]] = {}
        for process in self.requesting_processes[kind]:
            for item in master.delegations_at(process, now):
                if item.to_party == requester.party and self.queue_role(item.from_role) == role:
                    found.setdefault(item.grid_area, set()).add(item.from_party)
        return {area: frozenset(parties) for area, parties in found.items()}


_LIMITED: Mapping[MeteringPointType, Mapping[SettlementMethod | None, str]] = {
    MeteringPointType.CONSUMPTION: {
        SettlementMethod.FLEX: "greatest-consumption-flex",
        SettlementMethod.HOURLY: "greatest-consumption-hourly",
    },
    MeteringPointType.PRODUCTION: {None: "greatest-production"},
    MeteringPointType.EXCHANGE: {None: "greatest-exchange"},
}
"""Which dated number limits an hour, by type and settlement method; None is every method."""


def transactions_of(document: Incoming) -> Sequence[str]:
    """The transaction ids of a document's series."""
    if isinstance(document, MeasureData):
        return document.series.transaction
    return [request.transaction for request in document.series]


def _role(stated: str | None, own: Role) -> Role:
    """The role a header states, or the caller's own where it states none that is known."""
    return Role(stated) if stated in set(Role) else own
