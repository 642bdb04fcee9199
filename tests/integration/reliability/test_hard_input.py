"""Input that once broke the hub: refused with a code now, on both databases (GW-3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.codecs.table import encode
from gateway.hub.ports import Refused
from gateway.messages.codes import Dialect, DocumentKind
from tests.integration.exchange.hubs import GRID, start_bench


@pytest.mark.parametrize(
    ("dialect", "old", "new"),
    [
        (Dialect.CIM_JSON, b'"THE-ID"', b"Infinity5}}"),  # the place of a fault behind which the text is not JSON
        (Dialect.CIM_JSON, b'"THE-ID"', b"NaNeX"),
        (Dialect.CIM_JSON, b'"THE-ID"', b"1e99999x"),
        (Dialect.CIM_JSON, b"THE-ID", b"THE\\u0000ID"),  # PostgreSQL keeps no NUL in text
        (Dialect.EBIX_XML, b"POINT", b"9" * 36),  # transaction_id.point has 35 characters
    ],
)
def test_it_is_refused(dialect: Dialect, old: bytes, new: bytes, tmp_path: Path, database_url: str) -> None:
    bench = start_bench(tmp_path / "data", database_url)
    point = bench.named("hourly-values")
    body = encode(bench.measure_data(bench.series(point, transaction="THE-ID")), dialect)
    body = body.replace(point.metering_point.encode() if old == b"POINT" else old, new)
    answer = bench.send(DocumentKind.MEASURE_DATA, dialect, body, GRID)
    bench.hub.stop()
    # Point: a series rejected with a code would do as well.
    assert isinstance(answer, Refused) or old == b"POINT"
    if isinstance(answer, Refused):
        assert all(found.code for found in answer.findings)
