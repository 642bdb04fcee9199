"""One scenario for every market: a day is sent, delivered, corrected and refused alike, whatever the profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.scenarios.bench import Bench
from tests.integration.scenarios.documents import DENMARK, FINLAND, DocumentBench
from tests.integration.scenarios.estonia import EstonianBench

BENCHES: dict[str, Callable[[Path], Bench]] = {
    "dk": lambda data_dir: DocumentBench(data_dir, DENMARK),
    "ee": EstonianBench,
    "fi": lambda data_dir: DocumentBench(data_dir, FINLAND),
}
QUARTER = 900
COUNT = 96


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    made = BENCHES[request.param](tmp_path)
    yield made
    made.close()


def day(bench: Bench) -> dict[int, int]:
    """An ordinary day of the metering point, in tens of Wh."""
    return {bench.start + QUARTER * place: 100 + 10 * place for place in range(COUNT)}


def test_a_day_reaches_who_is_entitled_and_nobody_else(bench: Bench) -> None:
    # DK-3.4.a, EE-3.3, FI-4.1
    values = day(bench)
    sent = bench.send(values)
    assert (sent.is_accepted, sent.codes) == (True, ())
    assert bench.received() == values
    assert bench.received() == {}
    assert bench.known() == values
    assert bench.overheard() == {}
    assert bench.seen_by_stranger() == {}


def test_a_correction_supersedes_and_the_past_stays_readable(bench: Bench) -> None:
    # DK-4.1.5.f, EE-3.2, FI-2.4
    values = day(bench)
    bench.send(values)
    bench.received()
    before = bench.pass_time(60)
    bench.pass_time(60)
    changed = {start: values[start] + 500 for start in sorted(values)[40:60]}
    assert bench.send(changed, corrects=True).is_accepted
    assert bench.received() == changed
    assert bench.known() == values | changed
    assert bench.known(before) == values


def test_a_wrong_value_is_refused_in_the_markets_words_and_stores_nothing(bench: Bench) -> None:
    # DK-4.1.5.b, EE-1.5, FI-2.6
    values = day(bench)
    worse = values | {bench.start + QUARTER * 50: -10}
    sent = bench.send(worse)
    assert not sent.is_accepted
    assert bench.negative in sent.codes
    assert bench.received() == {}
    assert bench.known() == {}
    assert bench.send(values).is_accepted


def test_the_id_of_a_message_is_used_once(bench: Bench) -> None:
    # EE-1.5
    sent = bench.send(day(bench))
    bench.received()
    again = bench.send(day(bench), document_id=sent.document_id)
    assert (again.is_accepted, again.codes) == (False, (bench.used_id,))
    assert bench.received() == {}
