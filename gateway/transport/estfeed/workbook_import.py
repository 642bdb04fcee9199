"""Workbooks into the hub: all of it or nothing, every error at once with sheet and row (EE-2.1, EE-2.2).

The answer waits for the end of the processing; `gateway.transport.workbook_api` takes workbooks without waiting.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import anyio
from starlette.responses import Response

from gateway.codecs.estfeed.codes import Generation
from gateway.codecs.estfeed.writing import instant_texts
from gateway.codecs.points import column_texts
from gateway.codecs.table import Undecodable
from gateway.codecs.workbook.layouts import QUALITIES, RESOLUTIONS
from gateway.codecs.workbook.reading import read_workbook
from gateway.hub.ports import Refused
from gateway.hub.ports_metering_data import MeteringDataSubmission
from gateway.markets.estfeed import EstfeedPolicy
from gateway.messages.codes import Commodity, FeedForm, Flow, Unit
from gateway.messages.metering_data import Measure
from gateway.messages.metering_status import MeteringDataStatus, ReportedError
from gateway.messages.quantities import MOST_DECIMALS
from gateway.schemas.forms import FormOutcome, parse_form
from gateway.schemas.parsers import parse_json
from gateway.transport.bodies import read_body
from gateway.transport.error_bodies import clean_text
from gateway.transport.estfeed.caller import CALLERS, CONTEXT, JSON, Asked, by_headers, document_id_of, stated_in
from gateway.transport.estfeed.errors import refuser
from gateway.transport.estfeed.fields import Fields
from gateway.transport.estfeed.json_texts import array_text, object_text
from gateway.transport.estfeed.status import status_item
from gateway.transport.estfeed.submission import by_rule, not_taken
from gateway.transport.media_types import WORKBOOK, media_type
from gateway.transport.refusals import HttpRefusal
from gateway.transport.routes import Call, Credentials, Route

FORM = "multipart/form-data"
"""How both generations take a workbook: a part `file`; the first has the context as a part beside it."""

LONGEST_CONTEXT = 10_000

_COLUMNS: dict[str, Measure] = {
    "quantityKwhIn": Measure(Flow.IN, Unit.KWH),
    "quantityKwhOut": Measure(Flow.OUT, Unit.KWH),
    "quantityM3In": Measure(Flow.IN, Unit.CUBIC_METRE),
    "quantityM3Out": Measure(Flow.OUT, Unit.CUBIC_METRE),
}
_QUALITY_NAMES = {Flow.IN: ("readingTypeIn", "readingTimeIn"), Flow.OUT: ("readingTypeOut", "readingTimeOut")}


async def import_first(call: Call) -> Response:
    """Take a workbook and tell what was processed and what was not, by row (first generation)."""
    document_id = document_id_of(call)
    parts = await _parts(call)
    market = call.services.exchange.profile
    fields = Fields(market, dict.fromkeys(parts, ""))
    fields.require(CONTEXT)
    context = parse_json(parts[CONTEXT], LONGEST_CONTEXT)
    if not isinstance(context.value, dict):
        raise fields.unreadable(CONTEXT, "an object")
    asked = stated_in(Fields(market, context.value, f"{CONTEXT}."), call, document_id, _file(call, parts))
    outcome = await _carried_out(asked)
    if outcome.errors:
        return asked.answer(_first_answer([], [_unprocessed(error) for error in outcome.errors]))
    rows = await anyio.to_thread.run_sync(_rows, asked)
    return asked.answer(_first_answer(rows, []))


async def import_second(asked: Asked) -> Response:
    """Take a workbook and tell its final state, with every error by sheet and row (second generation)."""
    item = status_item(await _carried_out(asked), asked.generation, lists_errors=True)
    return asked.answer(json.dumps(item, ensure_ascii=False).encode())


async def _carried_out(asked: Asked) -> MeteringDataStatus:
    """Have a workbook processed: its final state; refused where the fault is in none of its rows."""
    call = asked.call
    message = MeteringDataSubmission(
        asked.document_id, FeedForm.WORKBOOK, asked.commodity, asked.body, call.correlation_id
    )
    outcome = await call.services.exchange.metering_data.carry_out(asked.principal, message)
    if not isinstance(outcome, MeteringDataStatus):
        raise not_taken(asked, outcome)
    if outcome.errors and not any(error.finding.line for error in outcome.errors):
        raise by_rule(asked, Refused(tuple(error.finding for error in outcome.errors)))
    return outcome


async def _parts(call: Call) -> dict[str, bytes]:
    body = await read_body(call)
    stated = call.request.headers.get("content-type", "")
    outcome: FormOutcome = await anyio.to_thread.run_sync(parse_form, body, stated)
    if outcome.finding is not None:
        raise _refused(call, "file-format", wanted=FORM)
    return outcome.parts


def _file(call: Call, parts: Mapping[str, bytes]) -> bytes:
    if "file" not in parts:
        raise _refused(call, "file-missing")
    return parts["file"]


async def _workbook_of(call: Call) -> bytes:
    """The workbook of a request: the body itself, or the file of a form."""
    if media_type(call.request.headers.get("content-type", "")) == WORKBOOK:
        return await read_body(call)
    return _file(call, await _parts(call))


def _refused(call: Call, rule: str, **words: object) -> HttpRefusal:
    return HttpRefusal(HTTPStatus.BAD_REQUEST, (call.services.exchange.profile.finding(rule, "", **words),))


def _first_answer(processed: Sequence[str], unprocessed: Sequence[dict[str, object]]) -> bytes:
    members = {"processed": array_text(processed), "unprocessed": json.dumps(unprocessed, ensure_ascii=False)}
    return object_text(members).encode()


def _unprocessed(error: ReportedError) -> dict[str, object]:
    """What is wrong with a row, as the first generation tells it."""
    finding = error.finding
    return {
        "sheetName": clean_text(finding.path.rpartition("!")[0]),
        "rowNumber": finding.line,
        "error": clean_text(f"{finding.code}: {finding.text}"),
    }


def _rows(asked: Asked) -> list[str]:
    """The rows of a workbook that was stored, as JSON texts."""
    data = read_workbook(asked.body, asked.commodity, asked.market.zone)
    if isinstance(data, Undecodable):
        return []
    blocks = data.block.tolist()
    columns: dict[str, Sequence[str]] = {
        "meterEic": [json.dumps(data.point[block]) for block in blocks],
        "periodStart": instant_texts(data.start),
        "resolution": [_RESOLUTIONS.get(data.resolution[block], "") for block in blocks],
    }
    for name, measure in _COLUMNS.items():
        column = data.measures.get(measure)
        if column is not None:
            columns[name] = column_texts(column.quantity, MOST_DECIMALS, column.as_written)
            type_name, time_name = _QUALITY_NAMES[measure.flow]
            columns[type_name] = [_QUALITIES.get(quality, "") for quality in column.quality.tolist()]
            columns[time_name] = instant_texts(column.read_at)
    return [
        object_text({name: text for name, text in zip(columns, row, strict=True) if text})
        for row in zip(*columns.values(), strict=True)
    ]


_RESOLUTIONS = {step.value: json.dumps(word) for word, step in RESOLUTIONS.items()}
_QUALITIES = {int(quality): json.dumps(word) for word, quality in QUALITIES.items()}


def routes(policy: EstfeedPolicy) -> tuple[Route, ...]:
    """Where workbooks are sent."""

    def second(commodity: Commodity) -> Route:
        return Route(
            "POST",
            f"/api/v2/metering-data/{commodity}/import",
            CALLERS,
            by_headers(import_second, commodity, _workbook_of),
            refuser(Generation.V2, policy),
            "Send a workbook of metering data and wait for its end.",
            credentials=Credentials.STATED_ROLE,
            reads=(FORM, WORKBOOK),
            media=(JSON,),
        )

    first = Route(
        "POST",
        "/api/v1/meter-data/import",
        CALLERS,
        import_first,
        refuser(Generation.V1, policy),
        "Send a workbook of metering data and wait for its end.",
        credentials=Credentials.STATED_ROLE,
        reads=(FORM,),
        media=(JSON,),
    )
    return (first, *map(second, Commodity))
