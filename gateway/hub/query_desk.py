"""Anonymous queries carried out: implements `gateway.hub.access_ports.AnonymousQueries` (D1 §4.1.4).

What the grid operator gets is read from columns that hold nothing of who asked: an id of its own, the point, the
period, the text, the end of the window. Queries take no transaction number: these show in the audit trail of values,
and a gap in them would tell when somebody asked. Texts go past SQLAlchemy, whose errors would put them into a log.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.access import rights
from gateway.hub.access_ports import AskedPage, AskedQuery, NewQuery, QueryKind, ReceivedPage, ReceivedQuery
from gateway.hub.database import run
from gateway.hub.message_summaries import is_storable
from gateway.hub.office import Office
from gateway.hub.ports import Page, Principal, Refused
from gateway.hub.tables_queries import anonymous_query as table
from gateway.hub.tables_queries import query_step
from gateway.messages.codes import Role
from gateway.messages.findings import Finding
from gateway.messages.identifiers import is_point_id, point_id, point_key
from gateway.messages.masterdata import MasterData
from gateway.messages.times import DAY, Interval
from gateway.processes import effects
from gateway.processes.anonymous_query import ANONYMOUS_QUERY, AnonymousQueryState
from gateway.processes.events import Actor, Answered, DeadlinePassed, Event, Withdrawn
from gateway.processes.machine import Transition
from gateway.processes.registry import PROCESSES

S = AnonymousQueryState
REFERENCE_USED = "reference-used"
ALREADY_ANSWERED = "already-answered"
CLOSED_TO_ANSWERS = "no-longer-waiting"

_WHOLE = re.compile(r"[0-9]{1,18}")
_DUE_AT_ONCE = 500
_SHORTEST_NAME = 4
"""Letters of a name that tell more than a word by chance."""


class QueryDesk:
    """Takes, hands on and hands back anonymous queries over the hub's office."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def ask(self, asker: Principal, query: NewQuery) -> AskedQuery | Refused:
        """Ask the grid operator of a point; the same reference with the same content is the same query.

        Findings: `reference-used` (for another query), `unknown-point` (the point is unknown, or the asker is entitled
        to nothing of it in the period), `asks-itself`, `text-missing`, `text-too-long`, `text-characters`,
        `names-asker` (the text holds the asker's id or name).
        """
        return await asyncio.to_thread(self._ask, asker, query)

    async def asked(self, asker: Principal, page: Page) -> AskedPage:
        """What the party has asked in its role, newest first."""
        return await asyncio.to_thread(self._asked, asker, page)

    async def received(self, addressee: Principal, page: Page) -> ReceivedPage:
        """What has been handed on to the grid operator, in order of random ids."""
        return await asyncio.to_thread(self._received, addressee, page)

    async def answer(self, addressee: Principal, query_id: str, text: str) -> ReceivedQuery | Refused | None:
        """Answer a query; the same answer again is the same.

        Findings: `already-answered` (otherwise), `no-longer-waiting` (taken back or too late), and those of texts.
        """
        return await asyncio.to_thread(self._answer, addressee, query_id, text)

    async def withdraw(self, asker: Principal, query_id: str) -> AskedQuery | None:
        """Take a query back, or lay an answered one aside; what has ended stays as it ended."""
        return await asyncio.to_thread(self._withdraw, asker, query_id)

    def step_due(self, now: int) -> int:
        """Hand on, let expire and lay aside what is due; how many stepped."""
        done = 0
        while True:
            with self._office.database.read() as connection:
                waiting = connection.execute(sa.select(table.c.number).where(table.c.due_at <= now).limit(1)).first()
            if waiting is None:
                return done
            with self._office.database.write() as connection:
                due = sa.select(table).where(table.c.due_at <= now).order_by(table.c.number).limit(_DUE_AT_ONCE)
                for row in connection.execute(due.with_for_update()).all():
                    self._step(connection, row, DeadlinePassed(row.due_at), now)
                    done += 1

    # --- the asker's side -----------------------------------------------------------------------------------------

    def _ask(self, asker: Principal, query: NewQuery) -> AskedQuery | Refused:
        office, now = self._office, self._office.clock.now()
        with office.database.read() as connection:
            if (known := _same_reference(connection, asker, query)) is not None:
                return known
            master = office.refresh(connection)
        addressee = self._addressee(master, asker, query, now)
        findings = (*self._right_findings(addressee, asker), *self._text_findings(query, asker, master))
        if findings:
            return Refused(findings)
        with office.database.write() as connection:
            _keep(
                connection,
                asker_id=office.new_id(),
                addressee_id=office.new_id(),
                asker=asker.party,
                asker_role=asker.role.value,
                reference=query.reference,
                addressee=addressee,
                kind=query.kind.value,
                metering_point=point_key(query.metering_point),
                start=query.period.start,
                finish=query.period.end,
                text=query.text,
                asked_at=now,
                state=ANONYMOUS_QUERY.initial.value,
                version=ANONYMOUS_QUERY.version,
                due_at=office.profile.access.queries.window_end(now),
            )
            found = _same_reference(connection, asker, query)
        if found is None:
            raise LookupError(query.reference)
        return found

    def _addressee(self, master: MasterData, asker: Principal, query: NewQuery, now: int) -> str | None:
        """Who runs the point's grid area now; None where the asker is entitled to nothing of the point."""
        if not is_point_id(query.metering_point):
            return None
        point = point_key(query.metering_point)
        versions = master.versions(point, query.period)
        seen = rights(self._office.profile, master, asker, point, (query.period, now))
        responsible = asker.role is Role.BALANCE_RESPONSIBLE and any(
            version.balance_responsible == asker.party for version in versions
        )
        if not versions or not (seen or responsible):
            return None
        return master.grid_operator(versions[-1].grid_area, now)

    def _right_findings(self, addressee: str | None, asker: Principal) -> Iterable[Finding]:
        if addressee is None:
            text = "this metering point is unknown, or nothing of it is yours to see in the period"
            yield _refusal("unknown-point", text, "metering_point")
        elif addressee == asker.party:
            yield _refusal("asks-itself", "you run the grid area of this metering point yourself", "metering_point")

    def _text_findings(self, query: NewQuery, asker: Principal, master: MasterData) -> Iterable[Finding]:
        yield from self._plain_findings(query.text, is_needed=query.kind is QueryKind.QUESTION)
        names = {_squeezed(role.name) for role in master.roles if role.party == asker.party}
        telling = (asker.party, *(name for name in names if len(name) >= _SHORTEST_NAME))
        if any(name in _squeezed(query.text) for name in telling):
            yield _refusal("names-asker", "the text would tell the grid operator who asks", "text")

    def _plain_findings(self, text: str, *, is_needed: bool) -> Iterable[Finding]:
        longest = self._office.profile.access.queries.longest_text
        if is_needed and not text.strip():
            yield _refusal("text-missing", "there is no text", "text")
        if len(text) > longest:
            yield _refusal("text-too-long", f"a text has {longest} characters at most", "text")
        elif not text.isprintable():
            yield _refusal("text-characters", "a text is one line of printable characters", "text")

    def _asked(self, asker: Principal, page: Page) -> AskedPage:
        own = sa.and_(table.c.asker == asker.party, table.c.asker_role == asker.role.value)
        wanted = sa.select(table).where(own).order_by(table.c.number.desc())
        if page.after:
            if not _WHOLE.fullmatch(page.after):
                return AskedPage(())
            wanted = wanted.where(table.c.number < int(page.after))
        with self._office.database.read() as connection:
            rows = connection.execute(wanted.limit(page.limit + 1)).all()
        shown = rows[: page.limit]
        return AskedPage(tuple(map(_asked, shown)), str(shown[-1].number) if len(rows) > len(shown) else "")

    def _withdraw(self, asker: Principal, query_id: str) -> AskedQuery | None:
        if not is_storable(query_id):
            return None
        wanted, now = sa.select(table).where(table.c.asker_id == query_id), self._office.clock.now()
        with self._office.database.write() as connection:
            row = connection.execute(wanted.with_for_update()).first()
            if row is None:
                return None
            owner, who = Actor(row.asker, row.asker_role), Actor(asker.party, asker.role.value)
            if Withdrawn not in _machine(row).awaits(S(row.state)):
                return _asked(row) if who == owner else None
            is_own = self._step(connection, row, Withdrawn(owner, who), now)
            return _asked(connection.execute(wanted).one()) if is_own else None

    # --- the grid operator's side ---------------------------------------------------------------------------------

    def _received(self, addressee: Principal, page: Page) -> ReceivedPage:
        wanted = self._handed_on(addressee).order_by(table.c.addressee_id)
        if page.after:
            if not is_storable(page.after):
                return ReceivedPage(())
            wanted = wanted.where(table.c.addressee_id > page.after)
        with self._office.database.read() as connection:
            rows = connection.execute(wanted.limit(page.limit + 1)).all()
        shown = rows[: page.limit]
        return ReceivedPage(tuple(map(_received, shown)), shown[-1].addressee_id if len(rows) > len(shown) else "")

    def _answer(self, addressee: Principal, query_id: str, text: str) -> ReceivedQuery | Refused | None:
        if not is_storable(query_id):
            return None
        own = self._handed_on(addressee).where(table.c.addressee_id == query_id)
        now = self._office.clock.now()
        with self._office.database.write() as connection:
            row = connection.execute(own.with_for_update()).first()
            if row is None:
                return None
            if row.answer is not None:
                refused = _refusal(ALREADY_ANSWERED, "the query has another answer already", "")
                return _received(row) if row.answer == text else Refused((refused,))
            if row.state != S.FORWARDED:
                return Refused((_refusal(CLOSED_TO_ANSWERS, "the query no longer waits for an answer", ""),))
            if findings := tuple(self._plain_findings(text, is_needed=True)):
                return Refused(findings)
            statement = "update anonymous_query set answer = ?, answered_at = ? where number = ?"
            run(connection, statement, (text, now, row.number))
            role = Role.GRID_OPERATOR.value
            self._step(connection, row, Answered(Actor(row.addressee, role), Actor(addressee.party, role)), now)
            return _received(connection.execute(own).one())

    def _handed_on(self, addressee: Principal) -> sa.Select[Any]:
        """The queries a party sees as grid operator; whoever reads the grid operator's queue is it."""
        is_operator = self._office.profile.queue_role(addressee.role) is Role.GRID_OPERATOR
        own = table.c.addressee == addressee.party if is_operator else sa.false()
        return sa.select(table).where(own, table.c.shown_at.is_not(None))

    # --- steps ----------------------------------------------------------------------------------------------------

    def _step(self, connection: Connection, row: sa.Row[Any], event: Event, now: int) -> bool:
        """Let an event happen to a query: marks and step in one commit; False, with nothing changed, to a stranger."""
        machine = _machine(row)
        outcome = machine.step(S(row.state), event)
        if not isinstance(outcome, Transition):
            raise TypeError(outcome.finding.text)
        if effects.REFUSE_STRANGER in outcome.effects:
            return False
        marks = {"state": outcome.to.value, "due_at": self._due_at(outcome.to, now)}
        if effects.HAND_ON in outcome.effects:
            marks["shown_at"] = row.due_at
        connection.execute(sa.update(table).where(table.c.number == row.number).values(marks))
        steps = sa.select(sa.func.count()).where(query_step.c.query == row.number)
        connection.execute(
            sa.insert(query_step).values(
                query=row.number,
                ordinal=connection.execute(steps).scalar_one(),
                at=now,
                event=type(event).__name__,
                state=outcome.to.value,
            )
        )
        return True

    def _due_at(self, state: AnonymousQueryState, now: int) -> int | None:
        policy = self._office.profile.access.queries
        days = {S.FORWARDED: policy.answer_days, S.ANSWERED: policy.keep_days}.get(state)
        return None if days is None else now + days * DAY


