"""Rules of meter readings of profile-settled points and of their cancellation (Regulation D1 §5.1, §6.1.2).

A rule looks at one reading beside what is known of its point. Readings come a few a year, and each is judged by the
ones before it, so these rules go one by one where those of measure data take whole columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Generic, TypeVar

from gateway.messages.codes import MeteringPointType, Quality, Role, SettlementMethod, Subtype
from gateway.messages.findings import Finding
from gateway.messages.masterdata import STATES, MasterData, MeteringPointVersion
from gateway.messages.quantities import MOST_DECIMALS, MOST_INTEGER_DIGITS
from gateway.messages.readings import MeterReading, ReadingPeriod, local_days
from gateway.messages.times import Interval
from gateway.rules.annual import PlausibleBand, latest_annual, plausible_bounds, scaled
from gateway.rules.batch import MarketFacts, Sender, minute_text
from gateway.rules.envelope import Breach
from gateway.rules.parties import OPERATING_ROLES, has_say
from gateway.rules.periods import years_before
from gateway.rules.runner import Wording

READING_QUALITIES = (Quality.MEASURED, Quality.ESTIMATED)
"""What a reading may be; it is never missing (D1 §5.1.1)."""

LONGEST_TRANSACTION = 36


@dataclass(frozen=True, slots=True)
class ReadingNumbers:
    """The numbers in force that rules of readings compare with.

    Attributes:
        bands: table 5.
        mandatory_limit: kWh a year from which a point of the area must be settled by the hour.
        annual_days: how many days annual consumption is read from at the least, where there are so many.
        due_days: how many days after its nominal date a reading is due.
    """

    bands: tuple[PlausibleBand, ...]
    mandatory_limit: int
    annual_days: int
    due_days: int


@dataclass(frozen=True, slots=True)
class PeriodCase:
    """A reading period of one point as somebody speaks of it, beside all that is known.

    Attributes:
        transaction: the sender's id of what it says.
        point: GSRN as stated.
        period: the reading period.
        sender: who says it.
        master: master data as known now.
        versions: the point's versions in order of time, empty where it is unknown.
        standing: the reading periods of the point that stand, oldest first.
        facts: the market's, as in force now.
        now: the present instant.
        is_used: whether the sender has used the transaction id before.
    """

    transaction: str
    point: str
    period: Interval
    sender: Sender
    master: MasterData
    versions: tuple[MeteringPointVersion, ...]
    standing: tuple[ReadingPeriod, ...]
    facts: MarketFacts
    now: int
    is_used: bool

    @property
    def own_versions(self) -> tuple[MeteringPointVersion, ...]:
        """The versions that overlap the period."""
        return tuple(v for v in self.versions if v.valid_from < self.period.end and v.valid_to > self.period.start)

    @property
    def corrected(self) -> ReadingPeriod | None:
        """The standing period that has exactly this start and end."""
        return next((p for p in self.standing if (p.start, p.end) == (self.period.start, self.period.end)), None)


@dataclass(frozen=True, slots=True)
class ReadingCase(PeriodCase):
    """A reading beside all that is known.

    Attributes:
        reading: as stated.
        numbers: in force now.
        above_limit_allowed: whether master data lets the point stay above the mandatory limit, as for grid loss.
    """

    reading: MeterReading
    numbers: ReadingNumbers
    above_limit_allowed: bool = False

    @property
    def annual(self) -> Fraction:
        """The reading's consumption as kWh of 365 days; the period must be forward."""
        return scaled(self.reading.consumption.thousandths, local_days(self.period.start, self.period.end))

    @property
    def is_measurable(self) -> bool:
        """Whether consumption and period are good enough to be compared with others."""
        return self.reading.consumption.thousandths >= 0 and local_days(self.period.start, self.period.end) > 0


# --- of readings and cancellations alike ------------------------------------------------------------------------------


def reading_transaction_usable(case: PeriodCase) -> Iterator[Breach]:
    """A transaction id is there, and not longer than every dialect carries."""
    if not 0 < len(case.transaction) <= LONGEST_TRANSACTION:
        yield Breach("transaction", {"longest": LONGEST_TRANSACTION})


def reading_transaction_unused(case: PeriodCase) -> Iterator[Breach]:
    """The sender has not used the id for anything else; the same again is no new reading and never comes here."""
    if case.is_used:
        yield Breach("transaction", {"transaction": case.transaction})


def reading_point_known(case: PeriodCase) -> Iterator[Breach]:
    """The point exists throughout the period."""
    own = case.own_versions
    reached = case.period.start
    for version in own:
        reached = version.valid_to if version.valid_from <= reached else reached
    if not own or reached < case.period.end:
        yield Breach("metering_point", {"point": case.point})


