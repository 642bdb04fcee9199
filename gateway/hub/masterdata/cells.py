"""Cells of a master data file: one reader per kind of cell, from its text to the value it stands for.

A column holds few different texts for its length, so that each text is read once and looked up after that (`Cells`).
Codes are taken by neutral name (`consumption`) and by the Danish wire code (`E17`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.codecs.fields import Codes
from gateway.markets.policies import Strictness
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import ConnectionState, DelegatedProcess, Subtype
from gateway.messages.identifiers import (
    Scheme,
    has_eic_check_character,
    has_gs1_check_digit,
    is_eic,
    is_gln,
    is_gsrn,
    is_point_eic,
)
from gateway.messages.quantities import parse_quantity
from gateway.messages.settlement_masterdata import FACTOR_ONE
from gateway.messages.times import NO_INSTANT, MarketZone, parse_instant

Reader = Callable[[str], object]
"""From the text of a cell to its value; ValueError with the rest of the sentence `VALUE …` when it is none."""


class Cells(dict[str, object]):
    """What the texts of one column stand for; each text is read at first sight."""

    def __init__(self, read: Reader) -> None:
        super().__init__()
        self.read = read
        self.faults: dict[str, str] = {}
        """What is wrong with the texts that could not be read."""

    def __missing__(self, text: str) -> object:
        if not text.strip() and "" in self:
            return self[""]
        try:
            value = self.read(text)
        except ValueError as error:
            self.faults[text] = str(error)
            value = None
        self[text] = value
        return value


class PlainCells(Cells):
    """Cells of a column whose texts hardly repeat: they are read each time and stand for themselves."""

    def __getitem__(self, text: str) -> object:
        try:
            return self.read(text)
        except ValueError as error:
            self.faults[text] = str(error)
            return None


@dataclass(frozen=True)
class Manner:
    """How cells are to be read.

    Attributes:
        zone: of the market's midnights.
        strict: whether check digits count (DK-1.17).
        point_scheme: what names metering points.
        exceptions: codes of parties that count although their check digit is wrong.
    """

    zone: MarketZone
    strict: bool = False
    point_scheme: Scheme = Scheme.GS1
    exceptions: frozenset[str] = frozenset()

    def metering_point(self, text: str) -> str:
        """A GSRN, or the EIC of a metering point, whichever the market names its points by."""
        if self.point_scheme is Scheme.EIC:
            return _point_eic(text.strip())
        if not is_gsrn(text):
            text = text.strip()
            if not is_gsrn(text):
                raise ValueError("is no GSRN of 18 digits")
        if self.strict and not has_gs1_check_digit(text):
            raise ValueError("has a wrong check digit")
        return text

    def party(self, text: str) -> str:
        """A GLN or an EIC."""
        text = text.strip()
        if not is_gln(text) and not is_eic(text):
            raise ValueError("is neither a GLN of 13 digits nor an EIC of 16 characters")
        is_right = has_gs1_check_digit(text) if is_gln(text) else has_eic_check_character(text)
        if self.strict and not is_right and text not in self.exceptions:
            raise ValueError("has a wrong check digit")
        return text

    def instant(self, text: str) -> int:
        """A local day, meaning its midnight in the market's zone, or an instant with its offset."""
        text = text.strip()
        try:
            if _DAY.fullmatch(text):
                instant = self.zone.midnight(date.fromisoformat(text))
            else:
                instant = parse_instant(text) if _OFFSET.search(text) else NO_INSTANT
        except (ValueError, OverflowError):
            raise ValueError("is no day of the calendar") from None
        if instant == NO_INSTANT:
            raise ValueError("is neither a day (2025-01-31) nor an instant (2025-01-30T23:00Z)")
        if not _FIRST <= instant <= _LAST:
            raise ValueError("lies outside the years 1900 to 9999")
        return instant


def _point_eic(text: str) -> str:
    if not is_point_eic(text):
        raise ValueError("is no EIC of a metering point: 38Z, twelve characters, the check character")
    return text


