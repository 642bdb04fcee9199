"""The neutral API `/api/hub/v1`: values, messages, queues and master data for people and programs of any market.

Who may see what is the hub's decision; what a caller may not see answers 404 here, as what does not exist.
"""

from __future__ import annotations

from http import HTTPStatus

import anyio
from pydantic import BaseModel
from starlette.responses import Response

from gateway.hub.ports import Client, ImportReport, MasterDataTable
from gateway.messages.codes import Flow, Unit
from gateway.messages.findings import has_errors
from gateway.messages.times import to_datetime
from gateway.transport import hub_models as models
from gateway.transport.answers import JSON, PREFIX, answered, in_path, json_answer, taken
from gateway.transport.bodies import read_body
from gateway.transport.client_secrets import hash_secret, new_secret
from gateway.transport.error_bodies import MOST_DETAILS
from gateway.transport.media_types import CSV, WORKBOOK, media_type
from gateway.transport.problems import FindingBody, refuse_with_problem
from gateway.transport.queries import (
    MESSAGE_PARAMETERS,
    PAGE_PARAMETERS,
    SERIES_PARAMETERS,
    VERSION_PARAMETERS,
    Query,
    message_filter,
)
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.routes import EVERY_ROLE, OPERATOR, Call, Credentials, Handler, Parameter, Route
from gateway.transport.series_answer import series_answer

MASTER_DATA_FORMS = {CSV: "csv", JSON: "json"}


async def read_series(call: Call) -> Response:
    """Values of metering points as known at an instant, as JSON, CSV or a workbook by Accept."""
    return await series_answer(call, call.services.exchange.read_series)


async def show_versions(call: Call) -> Response:
    """Every version of one value: the audit trail."""
    query = Query(call, VERSION_PARAMETERS)
    point, at = query.text("point"), query.required_instant("at")
    sort = query.listed("unit", Unit), query.listed("flow", Flow)
    found = answered(await call.services.exchange.value_versions(call.principal, point, at, sort))
    versions = [models.VersionBody.of(version) for version in found]
    return json_answer(models.VersionsBody(metering_point=point, start=to_datetime(at), versions=versions))


async def list_messages(call: Call) -> Response:
    """The caller's messages in and out."""
    query = Query(call, MESSAGE_PARAMETERS)
    page = await call.services.exchange.messages(call.principal, message_filter(query), query.page())
    found = [models.MessageBody.of(summary) for summary in page.messages]
    return json_answer(models.MessagesBody(messages=found, after=page.after))


async def show_message(call: Call) -> Response:
    """Where one message stands, with its history and its series."""
    status = answered(
        await call.services.exchange.message_status(call.principal, call.request.path_params["message_id"])
    )
    return json_answer(models.MessageStatusBody.of(status))


async def show_queues(call: Call) -> Response:
    """What waits for the caller."""
    lengths = await call.services.exchange.queue_lengths(call.principal)
    return json_answer(models.QueuesBody(queues=[models.QueueBody.of(length) for length in lengths]))


def _rows_of(table: MasterDataTable) -> Handler:
    async def show_rows(call: Call) -> Response:
        page = Query(call, PAGE_PARAMETERS).page()
        key = str(call.request.path_params.get("key", ""))
        found = answered(await call.services.exchange.master_data(call.principal, table, key, page))
        return json_answer(models.RowsBody(rows=[dict(row) for row in found.rows], after=found.after))

    return show_rows


def _take_rows_of(table: MasterDataTable) -> Handler:
    async def take_rows(call: Call) -> Response:
        form = MASTER_DATA_FORMS.get(media_type(call.request.headers.get("content-type", "")))
        if form is None:
            text = f"Content-Type must be {CSV} or {JSON}"
            raise refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, text, "Content-Type")
        body = await read_body(call)
        return _imported(await call.services.exchange.import_master_data(call.principal, {f"{table}.{form}": body}))

    return take_rows


async def import_files(call: Call) -> Response:
    """Take files of master data, all together or not at all."""
    given = await taken(call, models.FilesBody)
    files = {name: text.encode() for name, text in given.files.items()}
    return _imported(await call.services.exchange.import_master_data(call.principal, files))


def _imported(report: ImportReport) -> Response:
    if has_errors(report.findings):
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, report.findings)
    remarks = [FindingBody.of(finding) for finding in report.findings[:MOST_DETAILS]]
    return json_answer(models.ImportBody(rows=dict(report.rows), findings=remarks))


