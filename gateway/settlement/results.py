"""What a settlement comes to: tables of sums by key and step, immutable, to be filed and sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from gateway.messages.codes import Resolution
from gateway.messages.masterdata import Rows
from gateway.messages.series import Mask, Qualities, Quantities
from gateway.messages.times import STEP_SECONDS, Instants
from gateway.settlement.quality_sets import status_of


class ResultKind(StrEnum):
    """What a table of results holds; every one has the grid area in its key."""

    NET_EXCHANGE_PER_NEIGHBOUR = "net-exchange-per-neighbour"
    NET_EXCHANGE = "net-exchange"
    PRODUCTION_BEFORE_LOSS = "production-before-loss"
    FLEX_BEFORE_LOSS = "flex-before-loss"
    GRID_LOSS = "grid-loss"
    """Under Regulation D1 the residual consumption: what is profile-settled, and the loss of the grid."""
    POSITIVE_GRID_LOSS = "positive-grid-loss"
    NEGATIVE_GRID_LOSS = "negative-grid-loss"
    PRODUCTION_PER_SUPPLIER = "production-per-supplier"
    PRODUCTION_PER_BRP = "production-per-brp"
    PRODUCTION = "production"
    FLEX_PER_SUPPLIER = "flex-per-supplier"
    FLEX_PER_BRP = "flex-per-brp"
    FLEX = "flex"
    HOURLY_PER_SUPPLIER = "hourly-per-supplier"
    HOURLY_PER_BRP = "hourly-per-brp"
    HOURLY = "hourly"
    TOTAL_CONSUMPTION = "total-consumption"
    DISTRIBUTED_PER_SUPPLIER = "distributed-per-supplier"
    DISTRIBUTED_PER_BRP = "distributed-per-brp"
    LOAD_SHARES = "load-shares"
    """Not energy but thousandths of a kWh a year, the same at every step: the sums the residual is distributed by."""
    WHOLESALE_BASIS = "wholesale-basis"
    """Production and metered consumption by tariff and supplier, children included."""
    PROFILED_PER_TARIFF = "profiled-per-tariff"
    """Profile-settled consumption by tariff and supplier."""
    PRODUCTION_CORRECTION = "production-correction"
    FLEX_CORRECTION = "flex-correction"
    HOURLY_CORRECTION = "hourly-correction"


class ResultKey(NamedTuple):
    """Whose sum it is. What does not apply stays None.

    `neighbour` is the area on the other side of an exchange, `point` the one a grid loss is booked on.
    """

    grid_area: str
    supplier: str | None = None
    brp: str | None = None
    neighbour: str | None = None
    point: int | None = None
    tariff: str | None = None


@dataclass(frozen=True, slots=True)
class KeyedSums:
    """Sums by key over the same steps. Where a row does not exist, quantity and set are 0.

    Attributes:
        keys: m keys, each once.
        quantity: int64[m, steps] thousandths of a kWh; before rounding, quarters of these.
        qualities: uint8[m, steps], sets of contributing qualities (`quality_sets`).
        exists: bool[m, steps].
    """

    keys: tuple[ResultKey, ...]
    quantity: Quantities
    qualities: Qualities
    exists: Mask

    def __post_init__(self) -> None:
        for column in (self.quantity, self.qualities, self.exists):
            column.setflags(write=False)

    @classmethod
    def of(cls, keys: Sequence[ResultKey], quantity: Quantities, qualities: Qualities, exists: Mask) -> KeyedSums:
        """Sums with nothing but zeros where they do not exist."""
        return cls(tuple(keys), np.where(exists, quantity, 0), np.where(exists, qualities, np.uint8(0)), exists.copy())

    @classmethod
    def joined(cls, parts: Sequence[KeyedSums]) -> KeyedSums:
        """Rows behind each other; a key may then occur twice until they are summed (`by`)."""
        return cls(
            tuple(key for part in parts for key in part.keys),
            np.concatenate([part.quantity for part in parts]),
            np.concatenate([part.qualities for part in parts]),
            np.concatenate([part.exists for part in parts]),
        )

    @property
    def status(self) -> Qualities:
        """The aggregated status as `Quality` (Regulation D1 §4.1.5): uint8[m, steps]."""
        return status_of(self.qualities)

    @property
    def negated(self) -> KeyedSums:
        """The same with the opposite sign."""
        return KeyedSums(self.keys, -self.quantity, self.qualities, self.exists)

    def by(self, coarser: Callable[[ResultKey], ResultKey]) -> KeyedSums:
        """Sums of the rows whose coarser keys are alike, keys in order."""
        wanted = [coarser(key) for key in self.keys]
        keys = sorted(set(wanted), key=key_order)
        place = {key: row for row, key in enumerate(keys)}
        rows = np.array([place[key] for key in wanted], dtype=np.int64)
        shape = (len(keys), self.quantity.shape[1])
        quantity, qualities = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.uint8)
        exists = np.zeros(shape, dtype=bool)
        np.add.at(quantity, rows, self.quantity)
        np.bitwise_or.at(qualities, rows, self.qualities)
        np.logical_or.at(exists, rows, self.exists)
        return KeyedSums(tuple(keys), quantity, qualities, exists)

    def take(self, rows: Rows) -> KeyedSums:
        """Some of the rows."""
        keys = tuple(self.keys[row] for row in rows.tolist())
        return KeyedSums(keys, self.quantity[rows], self.qualities[rows], self.exists[rows])

    def where(self, exists: Mask) -> KeyedSums:
        """Only the steps at which a mask bool[m, steps] holds as well."""
        return KeyedSums.of(self.keys, self.quantity, self.qualities, self.exists & exists)

    def with_quantity(self, quantity: Quantities) -> KeyedSums:
        """The same rows with other quantities."""
        return KeyedSums.of(self.keys, quantity, self.qualities, self.exists)


def key_order(key: ResultKey) -> tuple[str, ...]:
    """The order of keys that is the same everywhere and always."""
    return tuple("" if part is None else f"{part:020d}" if isinstance(part, int) else part for part in key)


def area_of(key: ResultKey) -> ResultKey:
    """The key of a whole grid area."""
    return ResultKey(key.grid_area)


def brp_of(key: ResultKey) -> ResultKey:
    """The key of a balance responsible party in a grid area."""
    return ResultKey(key.grid_area, brp=key.brp)


def supplier_of(key: ResultKey) -> ResultKey:
    """The key of a supplier under its balance responsible party in a grid area."""
    return ResultKey(key.grid_area, key.supplier, key.brp)


def by_party(production: KeyedSums, flex: KeyedSums, hourly: KeyedSums) -> dict[ResultKind, KeyedSums]:
    """The tables of three measures by supplier, by balance responsible party and by grid area."""
    tables: dict[ResultKind, KeyedSums] = {}
    for sums, (per_supplier, per_brp, whole) in zip((production, flex, hourly), _BY_PARTY, strict=True):
        tables |= {per_supplier: sums, per_brp: sums.by(brp_of), whole: sums.by(area_of)}
    return tables


_BY_PARTY = (
    (ResultKind.PRODUCTION_PER_SUPPLIER, ResultKind.PRODUCTION_PER_BRP, ResultKind.PRODUCTION),
    (ResultKind.FLEX_PER_SUPPLIER, ResultKind.FLEX_PER_BRP, ResultKind.FLEX),
    (ResultKind.HOURLY_PER_SUPPLIER, ResultKind.HOURLY_PER_BRP, ResultKind.HOURLY),
)


class Method(StrEnum):
    """Whose rules a settlement follows."""

    D1 = "d1"
    """Regulation D1: residual consumption, each aggregate rounded once."""
    DH3 = "dh3"
    """As today's Danish hub: grid loss booked on points, remainders carried within the hour."""


