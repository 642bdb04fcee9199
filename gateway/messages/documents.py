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
from gateway.messages.series import SeriesTable


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
    """One refused transaction of a request."""

    transaction: str
    original_transaction: str | None = None
    reasons: tuple[Reason, ...] = ()
    point: str | None = None
    point_scheme: str = Scheme.GS1


class RequestReject(Frozen):
    """The reject of a request for measure data (RSM-015's reject)."""

    header: Header
    reason_code: str | None = None
    """The document's own reason; A02 means fully rejected."""
    series: tuple[RejectedRequest, ...] = ()

    @property
    def kind(self) -> DocumentKind:
        """The document kind."""
        return DocumentKind.MEASURE_DATA_REQUEST_REJECT


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


Document = (
    MeasureData
    | MeasureDataRequest
    | Acknowledgement
    | RequestReject
    | AggregatedMeasureData
    | MissingDataReminder
    | WholesaleServices
)
