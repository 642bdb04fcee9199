"""What a simulated market should come to, added up one value after the other from what was sent by an instant.

Nothing of the hub or the settlement is used here but the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from gateway.messages.codes import MeteringPointType, Quality, SettlementMethod
from gateway.messages.times import HOUR
from gateway.simulation.habits import Dispatch, dispatches
from gateway.simulation.play import Play

_MOST_WH = {"production": 10**9, "exchange": 10**9, "flex": 10**6, "hourly": 10**8}
"""Wh of an hour above which a value is rejected (D1 §4.1.5, table 4)."""


class ByHand:
    """The sums of a market as of any instant."""

    def __init__(self, play: Play) -> None:
        market, timetable = play.market, play.hub.office.profile.timetable
        days = [market.first + timedelta(days=number) for number in range((market.last - market.first).days)]
        self._market, self._zone = market, market.zone
        self.sent = {
            day: sorted(
                (
                    (at, one)
                    for at, by_area in dispatches(play.meters, day, timetable).items()
                    for sent in by_area.values()
                    for one in sent
                ),
                key=lambda pair: pair[0],
            )
            for day in days
        }

    def taken(self, day: date, since: int, until: int) -> Iterator[Dispatch]:
        """What was sent of a day in (since, until] and not rejected."""
        hours = self.hours(day)
        for at, one in self.sent[day]:
            limit = _MOST_WH[class_of(one)] * hours // len(one.quantity)
            if since < at <= until and max(one.quantity.tolist()) <= limit:
                yield one

    def known(self, day: date, until: int) -> dict[str, Dispatch]:
        """The newest of each point as of an instant."""
        return {one.point.name: one for one in self.taken(day, 0, until)}

    def sums(self, day: date, area: str, until: int) -> dict[str, list[int]]:
        """Wh of each hour by class; a missing value counts nothing."""
        hours = self.hours(day)
        found = {name: [0] * hours for name in _MOST_WH}
        for one in self.known(day, until).values():
            if one.quality is not Quality.MISSING:
                for step, wh in enumerate(one.quantity.tolist()):
                    found[class_of(one)][step * hours // len(one.quantity)] += wh * _sign(one, area)
        total = [made + taken_in for made, taken_in in zip(found["production"], found["exchange"], strict=True)]
        rest = [t - f - h for t, f, h in zip(total, found["flex"], found["hourly"], strict=True)]
        return found | {"total": total, "residual": rest}

    def flex_of(self, day: date, area: str, until: int) -> dict[str, int]:
        """Wh of the day's flex consumption by supplier."""
        noon = self._zone.at(day, 12)
        suppliers = {
            one.metering_point: str(one.energy_supplier)
            for one in self._market.points
            if one.valid_from <= noon < one.valid_to and one.settlement_method is SettlementMethod.FLEX
        }
        found: dict[str, int] = {}
        for name, one in self.known(day, until).items():
            if name in suppliers and one.point.version.grid_area == area and one.quality is not Quality.MISSING:
                found[suppliers[name]] = found.get(suppliers[name], 0) + sum(one.quantity.tolist())
        return found

    def estimated(self, day: date, area: str, until: int) -> float:
        """Percent of the values of flex points that are estimated."""
        flex = [
            one.metering_point
            for one in self._market.before_changes
            if one.settlement_method is SettlementMethod.FLEX and one.grid_area == area
        ]
        known = self.known(day, until)
        count = sum(name in known and known[name].quality is Quality.ESTIMATED for name in flex)
        return 100 * count / len(flex)

    def hours(self, day: date) -> int:
        """Hours of a local day."""
        span = self._zone.day_interval(day)
        return (span.end - span.start) // HOUR


def class_of(one: Dispatch) -> str:
    """The class a value is added up in."""
    version = one.point.version
    if version.kind is MeteringPointType.CONSUMPTION:
        return "flex" if version.settlement_method is SettlementMethod.FLEX else "hourly"
    return "production" if version.kind is MeteringPointType.PRODUCTION else "exchange"


def _sign(one: Dispatch, area: str) -> int:
    version = one.point.version
    if version.kind is MeteringPointType.EXCHANGE:
        return (version.to_grid_area == area) - (version.from_grid_area == area)
    return int(version.grid_area == area)
