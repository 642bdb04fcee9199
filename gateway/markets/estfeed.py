"""How the endpoints of the Estonian datahub answer where its own texts disagree or are silent (Elering 12).

Each is a setting with the reading most clients meet as its default; a client written against another one is served by
changing it. What every reading has in common is no setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class NetNames(StrEnum):
    """How a net quantity out of the hub is called: as in all samples, or as in the tables of attributes."""

    NET_QTY_IN = "netQtyIn"
    NET_IN_QTY = "netInQty"

    @property
    def pair(self) -> tuple[str, str]:
        """The names of the net into the grid and of the net out of it."""
        return self.value, self.value.replace("In", "Out")


class PageNumberName(StrEnum):
    """How the second generation's answer calls the number of its page: as in the sample, or as in the table."""

    NUMBER = "number"
    PAGE = "page"


class ErrorWrapper(StrEnum):
    """The member of a first generation's error body that holds code and message: as published, or as in its OpenAPI."""

    CAUSE = "cause"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class PageSizes:
    """The largest page of each service; a larger one asked for is refused.

    Attributes:
        status: messages on a page of statuses.
        search: accounting intervals on a page of a search; a year of quarters fits.
        distribution: items on a page of the change feed.
    """

    status: int = 1000
    search: int = 36_000
    distribution: int = 1000


@dataclass(frozen=True, slots=True)
class EstfeedPolicy:
    """The settings of the endpoints.

    Attributes:
        submission_status: the HTTP status of a message taken: 202, in older texts 200 or 201.
        realms: names a token may be asked for under; any when empty.
        net_names: how net quantities are called in answers; both are taken.
        page_number_name: how the page's number is called in answers of the second generation.
        error_wrapper: the member that holds an error of the first generation.
        needs_document_time: whether a V1 message must say when it was made (`x-document-date-time`).
        needs_status_window: whether a V2 status query without a document id must name a window.
        needs_purpose: whether a V2 query must say its purpose; an energy service provider never does.
        reports_errors: whether a status answer lists its errors one by one beside the sentence that tells them.
        also_data: whether a V2 answer also has the member `data`, which some clients read.
        most_points: most metering points of one V2 query.
        default_page_size: of V2 pages where the query names none.
        page_sizes: the largest pages.
        statuses: HTTP statuses by rule of a refusal, where it is not 400.
    """

    submission_status: int = 202
    realms: frozenset[str] = frozenset()
    net_names: NetNames = NetNames.NET_QTY_IN
    page_number_name: PageNumberName = PageNumberName.NUMBER
    error_wrapper: ErrorWrapper = ErrorWrapper.CAUSE
    needs_document_time: bool = True
    needs_status_window: bool = False
    needs_purpose: bool = True
    reports_errors: bool = True
    also_data: bool = False
    most_points: int = 10
    default_page_size: int = 100
    page_sizes: PageSizes = field(default_factory=PageSizes)
    statuses: Mapping[str, int] = field(default_factory=dict)


NO_ESTFEED = EstfeedPolicy()
"""Of a market whose hub does not offer these endpoints (`Service.METERING_DATA`)."""


def read_estfeed(table: Mapping[str, Any]) -> EstfeedPolicy:
    """The policy from a market's TOML."""
    plain = {
        "realms": frozenset(table["realms"]),
        "net_names": NetNames(table["net_names"]),
        "page_number_name": PageNumberName(table["page_number_name"]),
        "error_wrapper": ErrorWrapper(table["error_wrapper"]),
        "page_sizes": PageSizes(**table["page_sizes"]),
    }
    return EstfeedPolicy(**{**table, **plain})
