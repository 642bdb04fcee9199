"""Messages for benchmarks: measure data in every dialect, the same bytes on every run.

Points are numbered GSRNs with their check digit, values a household's load in Wh from a fixed seed, every seventeenth
value estimated. The message of one dialect carries exactly what that of another does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.messages.identifiers import gs1_check_digit
from gateway.messages.times import format_minute, format_second, parse_instant

HUB = "5790001330552"
GRID_OPERATOR = "5790000000012"

CIM_NAMESPACE = "urn:ediel.org:measure:notifyvalidatedmeasuredata:0:1"
EBIX_NAMESPACE = "un:unece:260:data:EEM-DK_MeteredDataTimeSeries:v3"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a generated message holds.

    Attributes:
        count: values of each series.
        start: first instant of the day.
        resolution: PT15M or PT1H.
        first_point: number of the first metering point; the others follow.
        sender: GLN of the sender.
        message_id: id of the message.
        transaction_prefix: begins each series' id, its number ends it.
        seed: of the values.
        indent: white space between elements, as a machine that indents writes it.
    """

    count: int = 96
    start: str = "2026-02-28T23:00Z"
    resolution: str = "PT15M"
    first_point: int = 1
    sender: str = GRID_OPERATOR
    message_id: str = "message-1"
    transaction_prefix: str = "transaction-"
    seed: int = 1
    indent: bool = True

    @property
    def starts_at(self) -> int:
        """First instant."""
        return parse_instant(self.start)

    @property
    def ends_at(self) -> int:
        """Instant after the last value."""
        return self.starts_at + self.count * (900 if self.resolution == "PT15M" else 3600)

    @property
    def created_at(self) -> str:
        """When the message was made: six hours after its day."""
        return format_second(self.ends_at + 6 * 3600)


def gsrn(number: int) -> str:
    """The number-th metering point of the benchmarks: 18 digits, the last one its check digit."""
    body = f"57131310{number:09d}"
    return body + gs1_check_digit(body)


def quantities(n_series: int, count: int = 96, seed: int = 1) -> npt.NDArray[np.int64]:
    """n_series x count values in Wh, spread like households' load."""
    random = np.random.default_rng(seed)
    base = random.lognormal(4.6, 0.9, (n_series, 1))
    day = 1 + 0.6 * np.sin(np.linspace(0, 2 * np.pi, count, endpoint=False))[None]
    return np.rint(base * day * random.lognormal(0, 0.35, (n_series, count))).astype(np.int64)


def is_estimated(row: int, position: int) -> bool:
    """Whether the value at a position (counted from 0) of a row is marked as estimated."""
    return (row + position) % 17 == 0


def _rows(n_series: int, shape: Shape) -> Iterator[tuple[int, list[str]]]:
    values = quantities(n_series, shape.count, shape.seed)
    for row in range(n_series):
        yield row, [f"{wh // 1000}.{wh % 1000:03d}" for wh in values[row].tolist()]


def rsm012_xml(n_series: int, prefix: str = "cim", **options: Any) -> bytes:
    """RSM-012 in CIM XML: `n_series` days of one metering point each; `options` are the attributes of `Shape`."""
    shape = Shape(**options)
    line = "\n" if shape.indent else ""
    p = f"{prefix}:" if prefix else ""
    declared = f"xmlns:{prefix}" if prefix else "xmlns"

    def element(name: str, text: str, attribute: str = "") -> str:
        return f"<{p}{name}{attribute}>{text}</{p}{name}>{line}"

    gs1 = ' codingScheme="A10"'
    parts = [
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{p}NotifyValidatedMeasureData_MarketDocument {declared}="{CIM_NAMESPACE}">{line}',
        element("mRID", shape.message_id),
        element("type", "E66"),
        element("process.processType", "E23"),
        element("businessSector.type", "23"),
        element("sender_MarketParticipant.mRID", shape.sender, gs1),
        element("sender_MarketParticipant.marketRole.type", "MDR"),
        element("receiver_MarketParticipant.mRID", HUB, gs1),
        element("receiver_MarketParticipant.marketRole.type", "DGL"),
        element("createdDateTime", shape.created_at),
    ]
    interval = element("start", format_minute(shape.starts_at)) + element("end", format_minute(shape.ends_at))
    for row, texts in _rows(n_series, shape):
        parts += (
            f"<{p}Series>{line}",
            element("mRID", f"{shape.transaction_prefix}{row}"),
            element("marketEvaluationPoint.mRID", gsrn(shape.first_point + row), gs1),
            element("marketEvaluationPoint.type", "E17"),
            element("registration_DateAndOrTime.dateTime", shape.created_at),
            element("product", "8716867000030"),
            element("quantity_Measure_Unit.name", "KWH"),
            f"<{p}Period>{line}",
            element("resolution", shape.resolution),
            f"<{p}timeInterval>{line}{interval}</{p}timeInterval>{line}",
        )
        for position, text in enumerate(texts):
            quality = "A03" if is_estimated(row, position) else "A04"
            parts += (
                f"<{p}Point>{line}",
                element("position", str(position + 1)),
                element("quantity", text),
                element("quality", quality),
                f"</{p}Point>{line}",
            )
        parts.append(f"</{p}Period>{line}</{p}Series>{line}")
    parts.append(f"</{p}NotifyValidatedMeasureData_MarketDocument>\n")
    return "".join(parts).encode()


