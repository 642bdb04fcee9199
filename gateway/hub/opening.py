"""From bytes to a case: decode by schema, check the envelope, run the market's rules. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.codecs.hub_json import decode_hub_json
from gateway.codecs.table import Undecodable, decode
from gateway.hub.measure_data_case import MeasureDataCase
from gateway.hub.measure_data_run import CheckedSeries
from gateway.hub.measure_data_source import MeasureDataSource
from gateway.hub.office import Office
from gateway.hub.ports import Principal, Submission
from gateway.hub.refused_case import RefusedCase
from gateway.hub.request_case import RequestCase
from gateway.hub.results_source import ResultsSource
from gateway.markets.profile import Incoming, transactions_of
from gateway.messages.codes import Dialect, Role
from gateway.messages.documents import Document, MeasureData, MeasureDataRequest, PartyRef, Request
from gateway.messages.findings import Severity
from gateway.messages.identifiers import Scheme, is_eic
from gateway.messages.series import SeriesTable
from gateway.rules.parties import OPERATING_ROLES


@dataclass(frozen=True, slots=True)
class Mail:
    """One message as the journal numbered it."""

    number: int
    principal: Principal
    submission: Submission


@dataclass(frozen=True, slots=True)
class ReadMeasureData:
    """Measure data that passed the checks of form and envelope; the rules have not spoken."""

    number: int
    principal: Principal
    document: MeasureData


def read_mail(office: Office, mail: Mail) -> ReadMeasureData | RequestCase | RefusedCase:
    """Read and check one message as far as can be done without looking at others."""
    submission, principal, profile = mail.submission, mail.principal, office.profile
    document = _document(office, mail)
    if isinstance(document, Undecodable):
        return RefusedCase(mail.number, principal, profile.worded(document.findings))
    if not isinstance(document, Incoming):
        found = profile.finding("schema-invalid", detail=f"{document.kind} is not taken from market parties")
        return RefusedCase(mail.number, principal, (found,), document.header)
    now, master = office.clock.now(), office.master
    breaches = profile.check_envelope(document, submission.dialect, principal, master, now)
    if any(found.severity is Severity.ERROR for found in breaches):
        return RefusedCase(mail.number, principal, breaches, document.header, len(transactions_of(document)))
    if isinstance(document, MeasureData):
        series = profile.series.understood(document.series, submission.dialect)
        if series is not document.series:
            document = MeasureData(header=document.header, series=series)
        return ReadMeasureData(mail.number, principal, document)
    return _request_case(office, mail, document)


def _document(office: Office, mail: Mail) -> Document | Undecodable:
    """The document in the bytes of a message, whichever form it came in."""
    submission, principal = mail.submission, mail.principal
    if isinstance(submission.dialect, Dialect):
        decoded = decode(submission.body, submission.dialect, submission.kind, office.schemas)
        return decoded if isinstance(decoded, Undecodable) else decoded.document
    role = Role.METERED_DATA_RESPONSIBLE if principal.role in OPERATING_ROLES else principal.role
    scheme = Scheme.EIC if is_eic(principal.party) else Scheme.GS1
    sender = PartyRef(id=principal.party, scheme=scheme, role=role)
    return decode_hub_json(submission.body, sender, office.profile.hub)


def _request_case(office: Office, mail: Mail, document: Request) -> RequestCase:
    """A request as the rules found it, and where its transactions are answered from."""
    profile, principal, master, now = office.profile, mail.principal, office.master, office.clock.now()
    if isinstance(document, MeasureDataRequest):
        request = profile.request_batch(document, principal, master, now)
        found, source = profile.check_request(request).rows, MeasureDataSource(office, request)
        return RequestCase(office, mail.number, principal, document, source, found)
    batch = profile.results_batch(document, principal, master, now)
    findings = profile.check_results_request(batch).rows
    return RequestCase(office, mail.number, principal, document, ResultsSource(office, batch), findings)


def join(office: Office, read: Sequence[ReadMeasureData]) -> list[MeasureDataCase]:
    """Measure data of each sender as one case, checked by the rules together, in the order it came."""
    senders: dict[Principal, list[ReadMeasureData]] = {}
    for one in read:
        senders.setdefault(one.principal, []).append(one)
    now, profile = office.clock.now(), office.profile
    cases: list[MeasureDataCase] = []
    for principal, own in senders.items():
        documents = [one.document for one in own]
        tables = [document.series for document in documents]
        series = tables[0] if len(tables) == 1 else SeriesTable.concat(tables)
        batch = profile.batch(series, office.master, principal, now, office.points.details)
        verdict = profile.check(batch)
        stored = profile.series.stored(batch.series, verdict.refused)
        if stored is not batch.series:  # what the rules worked out of the batch stays good but for its units
            batch = replace(batch, series=stored)
        numbers = [one.number for one in own]
        cases.append(MeasureDataCase(numbers, documents, CheckedSeries(office, principal, batch, verdict)))
    return cases
