"""What became of metering data sent, asked for by its UUID or by when it came (EE-1.2, EE-1.4)."""

from __future__ import annotations

import json

from starlette.responses import Response

from gateway.codecs.estfeed.codes import STATES, Generation, name_of
from gateway.hub.ports import Refused
from gateway.hub.ports_metering_data import StatusQuery
from gateway.markets.estfeed import EstfeedPolicy
from gateway.messages.metering_status import MeteringDataStatus, ReportedError
from gateway.messages.times import NO_INSTANT, format_second
from gateway.transport.error_bodies import clean_text
from gateway.transport.estfeed.caller import CALLERS, JSON, Asked, by_body, by_headers
from gateway.transport.estfeed.errors import refuser
from gateway.transport.estfeed.instants import format_micros
from gateway.transport.estfeed.paging import PAGE_PARAMETERS, asked_page, page_value
from gateway.transport.estfeed.submission import by_rule
from gateway.transport.routes import Credentials, Parameter, Route

LONGEST_MESSAGE = 4000

_PLACE_NAMES = {Generation.V1: "meterEic", Generation.V2: "meteringPointEic"}


async def show_statuses(asked: Asked) -> Response:
    """The caller's own messages: one by its UUID, or those of a window, with every error by point and period."""
    members = await asked.members()
    policy = asked.market.estfeed
    attributes = members.object("meterDataStatusAttributes") if asked.generation is Generation.V1 else members
    document_id = attributes.document_id("originalDocumentIdentification")
    if asked.generation is Generation.V1 or (document_id is None and policy.needs_status_window):
        attributes.require("createdTimeFrom", "createdTimeTo")
    query = StatusQuery(
        document_id,
        *attributes.span("createdTimeFrom", "createdTimeTo"),
        attributes.choice("status", STATES),
        asked.commodity,
    )
    page = asked_page(asked, members, policy.page_sizes.status)
    found = await asked.call.services.exchange.metering_data.statuses(asked.principal, query, page)
    if isinstance(found, Refused):
        raise by_rule(asked, found)
    items = [status_item(one, asked.generation, policy.reports_errors) for one in found.statuses]
    names = ("meterDataStatuses", "pagination") if asked.generation is Generation.V1 else ("content", "page")
    value = {names[0]: items, names[1]: page_value(asked, page, found.total)}
    return asked.answer(json.dumps(value, ensure_ascii=False).encode())


def status_item(status: MeteringDataStatus, generation: Generation, lists_errors: bool) -> dict[str, object]:
    """One message as its sender may follow it."""
    item: dict[str, object] = {
        "originalDocumentIdentification": status.document_id,
        "senderEic": status.sender,
        "createdTime": format_micros(status.created_at),
        "status": name_of(STATES, status.state),
    }
    if status.errors:
        item["statusMessage"] = status_message(status.errors)
        if lists_errors:
            item["errors"] = [error_item(error, generation) for error in status.errors]
    return item


def status_message(errors: tuple[ReportedError, ...]) -> str:
    """The errors as sentences, one a line, as many as fit; a last line counts the others."""
    lines: list[str] = []
    room = LONGEST_MESSAGE
    for error in errors:
        where = " ".join(part for part in (error.metering_point, _start(error) or "", error.finding.path) if part)
        line = f"{where}: {error.finding.code}: {error.finding.text}".removeprefix(": ")
        room -= len(line) + 1
        if room < 0:
            lines.append(f"and {len(errors) - len(lines)} more")
            break
        lines.append(line)
    return "\n".join(map(clean_text, lines))


def error_item(error: ReportedError, generation: Generation) -> dict[str, object]:
    """One error: of which point and which period, under which code, and where in the message or in which row."""
    finding = error.finding
    sheet, _, cell = finding.path.rpartition("!")
    item: dict[str, object] = {"code": finding.code, "message": clean_text(finding.text), "args": list(finding.args)}
    places = {_PLACE_NAMES[generation]: error.metering_point, "periodStart": _start(error), "path": finding.path}
    row = {"sheetName": clean_text(sheet), "rowNumber": finding.line} if sheet and cell else {}
    return item | {name: clean_text(value) for name, value in places.items() if value} | row


def _start(error: ReportedError) -> str | None:
    return None if error.period_start == NO_INSTANT else format_second(error.period_start)


_TEXT: dict[str, object] = {"type": "string"}
_INSTANT: dict[str, object] = {"type": "string", "format": "date-time"}


def routes(policy: EstfeedPolicy) -> tuple[Route, ...]:
    """Where the state of messages is asked for."""
    return (
        Route(
            "POST",
            "/api/v1/meter-data/status",
            CALLERS,
            by_body(show_statuses),
            refuser(Generation.V1, policy),
            "What became of the metering data you sent.",
            credentials=Credentials.STATED_ROLE,
            reads=(JSON,),
            media=(JSON,),
        ),
        Route(
            "GET",
            "/api/v2/metering-data/status",
            CALLERS,
            by_headers(show_statuses),
            refuser(Generation.V2, policy),
            "What became of the metering data you sent.",
            credentials=Credentials.STATED_ROLE,
            parameters=(
                Parameter("originalDocumentIdentification", "The UUID a message was sent under", _TEXT),
                Parameter("createdTimeFrom", "Taken from this instant", _INSTANT),
                Parameter("createdTimeTo", "and before this one", _INSTANT),
                Parameter("status", "State", {"enum": list(STATES)}),
                *PAGE_PARAMETERS,
            ),
            media=(JSON,),
        ),
    )
