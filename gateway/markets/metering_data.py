"""How a market takes metering data sent by the interval: what it checks, how much it takes, how long it tells of it.

Everything here is a setting or a dated number of the market (`[metering-data]` and `[parameters.…]` of its TOML).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from gateway.markets.deliveries import day_hour
from gateway.markets.parameters import Parameter, changes_of
from gateway.messages.codes import AgreementKind, Commodity, FeedForm, Resolution, Role
from gateway.messages.times import DAY, MarketZone, to_instant
from gateway.rules.interval_hits import IntervalRules
from gateway.rules.metering_batch import Atomicity, MarketResolutions, MeteringTerms
from gateway.rules.metering_messages import Closing, MessageRules

Table = Mapping[str, Any]

_RESOLUTIONS = {
    Commodity.ELECTRICITY: "settlement-resolution",
    Commodity.NATURAL_GAS: "gas-resolutions",
}
"""The number that says which resolutions a commodity comes in, by their names with blanks between."""


@dataclass(frozen=True, slots=True)
class DeskTerms:
    """What the hub's desk for metering data keeps to on a day.

    Attributes:
        shown_seconds: how long the status of a message is shown.
        longest_window: seconds a question for statuses may span.
        most_waiting: messages that may wait to be processed before no more are taken.
        retry_after: seconds after which a sender that was turned away may try again.
    """

    shown_seconds: int
    longest_window: int
    most_waiting: int
    retry_after: int


@dataclass(frozen=True)
class MeteringDataPolicy:
    """Metering data in one market.

    Attributes:
        zone: local time.
        parameters: the dated numbers.
        rules: of accounting intervals, told in the status.
        message_rules: of messages, answered at once.
        submitters: by commodity, the roles that may send it.
        net_senders: the roles that may send net quantities.
        agreements_needed: by role, the agreements it sends under.
        exact_decimals: whether all decimals have to be written.
        closings: forms that are closed or will be, to whom and when.
    """

    zone: MarketZone
    parameters: Mapping[str, Parameter]
    rules: IntervalRules = field(default_factory=IntervalRules)
    message_rules: MessageRules = field(default_factory=MessageRules)
    submitters: Mapping[Commodity, frozenset[Role]] = field(default_factory=dict)
    net_senders: frozenset[Role] = frozenset()
    agreements_needed: Mapping[Role, frozenset[AgreementKind]] = field(default_factory=dict)
    exact_decimals: bool = False
    closings: tuple[Closing, ...] = ()
    _terms: dict[int, MeteringTerms] = field(init=False, repr=False, compare=False, default_factory=dict)
    _changes: Sequence[date] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_changes", changes_of(self.parameters))

    def terms(self, now: int) -> MeteringTerms:
        """What the rules need to know, as in force on the local day of an instant."""
        day = self.zone.day(now)
        era = bisect_right(self._changes, day)
        if era not in self._terms:
            self._terms[era] = self._terms_on(day)
        return self._terms[era]

    def desk_terms(self, now: int) -> DeskTerms:
        """What the desk keeps to, as in force on the local day of an instant."""
        day = self.zone.day(now)
        return DeskTerms(
            shown_seconds=self._number("status-shown", day) * DAY,
            longest_window=self._number("status-window", day) * DAY,
            most_waiting=self._number("most-waiting", day),
            retry_after=self._number("retry-after", day),
        )

    def _terms_on(self, day: date) -> MeteringTerms:
        return MeteringTerms(
            zone=self.zone,
            resolutions={commodity: self._resolutions(name) for commodity, name in _RESOLUTIONS.items()},
            day_hours={commodity: day_hour(self.parameters, commodity, day) for commodity in Commodity},
            submitters=self.submitters,
            net_senders=self.net_senders,
            agreements_needed=self.agreements_needed,
            oldest_months=self._number("correction-months", day),
            furthest_days=self._number("furthest-days", day),
            most_intervals=self._number("most-intervals", day),
            integer_digits=self._number("integer-digits", day),
            decimals=self._number("decimals", day),
            exact_decimals=self.exact_decimals,
            clock_tolerance=self._number("clock-tolerance", day),
            atomicity=Atomicity(self.parameters["atomicity"].text(day)),
        )

    def _number(self, name: str, day: date) -> int:
        return self.parameters[name].number(day)

    def _resolutions(self, name: str) -> tuple[MarketResolutions, ...]:
        return tuple(
            MarketResolutions(self.zone.midnight(value.since), tuple(map(Resolution, str(value.value).split())))
            for value in self.parameters[name].values
        )


NO_METERING_DATA = MeteringDataPolicy(MarketZone("UTC"), {})
"""Of a market that takes none by the interval (`Service.METERING_DATA`)."""


def read_metering_data(
    table: Table,
    zone: MarketZone,
    parameters: Mapping[str, Parameter],
    rules: tuple[IntervalRules, MessageRules],
) -> MeteringDataPolicy:
    """The policy from a market's TOML."""
    return MeteringDataPolicy(
        zone=zone,
        parameters=parameters,
        rules=rules[0],
        message_rules=rules[1],
        submitters={Commodity(name): _roles(names) for name, names in table["submitters"].items()},
        net_senders=_roles(table["net_senders"]),
        agreements_needed={
            Role(role): frozenset(map(AgreementKind, kinds)) for role, kinds in table["agreements_needed"].items()
        },
        exact_decimals=table["exact_decimals"],
        closings=tuple(_closing(entry) for entry in table["closings"] if entry["enforced"]),
    )


def _closing(entry: Table) -> Closing:
    form, commodity = FeedForm(entry["form"]), Commodity(entry["commodity"])
    at = entry["at"]
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    return Closing(form, commodity, _roles(entry["roles"]), to_instant(moment))


def _roles(names: Sequence[str]) -> frozenset[Role]:
    return frozenset(map(Role, names))