def _machine(row: sa.Row[Any]) -> Any:
    """The table the query began with."""
    return PROCESSES[ANONYMOUS_QUERY.name, row.version]


def _keep(connection: Connection, **values: object) -> None:
    """Store a new query unless the asker has one of its reference."""
    names, marks = ", ".join(values), ", ".join("?" for _ in values)
    statement = f"insert into anonymous_query ({names}) values ({marks}) on conflict do nothing"  # noqa: S608
    run(connection, statement, list(values.values()))


def _same_reference(connection: Connection, asker: Principal, query: NewQuery) -> AskedQuery | Refused | None:
    """The asker's query of this reference, or the refusal when that was another one; None where it is new."""
    row = connection.execute(
        sa.select(table).where(
            table.c.asker == asker.party,
            table.c.asker_role == asker.role.value,
            table.c.reference == query.reference,
        )
    ).first()
    if row is None:
        return None
    if _question(row) != query:
        return Refused((_refusal(REFERENCE_USED, "you have used this reference for another query", "reference"),))
    return _asked(row)


def _question(row: sa.Row[Any]) -> NewQuery:
    period = Interval(row.start, row.finish)
    return NewQuery(row.reference, QueryKind(row.kind), point_id(row.metering_point), period, row.text)


def _asked(row: sa.Row[Any]) -> AskedQuery:
    return AskedQuery(
        id=row.asker_id,
        query=_question(row),
        grid_operator=row.addressee,
        state=row.state,
        asked_at=row.asked_at,
        handed_on_at=row.shown_at,
        answer=row.answer,
        answered_at=row.answered_at,
    )


def _received(row: sa.Row[Any]) -> ReceivedQuery:
    """What the grid operator sees; that who asked has laid an answer aside is none of its business."""
    return ReceivedQuery(
        id=row.addressee_id,
        kind=QueryKind(row.kind),
        metering_point=point_id(row.metering_point),
        period=Interval(row.start, row.finish),
        text=row.text,
        at=row.shown_at,
        state=S.ANSWERED.value if row.state == S.CLOSED else row.state,
        answer=row.answer,
    )


def _squeezed(text: str) -> str:
    """Letters and digits only, in one case: how a name is looked for."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in plain if character.isalnum())


def _refusal(rule: str, text: str, path: str) -> Finding:
    return Finding(code=rule, text=text, path=path, rule=rule, clause="D1 §4.1.4")
