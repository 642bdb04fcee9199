"""Every process the hub can run, by name and version: an instance ends under the table it began with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from gateway.processes.anonymous_query import ANONYMOUS_QUERY
from gateway.processes.correction import CORRECTION
from gateway.processes.data_request import DATA_REQUEST
from gateway.processes.distribution import DISTRIBUTION
from gateway.processes.fixation import FIXATION
from gateway.processes.machine import Machine
from gateway.processes.meter_reading import METER_READING
from gateway.processes.metering_data import METERING_DATA
from gateway.processes.refixation import REFIXATION
from gateway.processes.reminder import REMINDER
from gateway.processes.submission import SUBMISSION


def by_name_and_version(machines: Iterable[Machine[Any]]) -> Mapping[tuple[str, int], Machine[Any]]:
    """The machines by (name, version); two tables under one key are our bug and raise ValueError."""
    processes: dict[tuple[str, int], Machine[Any]] = {}
    for machine in machines:
        if processes.setdefault((machine.name, machine.version), machine) is not machine:
            raise ValueError(f"two tables are called {machine.name} version {machine.version}")
    return MappingProxyType(processes)


def latest(processes: Mapping[tuple[str, int], Machine[Any]]) -> Mapping[str, Machine[Any]]:
    """The version of each process that new instances begin with, by name."""
    return MappingProxyType({name: processes[name, version] for name, version in sorted(processes)})


PROCESSES = by_name_and_version(
    (
        SUBMISSION,
        CORRECTION,
        DISTRIBUTION,
        DATA_REQUEST,
        FIXATION,
        REFIXATION,
        METER_READING,
        REMINDER,
        ANONYMOUS_QUERY,
        METERING_DATA,
    )
)
"""Every version of every process, by (name, version); a superseded table stays while an instance may still run it."""
