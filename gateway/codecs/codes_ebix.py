"""Wire codes of the ebIX dialect: what differs from CIM, and the attributes that name a code's list."""

from __future__ import annotations

import re

from gateway.codecs.fields import Codes
from gateway.messages.codes import Quality
from gateway.messages.identifiers import Scheme

QUALITIES = {
    "36": Quality.CORRECTED,
    "56": Quality.ESTIMATED,
    "E01": Quality.MEASURED,
    "D01": Quality.CALCULATED,
}
"""How a value came about. MISSING is the flag `QuantityMissing`; INCOMPLETE and UNCERTAIN are written as 56."""

QUALITIES_OF_SUMS = {
    Quality.CORRECTED: "36",
    Quality.ESTIMATED: "56",
    Quality.UNCERTAIN: "56",
    Quality.INCOMPLETE: "56",
    Quality.MEASURED: "E01",
    Quality.CALCULATED: "E01",
}
"""How a sum came about, as it is written: one made of estimates or with gaps counts as estimated."""

AGENCIES = Codes({"9": Scheme.GS1, "305": Scheme.EIC, "260": Scheme.GRID_AREA})

_NUMERIC = re.compile(r"[0-9]+")
_DANISH = re.compile(r"D[0-9]{2}")


def list_attributes(code: str) -> str:
    """The attributes of a code: UN/CEFACT (6) issues the numeric ones, ebIX (260) the others, Denmark the Dnn."""
    if _NUMERIC.fullmatch(code):
        return ' listAgencyIdentifier="6"'
    if _DANISH.fullmatch(code):
        return ' listAgencyIdentifier="260" listIdentifier="DK"'
    return ' listAgencyIdentifier="260"'


def gs1_attributes(_code: str) -> str:
    """The attributes of a product number: GS1 (9) issues them all."""
    return ' listAgencyIdentifier="9"'


def ebix_attributes(_code: str) -> str:
    """The attributes of a unit: always of ebIX (260)."""
    return ' listAgencyIdentifier="260"'
