"""Compressed bodies that grow beyond all bounds."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from gateway.schemas.parsers import BODY_LIMIT, MAX_RATIO, gunzip

pytestmark = pytest.mark.sec_10


def _refused(data: bytes, limit: int = BODY_LIMIT) -> str:
    outcome = gunzip(data, limit)
    assert outcome.data == b""
    assert outcome.finding is not None
    return outcome.finding.rule


def test_an_honest_body_is_decompressed(measure_data: bytes) -> None:
    assert gunzip(gzip.compress(measure_data)).data == measure_data
    assert gunzip(gzip.compress(b"")).data == b""


def test_a_body_over_the_limit_is_refused(measure_data: bytes) -> None:
    packed = gzip.compress(measure_data)
    assert gunzip(packed, len(measure_data)).finding is None
    assert _refused(packed, len(measure_data) - 1) == "too-large"


def test_a_bomb_is_refused_without_being_unfolded() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    assert len(bomb) * MAX_RATIO < 200 << 20
    tracemalloc.start()
    try:
        assert _refused(bomb, 16 << 20) == "too-large"
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()


def test_a_small_bomb_is_refused_by_its_ratio() -> None:
    bomb = gzip.compress(bytes(8 << 20))
    assert len(bomb) < 20_000
    assert _refused(bomb) == "too-large"


def test_gzip_within_gzip_is_refused(measure_data: bytes) -> None:
    assert _refused(gzip.compress(gzip.compress(measure_data))) == "malformed"


def test_a_second_stream_behind_the_first_is_refused(measure_data: bytes) -> None:
    assert _refused(gzip.compress(measure_data) + gzip.compress(measure_data)) == "malformed"


def test_a_damaged_or_truncated_stream_is_refused(measure_data: bytes) -> None:
    packed = gzip.compress(measure_data)
    assert _refused(packed[:-1]) == "malformed"
    assert _refused(packed[:20]) == "malformed"
    assert _refused(b"") == "malformed"
    assert _refused(measure_data) == "malformed"
    assert _refused(zlib.compress(measure_data)) == "malformed"
    wrong_sum = packed[:-8] + bytes(byte ^ 0xFF for byte in packed[-8:-4]) + packed[-4:]
    assert _refused(wrong_sum) == "malformed"
