"""The change feed: what was made available to the caller, by windows of time or of ids (EE-3.3).

In the first generation an item's content is a JSON text of its own within the JSON, in the second it is JSON itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from starlette.responses import Response

from gateway.codecs.estfeed.codes import Generation, name_of
from gateway.codecs.estfeed.master_data import master_data_items
from gateway.codecs.estfeed.shapes import V1_CONTENT, V2_SUBMISSION
from gateway.codecs.estfeed.writing import encode_each
from gateway.hub.ports import Refused
from gateway.hub.ports_feed import FeedItem, FeedQuery, FeedResource
from gateway.markets.estfeed import EstfeedPolicy
from gateway.messages.agreements import AccessPermission, Agreement
from gateway.messages.codes import Commodity
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.metering_data import MeteringData
from gateway.transport.estfeed.caller import CALLERS, JSON, Asked, Service, by_body, by_headers
from gateway.transport.estfeed.errors import refuser
from gateway.transport.estfeed.fields import Fields
from gateway.transport.estfeed.instants import format_micros
from gateway.transport.estfeed.json_texts import array_text, object_text
from gateway.transport.estfeed.paging import PAGE_PARAMETERS, asked_page, page_value
from gateway.transport.estfeed.submission import by_rule
from gateway.transport.routes import Credentials, Parameter, Route

RESOURCES: Mapping[str, FeedResource] = {
    "METERING_POINT": FeedResource.METERING_POINT,
    "METERING_DATA": FeedResource.METERING_DATA,
    "NETWORK_BILL": FeedResource.NETWORK_BILL,
    "CUSTOMER_DATA": FeedResource.CUSTOMER_DATA,
    "AGREEMENT": FeedResource.AGREEMENT,
    "PERMISSION": FeedResource.PERMISSION,
}

GREATEST_ID = 2**63 - 1

MasterDataRows = tuple[Agreement, ...] | tuple[AccessPermission, ...] | tuple[MeteringPointVersion, ...]


async def search_distributions(asked: Asked) -> Response:
    """Items of one kind (first generation)."""
    members = await asked.members()
    attributes = members.object("dataDistributionAttributes")
    resource = attributes.required_choice("resourceType", RESOURCES)
    return await _page(asked, members, _window(attributes, resource, asked.commodity))


def distributions_of(resource: FeedResource) -> Service:
    """Items of the kind the address names (second generation)."""

    async def serve(asked: Asked) -> Response:
        members = await asked.members()
        return await _page(asked, members, _window(members, resource, asked.commodity))

    return serve


def _window(attributes: Fields, resource: FeedResource, commodity: Commodity) -> FeedQuery:
    """The window asked for; whether it is one, and none too wide, is the feed's to say."""
    return FeedQuery(
        resource,
        commodity,
        attributes.micros("createdTimeFrom"),
        attributes.micros("createdTimeTo"),
        attributes.number("idFrom", -GREATEST_ID, GREATEST_ID),
        attributes.number("idTo", -GREATEST_ID, GREATEST_ID),
    )


async def _page(asked: Asked, members: Fields, query: FeedQuery) -> Response:
    page = asked_page(asked, members, asked.market.estfeed.page_sizes.distribution)
    found = await asked.call.services.exchange.feed.changes(asked.principal, query, page)
    if isinstance(found, Refused):
        raise by_rule(asked, found)
    item, names = _item_v2, ("content", "page")
    if asked.generation is Generation.V1:
        item, names = _item_v1, ("dataDistributions", "pagination")

    def write() -> str:
        contents = _contents(asked, found.items)
        items = array_text(item(one, content) for one, content in zip(found.items, contents, strict=True))
        return object_text({names[0]: items, names[1]: json.dumps(page_value(asked, page, found.total))})

    return await asked.answer_from(write)


def _item_v1(item: FeedItem, content: str | None) -> str:
    value: dict[str, object] = {
        "id": item.id,
        "createdTime": format_micros(item.created_at),
        "resourceType": name_of(RESOURCES, item.resource),
        "reason": item.reason.value,
        "hasContent": content is not None,
        "content": content or "",
    }
    if content is None:
        value["contentMissingReason"] = item.missing
    return json.dumps(value, ensure_ascii=False)


def _item_v2(item: FeedItem, content: str | None) -> str:
    members = {
        "id": json.dumps(item.uuid),
        "createdTime": json.dumps(format_micros(item.created_at)),
        "reason": json.dumps(item.reason.value),
        "content": content or "[]",
    }
    return object_text(members)


def _contents(asked: Asked, items: Sequence[FeedItem]) -> list[str | None]:
    """What each item carries, as JSON; None where the hub cannot say it any more."""
    shape = V1_CONTENT if asked.generation is Generation.V1 else V2_SUBMISSION
    data = [item.content for item in items if isinstance(item.content, MeteringData)]
    written = iter(encode_each(data, shape, asked.market.estfeed.net_names.pair))
    texts: list[str | None] = []
    for item in items:
        if item.content is None:
            texts.append(None)
        elif isinstance(item.content, MeteringData):
            texts.append(next(written))
        else:
            texts.append(_master_data(item.content, asked.generation))
    return texts


def _master_data(rows: MasterDataRows, generation: Generation) -> str:
    """A list; but of what is no agreement, the first generation gives a single item without one."""
    items = master_data_items(rows)
    is_alone = generation is Generation.V1 and len(items) == 1 and not isinstance(rows[0], Agreement)
    return json.dumps(items[0] if is_alone else items, ensure_ascii=False)


_INSTANT: dict[str, object] = {"type": "string", "format": "date-time"}
_ADDRESSES: Mapping[str, tuple[FeedResource, Commodity | None]] = {
    "metering-data/electricity": (FeedResource.METERING_DATA, Commodity.ELECTRICITY),
    "metering-data/natural-gas": (FeedResource.METERING_DATA, Commodity.NATURAL_GAS),
    "network-bill": (FeedResource.NETWORK_BILL, None),
    "agreement": (FeedResource.AGREEMENT, None),
}
"""The feeds of the second generation; None where headers say the commodity."""


def routes(policy: EstfeedPolicy) -> tuple[Route, ...]:
    """Where changes are fetched."""

    def second(address: str, resource: FeedResource, commodity: Commodity | None) -> Route:
        return Route(
            "GET",
            f"/api/v2/data-distributions/{address}",
            CALLERS,
            by_headers(distributions_of(resource), commodity),
            refuser(Generation.V2, policy),
            f"Changes made available to you: {resource.replace('-', ' ')}.",
            credentials=Credentials.STATED_ROLE,
            parameters=(
                Parameter("createdTimeFrom", "Made available from this instant", _INSTANT),
                Parameter("createdTimeTo", "and before this one", _INSTANT),
                *PAGE_PARAMETERS,
            ),
            media=(JSON,),
        )

    first = Route(
        "POST",
        "/api/v1/data-distribution/search",
        CALLERS,
        by_body(search_distributions),
        refuser(Generation.V1, policy),
        "Changes made available to you.",
        credentials=Credentials.STATED_ROLE,
        reads=(JSON,),
        media=(JSON,),
    )
    return (first, *(second(address, *what) for address, what in _ADDRESSES.items()))