def reading_sender_responsible(case: PeriodCase) -> Iterator[Breach]:
    """The sender runs the grid area of the point today, acts for whoever does, or is the hub's operator (D1 §3.2.1)."""
    if not case.versions or case.sender.role is Role.HUB:
        return
    current = (v for v in case.versions if v.valid_from <= case.now < v.valid_to)
    area = next(current, case.versions[-1]).grid_area
    may_act = case.sender.role in (*OPERATING_ROLES, Role.DELEGATE)
    if not may_act or not has_say(case.master, case.sender, area, case.now, case.facts.sending_processes):
        yield Breach("metering_point", {"party": case.sender.party, "point": case.point, "area": area})


def reading_period_forward(case: PeriodCase) -> Iterator[Breach]:
    """The period starts before it ends."""
    if case.period.start >= case.period.end:
        yield Breach("start", _bounds(case))


def reading_not_too_old(case: PeriodCase) -> Iterator[Breach]:
    """Readings, corrections and cancellations reach three years back (D1 §5.1.4)."""
    zone, years = case.facts.zone, case.facts.numbers.oldest_years
    oldest = years_before(zone.day(case.now), years)
    if case.period.start < zone.midnight(oldest):
        words = {"start": minute_text(case.period.start), "years": years, "oldest": oldest.isoformat()}
        yield Breach("start", words)


# --- of readings ------------------------------------------------------------------------------------------------------


def reading_point_physical(case: ReadingCase) -> Iterator[Breach]:
    """Only what stands in the grid has a meter: virtual and calculated points have no readings (D1 §6.1.2, §6.1.3)."""
    for version in case.own_versions:
        if version.subtype is not Subtype.PHYSICAL:
            yield Breach("metering_point", {"point": case.point, "subtype": version.subtype})
            return


def reading_point_profile_settled(case: ReadingCase) -> Iterator[Breach]:
    """The point is profile-settled consumption throughout the period (D1 §5.1)."""
    if not all(is_profile_settled(version) for version in case.own_versions):
        yield Breach("metering_point", {"point": case.point, **_bounds(case)})


def reading_point_in_grid(case: ReadingCase) -> Iterator[Breach]:
    """The point is connected or disconnected throughout the period."""
    for version in case.own_versions:
        if not case.facts.accepted.states[STATES.index(version.connection_state)]:
            yield Breach("metering_point", {"point": case.point, "state": version.connection_state})
            return


def reading_bounds_at_midnight(case: ReadingCase) -> Iterator[Breach]:
    """A reading counts for a whole day: both bounds are local midnights; what is to come is refused anyway."""
    zone = case.facts.zone
    for name, instant in (("start", case.period.start), ("end", case.period.end)):
        if instant <= case.now and instant != zone.midnight(zone.day(instant)):
            yield Breach(name, {"bound": minute_text(instant)})


def reading_already_made(case: ReadingCase) -> Iterator[Breach]:
    """Nobody has read what is still to come."""
    if case.period.end > case.now:
        yield Breach("end", _bounds(case))


def reading_nominal_fits(case: ReadingCase) -> Iterator[Breach]:
    """A meter is read for a nominal date within its period, or shortly before that date [DEF]."""
    nominal, zone = case.reading.nominal, case.facts.zone
    if nominal is None or case.period.end > case.now:
        return
    latest = zone.day(case.period.end) + timedelta(days=case.numbers.due_days)
    if not zone.day(case.period.start) < nominal <= latest:
        yield Breach("nominal", {"nominal": nominal.isoformat(), "latest": latest.isoformat(), **_bounds(case)})


def reading_of_one_supplier(case: ReadingCase) -> Iterator[Breach]:
    """The supplier does not change within a period: a change has a reading of its own (D1 §5.1.1)."""
    own = case.own_versions
    for version in own[1:]:
        if version.energy_supplier != own[0].energy_supplier:
            yield Breach("end", {"point": case.point, "change": minute_text(version.valid_from)})
            return


def reading_overlaps_nothing(case: ReadingCase) -> Iterator[Breach]:
    """A changed reading time comes after the cancellations from the newest period back to it (D1 §5.1.4)."""
    if case.standing and case.corrected is None and case.period.start < case.standing[-1].end:
        yield Breach("start", {"start": minute_text(case.period.start), "newest": _said(case.standing[-1])})


def reading_starts_at_previous_end(case: ReadingCase) -> Iterator[Breach]:
    """A period begins where the one before ended, or where profile settlement began anew since (D1 §5.1.4)."""
    if not case.standing or case.corrected is not None:
        return
    awaited = max(case.standing[-1].end, _settled_since(case))
    if case.period.start > case.standing[-1].end and case.period.start != awaited:
        yield Breach("start", {"start": minute_text(case.period.start), "previous": minute_text(awaited)})


