"""Master data as items of the Estonian datahub's change feed carry them: agreements, permissions, metering points.

Only what the hub knows is said; members of the original about addresses and equipment are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.codecs.estfeed.codes import COMMODITIES, ROLES, name_of
from gateway.messages.agreements import AccessPermission, Agreement
from gateway.messages.codes import Commodity, commodity_of
from gateway.messages.masterdata import FOREVER, MeteringPointVersion
from gateway.messages.times import format_minute

Item = dict[str, object]

_CHARACTERISTICS = {
    Commodity.ELECTRICITY: "electricityCharacteristics",
    Commodity.NATURAL_GAS: "gasCharacteristics",
}


def master_data_items(rows: Sequence[Agreement | AccessPermission | MeteringPointVersion]) -> list[Item]:
    """Rows of master data as items; an agreement is one for each of its customers."""
    items: list[Item] = []
    for row in rows:
        match row:
            case Agreement():
                items += [_agreement(row, customer) for customer in row.customers or (row.counterparty,)]
            case AccessPermission():
                items.append(_permission(row))
            case MeteringPointVersion():
                items.append(_metering_point(row))
    return items


def _agreement(row: Agreement, customer: str | None) -> Item:
    item: Item = {
        "agreementId": row.agreement,
        "meterEic": row.metering_point,
        "agreementType": row.kind.name,
        "preliminaryTerminationFee": False,
        "commodityType": name_of(COMMODITIES, row.commodity),
        **_validity(row.valid_from, row.valid_to),
        "serviceProviderEic": row.party,
        "customerEic": customer,
    }
    return _stated(item)


def _permission(row: AccessPermission) -> Item:
    item: Item = {
        "mandateCustomerEic": row.holder,
        "mandateCustomerType": None if row.holder_type is None else row.holder_type.name,
        "meteringPointEic": row.metering_point,
        "ownerCustomerEic": row.owner,
        "ownerCustomerType": None if row.owner_type is None else row.owner_type.name,
        "participantRoleType": name_of(ROLES, row.role),
        "permissionType": "ACCESS",
        "purpose": row.purpose or None,
        "status": "APPROVED",
        "subjectPeriodFrom": format_minute(row.data_from),
        "subjectPeriodTo": format_minute(row.data_to),
        **_validity(row.valid_from, row.valid_to),
    }
    return _stated(item)


def _metering_point(row: MeteringPointVersion) -> Item:
    facts = {"connectionState": row.connection_state.name, "resolution": row.resolution.value}
    return {
        "meteringPoint": {"meterEic": row.metering_point},
        _CHARACTERISTICS[commodity_of(row.unit)]: facts,
        **_validity(row.valid_from, row.valid_to),
    }


def _validity(start: int, end: int) -> Item:
    """From when, and until when where there is an end."""
    return {"validFrom": format_minute(start), **({} if end >= FOREVER else {"validTo": format_minute(end)})}


def _stated(item: Item) -> Item:
    """An item without the members that say nothing."""
    return {name: value for name, value in item.items() if value is not None}
