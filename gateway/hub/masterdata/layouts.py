"""The tables of master data, and customers of points, as rows of text: columns, how each is read and written.

An import file, a page of the API and the sample market all use these columns (house.md §8).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from gateway.codecs import codes_cim
from gateway.codecs.fields import Codes
from gateway.hub.masterdata import cells
from gateway.hub.masterdata.cells import Cells, Manner, PlainCells, Reader
from gateway.hub.ports import MasterDataRow, MasterDataTable
from gateway.messages.agreements import AccessPermission, Agreement
from gateway.messages.codes import (
    ConnectionState,
    DelegatedProcess,
    GridLossRole,
    MeteringPointType,
    Permission,
    Resolution,
    Role,
    SettlementMethod,
    Subtype,
    Unit,
)
from gateway.messages.masterdata import FOREVER, CustomerLink, Delegation, GridArea, MeteringPointVersion, PartyRole
from gateway.messages.point_details import CommunityMember, PointDetail, ReactiveOrder
from gateway.messages.quantities import format_quantity
from gateway.messages.readings import MeterReading, ReadingCancellation
from gateway.messages.settlement_masterdata import FormulaTerm, GridLossPoint, LoadShare, PointPermission, PointTariff
from gateway.messages.times import format_second

Row = TypeVar(
    "Row",
    MeteringPointVersion,
    PartyRole,
    GridArea,
    Delegation,
    LoadShare,
    PointTariff,
    FormulaTerm,
    GridLossPoint,
    PointPermission,
    Agreement,
    AccessPermission,
    PointDetail,
    ReactiveOrder,
    CommunityMember,
    CustomerLink,
    MeterReading,
    ReadingCancellation,
)
Dated = TypeVar(
    "Dated",
    MeteringPointVersion,
    PartyRole,
    GridArea,
    Delegation,
    LoadShare,
    PointTariff,
    FormulaTerm,
    GridLossPoint,
    PointPermission,
    Agreement,
    AccessPermission,
    PointDetail,
    ReactiveOrder,
    CommunityMember,
    CustomerLink,
)
"""Rows that hold from one instant to another."""

REQUIRED = object()
"""Default of a column that every file must have and every row must fill."""


class ColumnLayout(NamedTuple):
    """One column: its name in the file, the field it fills, how it is read, and what an empty cell means."""

    name: str
    field: str
    reader: Callable[[Manner], Reader]
    default: object = REQUIRED
    repeats: bool = True
    """Whether the same texts come again and again, so that remembering them pays."""
    write: Callable[[Any], str] = str
    """How a value that is stated is written."""
    is_number: bool = False
    """Whether JSON may have a whole number in place of the text."""

    def cells(self, manner: Manner) -> Cells:
        """The reader of this column's cells, an empty one standing for the default."""
        found = Cells(self.reader(manner)) if self.repeats else PlainCells(self.reader(manner))
        if self.default is not REQUIRED:
            found[""] = self.default
        return found


@dataclass(frozen=True)
class Layout(Generic[Row]):
    """A table's columns and the value one row becomes; rows of one `key` must not overlap in time."""

    table: str
    row: type[Row]
    key: tuple[str, ...]
    columns: tuple[ColumnLayout, ...]


def plain(reader: Reader) -> Callable[[Manner], Reader]:
    """Cells that every market reads alike."""
    return lambda _manner: reader


def party(manner: Manner) -> Reader:
    """Cells that name a party."""
    return manner.party


def point(manner: Manner) -> Reader:
    """Cells that name a metering point."""
    return manner.metering_point


def instant(manner: Manner) -> Reader:
    """Cells that name a day or an instant."""
    return manner.instant


def code(names: type[StrEnum], wire: Codes = cells.NO_CODES) -> Callable[[Manner], Reader]:
    """Cells of a code list."""
    return plain(cells.code(names, wire))


_AREA = plain(cells.grid_area)
_NAME = plain(cells.name)
VALID_FROM = ColumnLayout("valid_from", "valid_from", instant, write=format_second)
VALID_TO = ColumnLayout("valid_to", "valid_to", instant, FOREVER, write=format_second)
_VALIDITY = (VALID_FROM._replace(default=0), VALID_TO)
POINT = ColumnLayout("metering_point", "metering_point", point, repeats=False)