async def register_client(call: Call) -> Response:
    """Register a client or give it a new secret; the secret is shown this once."""
    client_id = str(call.request.path_params["client_id"])
    if not client_id.isascii() or not client_id.replace("-", "").replace("_", "").isalnum() or len(client_id) > 64:
        raise refusal(HTTPStatus.BAD_REQUEST, "A client id is at most 64 letters, digits, - and _", "client_id")
    stated = await taken(call, models.NewClientBody)
    secret = new_secret()
    hashed = await anyio.to_thread.run_sync(hash_secret, secret)
    refused = await call.services.exchange.register_client(
        Client(
            client_id,
            stated.party,
            stated.role,
            hashed,
            stated.thumbprint,
            stated.further_roles,
            tuple(stated.addresses),
        )
    )
    if refused is not None:
        raise HttpRefusal(HTTPStatus.CONFLICT, refused.findings)
    answer = models.ClientBody(
        client_id=client_id,
        party=stated.party,
        role=stated.role,
        further_roles=sorted(stated.further_roles - {stated.role}),
        addresses=stated.addresses,
        secret=secret,
    )
    response = json_answer(answer, HTTPStatus.CREATED)
    response.headers["Cache-Control"] = "no-store"
    return response


async def show_health(call: Call) -> Response:
    """The server answers."""
    return json_answer(models.HealthBody(status="ok"))


async def show_readiness(call: Call) -> Response:
    """Whether the hub can take messages now; 503 when it cannot."""
    state = await call.services.exchange.readiness()
    status = HTTPStatus.OK if state.ready else HTTPStatus.SERVICE_UNAVAILABLE
    response = json_answer(models.ReadinessBody(ready=state.ready, parts=dict(state.parts)), status)
    if not state.ready:
        response.headers["Retry-After"] = str(call.services.settings.retry_after)
    return response


def _read(path: str, handler: Handler, text: str, gives: type[BaseModel], *parameters: Parameter) -> Route:
    return Route(
        "GET", PREFIX + path, EVERY_ROLE, handler, refuse_with_problem, text, gives=gives, parameters=parameters
    )


def _table_routes(table: MasterDataTable) -> tuple[Route, ...]:
    words = table.replace("-", " ")
    show = _rows_of(table)
    return (
        _read(f"/{table}", show, f"The {words} you may see, every version.", models.RowsBody, *PAGE_PARAMETERS),
        _read(
            f"/{table}/{{key}}",
            show,
            f"Every version of one of the {words}.",
            models.RowsBody,
            in_path("key", "Its identifier"),
            *PAGE_PARAMETERS,
        ),
        Route(
            "PUT",
            f"{PREFIX}/{table}",
            OPERATOR,
            _take_rows_of(table),
            refuse_with_problem,
            f"Take rows of {words} as CSV or JSON, all or none.",
            reads=tuple(MASTER_DATA_FORMS),
            gives=models.ImportBody,
        ),
    )


def _open(path: str, handler: Handler, text: str, gives: type[BaseModel]) -> Route:
    return Route(
        "GET",
        PREFIX + path,
        frozenset(),
        handler,
        refuse_with_problem,
        text,
        credentials=Credentials.NONE,
        gives=gives,
    )


ROUTES: tuple[Route, ...] = (
    _open("/health", show_health, "Whether the server answers.", models.HealthBody),
    _open("/ready", show_readiness, "Whether the hub can take messages now.", models.ReadinessBody),
    Route(
        "GET",
        f"{PREFIX}/series",
        EVERY_ROLE,
        read_series,
        refuse_with_problem,
        "Values of metering points as known at an instant, in a chosen unit and step.",
        gives=models.SeriesBody,
        parameters=SERIES_PARAMETERS,
        media=(CSV, WORKBOOK),
    ),
    _read("/series/versions", show_versions, "Every version of one value.", models.VersionsBody, *VERSION_PARAMETERS),
    _read("/messages", list_messages, "Your messages in and out.", models.MessagesBody, *MESSAGE_PARAMETERS),
    _read(
        "/messages/{message_id:path}",
        show_message,
        "Where a message stands, with its history.",
        models.MessageStatusBody,
        in_path("message_id", "Id of the message"),
    ),
    _read("/queues", show_queues, "What waits for you.", models.QueuesBody),
    *(route for table in MasterDataTable for route in _table_routes(table)),
    Route(
        "POST",
        f"{PREFIX}/master-data",
        OPERATOR,
        import_files,
        refuse_with_problem,
        "Take files of master data, all together or not at all.",
        takes=models.FilesBody,
        gives=models.ImportBody,
    ),
    Route(
        "PUT",
        f"{PREFIX}/clients/{{client_id}}",
        OPERATOR,
        register_client,
        refuse_with_problem,
        "Register a client or give it a new secret, which is shown once.",
        takes=models.NewClientBody,
        gives=models.ClientBody,
        parameters=(in_path("client_id", "The client's id"),),
        status=HTTPStatus.CREATED,
    ),
)
