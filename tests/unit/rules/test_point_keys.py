"""The numbers of many metering points at once are those of each alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.messages.identifiers import (
    EIC_ALPHABET,
    eic_check_character,
    has_eic_check_character,
    is_point_id,
    point_id,
    point_key,
)
from gateway.rules.batch import NO_POINT, point_keys

BODIES = st.text(EIC_ALPHABET, min_size=12, max_size=12).map(lambda free: f"38Z{free}")
CODES = BODIES.map(lambda body: body + eic_check_character(body))
OTHERS = st.one_of(
    st.text(EIC_ALPHABET, min_size=16, max_size=16),
    st.text(st.characters(max_codepoint=200), min_size=16, max_size=16),
    CODES.map(lambda code: f"38X{code[3:]}"),
    st.text(EIC_ALPHABET, max_size=18),
    st.text("0123456789", min_size=18, max_size=18),
)


@settings(max_examples=150)
@given(st.lists(st.one_of(CODES, OTHERS), max_size=6))
def test_many_are_as_each(points: list[str]) -> None:
    expected = [point_key(point) if is_point_id(point) else NO_POINT for point in points]
    assert point_keys(points).tolist() == expected
    assert [point_id(key) for key in expected if key != NO_POINT] == [one for one in points if is_point_id(one)]


@settings(max_examples=100)
@given(CODES)
def test_a_dash_is_no_check_character(code: str) -> None:
    # EE-1.7: a computed dash is not allowed
    assert has_eic_check_character(code) == (code[15] != "-")
    assert (point_keys([code])[0] == NO_POINT) == (code[15] == "-")