class ResultSeries(NamedTuple):
    """One row of a table: a kind of sum of one key over all steps, to be sent as a document."""

    kind: ResultKind
    key: ResultKey
    quantity: Quantities
    qualities: Qualities
    exists: Mask


@dataclass(frozen=True, slots=True)
class SettlementResults:
    """All tables of one settlement.

    Attributes:
        method: whose rules they follow.
        resolution: `PT15M` or `PT1H`.
        starts: int64[steps], the instant each step begins at.
        tables: sums by kind, rounded to thousandths of a kWh.
    """

    method: Method
    resolution: Resolution
    starts: Instants
    tables: Mapping[ResultKind, KeyedSums]

    def __post_init__(self) -> None:
        self.starts.setflags(write=False)
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))

    @property
    def start(self) -> int:
        """The instant the first step begins at."""
        return int(self.starts[0])

    @property
    def end(self) -> int:
        """The instant the last step ends at."""
        return int(self.starts[-1]) + STEP_SECONDS[self.resolution]

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return len(self.starts)

    def series(self) -> Iterator[ResultSeries]:
        """Every row of every table."""
        for kind, table in self.tables.items():
            for row, key in enumerate(table.keys):
                yield ResultSeries(kind, key, table.quantity[row], table.qualities[row], table.exists[row])
