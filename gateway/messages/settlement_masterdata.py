"""Master data that settlement needs beside `MasterData`: load shares, tariffs, formulas, grid loss, permissions.

They are a view of their own, so that the path of a message does not pay for them. Columns are sorted by metering
point; a fact holds over [valid_from, valid_to).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from gateway.messages.codes import GridLossRole, Permission, SettlementMethod
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import FOREVER, METHODS, Codes, MasterData, Names, Rows
from gateway.messages.times import Instants

FACTOR_ONE = 1_000_000
"""The factor 1: factors are whole millionths, and fit in 32 bits."""

PERMISSIONS: tuple[Permission, ...] = tuple(Permission)


class LoadShare(NamedTuple):
    """Latest read or estimated annual consumption of a profile-settled point (Regulation D1 §1.3)."""

    metering_point: str
    quantity: int
    """Thousandths of a kWh a year."""
    valid_from: int
    valid_to: int = FOREVER


class PointTariff(NamedTuple):
    """A tariff a metering point pays to its owner; a point may have several at once."""

    metering_point: str
    tariff: str
    owner: str
    valid_from: int
    valid_to: int = FOREVER


class FormulaTerm(NamedTuple):
    """A calculated point takes the values of another, times a factor in millionths (Regulation D1 §6.1.3)."""

    metering_point: str
    term_point: str
    factor: int
    valid_from: int
    valid_to: int = FOREVER


class GridLossPoint(NamedTuple):
    """The point on which one kind of a grid area's loss is booked; its supplier is the grid-loss supplier."""

    grid_area: str
    metering_point: str
    role: GridLossRole
    valid_from: int
    valid_to: int = FOREVER


class PointPermission(NamedTuple):
    """What is allowed to one metering point."""

    metering_point: str
    permission: Permission
    valid_from: int
    valid_to: int = FOREVER


@dataclass(frozen=True)
class SettlementFacts:
    """Rows of the five families, as an import states them or the register holds them."""

    load_shares: list[LoadShare] = field(default_factory=list)
    tariffs: list[PointTariff] = field(default_factory=list)
    formulas: list[FormulaTerm] = field(default_factory=list)
    grid_loss: list[GridLossPoint] = field(default_factory=list)
    permissions: list[PointPermission] = field(default_factory=list)


@dataclass(frozen=True)
class DatedColumns:
    """Facts about metering points as columns, sorted by point."""

    point: Rows
    valid_from: Instants
    valid_to: Instants


Columns = TypeVar("Columns", bound=DatedColumns)


@dataclass(frozen=True)
class LoadShares(DatedColumns):
    """Load shares; quantities in thousandths of a kWh a year."""

    quantity: Rows


@dataclass(frozen=True)
class Tariffs(DatedColumns):
    """Tariffs of points; codes in the view's `tariff_ids` and `owners`."""

    tariff: Codes
    owner: Codes


@dataclass(frozen=True)
class FormulaTerms(DatedColumns):
    """Terms of formulas; factors in millionths."""

    term: Rows
    factor: Rows


@dataclass(frozen=True)
class Permissions(DatedColumns):
    """Permissions of points; codes are places in `PERMISSIONS`."""

    permission: Codes


class Formula(NamedTuple):
    """What a calculated point is at an instant: the sum over `terms` of value times `factors`, in millionths."""

    point: int
    terms: Rows
    factors: Rows


class SharesAt(NamedTuple):
    """Load shares at an instant, one row for each point; codes are those of the `MasterData` asked (NONE: nobody)."""

    point: Rows
    quantity: Rows
    grid_area: Codes
    energy_supplier: Codes
    balance_responsible: Codes


