"""From bytes to metering data: decode by form, check the message as a whole. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.codecs.estfeed.table import decode
from gateway.codecs.table import Undecodable
from gateway.codecs.workbook.reading import read_workbook
from gateway.hub.clock import MICROSECONDS
from gateway.hub.metering_data.documents import Arrival
from gateway.hub.office import Office
from gateway.hub.ports_metering_data import MeteringDataSubmission
from gateway.messages.codes import FeedForm
from gateway.messages.findings import Finding
from gateway.messages.metering_data import MeteringData
from gateway.rules.batch import Sender
from gateway.rules.metering_messages import MessageCase


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message is refused as a whole, at once."""

    findings: tuple[Finding, ...]


Progress = Callable[[int, int], None]
"""Told now and then of rows done and rows in all, where a form takes its time."""


def nobody(_done: int, _total: int) -> None:
    """Nobody asks how far it is."""


def read_letter(office: Office, arrival: Arrival, progress: Progress = nobody) -> MeteringData | Refusal:
    """The metering data of a message, or why nothing of it can be taken; what the body is not asked for comes first."""
    if findings := _findings(office, arrival, None):
        return Refusal(findings)
    decoded = _decoded(office, arrival.submission, progress)
    if isinstance(decoded, Undecodable):
        return Refusal(office.profile.worded(decoded.findings))
    findings = _findings(office, arrival, decoded)
    return Refusal(findings) if findings else decoded


def _decoded(office: Office, submission: MeteringDataSubmission, progress: Progress) -> MeteringData | Undecodable:
    if submission.form is FeedForm.WORKBOOK:
        return read_workbook(submission.body, submission.commodity, office.profile.zone, progress)
    return decode(submission.body, submission.form, submission.commodity)


def _findings(office: Office, arrival: Arrival, data: MeteringData | None) -> tuple[Finding, ...]:
    policy, now = office.profile.metering_data, arrival.at // MICROSECONDS
    sender = Sender(arrival.principal.party, arrival.principal.role)
    submission = arrival.submission
    case = MessageCase(submission.form, submission.commodity, sender, data, now, policy.terms(now), policy.closings)
    return policy.message_rules.check(case)
