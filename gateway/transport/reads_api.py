"""Who read a metering point's data: for its customer, and for the hub's operator (EE-3.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from starlette.responses import Response

from gateway.hub.ports_metering_search import ReadRecord
from gateway.messages.codes import Role
from gateway.messages.times import to_datetime
from gateway.transport.answers import PREFIX, answered, json_answer
from gateway.transport.hub_models import Body
from gateway.transport.problems import refuse_with_problem
from gateway.transport.queries import PAGE_PARAMETERS, Query, refuse
from gateway.transport.routes import CUSTOMER, OPERATOR, Call, Parameter, Route

PARAMETERS = (Parameter("point", "Metering point", {"type": "string"}, required=True), *PAGE_PARAMETERS)


class ReadBody(Body):
    """One read: who, when, which period of the data, on which ground, what for."""

    at: datetime
    metering_point: str
    data_from: datetime
    data_to: datetime
    party: str
    role: Role
    client: str
    ground: str
    purpose: str

    @classmethod
    def of(cls, record: ReadRecord) -> Self:
        """The body of a record."""
        return cls(
            at=to_datetime(record.at),
            metering_point=record.metering_point,
            data_from=to_datetime(record.data.start),
            data_to=to_datetime(record.data.end),
            party=record.party,
            role=record.role,
            client=record.client,
            ground=record.ground.value,
            purpose=record.purpose,
        )


class ReadsBody(Body):
    """Reads of a metering point's data, newest first."""

    reads: list[ReadBody]
    after: str = ""


async def list_reads(call: Call) -> Response:
    """Who read the data of a metering point."""
    query = Query(call, PARAMETERS)
    point = query.text("point")
    if not point:
        raise refuse("point", "is required")
    found = answered(await call.services.exchange.metering_search.reads(call.principal, point, query.page()))
    return json_answer(ReadsBody(reads=[ReadBody.of(record) for record in found.records], after=found.after))


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{PREFIX}/my/reads",
        CUSTOMER,
        list_reads,
        refuse_with_problem,
        "Who read the data of a metering point of yours, and on which ground.",
        gives=ReadsBody,
        parameters=PARAMETERS,
    ),
    Route(
        "GET",
        f"{PREFIX}/reads",
        OPERATOR,
        list_reads,
        refuse_with_problem,
        "Who read the data of a metering point, and on which ground.",
        gives=ReadsBody,
        parameters=PARAMETERS,
    ),
)
