"""The duties of a hub: what falls due by the clock, from unfinished messages to the settlement of an evening."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from gateway.hub import journal
from gateway.hub.clock import MICROSECONDS
from gateway.hub.feed.retention import purge_feed
from gateway.hub.feed.writing import note_changes
from gateway.hub.metering_data.processing import Processor
from gateway.hub.office import Office
from gateway.hub.point_series import netting
from gateway.hub.point_series.deviations import run_deviations
from gateway.hub.point_series.reactive import note_availability
from gateway.hub.query_desk import QueryDesk
from gateway.hub.readings.deadlines import note_passed_deadlines
from gateway.hub.reminders.run import Reminders
from gateway.hub.retention import purge_nightly
from gateway.hub.runner import Runner
from gateway.hub.scheduler import Duty
from gateway.hub.series.point_index import BUILD_SEGMENTS
from gateway.hub.settlement.evening import Settlement
from gateway.messages.codes import Service
from gateway.messages.times import MarketZone

LEASE_SECONDS = 120
"""How long a message may be under way before another process takes it up."""

SWEEP_SECONDS = 60
INDEX_SECONDS = 10
QUERY_SECONDS = 10
DAY_CLOSE_HOUR = 3
NET_SECONDS = 2
NIGHTLY_HOUR = 2
SETTLE_SECONDS = 30
"""How often it is asked whether an evening has come; one that failed is tried again then."""

REMIND_SECONDS = 30
"""How often it is asked whether reminders are due; a round that failed is tried again then."""


def duties_of(office: Office, runner: Runner) -> list[Duty]:
    """The duties of a hub for the services its market has."""
    zone, services = office.profile.zone, office.profile.services
    day_close, nightly, midnight = (_daily(zone, hour) for hour in (DAY_CLOSE_HOUR, NIGHTLY_HOUR, 0))
    messages, index, series = _Messages(office, runner), _Index(office), _PointSeries(office)
    settlement, reminders = Settlement(office), Reminders(office)

    def settle(_due: int) -> None:
        settlement.catch_up()

    def remind(_due: int) -> None:
        reminders.catch_up()

    def step_queries(_due: int) -> None:
        QueryDesk(office).step_due(office.clock.now())

    def note_deadlines(_due: int) -> None:
        note_passed_deadlines(office, office.clock.now())

    def clear_feed(_due: int) -> None:
        purge_feed(office)

    def purge(_due: int) -> None:
        purge_nightly(office)

    duties = [
        (Service.QUERIES, Duty("stepping anonymous queries", _every(QUERY_SECONDS), step_queries)),
        (None, Duty("taking up unfinished messages", _every(SWEEP_SECONDS), messages.sweep)),
        (
            Service.METERING_DATA,
            Duty("taking up unfinished metering data", _every(SWEEP_SECONDS), messages.sweep_metering_data),
        ),
        (None, Duty("indexing new series", _every(INDEX_SECONDS), index.build_when_worth_it)),
        (None, Duty("closing the day's index", day_close, index.build)),
        (Service.METERING_DATA, Duty("taking old changes off the feed", day_close, clear_feed)),
        (None, Duty("purging values beyond their time", day_close, purge)),
        (Service.SETTLEMENT, Duty("settling the evening", _every(SETTLE_SECONDS), settle)),
        (Service.READINGS, Duty("noting meter readings awaited", midnight, note_deadlines)),
        (Service.POINT_SERIES, Duty("netting and sharing", _every(NET_SECONDS), series.follow_sites)),
        (Service.POINT_SERIES, Duty("looking for balance deviations", nightly, series.look_for_deviations)),
        (Service.POINT_SERIES, Duty("noting reactive energy", nightly, series.note_reactive)),
        (Service.REMINDERS, Duty("reminding of missing data", _every(REMIND_SECONDS), remind)),
    ]
    return [duty for service, duty in duties if service is None or service in services]


def _every(seconds: int) -> Callable[[int], int]:
    return lambda now: now - now % seconds + seconds


def _daily(zone: MarketZone, hour: int) -> Callable[[int], int]:
    """The next time the market's clocks show an hour."""

    def following(now: int) -> int:
        day = zone.day(now)
        today = zone.at(day, hour)
        return today if today > now else zone.at(day + timedelta(days=1), hour)

    return following


class _Messages:
    """Takes up what another process left unfinished."""

    def __init__(self, office: Office, runner: Runner) -> None:
        self._office, self._runner = office, runner
        self._processor = Processor(office, note_changes)

    def sweep(self, _due: int) -> None:
        before = self._left_before()
        self._runner.recover(before)
        with self._office.database.write() as connection:
            journal.note_finished(connection, before)

    def sweep_metering_data(self, _due: int) -> None:
        self._processor.recover(self._left_before())

    def _left_before(self) -> int:
        return (self._office.clock.now() - LEASE_SECONDS) * MICROSECONDS


class _Index:
    """Builds the index of the series store."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def build_when_worth_it(self, due: int) -> None:
        with self._office.database.read() as connection:
            pending = self._office.store.index_pending(connection)
        if pending >= BUILD_SEGMENTS:
            self.build(due)

    def build(self, _due: int) -> None:
        pending = 1
        while pending:
            with self._office.database.write() as connection:
                pending = self._office.store.build_index(connection)


class _PointSeries:
    """Calculates what follows from the series of metering points."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def follow_sites(self, _due: int) -> None:
        netting.follow(self._office)

    def look_for_deviations(self, _due: int) -> None:
        if self._office.profile.closing is not None:
            run_deviations(self._office, self._office.profile.closing)

    def note_reactive(self, _due: int) -> None:
        note_availability(self._office)
