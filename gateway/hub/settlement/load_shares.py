"""Load shares of a month, frozen before it begins: what the residual consumption of its days is distributed by.

A share is the latest annual consumption of a profile-settled point, as read or else as master data estimate it, valid
at the first day of the month and known then; a change of supplier within the month takes effect in the next (D1 §1.3).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import transaction_at
from gateway.hub.office import Office
from gateway.hub.readings.store import annual_consumption
from gateway.hub.tables_settlement_masterdata import load_share
from gateway.messages.codes import Quality
from gateway.messages.masterdata import MasterData, Rows
from gateway.messages.series import Quantities
from gateway.messages.settlement_masterdata import SharesAt, in_force
from gateway.settlement.profiles import LoadShares, load_share_sums
from gateway.settlement.results import ResultKey

KeyOf = Callable[[MasterData, int, int, int], ResultKey]
"""The key of a sum from the codes of its three columns, grid area and supplier first."""

_NOBODY: Rows = np.empty(0, dtype=np.int64)


class MonthShares:
    """The load shares of the points of a month."""

    def __init__(self, office: Office, connection: Connection, day: date, as_of: int) -> None:
        """Of the month of a day; a hub that knew no shares when it began takes the first it learnt, up to `as_of`."""
        profile = office.profile
        self._at = profile.zone.midnight(day.replace(day=1))
        first = connection.execute(sa.select(sa.func.min(load_share.c.transaction))).scalar() or as_of
        known = min(max(transaction_at(connection, self._at * MICROSECONDS), first), as_of)
        self._facts = office.settlement_facts(connection, known)
        self._master = office.master_as_of(connection, known)
        self._shares = self._facts.load_shares_at(self._master, self._at)
        least = profile.readings.annual_days(day)
        self._quantity = _read_or_estimated(connection, self._shares, (self._at, known, least))

    def per_supplier(self) -> dict[str, LoadShares]:
        """Sums by supplier under its balance responsible party, for each grid area that has any."""
        shares = self._shares
        columns = (shares.grid_area, shares.energy_supplier, shares.balance_responsible)
        return self._sums(np.stack(columns, axis=1), self._quantity, _supplier_key)

    def per_tariff(self) -> dict[str, LoadShares]:
        """Sums by tariff and supplier; a point that pays several tariffs counts in each."""
        tariffs = in_force(self._facts.tariffs, self._at)
        place = np.searchsorted(self._shares.point, tariffs.point)
        place = np.minimum(place, max(len(self._shares.point) - 1, 0))
        paying = np.flatnonzero(self._shares.point[place] == tariffs.point) if len(self._shares.point) else _NOBODY
        rows = place[paying]
        columns = (self._shares.grid_area[rows], self._shares.energy_supplier[rows], tariffs.tariff[paying])
        names = self._facts.tariff_ids

        def key(master: MasterData, area: int, supplier: int, tariff: int) -> ResultKey:
            return ResultKey(master.areas.names[area], master.parties.name(supplier), tariff=names.name(tariff))

        return self._sums(np.stack(columns, axis=1), self._quantity[rows], key)

    def _sums(self, columns: Rows, quantity: Quantities, key: KeyOf) -> dict[str, LoadShares]:
        if not len(columns):
            return {}
        distinct, place = np.unique(columns, axis=0, return_inverse=True)
        keys = [key(self._master, *row) for row in distinct.tolist()]
        return load_share_sums(keys, place.reshape(-1), quantity)


def _supplier_key(master: MasterData, area: int, supplier: int, responsible: int) -> ResultKey:
    return ResultKey(master.areas.names[area], master.parties.name(supplier), master.parties.name(responsible))


def _read_or_estimated(connection: Connection, shares: SharesAt, view: tuple[int, int, int]) -> Quantities:
    """The annual consumption as read by an instant and known at a version, else as master data state it."""
    at, as_of, least_days = view
    if not len(shares.point):
        return shares.quantity
    read = annual_consumption(connection, shares.point, at, as_of, least_days)
    return np.where(read.quality == Quality.MISSING, shares.quantity, read.consumption)
