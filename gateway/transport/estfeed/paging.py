"""Pages in both styles: `pagination` of the first generation, `page` beside `content` of the second (Elering 12)."""

from __future__ import annotations

from gateway.codecs.estfeed.codes import Generation
from gateway.hub.ports_metering_data import NumberedPage
from gateway.transport.estfeed.caller import Asked
from gateway.transport.estfeed.fields import Fields
from gateway.transport.routes import Parameter

GREATEST_PAGE = 2**31 - 1

PAGE_PARAMETERS = (
    Parameter("page", "Which page, from 0", {"type": "integer", "minimum": 0}),
    Parameter("size", "How many items on a page", {"type": "integer", "minimum": 1}),
)


def asked_page(asked: Asked, members: Fields, largest: int) -> NumberedPage:
    """The page asked for, counted from 0. The first generation must name it and its size, the second may."""
    if asked.generation is Generation.V1:
        wanted = members.object("pagination")
        wanted.require("page", "pageSize")
        names, usual = ("page", "pageSize"), largest
    else:
        wanted, names = members, ("page", "size")
        usual = min(asked.market.estfeed.default_page_size, largest)
    page = wanted.number(names[0], 0, GREATEST_PAGE)
    size = wanted.number(names[1], 1, largest)
    return NumberedPage(page or 0, usual if size is None else size)


def page_value(asked: Asked, page: NumberedPage, total: int) -> dict[str, int]:
    """What an answer says of its page, as the value of `pagination` or `page`; `total` counts all items."""
    pages = -(-total // page.size)
    if asked.generation is Generation.V1:
        return {"page": page.page, "totalPages": pages}
    number_name = asked.market.estfeed.page_number_name.value
    return {"size": page.size, number_name: page.page, "totalElements": total, "totalPages": pages}
