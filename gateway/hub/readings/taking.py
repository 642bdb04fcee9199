"""Readings and cancellations taken: each row is checked beside what stands, walks its table, and is handed on.

One transaction holds all of a message: the bytes as they came, what was kept, whose it is, what was found. A row that
is rejected leaves the others alone and nothing of itself but its findings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec
import numpy as np
import zstandard
from sqlalchemy.engine import Connection

from gateway.hub.database import allocate, run, run_many
from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.settlement_registry import permission_spans
from gateway.hub.masterdata.table_rows import FindingList, Place, TableRows, read_rows
from gateway.hub.office import Office
from gateway.hub.ports import Principal, Refused
from gateway.hub.ports_readings import ReadingOutcome, ReadingResult, ReadingsTaken
from gateway.hub.readings import store
from gateway.hub.readings.deadlines import passed_deadlines
from gateway.hub.readings.files import CANCELLATIONS, READINGS, ReadingTable
from gateway.hub.readings.store import PLACES, ReadingEvent, ReadingVersion
from gateway.markets.distribution import Receiver
from gateway.messages.codes import Permission
from gateway.messages.findings import Finding
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import MasterData
from gateway.messages.readings import MeterReading, ReadingCancellation
from gateway.messages.times import Interval
from gateway.processes import effects
from gateway.processes.events import CancellationChecked, ReadingChecked
from gateway.processes.machine import Transition
from gateway.processes.meter_reading import METER_READING, ReadingState
from gateway.rules.batch import Sender
from gateway.rules.readings import PeriodCase, ReadingCase, ReadingNumbers

MOST_ROWS = 10_000
"""Most rows of one message: other writers wait while they are taken."""

Stated = MeterReading | ReadingCancellation
Rows = TableRows[MeterReading] | TableRows[ReadingCancellation]

_LAYOUTS = {
    f"{table}.{ending}": layout
    for table, layout in ((ReadingTable.READINGS, READINGS), (ReadingTable.CANCELLATIONS, CANCELLATIONS))
    for ending in ("csv", "json")
}


class ReadingMail(NamedTuple):
    """One message about readings: who sent it, the name of its file, its bytes, and the instant in microseconds."""

    principal: Principal
    name: str
    body: bytes
    at: int


def take(office: Office, mail: ReadingMail, manner: Manner) -> ReadingsTaken | Refused:
    """Take one message of readings or cancellations.

    Refused as a whole where it cannot be read (`unknown-file`, `malformed`, `bad-value` and the like, with line or
    item; `too-many-rows`). Otherwise every row has its result, in the order of the rows.
    """
    findings = FindingList()
    if mail.name not in _LAYOUTS:
        findings.add("unknown-file", f"no file of readings; known are {', '.join(_LAYOUTS)}", Place(mail.name))
        return Refused(findings.all())
    rows = _read(mail, manner, findings)
    if not findings.count and not rows.rows:
        findings.add("no-readings", "there is no row in it", Place(mail.name))
    if len(rows.rows) > MOST_ROWS:
        findings.add("too-many-rows", f"there are more than {MOST_ROWS} rows in it", Place(mail.name))
    if findings.count:
        return Refused(findings.all())
    with office.database.write() as connection:
        return _Run(office, connection, mail, allocate(connection, mail.at), rows).carry_out()


def _read(mail: ReadingMail, manner: Manner, findings: FindingList) -> Rows:
    if mail.name.startswith(ReadingTable.READINGS):
        return read_rows(mail.name, mail.body, READINGS, manner, findings)
    return read_rows(mail.name, mail.body, CANCELLATIONS, manner, findings)


@dataclass(slots=True)
class _Standing:
    """A version that stands, what it took the place of, and who gets it once that is known."""

    version: ReadingVersion
    replaced: _Standing | None = None
    receivers: tuple[Receiver, ...] = ()


class _Run:
    """One carrying-out of a message: what its rows have in common."""

    def __init__(self, office: Office, connection: Connection, mail: ReadingMail, transaction: int, rows: Rows) -> None:
        self._office, self._connection, self._mail = office, connection, mail
        self._transaction, self._rows = transaction, rows
        self._stated: Sequence[Stated] = rows.rows
        self._master: MasterData = office.refresh(connection)
        self._now = office.clock.now()
        points = {row.metering_point for row in self._stated}
        own_ids = [row.transaction for row in self._stated]
        self._said = store.said_before(connection, mail.principal.party, own_ids)
        self._standing = self._load_standing(points)
        self._deadlines = passed_deadlines(connection, points)
        above_limit = (Permission.ABOVE_MANDATORY_LIMIT, self._master.transaction)
        self._above_limit = permission_spans(connection, points, *above_limit)
        self._numbers: dict[str, ReadingNumbers] = {}
        self._kept: list[_Standing] = []
        self._found: list[tuple[int, str, Finding]] = []
        self._do: dict[str, Callable[[Stated], ReadingOutcome]] = {
            effects.DELIVER_READING.name: self._deliver_reading,
            effects.DELIVER_CORRECTION_NOTICE.name: self._deliver_notice,
            effects.DELIVER_CANCELLATION.name: self._deliver_cancellation,
            effects.REFUSE_READING.name: lambda _stated: ReadingOutcome.REJECTED,
        }

    def carry_out(self) -> ReadingsTaken:
        """Take row by row, then write what came of it."""
        results = tuple(self._take(place, stated) for place, stated in enumerate(self._stated))
        self._write()
        return ReadingsTaken(self._transaction, results)

    def _take(self, place: int, stated: Stated) -> ReadingResult:
        before = self._said.get(stated.transaction)
        if before is not None and _is_same(before, stated):
            return ReadingResult(stated.transaction, stated.metering_point, ReadingOutcome.REPEATED)
        state = self._state(stated)
        findings, event = self._check(stated, is_used=before is not None)
        placed = tuple(self._placed(place, finding) for finding in findings)
        outcome = METER_READING.step(state, event)
        done = ReadingOutcome.UNCHANGED
        if isinstance(outcome, Transition):
            for effect in outcome.effects:
                done = self._do[effect.name](stated)
        else:  # a cancellation of a period that has no reading, which the rules have found as well
            done = ReadingOutcome.REJECTED
        self._found += [(place, stated.metering_point, finding) for finding in placed]
        return ReadingResult(stated.transaction, stated.metering_point, done, placed)

    def _check(self, stated: Stated, is_used: bool) -> tuple[tuple[Finding, ...], ReadingChecked | CancellationChecked]:
        """What the rules say of a row, and the event that it is."""
        profile, versions = self._office.profile, tuple(self._master.versions(stated.metering_point))
        common = (
            *(stated.transaction, stated.metering_point, Interval(stated.start, stated.end)),
            *(Sender(self._mail.principal.party, self._mail.principal.role), self._master, versions),
            tuple(one.version.period for one in self._standing.get(stated.metering_point, ())),
            *(profile.facts(self._now), self._now, is_used),
        )
        if isinstance(stated, ReadingCancellation):
            found = profile.readings.cancellations.check(PeriodCase(*common))
            return found, CancellationChecked(found)
        area = versions[-1].grid_area if versions else ""
        if area not in self._numbers:
            self._numbers[area] = profile.readings.numbers(area, profile.zone.day(self._now))
        # what the meter showed is judged by what was allowed when it was read
        allowed = any(span.contains(stated.end - 1) for span in self._above_limit.get(stated.metering_point, ()))
        found = profile.readings.readings.check(ReadingCase(*common, stated, self._numbers[area], allowed))
        return found, ReadingChecked(self._changes(stated), found)

    def _state(self, stated: Stated) -> ReadingState:
        """Where the reading period stands that begins with the row's."""
        for one in self._standing.get(stated.metering_point, ()):
            if one.version.start == stated.start:
                is_first = one.version.event is ReadingEvent.READING
                return ReadingState.ACCEPTED if is_first else ReadingState.CORRECTED
        return self._deadlines.get((stated.metering_point, stated.start), ReadingState.EXPECTED)

    def _changes(self, stated: MeterReading) -> bool:
        """Whether a reading states anything else than what stands for its period."""
        stands = self._find(stated)
        return stands is None or not _is_same(stands.version, stated)

    def _find(self, stated: Stated) -> _Standing | None:
        """What stands for the very period of a row."""
        own = self._standing.get(stated.metering_point, ())
        return next((o for o in own if (o.version.start, o.version.end) == (stated.start, stated.end)), None)

    # --- effects --------------------------------------------------------------------------------------------------

    def _deliver_reading(self, stated: Stated) -> ReadingOutcome:
        """DELIVER_READING: the newest period of its point."""
        self._standing.setdefault(stated.metering_point, []).append(self._keep(ReadingEvent.READING, stated, None))
        return ReadingOutcome.ACCEPTED

    def _deliver_notice(self, stated: Stated) -> ReadingOutcome:
        """DELIVER_CORRECTION_NOTICE: a later version in place of the one that stands (D1 §5.1.4)."""
        own = self._standing[stated.metering_point]
        place = next(i for i, one in enumerate(own) if one.version.start == stated.start)
        own[place] = self._keep(ReadingEvent.CORRECTION, stated, own[place])
        return ReadingOutcome.CORRECTED

    def _deliver_cancellation(self, stated: Stated) -> ReadingOutcome:
        """DELIVER_CANCELLATION: the newest period is no more (D1 §5.1.4)."""
        self._keep(ReadingEvent.CANCELLATION, stated, self._standing[stated.metering_point].pop())
        return ReadingOutcome.CANCELLED

    def _keep(self, event: ReadingEvent, stated: Stated, replaced: _Standing | None) -> _Standing:
        """A version of the row's period, in the place of another or of none."""
        number = self._transaction * PLACES + len(self._kept)
        if isinstance(stated, MeterReading):
            version = self._version(number, event, stated)
        else:
            assert replaced is not None
            version = replaced.version._replace(
                id=number, event=event, sender=self._mail.principal.party, transaction_id=stated.transaction
            )
        kept = _Standing(version, replaced)
        self._kept.append(kept)
        self._said[stated.transaction] = version
        return kept

    def _version(self, number: int, event: ReadingEvent, stated: MeterReading) -> ReadingVersion:
        return ReadingVersion(
            id=number,
            event=event,
            metering_point=stated.metering_point,
            start=stated.start,
            end=stated.end,
            consumption=stated.consumption.thousandths,
            quality=stated.quality,
            counter=None if stated.counter is None else stated.counter.thousandths,
            occasion=stated.occasion,
            nominal=stated.nominal or self._office.profile.zone.day(stated.end),
            sender=self._mail.principal.party,
            transaction_id=stated.transaction,
        )

    # --- reading and writing --------------------------------------------------------------------------------------

    def _load_standing(self, points: set[str]) -> dict[str, list[_Standing]]:
        known = store.standing(self._connection, points)
        receivers = store.receivers_of(self._connection, [v.id for own in known.values() for v in own])
        return {point: [_Standing(v, None, receivers.get(v.id, ())) for v in own] for point, own in known.items()}

    def _placed(self, place: int, finding: Finding) -> Finding:
        """A finding with the line or item of its row before the column."""
        where = self._rows.place(place)
        return replace(finding, path=f"{where.path}/{finding.path}", line=where.line)

    def _address(self) -> None:
        """Each version goes to whoever got the one before it, and to whoever is entitled to the period now."""
        keys = np.array([point_key(one.version.metering_point) for one in self._kept], dtype=np.int64)
        starts = np.array([one.version.start for one in self._kept], dtype=np.int64)
        located = self._master.locate(keys, starts, starts + 1)
        known = np.flatnonzero(located.number)
        entitled = self._office.profile.receivers(self._master, located.first[known], self._now)
        by_place = dict(zip(known.tolist(), entitled, strict=True))
        for place, one in enumerate(self._kept):
            told = () if one.replaced is None else one.replaced.receivers
            one.receivers = tuple(dict.fromkeys((*told, *by_place.get(place, ()))))

    def _write(self) -> None:
        mail, body = self._mail, self._mail.body
        who = (mail.principal.party, mail.principal.role.value, mail.principal.client_id, mail.name)
        packed = (len(body), hashlib.sha256(body).digest(), zstandard.ZstdCompressor().compress(body))
        run(
            self._connection,
            'insert into reading_message ("transaction", party, role, client, name, size, sha256, content)'
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            (self._transaction, *who, *packed),
        )
        self._address()
        store.keep(self._connection, [one.version for one in self._kept])
        store.deliver(self._connection, [(who, one.version.id) for one in self._kept for who in one.receivers])
        _note_findings(self._connection, self._transaction, self._found)


def _is_same(version: ReadingVersion, stated: Stated) -> bool:
    """Whether a row says exactly what a version says."""
    if (version.metering_point, version.start, version.end) != (stated.metering_point, stated.start, stated.end):
        return False
    if isinstance(stated, ReadingCancellation) or version.event is ReadingEvent.CANCELLATION:
        return isinstance(stated, ReadingCancellation) and version.event is ReadingEvent.CANCELLATION
    counter = None if stated.counter is None else stated.counter.thousandths
    values = (version.consumption, version.quality, version.counter, version.occasion)
    is_value = values == (stated.consumption.thousandths, stated.quality, counter, stated.occasion)
    return is_value and stated.nominal in (None, version.nominal)


def _note_findings(connection: Connection, transaction: int, found: Sequence[tuple[int, str, Finding]]) -> None:
    rows = [
        (transaction, ordinal, place, point_key(point), finding.code, msgspec.json.encode(finding))
        for ordinal, (place, point, finding) in enumerate(found)
    ]
    if rows:
        run_many(
            connection,
            'insert into reading_finding ("transaction", ordinal, place, metering_point, code, content)'
            " values (?, ?, ?, ?, ?, ?)",
            rows,
        )
