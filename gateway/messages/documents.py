"""Market documents in one neutral model, whatever dialect carried them.

Headers and requests are pydantic models; the values of measure data stay columns (`SeriesTable`).
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from gateway.messages.aggregates import AggregateSeries, WholesaleSeries
from gateway.messages.codes import DocumentKind
from gateway.messages.identifiers import Scheme
from gateway.messages.series import AreaId, SeriesTable
from gateway.messages.times import WrittenInstant


class Frozen(BaseModel):
    """A value of the market's vocabulary: immutable, closed."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class PartyRef(Frozen):
    """A party as a document names it: its id, who issued the id, and the role it acts in.

    `role` is a `Role` or the wire's text; None where the document names none (ebIX receivers, RSM-009).
    """

    id: str
    scheme: str = Scheme.GS1
    role: str | None = None


class Header(Frozen):
    """What every market document says about itself (house.md §7: MarketDocument)."""

    message_id: str
    sender: PartyRef
    receiver: PartyRef
    created_at: datetime
    type_code: str | None = None
    """The document's `type` as on the wire (E66, E73, ERR); None where the dialect has none."""
    process_type: str | None = None
    """`ProcessType`, or the wire's text; None where the document has none (RSM-009 in CIM)."""
    business_sector: str | None = None
    """23 is electricity; None where not stated."""


class MeasureData(Frozen):
    """Validated measure data of metering points (RSM-012): from the grid operator, and on to those entitled."""

    header: Header
    series: SeriesTable

    @property
    def kind(self) -> DocumentKind:
        """The document kind."""
        return DocumentKind.MEASURE_DATA


class RequestedSeries(Frozen):
    """One transaction of a request for measure data: which point, over [start, end) in instants.

    A bound is None when absent and NO_INSTANT when it cannot be read.
    """

    transaction: str
    point: str
    point_scheme: str = Scheme.GS1
    start: int | None = None
    end: int | None = None


class MeasureDataRequest(Frozen):
    """A request for validated measure data (RSM-015)."""

    header: Header
    series: tuple[RequestedSeries, ...] = ()

    @property
    def kind(self) -> DocumentKind:
        """The document kind."""
        return DocumentKind.MEASURE_DATA_REQUEST


class RequestedResults(Frozen):
    """What one transaction of any request for results names: whose, where, of which run, over [start, end).

    Attributes:
        settlement_version: `SettlementVersion`, or the wire's text; None where the latest is meant.
        start, end: the bounds as instants, with how they were written; None when absent.
        energy_supplier: whose results; a party without a role.
    """

    transaction: str
    settlement_version: str | None = None
    start: WrittenInstant | None = None
    end: WrittenInstant | None = None
    grid_area: AreaId | None = None
    energy_supplier: PartyRef | None = None


class RequestedAggregation(RequestedResults):
    """One transaction of a request for sums; what is not named is not restricted.

    Attributes:
        point_type: consumption, production or exchange; every one of them when None.
        settlement_method: of consumption; all of it when None.
        bidding_zone: stated and never used.
        balance_responsible: whose sums; a party without a role.
    """

    point_type: str | None = None
    settlement_method: str | None = None
    bidding_zone: AreaId | None = None
    balance_responsible: PartyRef | None = None


class AggregatedMeasureDataRequest(Frozen):
    """A request for sums of measure data (RSM-016)."""

    header: Header
    series: tuple[RequestedAggregation, ...] = ()

    @property
    def kind(self) -> DocumentKind:
        """The document kind."""
        return DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST


class RequestedCharge(Frozen):
    """A charge as a request names it, by its `ChargeType`, its id, or both."""

    type: str | None = None
    id: str | None = None


class RequestedSettlement(RequestedResults):
    """One transaction of a request for settled charges; what is not named is not restricted.

    Attributes:
        version: of the calculation.
        charge_owner: whose charges; a party without a role.
        resolution: P1M for the amount of the month; None for the amounts of each step.
        charges: which charges.
    """

    version: str | None = None
    charge_owner: PartyRef | None = None
    resolution: str | None = None
    charges: tuple[RequestedCharge, ...] = ()


class WholesaleSettlementRequest(Frozen):
    """A request for settled charges (RSM-017)."""

    header: Header
    series: tuple[RequestedSettlement, ...] = ()

    @property
    def kind(self) -> DocumentKind:
        """The document kind."""
        return DocumentKind.WHOLESALE_SETTLEMENT_REQUEST


class Reason(Frozen):
    """Why something is refused: the market's code and a sentence."""

    code: str
    text: str | None = None


class RejectedTransaction(Frozen):
    """A transaction refused by an acknowledgement, with every reason."""

    transaction: str
    reasons: tuple[Reason, ...] = ()


class Acknowledgement(Frozen):
    """The rejection of transactions of one message (RSM-009)."""

    header: Header
    received_message_id: str | None = None
    received_process_type: str | None = None
    series: tuple[RejectedTransaction, ...] = ()
    reasons: tuple[Reason, ...] = ()
    """Reasons about the message as a whole."""

    @property
    def kind(self) -> DocumentKind:
        """The document kind."""
        return DocumentKind.ACKNOWLEDGEMENT


class RejectedRequest(Frozen):
    """One refused transaction of a request; a request for results names no point."""

    transaction: str
    original_transaction: str | None = None
    reasons: tuple[Reason, ...] = ()
    point: str | None = None
    point_scheme: str = Scheme.GS1


class RequestReject(Frozen):
    """The reject of a request; `kind` says of which (the rejects of RSM-015, RSM-016 and RSM-017)."""

    header: Header
    reason_code: str | None = None
    """The document's own reason; A02 means fully rejected."""
    series: tuple[RejectedRequest, ...] = ()
    kind: DocumentKind = DocumentKind.MEASURE_DATA_REQUEST_REJECT


class AggregatedMeasureData(Frozen):
    """Sums of a settlement (RSM-014): what its receiver is entitled to of one calculation."""

    header: Header
    series: tuple[AggregateSeries, ...] = ()

    @property
    def kind(self) -> DocumentKind:
        """The document kind."""
        return DocumentKind.AGGREGATED_MEASURE_DATA


class PointId(NamedTuple):
    """A metering point with the scheme that issued its id."""

    id: str
    scheme: str = Scheme.GS1


class MissingData(Frozen):
    """One transaction of a reminder: the metering points without data of a day, given by the instant it begins.

    `day` is None when absent and NO_INSTANT when it cannot be read.
    """

    transaction: str
    day: int | None = None
    points: tuple[PointId, ...] = ()


class MissingDataReminder(Frozen):
    """A reminder of measure data that are still missing after their limit (RSM-018, Regulation D1 appendix 4)."""

    header: Header
    series: tuple[MissingData, ...] = ()

    @property
    def kind(self) -> DocumentKind:
        """The document kind."""
        return DocumentKind.MISSING_DATA_REMINDER


class WholesaleServices(Frozen):
    """Energy and money of a supplier's charges (RSM-019)."""

    header: Header
    series: tuple[WholesaleSeries, ...] = ()

    @property
    def kind(self) -> DocumentKind:
        """The document kind."""
        return DocumentKind.WHOLESALE_SERVICES


Request = MeasureDataRequest | AggregatedMeasureDataRequest | WholesaleSettlementRequest
"""What a party asks the hub for."""

Document = (
    MeasureData
    | Request
    | Acknowledgement
    | RequestReject
    | AggregatedMeasureData
    | MissingDataReminder
    | WholesaleServices
)
