"""Where metering data stand in the JSON of the Estonian datahub, and what their members are called (Elering 12).

The first generation and all answers put accounting intervals below periods of one resolution (`r`, `aI`) and the time
of reading into each quantity. What is sent to the second is flat: intervals at once, each read at one time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jsonschema_rs

from gateway.messages.codes import FeedForm, Flow, Unit
from gateway.messages.metering_data import Measure
from gateway.schemas import compiled
from gateway.schemas.compiled import SchemaFile

START, READ_AT, QUALITY = "pS", "rTime", "rType"
RESOLUTION, INTERVALS, PERIODS = "r", "aI", "periods"
QUANTITIES: Mapping[str, Flow] = {"inQty": Flow.IN, "outQty": Flow.OUT}
AMOUNTS: Mapping[str, Unit] = {"kwh": Unit.KWH, "m3": Unit.CUBIC_METRE}
NETS: Mapping[str, Measure] = {
    "netQtyIn": Measure(Flow.NET_IN, Unit.KWH),
    "netQtyOut": Measure(Flow.NET_OUT, Unit.KWH),
    "netInQty": Measure(Flow.NET_IN, Unit.KWH),
    "netOutQty": Measure(Flow.NET_OUT, Unit.KWH),
}
"""Net amounts; samples and tables of the original spell them differently."""

NET_FLOWS = (Flow.NET_IN, Flow.NET_OUT)
"""What the names of a pair of net amounts mean, in their order."""

_SCHEMAS = Path(compiled.__file__).parent / "json" / "estfeed"


@dataclass(frozen=True, slots=True)
class Shape:
    """One document with metering data.

    Attributes:
        schema: the file of its schema.
        form: the generation.
        point: what the metering point is called.
        root: where the list of metering points stands, as a path begins; empty where it is the document.
        has_periods: whether intervals stand below periods of one resolution.
        reads_quantities: whether each quantity has its own time of reading, or the interval has one for all.
        has_nets: whether intervals have net amounts.
    """

    schema: str
    form: FeedForm
    point: str
    root: str
    has_periods: bool
    reads_quantities: bool
    has_nets: bool

    @property
    def validator(self) -> jsonschema_rs.Validator:
        """Its schema, compiled."""
        return _compiled(self.schema)


@cache
def _compiled(name: str) -> jsonschema_rs.Validator:
    return compiled.json_schema(SchemaFile(_SCHEMAS / name, _SCHEMAS))


V1_SUBMISSION = Shape("v1-submission.json", FeedForm.ESTFEED_V1, "meterEic", "meterData", True, True, False)
V1_CONTENT = Shape("v1-content.json", FeedForm.ESTFEED_V1, "meterEic", "", True, True, False)
"""What an item of the first generation's change feed carries."""
V2_SUBMISSION = Shape("v2-submission.json", FeedForm.ESTFEED_V2, "meteringPointEic", "", False, False, True)
"""What is sent, and what an item of the second generation's change feed carries."""
V2_ANSWER = Shape("v2-answer.json", FeedForm.ESTFEED_V2, "meteringPointEic", "successful", True, True, True)
"""The metering points of an answer that were found."""
