"""Reading the members of a request, be it JSON, a query or a header: every fault by the market's code and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TypeVar
from uuid import UUID

from starlette.datastructures import QueryParams

from gateway.markets.profile import MarketProfile
from gateway.messages.times import NO_INSTANT, parse_instant
from gateway.schemas.parsers import JsonValue
from gateway.transport.estfeed.instants import parse_micros
from gateway.transport.queries import GREATEST_INSTANT
from gateway.transport.refusals import HttpRefusal

LONGEST_VALUE = 4000

Choice = TypeVar("Choice")


class Fields:
    """The members of one object by name.

    A member that is missing or null is absent. What cannot be read is refused with 400 under the member's name, with
    the path of its object before it.
    """

    def __init__(self, market: MarketProfile, values: Mapping[str, JsonValue], path: str = "") -> None:
        self._market = market
        self._values = values
        self._path = path

    @classmethod
    def of_query(cls, market: MarketProfile, query: QueryParams) -> Fields:
        """The parameters of a query; one that comes twice is refused, one that is unknown is left alone."""
        given = cls(market, dict(query))
        for name in query:
            if len(query.getlist(name)) > 1:
                raise given.unreadable(name, "a parameter given once")
        return given

    def refused(
        self, rule: str, name: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST, **words: object
    ) -> HttpRefusal:
        """The refusal of a member by a rule of the market's wording."""
        found = self._market.finding(rule, self._path + name, field=name, **words)
        return HttpRefusal(status, (found,))

    def unreadable(self, name: str, wanted: str) -> HttpRefusal:
        """The refusal of a member that is not what it should be."""
        return self.refused("field-unreadable", name, wanted=wanted)

    def has(self, name: str) -> bool:
        """Whether the member is there."""
        return self._values.get(name) is not None

    def require(self, *names: str) -> None:
        """Refuse where one of the members is missing."""
        for name in names:
            if not self.has(name):
                raise self.refused("field-missing", name)

    def object(self, name: str) -> Fields:
        """The members of an object that must be there."""
        self.require(name)
        value = self._values[name]
        if not isinstance(value, dict):
            raise self.unreadable(name, "an object")
        return Fields(self._market, value, f"{self._path}{name}.")

    def text(self, name: str) -> str:
        """A text, empty when absent."""
        value = self._values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > LONGEST_VALUE or not value.isprintable():
            raise self.unreadable(name, "a text")
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """Texts of a list, or of a text with commas between them; each once."""
        value = self._values.get(name)
        if isinstance(value, list):
            if not all(isinstance(item, str) and len(item) <= LONGEST_VALUE for item in value):
                raise self.unreadable(name, "a list of texts")
            found: Iterable[str] = (str(item).strip() for item in value)
        else:
            found = (part.strip() for part in self.text(name).split(","))
        return tuple(dict.fromkeys(part for part in found if part))

    def instant(self, name: str) -> int | None:
        """An instant, None when absent."""
        text = self.text(name)
        if not text:
            return None
        instant = parse_instant(text)
        if instant == NO_INSTANT or not 0 <= instant <= GREATEST_INSTANT:
            raise self.unreadable(name, "an instant such as 2025-04-01T00:00:00Z")
        return instant

    def micros(self, name: str) -> int | None:
        """An instant in microseconds, None when absent."""
        return None if self.instant(name) is None else parse_micros(self.text(name))

    def required_instant(self, name: str) -> int:
        """An instant that must be there."""
        instant = self.instant(name)
        if instant is None:
            raise self.refused("field-missing", name)
        return instant

    def span(self, first: str, last: str) -> tuple[int | None, int | None]:
        """Two instants, the first before the last where both are there."""
        start, end = self.instant(first), self.instant(last)
        if start is not None and end is not None and start >= end:
            raise self.refused("from-not-before-to", first, last=last)
        return start, end

    def document_id(self, name: str) -> str | None:
        """A UUID in lower case with its hyphens, None when absent."""
        text = self.text(name)
        if not text:
            return None
        try:
            found = str(UUID(text))
        except ValueError:
            found = ""
        if found != text.lower():
            raise self.refused("field-pattern", name, wanted="a UUID")
        return found

    def choice(self, name: str, options: Mapping[str, Choice]) -> Choice | None:
        """One of the options, None when absent."""
        text = self.text(name)
        if not text:
            return None
        if text not in options:
            raise self.refused("field-enum", name, options=" or ".join(options))
        return options[text]

    def required_choice(self, name: str, options: Mapping[str, Choice]) -> Choice:
        """One of the options, which must be there."""
        self.require(name)
        found = self.choice(name, options)
        if found is None:
            raise self.refused("field-missing", name)
        return found

    def number(self, name: str, least: int, most: int) -> int | None:
        """A whole number within bounds, written as a number or as its digits; None when absent."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, str) and value.removeprefix("-").isdecimal() and value.isascii() and len(value) < 20:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.unreadable(name, "a whole number")
        if value < least:
            raise self.refused("field-too-small", name, least=least)
        if value > most:
            raise self.refused("field-too-big", name, most=most)
        return value

    def flag(self, name: str) -> bool:
        """Yes or no, written as JSON or as `true` and `false`; no when absent."""
        value = self._values.get(name)
        if isinstance(value, bool):
            return value
        return bool(self.choice(name, {"true": True, "false": False}))
