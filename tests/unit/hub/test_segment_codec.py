"""What is packed comes back to the last thousandth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gateway.hub.series.segment_codec import (
    PickedRows,
    Points,
    Qualities,
    Quantities,
    pack_points,
    pack_qualities,
    pack_quantities,
    unpack_points,
    unpack_qualities,
    unpack_quantities,
)

shapes = st.tuples(st.integers(1, 20), st.sampled_from([1, 2, 23, 96, 100]))
bounds = st.sampled_from([(0, 9), (0, 60_000), (0, 2**32 - 1), (-100, 100), (-40_000, 5), (-(2**62), 2**63 - 1)])


@st.composite
def matrices(draw: st.DrawFn) -> Quantities:
    low, high = draw(bounds)
    return draw(hnp.arrays(np.int64, draw(shapes), elements=st.integers(low, high)))


@given(matrices(), st.integers(1, 8))
def test_quantities_come_back(quantity: Quantities, chunk_rows: int) -> None:
    count = quantity.shape[1]
    blocks = pack_quantities(quantity, chunk_rows)
    assert len(blocks) == -(-len(quantity) // chunk_rows)
    assert np.array_equal(unpack_quantities(blocks, count), quantity)


statuses = st.sampled_from([[0], [4, 2], [0, 0x84], [0, 2, 3, 4, 0x83, 0x84]])


@given(statuses.flatmap(lambda among: hnp.arrays(np.uint8, shapes, elements=st.sampled_from(among))), st.integers(1, 8))
def test_qualities_come_back(quality: Qualities, chunk_rows: int) -> None:
    rows = len(quality)
    blocks = pack_qualities(quality, chunk_rows)
    assert len(blocks) == -(-rows // chunk_rows)
    assert np.array_equal(unpack_qualities(blocks, quality.shape, chunk_rows), quality)


@given(st.lists(st.tuples(bounds, st.sampled_from([[4], [3, 4], [3, 4, 0x84]])), min_size=1, max_size=4), st.data())
def test_rows_come_back_alone(chunks: list[tuple[tuple[int, int], list[int]]], data: st.DataObject) -> None:
    """Rows picked out of blocks of different widths, in any order."""
    count = data.draw(st.sampled_from([1, 24, 96]))
    picked, expected = PickedRows(count), []
    for bounds_of_chunk, statuses in chunks:
        shape = (data.draw(st.integers(1, 8)), count)
        quantity = data.draw(hnp.arrays(np.int64, shape, elements=st.integers(*bounds_of_chunk)))
        quality = data.draw(hnp.arrays(np.uint8, shape, elements=st.sampled_from(statuses)))
        rows = data.draw(st.lists(st.integers(0, shape[0] - 1), min_size=1, max_size=3))
        picked.pick((pack_quantities(quantity)[0], pack_qualities(quality)[0]), rows)
        expected += [(quantity[row].tolist(), quality[row].tolist()) for row in rows]
    quantities, qualities = picked.quantities(), picked.qualities()
    assert list(zip(quantities.tolist(), qualities.tolist(), strict=True)) == expected


@given(hnp.arrays(np.int64, st.integers(1, 50), elements=st.integers(-(2**63), 2**63 - 1)))
def test_points_come_back(points: Points) -> None:
    assert np.array_equal(unpack_points(pack_points(points)), points)


def test_one_quality_throughout_costs_a_byte_a_chunk() -> None:
    assert pack_qualities(np.full((128, 96), 4, np.uint8), 64) == [b"\4", b"\4"]


@pytest.mark.parametrize(("high", "most"), [(255, 1.01), (65_535, 2.01), (2**32 - 1, 4.01)])
def test_noise_costs_its_width_and_no_more(high: int, most: float) -> None:
    noise = np.random.default_rng(1).integers(0, high, (64, 96), endpoint=True)
    (block,) = pack_quantities(noise, 64)
    assert len(block) / noise.size <= most


def test_sorted_points_take_little() -> None:
    points = 571313100000000000 + np.arange(1000, dtype=np.int64) * 10
    assert len(pack_points(points)) < 300
