"""The tables of agreements and permissions as rows of text: columns, how each is read and written."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.hub.masterdata.layouts import (
    POINT,
    VALID_FROM,
    VALID_TO,
    ColumnLayout,
    Layout,
    code,
    instant,
    party,
    plain,
    point,
)
from gateway.hub.ports import MasterDataTable
from gateway.messages.agreements import AccessPermission, Agreement
from gateway.messages.codes import AgreementKind, Commodity, CustomerType, Role, Standing
from gateway.messages.times import format_second

ID_LIMIT, PURPOSE_LIMIT, CUSTOMERS_LIMIT = 64, 64, 2000
_CUSTOMER = re.compile(r"[0-9A-Za-z._:-]{1,35}", re.ASCII)


def fact_id(text: str) -> str:
    """The id of an agreement or a permission."""
    text = text.strip()
    if not text.isprintable() or not 1 <= len(text) <= ID_LIMIT:
        raise ValueError(f"is no id of at most {ID_LIMIT} printable characters")
    return text


def customer(text: str) -> str:
    """The id of a customer, whoever issues it."""
    text = text.strip()
    if not _CUSTOMER.fullmatch(text):
        raise ValueError("is no id of a customer: at most 35 letters, digits, dots, dashes and colons")
    return text


def customers(text: str) -> tuple[str, ...]:
    """Ids of customers, separated by spaces; sorted, each once."""
    if len(text) > CUSTOMERS_LIMIT:
        raise ValueError(f"are more than {CUSTOMERS_LIMIT} characters")
    try:
        return tuple(sorted({customer(one) for one in text.split()}))
    except ValueError:
        raise ValueError("are no ids of customers separated by spaces") from None


def purpose(text: str) -> str:
    """What a permission is for, in the market's word."""
    text = text.strip()
    if not text.isprintable() or len(text) > PURPOSE_LIMIT:
        raise ValueError(f"is no purpose of at most {PURPOSE_LIMIT} printable characters")
    return text


def _write_customers(ids: Sequence[str]) -> str:
    return " ".join(ids)


_STANDING = ColumnLayout("standing", "standing", code(Standing), Standing.IN_FORCE)

AGREEMENTS = Layout(
    MasterDataTable.AGREEMENTS,
    Agreement,
    ("agreement",),
    (
        ColumnLayout("agreement", "agreement", plain(fact_id), repeats=False),
        ColumnLayout("kind", "kind", code(AgreementKind)),
        ColumnLayout("party", "party", party),
        ColumnLayout("counterparty", "counterparty", party, None),
        ColumnLayout("metering_point", "metering_point", point, None),
        ColumnLayout("customers", "customers", plain(customers), (), write=_write_customers),
        ColumnLayout("customer_type", "customer_type", code(CustomerType), None),
        ColumnLayout("commodity", "commodity", code(Commodity), Commodity.ELECTRICITY),
        _STANDING,
        VALID_FROM,
        VALID_TO,
    ),
)

PERMISSIONS = Layout(
    MasterDataTable.PERMISSIONS,
    AccessPermission,
    ("permission",),
    (
        ColumnLayout("permission", "permission", plain(fact_id), repeats=False),
        POINT,
        ColumnLayout("holder", "holder", party),
        ColumnLayout("holder_type", "holder_type", code(CustomerType), None),
        ColumnLayout("role", "role", code(Role)),
        ColumnLayout("purpose", "purpose", plain(purpose), ""),
        ColumnLayout("owner", "owner", plain(customer), None),
        ColumnLayout("owner_type", "owner_type", code(CustomerType), None),
        ColumnLayout("data_from", "data_from", instant, write=format_second),
        ColumnLayout("data_to", "data_to", instant, write=format_second),
        _STANDING,
        VALID_FROM,
        VALID_TO,
    ),
)
