"""What is missing and estimated of a day, and what points sum up to, against counting value by value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.hub.control.delivery import delivered
from gateway.hub.control.expected import Expected, expected_values
from gateway.hub.control.point_sums import point_sums
from gateway.hub.control.values import PointSums
from gateway.hub.database import Database
from gateway.hub.schema import metadata
from gateway.messages.codes import Quality, Resolution
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.times import HOUR, Interval

from .market import DK, OPERATOR, ZONE, ControlHub, flex, gsrn, hourly

DAYS = [date(2025, 3, 30), date(2025, 10, 26), date(2025, 1, 15)]
SECONDS = {Resolution.QUARTER: 900, Resolution.HOUR: HOUR}
QUALITIES = [Quality.MEASURED, Quality.MEASURED, Quality.ESTIMATED, Quality.MISSING]
POINTS = 4


class Delivered(NamedTuple):
    """A transaction: values of some points in one period."""

    points: list[int]
    step: Resolution
    start: int
    qualities: list[list[int]]


@dataclass
class Case:
    """A day, the versions of the points and what came, one transaction each."""

    day: Interval
    versions: list[MeteringPointVersion]
    deliveries: list[Delivered]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    day = ZONE.day_interval(draw(st.sampled_from(DAYS)))
    versions = []
    for number in range(POINTS):
        plain = draw(st.sampled_from([flex, hourly]))(number)
        step = draw(st.sampled_from(list(SECONDS)))
        bounds = draw(st.lists(st.integers(-10, 110), min_size=1, max_size=3, unique=True).map(sorted))
        instants = [day.start + 900 * bound for bound in bounds]
        if draw(st.booleans()):
            instants = [day.start - 900, day.end]
        versions += [
            plain._replace(valid_from=start, valid_to=end, resolution=step)
            for start, end in zip(instants, [*instants[1:], day.end], strict=True)
            if start < end
        ]
    return Case(day, versions, draw(st.lists(deliveries(day), max_size=6)))


@st.composite
def deliveries(draw: st.DrawFn, day: Interval) -> Delivered:
    step = draw(st.sampled_from(list(SECONDS)))
    count = (day.end - day.start) // SECONDS[step]
    first, last = 0, count
    if draw(st.booleans()):
        first = draw(st.integers(-8, count - 1))
        last = draw(st.integers(max(first, 0) + 1, count + 8))
    points = draw(st.lists(st.integers(0, POINTS - 1), min_size=1, unique=True))
    spots = draw(st.dictionaries(st.integers(0, last - first - 1), st.sampled_from(QUALITIES), max_size=6))
    base = [draw(st.sampled_from(QUALITIES)) for _ in points]
    rows = [[int(spots.get(place, one)) for place in range(last - first)] for one in base]
    return Delivered(points, step, day.start + first * SECONDS[step], rows)


def quantity_of(transaction: int, place: int) -> int:
    return 1000 * transaction + place


class Value(NamedTuple):
    start: int
    end: int
    quality: int
    quantity: int


def told(case: Case, known: int) -> dict[int, list[Value]]:
    """The values of each point as known after so many transactions: a later one takes the place of all it touches."""
    values: dict[int, list[Value]] = {number: [] for number in range(POINTS)}
    for transaction, one in enumerate(case.deliveries[:known], start=1):
        length = SECONDS[one.step]
        for point, qualities in zip(one.points, one.qualities, strict=True):
            end = one.start + length * len(qualities)
            kept = [value for value in values[point] if value.end <= one.start or end <= value.start]
            values[point] = kept + [
                Value(
                    one.start + place * length,
                    one.start + (place + 1) * length,
                    quality,
                    0 if quality == Quality.MISSING else quantity_of(transaction, place),
                )
                for place, quality in enumerate(qualities)
            ]
    return {
        point: [value for value in of_point if case.day.start <= value.start < case.day.end]
        for point, of_point in values.items()
    }


def status(values: list[Value], start: int, end: int) -> int:
    """The weakest of the values that make up a step; missing where they do not cover it."""
    found = [value for value in values if value.start < end and start < value.end]
    covered = sum(min(value.end, end) - max(value.start, start) for value in found)
    if covered < end - start or any(value.quality == Quality.MISSING for value in found):
        return Quality.MISSING
    return min(value.quality for value in found)


def filled(database: Database, case: Case) -> ControlHub:
    with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    hub = ControlHub(database, *case.versions)
    for transaction, one in enumerate(case.deliveries, start=1):
        quantities = [
            [0 if q == Quality.MISSING else quantity_of(transaction, place) for place, q in enumerate(row)]
            for row in one.qualities
        ]
        points = [gsrn(number) for number in one.points]
        hub.append(points, quantities, start=one.start, at=transaction, quality=one.qualities, step=one.step)
    hub.move_to(case.day.end + 86_400)
    return hub


def steps_of(expected: Expected, entry: int) -> list[tuple[int, int]]:
    length = int(expected.step[entry])
    first, last = int(expected.first[entry]), int(expected.last[entry])
    return [(expected.day.start + n * length, expected.day.start + (n + 1) * length) for n in range(first, last)]


BOUNDED = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@BOUNDED
@given(case=cases(), known=st.integers(0, 6))
def test_missing_and_estimated_values(database: Database, case: Case, known: int) -> None:
    # DK-4.1.2, DK-4.1.5.e
    hub = filled(database, case)
    expected = expected_values(DK.control, hub.office.master, case.day)
    with database.read() as connection:
        found = delivered(connection, hub.office.store, expected, known)
    numbers = {gsrn(number): number for number in range(POINTS)}
    values = told(case, known)
    for entry in range(len(expected)):
        steps = steps_of(expected, entry)
        own = values[numbers[f"{int(expected.point[entry]):018d}"]]
        statuses = [status(own, *step) for step in steps]
        gone = [step for step, one in zip(steps, statuses, strict=True) if one == Quality.MISSING]
        assert found.missing[entry] == len(gone)
        assert found.estimated[entry] == statuses.count(Quality.ESTIMATED)
        if gone:
            length = int(expected.step[entry])
            assert expected.day.start + found.first_missing[entry] * length == gone[0][0]
            assert expected.day.start + (found.last_missing[entry] + 1) * length == gone[-1][1]


@BOUNDED
@given(case=cases(), known=st.integers(0, 6))
def test_sums_of_points(database: Database, case: Case, known: int) -> None:
    # DK-4.1.3.d
    hub = filled(database, case)
    expected = expected_values(DK.control, hub.office.master, case.day)
    with database.read() as connection:
        found = point_sums(hub.office, connection, OPERATOR, ZONE.day(case.day.start), as_of=known)
    values, numbers = told(case, known), {gsrn(number): number for number in range(POINTS)}
    counted: dict[tuple[str, int], list[int]] = {}
    for entry in range(len(expected)):
        own = values[numbers[f"{int(expected.point[entry]):018d}"]]
        sum_class = "flex-consumption" if expected.is_flex[entry] else "hourly-consumption"
        for start, of_hour in _by_hour(steps_of(expected, entry)).items():
            row = counted.setdefault((sum_class, start), [0, 0, 0, 0])
            statuses = [status(own, *step) for step in of_hour]
            row[0] += sum(_energy(own, *step) for step in of_hour)
            row[1] += 1
            row[2] += Quality.MISSING in statuses
            row[3] += Quality.MISSING not in statuses and Quality.ESTIMATED in statuses
    assert {key: row for key, row in _rows(found).items() if row[1]} == counted


def _by_hour(steps: list[tuple[int, int]]) -> dict[int, list[tuple[int, int]]]:
    hours: dict[int, list[tuple[int, int]]] = {}
    for start, end in steps:
        hours.setdefault(start - start % HOUR, []).append((start, end))
    return hours


def _energy(values: list[Value], start: int, end: int) -> int:
    """What counts in an expected step: whole quarters of it; an hour's energy in the first quarter of the hour."""
    if status(values, start, end) == Quality.MISSING:
        return 0
    return sum(value.quantity for value in values if start <= value.start < end)


def _rows(sums: PointSums) -> dict[tuple[str, int], list[int]]:
    columns = (sums.quantity, sums.points, sums.missing, sums.estimated)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    keys = zip(sums.sum_class, sums.start.tolist(), strict=True)
    return {(str(key[0]), key[1]): list(row) for key, row in zip(keys, rows, strict=True)}