@dataclass(frozen=True)
class SettlementMasterData:
    """What settlement knows of points, as known at one moment."""

    load_shares: LoadShares
    tariffs: Tariffs
    formulas: FormulaTerms
    permissions: Permissions
    grid_loss: tuple[GridLossPoint, ...]
    tariff_ids: Names
    owners: Names
    transaction: int = 0
    """The hub's transaction this view was built at; 0 for one read from files."""

    def load_shares_at(self, master: MasterData, at: int) -> SharesAt:
        """Load shares in force at an instant, with each point's grid area and parties then (Regulation D1 §1.3).

        A point that is not profile-settled at the instant, or unknown to `master`, has none.
        """
        shares = in_force(self.load_shares, at)
        instants = np.full(len(shares.point), at, dtype=np.int64)
        located = master.locate(shares.point, instants, instants + 1)
        known = np.flatnonzero(located.number)
        rows = located.first[known]
        profiled = master.points.settlement_method[rows] == METHODS.index(SettlementMethod.PROFILED)
        known, rows = known[profiled], rows[profiled]
        return SharesAt(
            shares.point[known],
            shares.quantity[known],
            master.points.grid_area[rows],
            master.points.energy_supplier[rows],
            master.points.balance_responsible[rows],
        )

    def formulas_at(self, at: int) -> tuple[Formula, ...]:
        """Formulas in force at an instant, each after those whose results it needs (Regulation D1 §6.1.3).

        Raises:
            graphlib.CycleError: a formula needs its own result; an import refuses such ones (`formula-cycle`).
        """
        terms = in_force(self.formulas, at)
        points, first = np.unique(terms.point, return_index=True)
        last = np.append(first, len(terms.point))[1:]
        formulas = {
            point: Formula(point, terms.term[low:high], terms.factor[low:high])
            for point, low, high in zip(points.tolist(), first.tolist(), last.tolist(), strict=True)
        }
        order = TopologicalSorter({point: formula.terms.tolist() for point, formula in formulas.items()})
        return tuple(formulas[point] for point in order.static_order() if point in formulas)

    def loss_point(self, grid_area: str, role: GridLossRole, at: int) -> str | None:
        """The point on which a grid area's positive or negative loss is booked at an instant."""
        for item in self.grid_loss:
            if item.grid_area == grid_area and item.role is role and item.valid_from <= at < item.valid_to:
                return item.metering_point
        return None

    def permitted(self, points: Rows, permission: Permission, at: int) -> npt.NDArray[np.bool_]:
        """Which of some points have a permission at an instant."""
        held = in_force(self.permissions, at)
        return np.isin(points, held.point[held.permission == PERMISSIONS.index(permission)])

    @classmethod
    def build(cls, facts: SettlementFacts, transaction: int = 0) -> SettlementMasterData:
        """A view from single rows."""
        shares, tariffs = sorted(facts.load_shares), sorted(facts.tariffs)
        terms, permissions = sorted(facts.formulas), sorted(facts.permissions)
        ids, owners = Names(), Names()
        return cls(
            LoadShares(*_dated(shares), _whole(row.quantity for row in shares)),
            Tariffs(
                *_dated(tariffs),
                _codes(ids.code(row.tariff) for row in tariffs),
                _codes(owners.code(row.owner) for row in tariffs),
            ),
            FormulaTerms(
                *_dated(terms), _whole(point_key(row.term_point) for row in terms), _whole(row.factor for row in terms)
            ),
            Permissions(*_dated(permissions), _codes(PERMISSIONS.index(row.permission) for row in permissions)),
            tuple(facts.grid_loss),
            ids,
            owners,
            transaction,
        )


def in_force(columns: Columns, at: int) -> Columns:
    """The rows that hold at an instant."""
    rows = np.flatnonzero((columns.valid_from <= at) & (columns.valid_to > at))
    return replace(columns, **{name: column[rows] for name, column in vars(columns).items()})


def _dated(
    rows: Sequence[LoadShare | PointTariff | FormulaTerm | PointPermission],
) -> tuple[Rows, Instants, Instants]:
    return (
        _whole(point_key(row.metering_point) for row in rows),
        _whole(row.valid_from for row in rows),
        _whole(row.valid_to for row in rows),
    )


def _whole(values: Iterable[int]) -> Rows:
    return np.fromiter(values, dtype=np.int64)


def _codes(values: Iterable[int]) -> Codes:
    return np.fromiter(values, dtype=np.int32)
