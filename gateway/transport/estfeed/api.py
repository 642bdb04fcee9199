"""The endpoints of the Estonian datahub, all of them."""

from __future__ import annotations

from gateway.markets.estfeed import EstfeedPolicy
from gateway.transport.estfeed import distribution, search, status, submission, tokens, workbook_import, workbooks
from gateway.transport.routes import Route


def routes(policy: EstfeedPolicy) -> tuple[Route, ...]:
    """Their rows in the route table, worded by the market's settings."""
    families = (submission, status, search, distribution, workbooks, workbook_import)
    return (*tokens.ROUTES, *(route for family in families for route in family.routes(policy)))
