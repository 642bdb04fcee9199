"""The gap finder: what is missing is asked for, oldest first, and what cannot be had is settled."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meter_adapters.collector.gaps import ASKED_ENOUGH, Span, state_of

P = 900


def test_a_span_has_the_ends_behind_its_start() -> None:
    assert list(Span(900, 3600).ends(P)) == [1800, 2700, 3600]
    assert list(Span(1000, 2700).ends(P)) == [1800, 2700]
    assert list(Span(900, 900).ends(P)) == []


def test_the_mark_moves_over_what_is_stored_or_was_asked_for_often_enough() -> None:
    state = state_of(P, 0, Span(-(10**9), 5 * P), {900, 1800, 3600}, {2700: ASKED_ENOUGH, 4500: 1})
    assert state.advance() == 3600
    assert state.advance() == 3600
    assert state.spans(10**6) == [Span(3600, 4500)]


def test_what_lies_behind_the_meters_memory_is_settled() -> None:
    assert state_of(P, None, Span(100 * P + 5, 200 * P), (), {}).mark == 100 * P
    assert state_of(P, 50 * P, Span(100 * P, 200 * P), set(), {}).mark == 100 * P
    assert state_of(P, 150 * P, Span(100 * P, 200 * P), set(), {}).mark == 150 * P


def test_a_meter_of_which_nothing_is_stored_began_later() -> None:
    state = state_of(P, None, Span(0, 99 * P), set(), {})
    state.miss([P, 2 * P, 3 * P], settled_before=3 * P)
    assert state.absent == {P: ASKED_ENOUGH, 2 * P: ASKED_ENOUGH, 3 * P: 1}
    state.present.add(4 * P)
    state.miss([3 * P, 5 * P], settled_before=100 * P)
    assert (state.absent[3 * P], state.absent[5 * P]) == (ASKED_ENOUGH, 1)


@given(st.sets(st.integers(1, 60)), st.dictionaries(st.integers(1, 60), st.integers(1, 4)), st.integers(2, 30))
def test_every_missing_end_is_asked_for_once_and_nothing_far_from_one(
    stored: set[int], asked: dict[int, int], longest: int
) -> None:
    state = state_of(
        P, 0, Span(0, 60 * P), {end * P for end in stored}, {end * P: count for end, count in asked.items()}
    )
    spans = state.spans(longest * P)
    missing = [end * P for end in range(1, 61) if not state.is_settled(end * P)]
    asked_for = [end for span in spans for end in span.ends(P)]
    assert set(missing) <= set(asked_for)
    assert len(asked_for) == len(set(asked_for))
    assert spans == sorted(spans, key=lambda span: span.since)
    assert all(0 < span.until - span.since <= longest * P for span in spans)
    assert all(any(abs(end - hole) <= 4 * P for hole in missing) for end in asked_for)
    state.present |= set(asked_for)
    assert state.advance() == 60 * P
    assert state.spans(longest * P) == []
