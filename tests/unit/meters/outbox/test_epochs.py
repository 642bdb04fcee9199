"""Clock epochs: a repeated quarter is no duplicate, and rows read again get the epochs they had."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meter_adapters.outbox.epochs import EpochStep, EpochWalk, begin_before_steps
from meter_adapters.readings import IntervalRow

P = 900


def rows(*ends: int | None) -> list[IntervalRow]:
    return [IntervalRow(None if end is None else end * P, (number,)) for number, end in enumerate(ends)]


def epochs(found: list[IntervalRow], steps: list[EpochStep] | None = None) -> tuple[list[int], list[EpochStep]]:
    walk = EpochWalk(steps if steps is not None else [])
    return [epoch for _, epoch in walk.epochs(found)], walk.found


def test_ends_that_go_on_are_one_epoch() -> None:
    assert epochs(rows(1, 2, 3, 7, 8)) == ([0] * 5, [])


def test_a_clock_set_back_begins_an_epoch() -> None:
    assert epochs(rows(1, 2, 3, 2, 3, 4)) == ([0, 0, 0, 1, 1, 1], [EpochStep(1, 3 * P, 2 * P)])
    assert epochs(rows(3, 3)) == ([0, 1], [EpochStep(1, 3 * P, 3 * P)])


def test_a_row_sent_twice_is_one_row() -> None:
    row = IntervalRow(P, (5,))
    walk = EpochWalk([])
    assert walk.epochs([row, row]) == [(row, 0)]


def test_rows_without_an_instant_stay_where_they_are() -> None:
    assert epochs(rows(1, None, None, 2)) == ([0, 0, 0, 0], [])


def test_rows_read_again_get_the_epochs_they_had() -> None:
    steps = [EpochStep(1, 10 * P, 8 * P)]
    assert epochs(rows(6, 7, 8, 9, 10, 8, 9, 10, 11), list(steps)) == ([0] * 5 + [1] * 4, [])
    assert epochs(rows(11, 12), list(steps)) == ([1, 1], [])


def test_reading_begins_before_what_was_written_twice() -> None:
    steps = [EpochStep(1, 10 * P, 8 * P)]
    assert begin_before_steps(9 * P, steps, P) == 6 * P
    assert begin_before_steps(10 * P, steps, P) == 10 * P
    assert begin_before_steps(5 * P, steps, P) == 5 * P


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.data())
def test_any_later_reading_agrees_with_the_first(backs: list[int], data: st.DataObject) -> None:
    """A meter whose clock is set back again and again; any reading that begins as the collector begins agrees."""
    written: list[int] = []
    now = 20
    for back in backs:
        gone_on = data.draw(st.integers(back + 1, back + 8))
        written += range(now + 1, now + gone_on + 1)
        now = now + gone_on - back
    written += range(now + 1, now + 9)
    history = [IntervalRow(end * P, (number,)) for number, end in enumerate(written)]
    first = EpochWalk([])
    truth = {row.values[0]: epoch for row, epoch in first.epochs(history)}
    begin = begin_before_steps(data.draw(st.integers(0, written[-1])) * P, first.steps, P)
    later = EpochWalk(list(first.steps))
    again = later.epochs([row for row in history if row.end is not None and row.end > begin])
    assert later.found == []
    assert {row.values[0]: epoch for row, epoch in again} == {row.values[0]: truth[row.values[0]] for row, _ in again}