METERING_POINTS = Layout(
    MasterDataTable.METERING_POINTS,
    MeteringPointVersion,
    ("metering_point",),
    (
        POINT,
        ColumnLayout("kind", "kind", code(MeteringPointType, codes_cim.POINT_TYPES)),
        ColumnLayout("subtype", "subtype", code(Subtype, cells.SUBTYPES), Subtype.PHYSICAL),
        ColumnLayout(
            "settlement_method", "settlement_method", code(SettlementMethod, codes_cim.SETTLEMENT_METHODS), None
        ),
        ColumnLayout(
            "connection_state",
            "connection_state",
            code(ConnectionState, cells.STATES),
            ConnectionState.CONNECTED,
        ),
        ColumnLayout("grid_area", "grid_area", _AREA),
        ColumnLayout("resolution", "resolution", code(Resolution)),
        ColumnLayout("unit", "unit", code(Unit, codes_cim.UNITS), Unit.KWH),
        ColumnLayout("from_grid_area", "from_grid_area", _AREA, None),
        ColumnLayout("to_grid_area", "to_grid_area", _AREA, None),
        ColumnLayout("parent", "parent", point, None),
        ColumnLayout("energy_supplier", "energy_supplier", party, None),
        ColumnLayout("balance_responsible", "balance_responsible", party, None),
        VALID_FROM,
        VALID_TO,
    ),
)

PARTIES = Layout(
    MasterDataTable.PARTIES,
    PartyRole,
    ("party", "role"),
    (
        ColumnLayout("party", "party", party),
        ColumnLayout("name", "name", _NAME, ""),
        ColumnLayout("role", "role", code(Role, codes_cim.ROLES)),
        *_VALIDITY,
    ),
)

GRID_AREAS = Layout(
    MasterDataTable.GRID_AREAS,
    GridArea,
    ("code",),
    (
        ColumnLayout("grid_area", "code", _AREA),
        ColumnLayout("name", "name", _NAME, ""),
        ColumnLayout("grid_operator", "grid_operator", party),
        *_VALIDITY,
    ),
)

DELEGATIONS = Layout(
    MasterDataTable.DELEGATIONS,
    Delegation,
    ("process", "grid_area", "from_party", "from_role", "sequence"),
    (
        ColumnLayout("process", "process", code(DelegatedProcess, cells.RSM_NUMBERS)),
        ColumnLayout("grid_area", "grid_area", _AREA),
        ColumnLayout("from_party", "from_party", party),
        ColumnLayout("from_role", "from_role", code(Role, codes_cim.ROLES)),
        ColumnLayout("to_party", "to_party", party),
        ColumnLayout("to_role", "to_role", code(Role, codes_cim.ROLES)),
        *_VALIDITY,
        ColumnLayout("sequence", "sequence", plain(cells.sequence), 0, is_number=True),
    ),
)

LOAD_SHARES = Layout(
    MasterDataTable.LOAD_SHARES,
    LoadShare,
    ("metering_point",),
    (
        POINT,
        ColumnLayout(
            "kwh_per_year",
            "quantity",
            plain(cells.annual_consumption),
            write=partial(format_quantity, decimals=0),
            is_number=True,
        ),
        VALID_FROM,
        VALID_TO,
    ),
)

TARIFFS = Layout(
    MasterDataTable.TARIFFS,
    PointTariff,
    ("metering_point", "tariff", "owner"),
    (
        POINT,
        ColumnLayout("tariff", "tariff", plain(cells.tariff)),
        ColumnLayout("owner", "owner", party),
        VALID_FROM,
        VALID_TO,
    ),
)

FORMULAS = Layout(
    MasterDataTable.FORMULAS,
    FormulaTerm,
    ("metering_point", "term_point"),
    (
        POINT,
        ColumnLayout("term_point", "term_point", point, repeats=False),
        ColumnLayout("factor", "factor", plain(cells.factor), write=cells.format_factor, is_number=True),
        VALID_FROM,
        VALID_TO,
    ),
)

GRID_LOSS = Layout(
    MasterDataTable.GRID_LOSS,
    GridLossPoint,
    ("grid_area", "role"),
    (
        ColumnLayout("grid_area", "grid_area", _AREA),
        POINT,
        ColumnLayout("role", "role", code(GridLossRole)),
        VALID_FROM,
        VALID_TO,
    ),
)

POINT_PERMISSIONS = Layout(
    MasterDataTable.POINT_PERMISSIONS,
    PointPermission,
    ("metering_point", "permission"),
    (
        POINT,
        ColumnLayout("permission", "permission", code(Permission)),
        VALID_FROM,
        VALID_TO,
    ),
)

CUSTOMERS = Layout(
    "customers",
    CustomerLink,
    ("metering_point",),
    (
        POINT,
        ColumnLayout("customer", "customer", party, None),
        ColumnLayout("valid_from", "valid_from", instant),
        ColumnLayout("valid_to", "valid_to", instant, FOREVER),
    ),
)


def cells_of(layout: Layout[Row], row: Row) -> MasterDataRow:
    """A row as an import file has it; what is not stated is left out."""
    written = {column.name: _text(column, getattr(row, column.field)) for column in layout.columns}
    return {name: text for name, text in written.items() if text}


def _text(column: ColumnLayout, value: object) -> str:
    if value is None or (column.name == "valid_to" and value == FOREVER):
        return ""
    return column.write(value)
