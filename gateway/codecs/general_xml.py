"""The general path of XML: any spelling, from the elements of a valid document."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from gateway.codecs.fields import Points, Record
from gateway.codecs.points import PointTexts
from gateway.codecs.records import columns_of, table_of
from gateway.codecs.xml_records import XmlReader
from gateway.messages.codes import Quality
from gateway.messages.series import SeriesTable


def read_series(elements: Iterable[etree._Element], reader: XmlReader, node: Points) -> SeriesTable:
    """The series of valid elements; each element is done with when the next is asked for."""
    records: list[Record] = []
    points = _PointReader(node, reader.namespace)
    for element in elements:
        records.append(reader.series(element))
        points.read(element)
    columns, offsets = points.texts.columns()
    return table_of(columns_of(records), len(records), columns, offsets)


class _PointReader:
    """Collects the values below series elements, whatever of each point is there."""

    def __init__(self, node: Points, namespace: str) -> None:
        self.texts = PointTexts()
        self._point = f"{{{namespace}}}{node.name}"
        self._quantity = f"{{{namespace}}}{node.quantity}"
        self._missing = f"{{{namespace}}}{node.missing}"
        self._always_amount = not node.missing  # three children are then position, quantity and quality
        self._qualities = node.qualities

    def read(self, series: etree._Element) -> None:
        """Add the values of one series."""
        positions, quantities, qualities = self.texts.position, self.texts.quantity, self.texts.quality
        known = self._qualities
        for point in series.iter(self._point):
            if self._always_amount and len(point) == 3:
                position, amount, quality = point
                quantities.append(amount.text)
                code = known.get(quality.text or "")
                qualities.append(known[(quality.text or "").strip()] if code is None else code)
            else:
                position = point[0]
                self._read_rest(point)
            positions.append(position.text or "")
        self.texts.end_series()

    def _read_rest(self, point: etree._Element) -> None:
        """What stands behind the position; the flag of a missing value outweighs a code beside it."""
        amount: str | None = None
        quality = int(Quality.ABSENT)
        for child in list(point)[1:]:
            if child.tag == self._quantity:
                amount = child.text
            elif child.tag == self._missing:
                quality = Quality.MISSING
            elif quality != Quality.MISSING:
                quality = self._qualities[(child.text or "").strip()]
        self.texts.quantity.append(amount)
        self.texts.quality.append(quality)