_FIRST, _LAST = parse_instant("1900-01-01T00:00Z"), parse_instant("9999-12-31T23:59:59Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_OFFSET = re.compile(r"T.*(?:Z|[+-]\d\d:\d\d)$", re.ASCII)
_AREA = re.compile(r"[0-9A-Za-z_-]{1,35}")


def manner_of(profile: MarketProfile) -> Manner:
    """How a market reads master data: its midnights, and whether check digits count (DK-1.17)."""
    policy = profile.identifiers
    is_strict = policy.strictness is Strictness.CHECK_DIGIT
    return Manner(profile.zone, is_strict, policy.point_scheme, policy.exceptions)


def grid_area(text: str) -> str:
    """The code of a grid area."""
    text = text.strip()
    if not _AREA.fullmatch(text):
        raise ValueError("is no code of a grid area")
    return text


def name(text: str) -> str:
    """Free text."""
    text = text.strip()
    if len(text) > NAME_LIMIT or not text.isprintable():
        raise ValueError(f"is no name of at most {NAME_LIMIT} printable characters")
    return text


NAME_LIMIT = 200


def sequence(text: str) -> int:
    """A number that orders delegations."""
    if not _SEQUENCE.fullmatch(text.strip()):
        raise ValueError("is no whole number from 0 to 999999999")
    return int(text)


_SEQUENCE = re.compile(r"\d{1,9}", re.ASCII)


def tariff(text: str) -> str:
    """The id of a tariff."""
    text = text.strip()
    if not text.isprintable() or not 1 <= len(text) <= TARIFF_LIMIT:
        raise ValueError(f"is no id of a tariff of at most {TARIFF_LIMIT} printable characters")
    return text


TARIFF_LIMIT = 10


def annual_consumption(text: str) -> int:
    """Thousandths of a kWh a year."""
    quantity = parse_quantity(text.strip())
    if quantity is None or not quantity.is_plain or quantity.thousandths < 0:
        raise ValueError("is no consumption in kWh: not below 0, at most 10 digits before the point and 3 behind it")
    return quantity.thousandths


def factor(text: str) -> int:
    """A term's factor in millionths. Three digits before the point keep a term of any value within 64 bits."""
    match = _FACTOR.fullmatch(text.strip())
    if match is None:
        raise ValueError("is no factor: at most 3 digits before the point and 6 behind it")
    millionths = int(match[2]) * FACTOR_ONE + int((match[3] or "").ljust(6, "0"))
    if not millionths:
        raise ValueError("is no factor: a term counts for something")
    return -millionths if match[1] else millionths


def format_factor(millionths: int) -> str:
    """A factor as a file has it."""
    whole, rest = divmod(abs(millionths), FACTOR_ONE)
    return f"{'-' if millionths < 0 else ''}{whole}.{rest:06d}".rstrip("0").rstrip(".")


_FACTOR = re.compile(r"(-?)(\d{1,3})(?:\.(\d{1,6}))?", re.ASCII)

NO_CODES = Codes({})


def code(names: type[StrEnum], wire: Codes = NO_CODES) -> Reader:
    """A reader of one code list, by neutral name or by wire code, in capitals or not."""

    def read(text: str) -> StrEnum:
        text = text.strip()
        for name in (text.lower(), wire.read(text.upper())):
            if name in members:
                return members[name]
        raise ValueError(f"is not one of {', '.join(names)}, nor a wire code of these")

    members = {str(member): member for member in names}
    return read


STATES = Codes(
    {
        "D03": ConnectionState.NEW,
        "E22": ConnectionState.CONNECTED,
        "E23": ConnectionState.DISCONNECTED,
        "D02": ConnectionState.CLOSED_DOWN,
        "AE01": ConnectionState.CONNECTED,
        "AE02": ConnectionState.DISCONNECTED,
        "AE03": ConnectionState.NEW,
        "AE04": ConnectionState.CLOSED_DOWN,
        "AE05": ConnectionState.CLOSED_DOWN,
    }
)
"""Physical status of a metering point in Danish and Finnish master data messages; no document of ours carries it."""

SUBTYPES = Codes({"D01": Subtype.PHYSICAL, "D02": Subtype.VIRTUAL, "D03": Subtype.CALCULATED})
"""Subtype of a metering point in Danish master data messages; no document of ours carries it."""

RSM_NUMBERS = Codes(
    {
        "RSM-012": DelegatedProcess.MEASURE_DATA,
        "RSM-014": DelegatedProcess.AGGREGATED_MEASURE_DATA,
        "RSM-015": DelegatedProcess.MEASURE_DATA_REQUEST,
        "RSM-016": DelegatedProcess.AGGREGATED_MEASURE_DATA_REQUEST,
        "RSM-017": DelegatedProcess.WHOLESALE_SETTLEMENT_REQUEST,
    }
)
"""Delegated processes by the documents of the Danish market."""
