"""The tables of further facts about metering points as rows of text: columns, how each is read and written."""

from __future__ import annotations

import re

from gateway.codecs.fields import Codes
from gateway.hub.masterdata import cells
from gateway.hub.masterdata.agreement_layouts import fact_id
from gateway.hub.masterdata.layouts import (
    POINT,
    VALID_FROM,
    VALID_TO,
    ColumnLayout,
    Layout,
    code,
    party,
    plain,
    point,
)
from gateway.hub.ports import MasterDataTable
from gateway.messages.codes import AllowedFlow, MeteringMethod, PointClass, PointUse
from gateway.messages.point_details import CommunityMember, PointDetail, ReactiveOrder, fuse_of, fuse_text
from gateway.messages.quantities import format_quantity, format_scaled

_FUSE = re.compile(r"([13])x(\d{1,4})", re.ASCII)
_SHARE = re.compile(r"(\d{1,3})(?:\.(\d{1,4}))?", re.ASCII)
_SHARE_PLACES = 4

_USES = Codes({"AQ01": PointUse.NORMAL, "AQ02": PointUse.BUILDING, "AQ03": PointUse.OWN_USE, "AQ04": PointUse.VIRTUAL})
_METHODS = Codes({"E13": MeteringMethod.INTERVAL, "E14": MeteringMethod.READING, "E16": MeteringMethod.UNMETERED})
"""Codes of Finnish master data messages (EV)."""


def fuse(text: str) -> int:
    """A main fuse, as `3x63`."""
    match = _FUSE.fullmatch(text.strip().lower())
    if match is None or not int(match[2]):
        raise ValueError("is no main fuse such as 3x63 or 1x35, in amperes")
    return fuse_of(int(match[1]), int(match[2]))


def share(text: str) -> int:
    """Millionths, from a percentage with at most 4 decimals."""
    match = _SHARE.fullmatch(text.strip())
    millionths = int(match[1]) * 10**_SHARE_PLACES + int((match[2] or "").ljust(_SHARE_PLACES, "0")) if match else 0
    if not 0 < millionths <= 100 * 10**_SHARE_PLACES:
        raise ValueError("is no share: a percentage above 0 and at most 100, with at most 4 decimals")
    return millionths


def format_share(millionths: int) -> str:
    """A share as a file has it."""
    return format_scaled(millionths, _SHARE_PLACES, 0)


def _kwh(thousandths: int) -> str:
    return format_quantity(thousandths, 0)


POINT_DETAILS = Layout(
    MasterDataTable.POINT_DETAILS,
    PointDetail,
    ("metering_point",),
    (
        POINT,
        ColumnLayout("point_class", "point_class", code(PointClass)),
        ColumnLayout("use", "use", code(PointUse, _USES), PointUse.NORMAL),
        ColumnLayout("method", "method", code(MeteringMethod, _METHODS), MeteringMethod.INTERVAL),
        ColumnLayout("fuse", "fuse", plain(fuse), 0, write=fuse_text),
        ColumnLayout("directions", "directions", code(AllowedFlow), AllowedFlow.BOTH),
        ColumnLayout("related_point", "related_point", point, None),
        ColumnLayout(
            "annual_estimate", "annual_estimate", plain(cells.annual_consumption), None, write=_kwh, is_number=True
        ),
        VALID_FROM,
        VALID_TO,
    ),
)

REACTIVE_ORDERS = Layout(
    MasterDataTable.REACTIVE_ORDERS,
    ReactiveOrder,
    ("metering_point", "party"),
    (POINT, ColumnLayout("party", "party", party), VALID_FROM, VALID_TO),
)

COMMUNITIES = Layout(
    MasterDataTable.COMMUNITIES,
    CommunityMember,
    ("community", "metering_point"),
    (
        ColumnLayout("community", "community", plain(fact_id)),
        ColumnLayout("production_point", "production_point", point),
        POINT,
        ColumnLayout("share", "share", plain(share), write=format_share),
        ColumnLayout("surplus_point", "surplus_point", point, None),
        VALID_FROM,
        VALID_TO,
    ),
)
