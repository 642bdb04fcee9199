"""Any history of versions, asked as known at any instant, held against a list of everything ever stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.hub.clock import MovedClock
from gateway.hub.database import Database
from gateway.hub.masterdata.files import MasterDataSet
from gateway.hub.ports import Principal
from gateway.hub.ports_metering_search import Observation, ObservationType
from gateway.messages.codes import Flow, MeteringPointType, Role
from gateway.messages.masterdata import MeteringPointVersion
from tests.eic_codes import eic
from tests.integration.feed.market import AREA, DAY, GRID, QUARTER, START, Market, Values, base, opened
from tests.integration.metering_search.asking import shown

# EE-3.2

MICRO, EXAMPLES = 1_000_000, 40
READER = Principal(GRID, Role.GRID_OPERATOR, "grid")


class Version(NamedTuple):
    """One delivery: some quarters of a flow, stored so many seconds after the one before, read at or not said."""

    flow: Flow
    first: int
    quarters: int
    after: int
    read_after: int | None


versions = st.lists(
    st.builds(
        Version,
        st.sampled_from([Flow.IN, Flow.OUT]),
        st.integers(0, 8),
        st.integers(1, 6),
        st.integers(0, 20),
        st.none() | st.integers(0, 100),
    ),
    min_size=1,
    max_size=7,
)


def known(history: list[tuple[Version, int, int]], begin: int, observation: Observation | None) -> dict[object, int]:
    """What counts: of each flow and quarter the last that had been stored, or read, by the instant."""
    found: dict[object, int] = {}
    for version, stored_at, number in history:
        seen_at = stored_at
        if observation is not None and observation.type is ObservationType.READING_TIME:
            seen_at = stored_at if version.read_after is None else begin + version.read_after
        if observation is None or seen_at * MICRO <= observation.at:
            for place in range(version.first, version.first + version.quarters):
                found[DAY + QUARTER * place, version.flow] = number
    return found


def test_any_instant_shows_what_was_known(new_database_url: Callable[[str], str]) -> None:
    database = Database.open(new_database_url("sqlite"))
    market = opened(database)
    points = [eic("Z", number) for number in range(100, 100 + 4 * EXAMPLES)]
    more = [MeteringPointVersion(point, MeteringPointType.CONSUMPTION, AREA, START) for point in points]
    whole = base()
    market.take(more=MasterDataSet([*whole.points, *more], whole.grid_areas, whole.roles))
    unused = iter(points)

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(history=versions, instants=st.lists(st.integers(-5, 130), min_size=1, max_size=4), kind=st.booleans())
    def check(history: list[Version], instants: list[int], kind: bool) -> None:
        check_history(market, next(unused), history, (instants, list(ObservationType)[kind]))

    check()
    database.close()


def check_history(market: Market, point: str, history: list[Version], asked: tuple[list[int], ObservationType]) -> None:
    clock = market.clock
    assert isinstance(clock, MovedClock)
    begin, stored = clock.now(), []
    for number, version in enumerate(history):
        clock.move_to(clock.now() + version.after)
        read_at = None if version.read_after is None else begin + version.read_after
        start = DAY + QUARTER * version.first
        market.store(Values(point, start, [number] * version.quarters, version.flow, read_at=read_at))
        stored.append((version, clock.now(), number))
    instants, kind = asked
    for observation in (None, *(Observation(kind, (begin + instant) * MICRO) for instant in instants)):
        assert shown(market, READER, point, observation=observation) == known(stored, begin, observation)
