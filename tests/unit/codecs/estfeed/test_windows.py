"""Texts found at many places of a document at once, and times in columns, against looking one by one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.codecs.estfeed.windows import Source
from gateway.codecs.time_columns import TimeForm

# EE-1.5

KEYS = [b'"pS"', b'"rTime"', b'"outQty"', b'"netQtyIn"', b'"netInQty"']


@given(st.sampled_from(KEYS), st.lists(st.sampled_from([*KEYS, b"p", b'"', b"S", b" ", b"1", b'"netQtyI'])))
def test_a_key_is_found_wherever_its_first_eight_bytes_stand(key: bytes, pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    found = Source(data).find(key)
    assert found.tolist() == [match.start() for match in re.finditer(b"(?=" + re.escape(key[:8]) + b")", data)]


DIGIT = st.characters(min_codepoint=ord("0"), max_codepoint=ord("9"))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.datetimes(timezones=st.just(UTC))
TEXTS = MOMENTS.map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0"))
ODD_TEXTS = st.tuples(TEXTS, st.sampled_from([0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]), DIGIT).map(
    lambda given: given[0][: given[1]] + given[2] + given[0][given[1] + 1 :]
)


@given(
    st.lists(st.one_of(TEXTS, ODD_TEXTS), min_size=1, max_size=6).flatmap(lambda some: st.lists(st.sampled_from(some)))
)
def test_columns_of_times_read_as_each_time_does(texts: list[str]) -> None:
    form = TimeForm.of(b"2026-08-01T00:15:00Z")
    assert form is not None
    columns = np.frombuffer("".join(texts).encode(), dtype=np.uint8).reshape(-1, form.length)
    times = form.read(columns)
    for text, instant, wrong in zip(texts, times.instant.tolist(), times.wrong.tolist(), strict=True):
        expected = _instant(text)
        assert wrong is (expected is None)
        assert wrong or instant == expected


def _instant(text: str) -> int | None:
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (moment - EPOCH) // timedelta(seconds=1)