def rsm012_json(n_series: int, **options: Any) -> bytes:
    """RSM-012 in CIM JSON, the content of `rsm012_xml`."""
    shape = Shape(**options)
    head = {
        "mRID": shape.message_id,
        "type": {"value": "E66"},
        "process.processType": {"value": "E23"},
        "businessSector.type": {"value": "23"},
        "sender_MarketParticipant.mRID": {"codingScheme": "A10", "value": shape.sender},
        "sender_MarketParticipant.marketRole.type": {"value": "MDR"},
        "receiver_MarketParticipant.mRID": {"codingScheme": "A10", "value": HUB},
        "receiver_MarketParticipant.marketRole.type": {"value": "DGL"},
        "createdDateTime": shape.created_at,
    }
    interval = {
        "start": {"value": format_minute(shape.starts_at)},
        "end": {"value": format_minute(shape.ends_at)},
    }
    series = []
    for row, texts in _rows(n_series, shape):
        points = ", ".join(
            f'{{"position": {{"value": {position + 1}}}, "quantity": {text}, '
            f'"quality": {{"value": "{"A03" if is_estimated(row, position) else "A04"}"}}}}'
            for position, text in enumerate(texts)
        )
        before = json.dumps(
            {
                "mRID": f"{shape.transaction_prefix}{row}",
                "marketEvaluationPoint.mRID": {"codingScheme": "A10", "value": gsrn(shape.first_point + row)},
                "marketEvaluationPoint.type": {"value": "E17"},
                "registration_DateAndOrTime.dateTime": shape.created_at,
                "product": "8716867000030",
                "quantity_Measure_Unit.name": {"value": "KWH"},
                "Period": {"resolution": shape.resolution, "timeInterval": interval},
            }
        )
        series.append(f'{before[:-2]}, "Point": [{points}]}}}}')
    text = json.dumps({"NotifyValidatedMeasureData_MarketDocument": head})
    return f'{text[:-2]}, "Series": [{", ".join(series)}]}}}}'.encode()


def rsm012_ebix(n_series: int, prefix: str = "ns0", **options: Any) -> bytes:
    """RSM-012 in ebIX XML, the content of `rsm012_xml` as far as ebIX has a place for it."""
    shape = Shape(**options)
    line = "\n" if shape.indent else ""
    p = f"{prefix}:" if prefix else ""
    declared = f"xmlns:{prefix}" if prefix else "xmlns"

    def group(name: str, *children: str) -> str:
        return f"<{p}{name}>{line}{''.join(children)}</{p}{name}>{line}"

    def element(name: str, text: str, agency: str = "", attribute: str = "listAgencyIdentifier") -> str:
        attributes = f' {attribute}="{agency}"' if agency else ""
        return f"<{p}{name}{attributes}>{text}</{p}{name}>{line}"

    def identified(name: str, text: str) -> str:
        return group(name, element("Identification", text, "9", "schemeAgencyIdentifier"))

    parts = [
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{p}DK_MeteredDataTimeSeries {declared}="{EBIX_NAMESPACE}">{line}',
        group(
            "HeaderEnergyDocument",
            element("Identification", shape.message_id),
            element("DocumentType", "E66", "260"),
            element("Creation", shape.created_at),
            identified("SenderEnergyParty", shape.sender),
            identified("RecipientEnergyParty", HUB),
        ),
        group(
            "ProcessEnergyContext",
            element("EnergyBusinessProcess", "E23", "260"),
            element("EnergyBusinessProcessRole", "MDR", "260"),
            element("EnergyIndustryClassification", "23", "6"),
        ),
    ]
    period = group(
        "ObservationTimeSeriesPeriod",
        element("ResolutionDuration", shape.resolution),
        element("Start", format_second(shape.starts_at)),
        element("End", format_second(shape.ends_at)),
    )
    product = group(
        "IncludedProductCharacteristic",
        element("Identification", "8716867000030", "9"),
        element("UnitType", "KWH", "260"),
    )
    kind = group("DetailMeasurementMeteringPointCharacteristic", element("TypeOfMeteringPoint", "E17", "260"))
    for row, texts in _rows(n_series, shape):
        observations = (
            group(
                "IntervalEnergyObservation",
                element("Position", str(position + 1)),
                element("EnergyQuantity", text),
                element("QuantityQuality", "56", "6")
                if is_estimated(row, position)
                else element("QuantityQuality", "E01", "260"),
            )
            for position, text in enumerate(texts)
        )
        parts.append(
            group(
                "PayloadEnergyTimeSeries",
                element("Identification", f"{shape.transaction_prefix}{row}"),
                element("Function", "9", "6"),
                period,
                product,
                kind,
                identified("MeteringPointDomainLocation", gsrn(shape.first_point + row)),
                *observations,
            )
        )
    parts.append(f"</{p}DK_MeteredDataTimeSeries>\n")
    return "".join(parts).encode()
