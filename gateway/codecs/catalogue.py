"""One row for each (document kind, dialect): its table, and what makes its fast path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.codecs import cim, cim_results, codes_cim, codes_ebix, completion, ebix, ebix_results
from gateway.codecs.fields import Field, Group, Many, Node, Points, Record
from gateway.codecs.points import Marks
from gateway.messages.codes import Dialect, DocumentKind, Quality


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """How one document kind stands in one dialect.

    Attributes:
        kind: the document.
        table: its fields, in the order of the wire.
        prefix: the XML prefix we write.
        complete: makes a document's record sayable in the dialect.
        marks: how proven values become a stream of tokens; None where there is no fast path.
        stub: a smallest valid series with `{p}` before every name, so that a header can be checked without its own;
            empty where a document may have none.
    """

    kind: DocumentKind
    dialect: Dialect
    table: tuple[Node, ...]
    prefix: str
    complete: Callable[[Record, DocumentKind], Record]
    marks: Marks | None = None
    stub: str = ""

    @property
    def series(self) -> Many:
        """The repeated record."""
        return next(node for node in self.table if isinstance(node, Many) and node.key == "series")

    @property
    def points(self) -> Points | None:
        """The values of a series, where the document has any."""
        return _points_of(self.series.nodes)

    def path(self, key: str) -> str:
        """Where a field of the header stands: `HeaderEnergyDocument/Creation`."""
        return _path_of(self.table, key)


def _path_of(nodes: tuple[Node, ...], key: str) -> str:
    for node in nodes:
        if isinstance(node, Field) and node.key == key:
            return node.name
        below = _path_of(node.nodes, key) if isinstance(node, Group) else ""
        if below:
            return f"{node.name}/{below}"
    return ""


def _points_of(nodes: tuple[Node, ...]) -> Points | None:
    for node in nodes:
        found = node if isinstance(node, Points) else _points_of(node.nodes) if isinstance(node, Group) else None
        if found is not None:
            return found
    return None


# `</position>` ends a token, the P of `<Point>` makes the next one a position, the A of `A04` makes 04 a quality.
_CIM_XML = Marks(
    {b"/": b" ", b"P": b"\n", b"A": b"-"},
    marks_a_point=2,
    qualities={int(code[1:]): quality for code, quality in codes_cim.QUALITIES.items()},
)

# `,` ends a token, the p of `"position"` makes the next one a position.
_CIM_JSON = Marks({b",": b" ", b"p": b"\n", b"A": b"-"}, marks_a_point=1, qualities=_CIM_XML.qualities)

# The b of `IntervalEnergyObservation` makes the next token a position. In `listAgencyIdentifier="260">E01` the `=`
# makes agency and code one negative number, 26001; the D of Danish codes counts as 9. The flag of a missing value
# becomes 99, a code that no list has.
_MISSING = 99
_EBIX_XML = Marks(
    {b"/": b" ", b"b": b"\n", b"=": b"-", b"D": b"9"},
    marks_a_point=2,
    qualities={
        _MISSING: Quality.MISSING,
        **{
            int(agency + code.replace("E", "").replace("D", "9")): quality
            for code, quality in codes_ebix.QUALITIES.items()
            for agency in ("6", "260")
        },
    },
    rewrites=(
        (b' listIdentifier="DK"', b""),
        (b" listIdentifier='DK'", b""),
        (b"QuantityMissing>true<", b"=%d<" % _MISSING),
    ),
)

_EBIX_STUB = (
    "<{p}PayloadEnergyTimeSeries><{p}Identification>-</{p}Identification>"
    '<{p}Function listAgencyIdentifier="6">9</{p}Function>'
    "<{p}ObservationTimeSeriesPeriod><{p}ResolutionDuration>PT1H</{p}ResolutionDuration>"
    "</{p}ObservationTimeSeriesPeriod>"
    '<{p}IncludedProductCharacteristic><{p}Identification listAgencyIdentifier="9">8716867000030</{p}Identification>'
    '<{p}UnitType listAgencyIdentifier="260">KWH</{p}UnitType></{p}IncludedProductCharacteristic>'
    '<{p}DetailMeasurementMeteringPointCharacteristic><{p}TypeOfMeteringPoint listAgencyIdentifier="260">E17'
    "</{p}TypeOfMeteringPoint></{p}DetailMeasurementMeteringPointCharacteristic>"
    '<{p}MeteringPointDomainLocation><{p}Identification schemeAgencyIdentifier="9">-</{p}Identification>'
    "</{p}MeteringPointDomainLocation><{p}IntervalEnergyObservation><{p}Position>1</{p}Position>"
    "<{p}QuantityMissing>true</{p}QuantityMissing></{p}IntervalEnergyObservation></{p}PayloadEnergyTimeSeries>"
)

_MARKS = {Dialect.CIM_XML: _CIM_XML, Dialect.CIM_JSON: _CIM_JSON, Dialect.EBIX_XML: _EBIX_XML}


_CIM = cim.TABLES | cim_results.TABLES
_EBIX = ebix.TABLES | ebix_results.TABLES


def _row(kind: DocumentKind, dialect: Dialect) -> Row:
    marks = _MARKS[dialect] if kind is DocumentKind.MEASURE_DATA else None
    if dialect is Dialect.EBIX_XML:
        stub = _EBIX_STUB if marks else ""
        return Row(kind, dialect, _EBIX[kind], "ns0", completion.complete_for_ebix, marks, stub)
    return Row(kind, dialect, _CIM[kind], "cim", completion.complete_for_cim, marks)


ROWS: dict[tuple[DocumentKind, Dialect], Row] = {
    (kind, dialect): _row(kind, dialect)
    for dialect in Dialect
    for kind in (_EBIX if dialect is Dialect.EBIX_XML else _CIM)
}
"""Every form a document has; some have none in ebIX."""
"""The codecs of the exchange. A document kind is one table for each family of dialects; a dialect is one column."""
