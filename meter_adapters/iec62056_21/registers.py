"""What the data sets of a readout mean: registers with unit and instant, and parameters that are text.

Each data set becomes one reading under the OBIS code its id has in the meter profile. History (`*nn` automatic, `&nn`
by hand) keeps its F and never stands for the current value. Ids that nothing explains are told of and left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from meter_adapters.iec62056_21.data_sets import DataSet, Group, first_of
from meter_adapters.iec62056_21.origin import Origin
from meter_adapters.iec62056_21.written_times import written_date_and_clock, written_time
from meter_adapters.obis import Obis
from meter_adapters.readings import Flag, MeterEvent, MeterId, Reading
from meter_adapters.time_offset import NOT_PLACED, MeterTime, OffsetSource, PlacedTime
from meter_adapters.units import number_of, split_unit

_POWER_FAILURES = "1-0:99.97.0"
_TEXT_GROUPS = frozenset({0, 96, 97, 98, 99})
"""Values of OBIS group C that hold parameters: their digits are a text, leading zeros included."""
_COUNTERS = (96, 7)
"""Among them the counters of outages (96.7.x)."""


@dataclass(frozen=True, slots=True)
class Readout:
    """What a readout said.

    Attributes:
        readings: one for each data set that has a meaning.
        events: entries of a log within the readout (power failures of P1).
        unknown: ids that neither the standard nor the meter profile explains.
    """

    readings: tuple[Reading, ...]
    events: tuple[MeterEvent, ...] = ()
    unknown: tuple[str, ...] = ()


def meter_time(sets: tuple[DataSet, ...]) -> MeterTime | None:
    """The meter's own time in a readout: `0-0:1.0.0` (P1), else date `0.9.2` and time of day `0.9.1`."""
    stamp = first_of(sets, "1.0.0", "0.9.4")
    if stamp is not None and (time := written_time(stamp)) is not None:
        return time
    date, clock = first_of(sets, "0.9.2"), first_of(sets, "0.9.1")
    return None if date is None or clock is None else written_date_and_clock(date, clock)


def serial_number(sets: tuple[DataSet, ...]) -> str:
    """The meter's serial number as it states it; P1 writes it as hex digits of its letters."""
    coded = first_of(sets, "96.1.1")
    if coded is not None:
        return _unhexed(coded)
    plain = first_of(sets, "C.1.0", "0.0.0", "0.0", "96.1.0")
    return plain.strip() if plain is not None else ""


def _unhexed(text: str) -> str:
    try:
        letters = bytes.fromhex(text).decode("ascii")
    except ValueError:
        return text
    return letters if letters.isprintable() else text


def with_serial(meter: MeterId, sets: tuple[DataSet, ...]) -> MeterId:
    """The meter with the serial number of its readout, where that states one."""
    serial = serial_number(sets)
    if not serial:
        return meter
    return MeterId(meter.logical_name, serial, meter.manufacturer, meter.model, meter.address)


def readout(sets: tuple[DataSet, ...], origin: Origin, read_at: int | None = None) -> Readout:
    """The readings of a readout.

    Current values hold for the meter's own time; where it states none, for `read_at`, the collector's instant.
    """
    time = meter_time(sets)
    now = origin.place(time)
    if time is None and read_at is not None:
        now = PlacedTime(read_at, OffsetSource.HOST)
    readings: list[Reading] = []
    events: list[MeterEvent] = []
    unknown: list[str] = []
    for one in (part for written in sets for part in _parts(written)):
        code = origin.profile.obis_of(one.id)
        if code is None:
            unknown.append(one.id)
        elif one.id == _POWER_FAILURES:
            events += _power_failures(one, code, origin)
        else:
            readings.append(_reading(one, code, origin, (time, now), sets))
    return Readout(tuple(readings), tuple(events), tuple(unknown))


def _reading(
    one: DataSet, code: Obis, origin: Origin, now: tuple[MeterTime | None, PlacedTime], sets: tuple[DataSet, ...]
) -> Reading:
    value, own_time = _value_and_time(one)
    time, placed = (own_time, origin.place(own_time)) if own_time is not None else now
    if own_time is None and code.is_history:
        time = _reset_time(one.id, sets)
        placed = origin.place(time)
    number = number_of(value.value) if _is_numeric(code, value) else None
    scaled = split_unit(value.unit)
    flags = origin.flags if placed.instant is not None else origin.flags | {Flag.NO_OFFSET}
    return Reading(
        origin.meter,
        code,
        raw=number.raw if number is not None else 0,
        scaler=number.scaler + scaled.scaler if number is not None else 0,
        unit=scaled.unit,
        ts_end=placed.instant,
        meter_time_raw=time.raw if time is not None else "",
        offset_source=placed.source,
        flags=flags,
        protection=origin.protection,
        text="" if number is not None else _text(one),
        source_id=one.id,
    )


def _parts(one: DataSet) -> list[DataSet]:
    """The values of a data set in the form of a profile's only row, as P1 of DSMR 2 and 3 writes gas meters.

    `0-1:24.3.0(time)(status)(minutes)(count)(id)(unit)…(value)…` is one value with that time under each id.
    """
    count = one.groups[3].value if len(one.groups) >= 7 else ""
    if not count.isdecimal() or len(one.groups) != 4 + 3 * int(count) or written_time(one.groups[0].value) is None:
        return [one]
    named, values = one.groups[4 : 4 + 2 * int(count)], one.groups[4 + 2 * int(count) :]
    return [
        DataSet(source.value, (one.groups[0], Group(value.value, unit.value)))
        for source, unit, value in zip(named[::2], named[1::2], values, strict=True)
    ]


def _value_and_time(one: DataSet) -> tuple[Group, MeterTime | None]:
    """The value of a data set, and the time it brings along.

    A maximum writes `(0.50262*kW)(2211120730)`, a gas meter behind P1 `(170102161005W)(00000.107*m3)`.
    """
    if len(one.groups) < 2:
        return one.groups[0], None
    first, second = one.groups[:2]
    if second.unit and not first.unit and (time := written_time(first.value)) is not None:
        return second, time
    return first, written_time(second.value) if not second.unit else None


def _is_numeric(code: Obis, value: Group) -> bool:
    """Whether the digits are a quantity: they have a unit, or the code is no parameter's."""
    if value.unit or (code.c, code.d) == _COUNTERS:
        return True
    return code.a != 0 and code.c not in _TEXT_GROUPS


def _text(one: DataSet) -> str:
    """The groups as written, blank ones left out."""
    return " ".join(group.value.strip() for group in one.groups if group.value.strip())


def _reset_time(source_id: str, sets: tuple[DataSet, ...]) -> MeterTime | None:
    """When a history value was frozen: the reset time under the same suffix (`0.1.2*12`, `0.1.0*12`)."""
    mark = "&" if "&" in source_id else "*"
    suffix = mark + source_id.rpartition(mark)[2]
    written = first_of(sets, f"0.1.2{suffix}", f"0.1.0{suffix}")
    return written_time(written) if written is not None else None


def _power_failures(one: DataSet, code: Obis, origin: Origin) -> list[MeterEvent]:
    """The log of long power failures of P1: `(count)(0-0:96.7.19)(end)(seconds*s)…`."""
    events = []
    for end, seconds in zip(one.groups[2::2], one.groups[3::2], strict=False):
        time = written_time(end.value)
        placed = origin.place(time) if time is not None else NOT_PLACED
        text = f"power returned after {seconds.value.lstrip('0') or '0'} s"
        events.append(
            MeterEvent(origin.meter, code, 0, text, placed.instant, end.value, placed.source, origin.protection)
        )
    return events
