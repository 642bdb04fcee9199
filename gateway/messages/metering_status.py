"""What became of a message of metering data: its state, and what was found in it by metering point and period.

Instants are epoch seconds UTC unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.messages.codes import Commodity, FeedForm, Role
from gateway.messages.findings import Finding
from gateway.messages.times import NO_INSTANT


class ProcessingState(StrEnum):
    """Where a message of metering data stands (Elering 12)."""

    PROCESSING = "processing"
    """Durable and answered; it will get one of the states below, whatever happens to the hub."""
    SUCCESSFUL = "successful"
    """All of it is stored."""
    PARTIALLY_SUCCESSFUL = "partially-successful"
    """What was found faulty is not stored, the rest is; only while the market takes messages point by point."""
    ERROR = "error"
    """Nothing of it is stored."""


@dataclass(frozen=True, slots=True)
class ReportedError:
    """One thing found in a message.

    Attributes:
        finding: code, text and place in the document.
        metering_point: the point it is about, as written; empty where it is about the message.
        period_start: start of the accounting interval it is about; NO_INSTANT where it is about none.
    """

    finding: Finding
    metering_point: str = ""
    period_start: int = NO_INSTANT


@dataclass(frozen=True, slots=True)
class MeteringDataStatus:
    """One message as its sender may follow it.

    Attributes:
        document_id: the UUID its sender gave it.
        sender, role: the party that sent it, and as what.
        commodity: what it measures.
        form: how it was written.
        created_at: when the hub took it, microseconds.
        finished_at: when its final state was reached, microseconds; None while it is in processing.
        state: where it stands.
        errors: what was found, in the order of the document.
    """

    document_id: str
    sender: str
    role: Role
    commodity: Commodity
    form: FeedForm
    created_at: int
    finished_at: int | None
    state: ProcessingState
    errors: tuple[ReportedError, ...] = ()
