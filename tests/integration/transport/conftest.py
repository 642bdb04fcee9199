"""One running server for the tests of a module; each test finds its exchange fresh."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gateway.transport.settings import BodyLimits, CertificateHeader, TransportSettings

from .denmark import Market
from .desk import Desk
from .estfeed_client import DatahubClient
from .estfeed_desk import TECHNICAL
from .running_server import SECRET
from .small_metering import METER
from .small_places import NOON, SUPPLIER

SMALL_LIMITS = BodyLimits(bytes=4 * 1024 * 1024, idle_seconds=2.0, total_seconds=4.0)


@pytest.fixture(scope="session")
def open_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[TransportSettings], Desk]]:
    """A function that starts a server with settings; every one is stopped at the end."""
    desks: list[Desk] = []

    def start(settings: TransportSettings) -> Desk:
        desks.append(Desk(tmp_path_factory.mktemp("desk"), settings))
        return desks[-1]

    yield start
    for desk in desks:
        desk.stop()


@pytest.fixture(scope="session")
def running_desk(open_desk: Callable[[TransportSettings], Desk]) -> Desk:
    """A server with small limits that believes the certificate header of nobody."""
    return open_desk(TransportSettings(limits=SMALL_LIMITS))


@pytest.fixture(scope="session")
def running_proxied_desk(open_desk: Callable[[TransportSettings], Desk]) -> Desk:
    """A server that believes the certificate header of a proxy on loopback."""
    trusted = CertificateHeader(trusted_proxies=("127.0.0.0/8",))
    return open_desk(TransportSettings(limits=SMALL_LIMITS, certificates=trusted))


def _fresh(desk: Desk) -> Desk:
    desk.exchange.forget()
    desk.now = NOON
    return desk


@pytest.fixture
def desk(running_desk: Desk) -> Desk:
    """The server, with nothing left of the test before."""
    return _fresh(running_desk)


@pytest.fixture
def proxied_desk(running_proxied_desk: Desk) -> Desk:
    """The server behind a proxy, with nothing left of the test before."""
    return _fresh(running_proxied_desk)


@pytest.fixture
def user(desk: Desk) -> Iterator[DatahubClient]:
    """A technical user of the supplier, who is also a grid operator and owns the meter."""
    desk.exchange.clients[TECHNICAL.client_id] = TECHNICAL
    desk.exchange.owners[METER] = SUPPLIER
    yield DatahubClient(desk.url, SUPPLIER, (TECHNICAL.client_id, SECRET)).acting("GRID_OPERATOR")
    del desk.exchange.clients[TECHNICAL.client_id]
    vars(desk.exchange).pop("profile", None)


@pytest.fixture(scope="module")
def running_market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """A served hub with the Danish sample market, for the tests of one file."""
    running = Market(tmp_path_factory.mktemp("market"))
    yield running
    running.stop()
