"""From bytes to a case: decode by schema, check the envelope, run the market's rules. Nothing is stored here."""

from __future__ import annotations

from gateway.codecs.table import Undecodable, decode
from gateway.hub.measure_data_case import MeasureDataCase
from gateway.hub.office import Office
from gateway.hub.ports import Principal, Submission
from gateway.hub.refused_case import RefusedCase
from gateway.hub.request_case import RequestCase
from gateway.markets.profile import Incoming, MarketProfile, transactions_of
from gateway.messages.documents import MeasureData, MeasureDataRequest
from gateway.messages.findings import Finding, Severity

Case = MeasureDataCase | RequestCase | RefusedCase


def open_case(office: Office, message: int, principal: Principal, submission: Submission) -> Case:
    """Read and check a document as far as can be done before its place in history is known."""
    decoded = decode(submission.body, submission.dialect, submission.kind, office.schemas)
    if isinstance(decoded, Undecodable):
        return RefusedCase(message, principal, worded(office.profile, decoded.findings))
    document = decoded.document
    if not isinstance(document, MeasureData | MeasureDataRequest):
        found = office.profile.finding("schema-invalid", detail=f"{document.kind} is not taken from market parties")
        return RefusedCase(message, principal, (found,), document.header)
    now, master = office.clock.now(), office.master
    breaches = office.profile.check_envelope(document, submission.dialect, principal, master, now)
    if any(found.severity is Severity.ERROR for found in breaches):
        return RefusedCase(message, principal, breaches, document.header, len(transactions_of(document)))
    return _checked(office, message, principal, document)


def worded(profile: MarketProfile, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings of parsers and schemas under the market's codes; path and line stay."""
    said: list[Finding] = []
    for found in findings:
        market = profile.finding(found.rule, found.path, detail=found.text)
        said.append(
            Finding(market.code, market.text, found.path, found.rule, market.clause, found.line, 0, found.target)
        )
    return tuple(said)


def _checked(office: Office, message: int, principal: Principal, document: Incoming) -> Case:
    now, master, profile = office.clock.now(), office.master, office.profile
    if isinstance(document, MeasureData):
        batch = profile.batch(document.series, master, principal, now)
        return MeasureDataCase(office, message, principal, document, batch, profile.check(batch))
    request = profile.request_batch(document, principal, master, now)
    findings = dict(profile.check_request(request).rows)
    return RequestCase(office, message, principal, document, request, findings)
