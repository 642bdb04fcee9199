"""What the fast path of Estonian metering data accepts, parser and schema accept too, with equal values."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from gateway.codecs.estfeed import fast
from gateway.codecs.estfeed.fast import decode_fast
from gateway.codecs.estfeed.general import decode_general
from gateway.codecs.estfeed.shapes import V1_SUBMISSION, V2_SUBMISSION, Shape
from gateway.messages.codes import Commodity
from gateway.messages.metering_data import Member, MeteringData
from tests.unit.codecs.estfeed.bodies import Spelling, differences, v1_body, v2_body
from tests.unit.codecs.mutations import COMMON, mutated_with

Body = Callable[..., bytes]
SHAPES = [pytest.param(V1_SUBMISSION, v1_body, id="v1"), pytest.param(V2_SUBMISSION, v2_body, id="v2")]
TOKENS = (
    *COMMON,
    *(b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\u0031", b"\\", b"null", b"NaN", b"1e400", b"-0", b"0.10", b"24:00"),
    *(
        b'"kwh":1.5,',
        b'"m3":2',
        b'"rType":"E",',
        b'"netInQty":1.000,',
        b'"pS":"2026-02-29T23:00Z"',
        b"+25:00",
        b"M",
        b"E",
    ),
    *(b'"inQty":null,', b'{"pS":', b"]},{", b'"meterEic":"38ZEE-1000007L-E",', b'"r":"P1D",', b"}]}]}]", b"},{"),
)


def read_alike(data: bytes, shape: Shape) -> bool:
    """Whether the fast path takes a body; the general path must then take it with the same outcome."""
    fast = decode_fast(data, shape, Commodity.ELECTRICITY)
    general = decode_general(data, shape, Commodity.ELECTRICITY)
    if fast is None:
        return False
    assert isinstance(general, MeteringData), (data, general)
    assert differences(fast, general) == [], data
    for interval in (0, len(fast) - 1):
        for measure in fast.measures:
            for member in Member:
                assert fast.place(interval, member, measure) == general.place(interval, member, measure), data
    return True


@pytest.mark.parametrize(("shape", "body"), SHAPES)
def test_bodies_in_any_spelling_are_read_alike_by_both_paths(shape: Shape, body: Body) -> None:
    # EE-1.5, EE-1.7
    chance = random.Random(f"spellings {shape.form}")
    taken = sum(read_alike(body(chance, Spelling.any(chance)), shape) for _ in range(400))
    assert taken > 200  # the rest is written in an order of keys that no machine writes


@pytest.mark.parametrize(("shape", "body"), SHAPES)
def test_what_is_accepted_fast_is_accepted_by_all(shape: Shape, body: Body) -> None:
    # GW-1
    chance = random.Random(f"mutations {shape.form}")
    bodies = [body(chance, Spelling.any(chance), points=2, count=3) for _ in range(60)]
    taken = sum(read_alike(mutated_with(TOKENS, chance.choice(bodies), bodies, chance), shape) for _ in range(2500))
    assert taken > 250


@pytest.mark.parametrize(("shape", "body"), SHAPES)
def test_portions_make_no_difference(shape: Shape, body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "TOGETHER", 3)
    chance = random.Random(f"portions {shape.form}")
    assert sum(read_alike(body(chance, Spelling.any(chance), points=4), shape) for _ in range(60)) > 20


@pytest.mark.nightly
@pytest.mark.parametrize(("shape", "body"), SHAPES)
def test_long_fuzzing_finds_no_disagreement(shape: Shape, body: Body) -> None:
    for seed in range(2000):
        chance = random.Random(f"long {seed} {shape.form}")
        bodies = [body(chance, Spelling.any(chance), points=2, count=3) for _ in range(4)]
        for _ in range(40):
            read_alike(mutated_with(TOKENS, chance.choice(bodies), bodies, chance), shape)


@pytest.mark.parametrize(("shape", "body"), SHAPES)
def test_large_bodies_in_the_spellings_of_machines_take_the_fast_path(shape: Shape, body: Body) -> None:
    chance = random.Random(f"machines {shape.form}")
    for indent, separators in ((None, (",", ":")), (None, (", ", ": ")), (2, (",", ": "))):
        spelling = Spelling(False, indent, separators, (3,), 2, True, (0,))
        assert read_alike(body(chance, spelling, points=40, count=96), shape)