def reading_quality_allowed(case: ReadingCase) -> Iterator[Breach]:
    """A reading is measured or estimated (D1 §5.1.1)."""
    if case.reading.quality not in READING_QUALITIES:
        yield Breach("status", {"quality": case.reading.quality.name.lower()})


def reading_not_negative(case: ReadingCase) -> Iterator[Breach]:
    """Consumption and counter are not below zero (D1 §6.2.2)."""
    for name, quantity in _quantities(case.reading):
        if quantity < 0:
            yield Breach(name, {})


def reading_digits(case: ReadingCase) -> Iterator[Breach]:
    """At most ten digits before and three behind the decimal point (D1 §6.2.1)."""
    stated = (("consumption", case.reading.consumption), ("counter", case.reading.counter))
    for name, quantity in stated:
        if quantity is not None and not quantity.is_plain:
            yield Breach(name, {"digits": MOST_INTEGER_DIGITS, "decimals": MOST_DECIMALS})


def reading_plausible(case: ReadingCase) -> Iterator[Breach]:
    """A new annual consumption lies within the interval table 5 gives for the latest one (D1 §5.1.1)."""
    before = [period for period in case.standing if period.end <= case.period.start]
    latest = latest_annual(reversed(before), case.numbers.annual_days)
    if latest is None or not case.is_measurable:
        return
    bounds = plausible_bounds(case.numbers.bands, latest)
    if not bounds.low <= case.annual <= bounds.high:
        words = {"annual": case.annual, "latest": latest, "low": bounds.low, "high": bounds.high}
        yield Breach("consumption", {name: kwh_text(value) for name, value in words.items()})


def reading_within_mandatory_limit(case: ReadingCase) -> Iterator[Breach]:
    """Beyond the mandatory limit of its grid area a point is settled by the hour, unless master data lets it be."""
    if case.above_limit_allowed or not case.is_measurable or case.annual <= case.numbers.mandatory_limit:
        return
    yield Breach("consumption", {"annual": kwh_text(case.annual), "limit": case.numbers.mandatory_limit})


# --- of cancellations -------------------------------------------------------------------------------------------------


def cancelled_period_stands(case: PeriodCase) -> Iterator[Breach]:
    """Only a period that stands can be cancelled."""
    if case.corrected is None:
        yield Breach("start", {"point": case.point, **_bounds(case)})


def cancelled_period_newest(case: PeriodCase) -> Iterator[Breach]:
    """Periods are cancelled one by one from the newest back (D1 §5.1.4)."""
    if case.corrected is not None and case.corrected != case.standing[-1]:
        yield Breach("start", {"newest": _said(case.standing[-1]), **_bounds(case)})


Case = TypeVar("Case", bound=PeriodCase)


@dataclass(frozen=True, slots=True)
class CaseRules(Generic[Case]):
    """Rules of one kind of case that a market has enabled.

    Attributes:
        rules: each under its wording, in their order; decisive ones first.
        decisive: names of rules that, once broken, speak alone: who has no say in a point learns nothing of it.
    """

    rules: tuple[tuple[Callable[[Case], Iterator[Breach]], Wording], ...]
    decisive: frozenset[str]

    def check(self, case: Case) -> tuple[Finding, ...]:
        """Everything they find; all of them run, unless a decisive one is broken."""
        found: list[Finding] = []
        for rule, wording in self.rules:
            found += [wording.finding(words, path) for path, words in rule(case)]
            if found and wording.rule in self.decisive:
                break
        return tuple(found)


def is_profile_settled(version: MeteringPointVersion) -> bool:
    """Whether a point is consumption settled by profile in a version."""
    is_consumption = version.kind is MeteringPointType.CONSUMPTION
    return is_consumption and version.settlement_method is SettlementMethod.PROFILED


def kwh_text(energy: Fraction) -> str:
    """A fraction of kWh for people: whole kWh, rounded half up."""
    return str((energy + Fraction(1, 2)).__floor__())


def _settled_since(case: PeriodCase) -> int:
    """When the unbroken stretch of profile settlement began in which the period starts."""
    before = [v for v in case.versions if v.valid_from <= case.period.start]
    since = case.period.start
    for version in reversed(before):
        if not is_profile_settled(version) or version.valid_to < since:
            break
        since = version.valid_from
    return since


def _quantities(reading: MeterReading) -> Iterator[tuple[str, int]]:
    yield "consumption", reading.consumption.thousandths
    if reading.counter is not None:
        yield "counter", reading.counter.thousandths


def _bounds(case: PeriodCase) -> dict[str, object]:
    return {"start": minute_text(case.period.start), "end": minute_text(case.period.end)}


def _said(period: ReadingPeriod) -> str:
    return f"{minute_text(period.start)} to {minute_text(period.end)}"
