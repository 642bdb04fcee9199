"""The columns of workbooks with metering data, in both generations and for both commodities (EE-2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.codecs.estfeed.codes import Generation
from gateway.messages.codes import Commodity, Flow, Quality, Resolution, Unit
from gateway.messages.metering_data import Measure, Member

SHEET = "meter-data"
"""What the sheets we write are called; a second one has a number behind."""


RESOLUTIONS: Mapping[str, Resolution] = {
    "15 MINUTES": Resolution.QUARTER,
    "HOURLY": Resolution.HOUR,
    "DAILY": Resolution.DAY,
}
QUALITIES: Mapping[str, Quality] = {"METERED": Quality.MEASURED, "ESTIMATED": Quality.ESTIMATED}


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        title: what stands in the first row.
        member: what its cells say of an interval.
        flow: the flow they are about; None where they are about the interval.
        unit: the unit of quantities.
        is_required: whether a sheet must have the column.
        other_title: what else the column may be called.
    """

    title: str
    member: Member
    flow: Flow | None = None
    unit: Unit | None = None
    is_required: bool = False
    other_title: str = ""

    @property
    def measure(self) -> Measure | None:
        """What a column of quantities measures."""
        return Measure(self.flow, self.unit) if self.flow is not None and self.unit is not None else None


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a sheet, in the order in which they are written."""

    generation: Generation
    commodity: Commodity
    columns: tuple[Column, ...]

    def find(self, title: object) -> Column | None:
        """The column with a title, however it is spaced and capitalised."""
        if not isinstance(title, str):
            return None
        wanted = plain(title)
        return next(
            (column for column in self.columns if wanted in (plain(column.title), plain(column.other_title))), None
        )


def plain(title: str) -> str:
    """A title without what people write differently."""
    return " ".join(title.split()).casefold()


_POINT = Column("Metering Point EIC", Member.POINT, is_required=True, other_title="Meter EIC")
_METER = Column("Meter EIC", Member.POINT, is_required=True, other_title="Metering Point EIC")
_START = Column("Period Start", Member.START, is_required=True)
_RESOLUTION = Column("Resolution", Member.RESOLUTION, is_required=True)
_QUALITIES = (
    Column("Reading Type IN", Member.QUALITY, Flow.IN),
    Column("Reading Type OUT", Member.QUALITY, Flow.OUT),
)
_READ_AT = (
    Column("Reading Time IN", Member.READ_AT, Flow.IN),
    Column("Reading Time OUT", Member.READ_AT, Flow.OUT),
)
_FLOWS = (("IN", Flow.IN), ("OUT", Flow.OUT))
_NETS = tuple(
    Column(f"NET {name} Quantity kWh", Member.QUANTITY, flow, Unit.KWH)
    for name, flow in (("IN", Flow.NET_IN), ("OUT", Flow.NET_OUT))
)


def _v2(unit: Unit, name: str) -> tuple[Column, ...]:
    return tuple(Column(f"{flow} Quantity {name}", Member.QUANTITY, of, unit) for flow, of in _FLOWS)


def _v1(unit: Unit, name: str) -> tuple[Column, ...]:
    return tuple(Column(f"Quantity {name} {flow}", Member.QUANTITY, of, unit) for flow, of in _FLOWS)


_V1_KWH, _V1_M3 = _v1(Unit.KWH, "KWH"), _v1(Unit.CUBIC_METRE, "M3")
_V2_KWH, _V2_M3 = _v2(Unit.KWH, "kWh"), _v2(Unit.CUBIC_METRE, "M3")

_LAYOUTS = (
    Layout(Generation.V2, Commodity.ELECTRICITY, (_POINT, _START, *_V2_KWH, *_NETS, *_QUALITIES)),
    Layout(Generation.V2, Commodity.NATURAL_GAS, (_POINT, _START, *_V2_KWH, *_V2_M3, *_QUALITIES)),
    Layout(Generation.V1, Commodity.ELECTRICITY, (_METER, _START, _RESOLUTION, *_V1_KWH, *_QUALITIES, *_READ_AT)),
    Layout(
        Generation.V1, Commodity.NATURAL_GAS, (_METER, _START, _RESOLUTION, *_V1_KWH, *_V1_M3, *_QUALITIES, *_READ_AT)
    ),
)


def layout_of(generation: Generation, commodity: Commodity) -> Layout:
    """The layout of a generation for a commodity."""
    return next(one for one in _LAYOUTS if (one.generation, one.commodity) == (generation, commodity))
