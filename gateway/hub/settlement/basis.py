"""What a fixed basis holds of profile-settled consumption: distributed by load shares, also by tariff (D1 §4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gateway.hub.settlement.load_shares import MonthShares
from gateway.messages.findings import Finding
from gateway.settlement.profiles import LoadShares, distributed, distributed_per_brp, distribution_curve
from gateway.settlement.results import KeyedSums, ResultKey, ResultKind, SettlementResults

_REST = ResultKey("", tariff="")
"""Stands for everybody who does not pay a tariff; its part is not filed."""


class Profiled(NamedTuple):
    """Tables of profile-settled consumption, and by grid area what kept it from being distributed."""

    tables: dict[ResultKind, KeyedSums]
    findings: dict[str, Finding]


def profiled_tables(results: SettlementResults, shares: MonthShares) -> Profiled:
    """Distributed consumption by supplier, balance responsible party and tariff, with the load shares it goes by.

    In an area without load shares nothing is distributed, and its residual is grid loss alone (DK-1.15, DK-1.16):
    finding `no-load-shares`.
    """
    per_supplier, per_tariff = shares.per_supplier(), shares.per_tariff()
    found: dict[ResultKind, list[KeyedSums]] = {kind: [] for kind in _TABLES}
    findings: dict[str, Finding] = {}
    residual = results.tables[ResultKind.GRID_LOSS]
    for row, key in enumerate(residual.keys):
        quantity, sets = residual.quantity[row], residual.qualities[row]
        own = per_supplier.get(key.grid_area, LoadShares(key.grid_area, (), np.empty(0, dtype=np.int64)))
        curve = distribution_curve(quantity, own)
        if isinstance(curve, Finding):
            findings[key.grid_area] = curve
            continue
        by_supplier = distributed(quantity, sets, own)
        found[ResultKind.DISTRIBUTED_PER_SUPPLIER].append(by_supplier)
        found[ResultKind.DISTRIBUTED_PER_BRP].append(distributed_per_brp(by_supplier))
        found[ResultKind.LOAD_SHARES].append(_constant(own, len(quantity)))
        for paying in _by_tariff(per_tariff.get(key.grid_area), own.total):
            parts = distributed(quantity, sets, paying)
            named = [place for place, one in enumerate(parts.keys) if one != _REST]
            found[ResultKind.PROFILED_PER_TARIFF].append(parts.take(np.array(named, dtype=np.int64)))
    return Profiled({kind: KeyedSums.joined(tables) for kind, tables in found.items() if tables}, findings)


_TABLES = (
    ResultKind.DISTRIBUTED_PER_SUPPLIER,
    ResultKind.DISTRIBUTED_PER_BRP,
    ResultKind.LOAD_SHARES,
    ResultKind.PROFILED_PER_TARIFF,
)


def _constant(shares: LoadShares, steps: int) -> KeyedSums:
    """Sums of load shares as a table: the same at every step."""
    quantity = np.repeat(shares.share[:, None], steps, axis=1)
    return KeyedSums(shares.keys, quantity, np.zeros_like(quantity, dtype=np.uint8), np.ones_like(quantity, dtype=bool))


def _by_tariff(shares: LoadShares | None, total: int) -> list[LoadShares]:
    """The load shares of each tariff's payers, and of the rest of the area, so that each is a part of the whole."""
    if shares is None:
        return []
    places: dict[str | None, list[int]] = {}
    for place, key in enumerate(shares.keys):
        places.setdefault(key.tariff, []).append(place)
    found: list[LoadShares] = []
    for rows in places.values():
        share = shares.share[rows]
        keys = (*(shares.keys[row] for row in rows), _REST)
        found.append(LoadShares(shares.grid_area, keys, np.append(share, total - share.sum())))
    return found


def load_share_total(tables: Mapping[ResultKind, KeyedSums]) -> int:
    """The sum of an area's load shares as a snapshot holds it, thousandths of a kWh a year; 0 where there are none."""
    shares = tables.get(ResultKind.LOAD_SHARES)
    return 0 if shares is None or not len(shares.keys) else int(shares.quantity[:, 0].sum())
