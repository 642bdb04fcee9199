"""The one place where a hub is wired: settings in, an open hub out. It needs nothing of what serves it."""

from __future__ import annotations

import numpy as np

from gateway.config import Settings
from gateway.hub.clock import Clock, SystemClock
from gateway.hub.database import Database
from gateway.hub.exchange import Hub
from gateway.hub.new_ids import new_id
from gateway.hub.office import Office
from gateway.hub.series.store import SeriesStore
from gateway.hub.settlement.answers import FiledResults
from gateway.hub.settlement.engine import Engine
from gateway.markets.registry import changed_profile
from gateway.messages.identifiers import LEAST_EIC_KEY, has_point_id
from gateway.schemas.registry import Registry


def open_hub(settings: Settings, clock: Clock | None = None) -> Hub:
    """A hub over the database of the settings, its tables brought up to date; not started yet."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database.open(settings.database_url)
    database.migrate()
    profile = changed_profile(settings.market, settings.profile, settings.rules)
    schemas = Registry(packs=settings.schema_packs)
    engine = Engine(settings.settlement_workers, settings.settlement_alone)
    store = SeriesStore(profile.zone)
    office = Office(database, profile, store, schemas, clock or SystemClock(), new_id, engine=engine)
    office.results = FiledResults(office)
    with database.read() as connection:
        office.refresh(connection)
    _refuse_nameless_points(office)
    return Hub(office)


def _refuse_nameless_points(office: Office) -> None:
    """A metering point stays on the list of exceptions as long as it is registered: its number alone has no name."""
    points = office.master.points.point
    nameless = np.unique([key for key in points[points < LEAST_EIC_KEY].tolist() if not has_point_id(key)])
    if len(nameless):
        raise ValueError(f"{len(nameless)} registered metering points are on identifiers.exceptions no more")
