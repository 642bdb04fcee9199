"""Admission: a message and its UUID made durable together, many in one commit; only then is anybody answered."""

from __future__ import annotations

from collections.abc import Sequence, Set

from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from gateway.hub import journal
from gateway.hub.journal import WHOLE_MESSAGE, Entry, Outcome, OutcomeState
from gateway.hub.metering_data import documents
from gateway.hub.metering_data.documents import Arrival, Letter
from gateway.hub.office import Office
from gateway.hub.ports import Refused

_ATTEMPTS = 3
"""The key says whether a UUID is used; only then is it looked up, and another process may take one meanwhile."""


Packed = tuple[Arrival, Entry]
"""One message at the door, and the same packed for the journal."""


def admit(office: Office, arrivals: Sequence[Packed]) -> list[Letter | Refused]:
    """Keep messages and claim their UUIDs; one whose UUID was used is kept too, and refused (EE-1.4)."""
    used: set[tuple[str, str]] = set()
    for _ in range(_ATTEMPTS):
        try:
            with office.database.write() as connection:
                return _admit(office, connection, arrivals, used)
        except IntegrityError as error:
            taken = error
        with office.database.read() as connection:
            used = documents.used(connection, [arrival.key for arrival, _ in arrivals])
    raise taken


def _admit(
    office: Office, connection: Connection, arrivals: Sequence[Packed], used: Set[tuple[str, str]]
) -> list[Letter | Refused]:
    numbers = journal.enter_all(connection, [entry for _, entry in arrivals])
    seen = set(used)
    answers: list[Letter | Refused] = []
    for number, (arrival, _) in zip(numbers, arrivals, strict=True):
        if arrival.key in seen:
            answers.append(_refuse(office, connection, number, arrival))
        else:
            seen.add(arrival.key)
            answers.append(Letter(arrival.principal, arrival.submission, arrival.at, number))
    documents.claim(connection, [one for one in answers if isinstance(one, Letter)])
    return answers


def _refuse(office: Office, connection: Connection, number: int, arrival: Arrival) -> Refused:
    document_id = arrival.submission.document_id
    found = office.profile.finding("document-id-used", id=document_id)
    journal.note_findings(connection, number, arrival.at, arrival.principal.party, [(WHOLE_MESSAGE, found)])
    journal.conclude(connection, number, arrival.at, Outcome(OutcomeState.REFUSED, document_id))
    return Refused((found,))
