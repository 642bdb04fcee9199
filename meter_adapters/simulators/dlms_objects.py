"""The COSEM objects of a simulated meter: registers, clock, load profile, event log, names.

Every value is asked of the `SimulatedMeter` at the moment of the question. An attribute that is not there, or an access
the object does not know, is a data access result, as a meter answers it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from meter_adapters.dlms.axdr import Data, Tag, array, encode, octets, signed, structure, unsigned
from meter_adapters.dlms.cosem_time import parse_time
from meter_adapters.dlms.fault import Fault
from meter_adapters.obis import CLOCK, INVOCATION_COUNTER, LOAD_PROFILE, LOGICAL_DEVICE_NAME, SERIAL_NUMBER, Obis
from meter_adapters.simulators.dlms_profiles import (
    Column,
    MeterTimes,
    Profile,
    event_rows,
    load_profile_rows,
    number_octets,
)
from meter_adapters.simulators.meter import SimulatedMeter
from meter_adapters.units import UNIT_CODES

EVENT_LOG = Obis(0, 0, 99, 98, 0)
EVENT_CODE = Obis(0, 0, 96, 11, 0)
PROFILE_STATUS = Obis(0, 0, 96, 10, 1)
ASSOCIATION = Obis(0, 0, 40, 0, 0)
SAP_ASSIGNMENT = Obis(0, 0, 41, 0, 0)

DATA, REGISTER, PROFILE, CLOCK_CLASS, ASSOCIATION_CLASS, SAP_CLASS = 1, 3, 7, 8, 15, 17

_UNITS = {unit: code for code, unit in UNIT_CODES.items()}
_EVENTS_KEPT = 1000


class Access(IntEnum):
    """Why a meter does not hand an attribute out (data access results)."""

    TEMPORARY_FAILURE = 2
    DENIED = 3
    UNDEFINED = 4
    TYPE_UNMATCHED = 12


@dataclass(frozen=True, slots=True)
class ProfileStyle:
    """How a meter keeps its load profile.

    Attributes:
        totals: registers at the end of each interval instead of the interval's energy.
        deviation: times carry their deviation; without it only the meter's profile tells their instant.
        empty_times: a row leaves its time out where it follows from the row before.
        selects: selective access is kept to; without it every row is sent whatever was asked.
    """

    totals: bool = False
    deviation: bool = True
    empty_times: bool = False
    selects: bool = True


@dataclass(slots=True)
class DlmsObjects:
    """The objects of one meter.

    Attributes:
        meter: the truth.
        now: the host's clock.
        style: how the load profile is kept. A test may change it while the meter runs: a changed column list.
        counter: the invocation counter the meter has seen, for the public client.
    """

    meter: SimulatedMeter
    now: Callable[[], float]
    style: ProfileStyle = ProfileStyle()
    counter: int = 0

    def get(self, class_id: int, name: Obis, index: int, selection: bytes = b"") -> bytes | Access:
        """The octets of an attribute, or why there are none."""
        if (class_id, name) not in self.known():
            return Access.UNDEFINED
        if index == 1:
            return encode(octets(name.octets))
        if class_id == PROFILE:
            found = self._profile(name).attribute(index, selection)
            return Access.TYPE_UNMATCHED if found is None else found
        value = self._value(class_id, name, index)
        return Access.UNDEFINED if value is None else value

    def set(self, class_id: int, name: Obis, index: int, data: Data) -> Access | None:
        """Write an attribute: the clock can be set, nothing else."""
        if (class_id, name, index) != (CLOCK_CLASS, CLOCK, 2) or not isinstance(data.value, bytes):
            return Access.DENIED
        time = parse_time(data.value)
        if isinstance(time, Fault):
            return Access.TYPE_UNMATCHED
        self.meter.set_clock(int(self.now()), self._times.instant(time))
        return None

    def known(self) -> list[Column]:
        """Class and name of every object."""
        named = [(DATA, code) for code in (LOGICAL_DEVICE_NAME, SERIAL_NUMBER, INVOCATION_COUNTER)]
        named += [(DATA, PROFILE_STATUS), (DATA, EVENT_CODE), (CLOCK_CLASS, CLOCK)]
        for channel in self.meter.channels:
            named += [(REGISTER, _code(text)) for text in (channel.register, channel.interval, channel.power)]
        named += [(PROFILE, LOAD_PROFILE), (PROFILE, EVENT_LOG)]
        return [*named, (ASSOCIATION_CLASS, ASSOCIATION), (SAP_CLASS, SAP_ASSIGNMENT)]

    @property
    def _times(self) -> MeterTimes:
        return MeterTimes(self.meter, self.style.deviation)

    def _profile(self, name: Obis) -> Profile:
        times, now, style = self._times, self.now(), self.style
        if name == EVENT_LOG:
            columns = [(CLOCK_CLASS, CLOCK), (DATA, EVENT_CODE)]
            return Profile(columns, 0, _EVENTS_KEPT, event_rows(times, now), times, style.selects)
        columns = [(CLOCK_CLASS, CLOCK), (DATA, PROFILE_STATUS)]
        columns += [(REGISTER, _code(c.register if style.totals else c.interval)) for c in self.meter.channels]
        rows = load_profile_rows(times, totals=style.totals, empty_times=style.empty_times, now=now)
        return Profile(columns, self.meter.period, self.meter.depth, rows, times, style.selects)

    def _value(self, class_id: int, name: Obis, index: int) -> bytes | None:
        if class_id == REGISTER:
            return self._register(name, index)
        if index != 2:
            return None
        if class_id == CLOCK_CLASS:
            now = self.now()
            return encode(octets(self._times.octets(self.meter.meter_time(now), self.meter.clock_valid(now))))
        if class_id == ASSOCIATION_CLASS:
            return encode(array([_listed(*known) for known in self.known()]))
        if class_id == SAP_CLASS:
            return encode(array([structure(unsigned(16, 1), octets(self._logical_name))]))
        return self._datum(name)

    def _register(self, name: Obis, index: int) -> bytes | None:
        """Value and unit of a register: total, energy of the last interval, or present power."""
        place, channel = next(
            (place, one)
            for place, one in enumerate(self.meter.channels)
            if name in (_code(one.register), _code(one.interval), _code(one.power))
        )
        is_power = name == _code(channel.power)
        if index == 3:
            unit = channel.unit.removesuffix("h") if is_power else channel.unit
            return encode(structure(signed(8, 0), Data(Tag.ENUM, _UNITS[unit])))
        if index != 2:
            return None
        now = self.now()
        if name == _code(channel.register):
            return number_octets(self.meter.totals(now)[place])
        if is_power:
            return number_octets(self.meter.powers(now)[place])
        last = self.meter.rows(int(now) - 2 * self.meter.period, int(now), now)[-1:]
        return number_octets(last[0].values[place] if last else 0)

    @property
    def _logical_name(self) -> bytes:
        return self.meter.identity.logical_name.encode()

    def _datum(self, name: Obis) -> bytes:
        values = {
            LOGICAL_DEVICE_NAME: octets(self._logical_name),
            SERIAL_NUMBER: octets(self.meter.identity.serial.encode()),
            INVOCATION_COUNTER: unsigned(32, self.counter),
        }
        return encode(values.get(name, unsigned(8, 0)))


def _listed(class_id: int, name: Obis) -> Data:
    """An object of the association's list: class, version, name, and no statement about rights."""
    rights = structure(array([]), array([]))
    return structure(unsigned(16, class_id), unsigned(8, 0), octets(name.octets), rights)


def _code(text: str) -> Obis:
    code = Obis.parse(text)
    assert code is not None, "a simulated channel names OBIS codes"
    return code
