"""The scheduler: what is due by the market clock is done, in order of when it is due.

It never reads a clock of its own, so that a simulation moves the clock and asks what is due, and the server does the
same every second. A duty that fails is told and tried again when it is next due.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
from gateway.hub.ports import StoreUnavailable
from gateway.hub.query_desk import QueryDesk
from gateway.hub.readings.deadlines import note_passed_deadlines
from gateway.hub.reminders.run import Reminders
from gateway.hub.retention import purge_nightly
from gateway.hub.runner import Runner
from gateway.hub.series.point_index import BUILD_SEGMENTS
from gateway.hub.settlement.evening import Settlement
from gateway.messages.codes import Service

log = logging.getLogger(__name__)

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


@dataclass(slots=True)
class Duty:
    """Something that falls due again and again.

    Attributes:
        name: what it is.
        following: the next instant it is due, after a given one.
        do: does it, given the instant it was due.
        due: when it is due next.
    """

    name: str
    following: Callable[[int], int]
    do: Callable[[int], None]
    due: int = field(default=0)


class Scheduler:
    """Duties on the market clock."""

    def __init__(self, duties: Sequence[Duty], now: int) -> None:
        self._duties = list(duties)
        for duty in self._duties:
            duty.due = duty.following(now)

    @property
    def next_due(self) -> int:
        """When the next duty is due."""
        return min(duty.due for duty in self._duties)

    def run_due(self, now: int) -> int:
        """Do all that is due by now, oldest first; how much that was."""
        done = 0
        while (duty := min(self._duties, key=lambda one: one.due)).due <= now:
            due, duty.due = duty.due, duty.following(max(duty.due, now))
            try:
                duty.do(due)
            except StoreUnavailable as error:
                log.warning("%s is put off: %s", duty.name, error)
            except Exception:  # one duty must not stop the others
                log.exception("%s failed", duty.name)
            done += 1
        return done


def duties_of(office: Office, runner: Runner) -> list[Duty]:
    """The duties of a hub: what is due by the clock, from unfinished messages to the settlement of an evening."""

    def every(seconds: int) -> Callable[[int], int]:
        return lambda now: now - now % seconds + seconds

    def day_close(now: int) -> int:
        zone = office.profile.zone
        today = zone.at(zone.day(now), DAY_CLOSE_HOUR)
        return today if today > now else zone.at(zone.day(now) + timedelta(days=1), DAY_CLOSE_HOUR)

    def midnight(now: int) -> int:
        return office.profile.zone.day_interval(office.profile.zone.day(now)).end

    def note_deadlines(_due: int) -> None:
        note_passed_deadlines(office, office.clock.now())

    def sweep(_due: int) -> None:
        before = (office.clock.now() - LEASE_SECONDS) * MICROSECONDS
        runner.recover(before)
        with office.database.write() as connection:
            journal.note_finished(connection, before)

    processor = Processor(office, note_changes)

    def sweep_metering_data(_due: int) -> None:
        processor.recover((office.clock.now() - LEASE_SECONDS) * MICROSECONDS)

    def index(due: int) -> None:
        with office.database.read() as connection:
            pending = office.store.index_pending(connection)
        if pending >= BUILD_SEGMENTS:
            build(due)

    def build(_due: int) -> None:
        pending = 1
        while pending:
            with office.database.write() as connection:
                pending = office.store.build_index(connection)

    settlement = Settlement(office)

    def settle(_due: int) -> None:
        settlement.catch_up()

    def step_queries(_due: int) -> None:
        QueryDesk(office).step_due(office.clock.now())

    def nightly(now: int) -> int:
        zone = office.profile.zone
        tonight = zone.at(zone.day(now), NIGHTLY_HOUR)
        return tonight if tonight > now else zone.at(zone.day(now) + timedelta(days=1), NIGHTLY_HOUR)

    def follow_sites(_due: int) -> None:
        netting.follow(office)

    def look_for_deviations(_due: int) -> None:
        if office.profile.closing is not None:
            run_deviations(office, office.profile.closing)

    def note_reactive(_due: int) -> None:
        note_availability(office)

    reminders = Reminders(office)

    def remind(_due: int) -> None:
        reminders.catch_up()

    def purge(_due: int) -> None:
        purge_feed(office)

    duties = [
        (Service.QUERIES, Duty("stepping anonymous queries", every(QUERY_SECONDS), step_queries)),
        (None, Duty("taking up unfinished messages", every(SWEEP_SECONDS), sweep)),
        (
            Service.METERING_DATA,
            Duty("taking up unfinished metering data", every(SWEEP_SECONDS), sweep_metering_data),
        ),
        (None, Duty("indexing new series", every(INDEX_SECONDS), index)),
        (None, Duty("closing the day's index", day_close, build)),
        (Service.METERING_DATA, Duty("taking old changes off the feed", day_close, purge)),
        (None, Duty("purging values beyond their time", day_close, lambda _due: purge_nightly(office))),
        (Service.SETTLEMENT, Duty("settling the evening", every(SETTLE_SECONDS), settle)),
        (Service.READINGS, Duty("noting meter readings awaited", midnight, note_deadlines)),
        (Service.POINT_SERIES, Duty("netting and sharing", every(NET_SECONDS), follow_sites)),
        (Service.POINT_SERIES, Duty("looking for balance deviations", nightly, look_for_deviations)),
        (Service.POINT_SERIES, Duty("noting reactive energy", nightly, note_reactive)),
        (Service.REMINDERS, Duty("reminding of missing data", every(REMIND_SECONDS), remind)),
    ]
    return [duty for service, duty in duties if service is None or service in office.profile.services]
