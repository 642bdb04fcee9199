"""Short words for what readers ask of the search."""

from __future__ import annotations

from typing import Any

from gateway.hub.metering_data.search import SearchDesk
from gateway.hub.ports import Principal, Refused
from gateway.hub.ports_metering_data import NumberedPage
from gateway.hub.ports_metering_search import MeteringDataAnswer, MeteringDataQuery, PointData
from gateway.messages.codes import Commodity, Flow
from tests.integration.feed.market import DAY, HOUSE, WHOLE_DAY, Market, answered, values_of


def ask(
    market: Market, reader: Principal, *points: str, page: NumberedPage | None = None, **how: Any
) -> MeteringDataAnswer | Refused:
    """What the search answers; of the house and the day where nothing else is asked."""
    stated = {"commodity": Commodity.ELECTRICITY, "start": DAY, "end": DAY + WHOLE_DAY, **how}
    query = MeteringDataQuery(points or (HOUSE,), **stated)
    return answered(SearchDesk(market.office).search(reader, query, page))


def found(market: Market, reader: Principal, *points: str, **how: Any) -> PointData:
    """The one point found."""
    answer = ask(market, reader, *points, **how)
    assert isinstance(answer, MeteringDataAnswer), answer
    assert not answer.refused, answer.refused
    (point,) = answer.found
    return point


def shown(market: Market, reader: Principal, *points: str, **how: Any) -> dict[tuple[int, Flow], int]:
    """Its values, by start and flow."""
    values = values_of(found(market, reader, *points, **how).data)
    return {(start, flow): quantity for (_, start, flow), quantity in values.items()}


def rules(market: Market, reader: Principal, *points: str, **how: Any) -> list[str]:
    """The rules by which a query or its one point is refused."""
    answer = ask(market, reader, *points, **how)
    if isinstance(answer, Refused):
        return [finding.rule for finding in answer.findings]
    return [finding.rule for refused in answer.refused for finding in refused.findings]
