"""What the grid operator writes: days of measure data that nobody has sent before, told apart by their content.

Every series is a day of a point that no other series has, so each is a first delivery: it reaches its supplier once,
and can be recognised there by point, interval and values although its ids are new.
"""

from __future__ import annotations

import itertools
import random
import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from gateway.codecs.table import Decoded, decode, encode
from gateway.demo import market as sample
from gateway.hub.clock import SystemClock
from gateway.markets.registry import profile
from gateway.messages.codes import (
    ConnectionState,
    Dialect,
    DocumentKind,
    MeteringPointType,
    Quality,
    Resolution,
    Role,
    SettlementMethod,
    Subtype,
)
from gateway.messages.documents import Acknowledgement, Header, MeasureData, PartyRef
from gateway.messages.masterdata import FOREVER, MeteringPointVersion
from gateway.messages.series import Period, Series, SeriesTable
from gateway.messages.times import to_datetime

SUPPLIERS = (sample.SUPPLIER_A, sample.SUPPLIER_B)


class Token(NamedTuple):
    """What a series is recognised by wherever it turns up."""

    point: str
    start: int
    end: int
    values: bytes


@dataclass(frozen=True)
class Letter:
    """A message of the grid operator, and what has to come of it once it is accepted.

    Attributes:
        good: who receives each good series, recognised by its content.
        bad: transaction ids of the series that have to be rejected.
    """

    message_id: str
    dialect: Dialect
    content: bytes
    good: dict[Token, str]
    bad: frozenset[str]


class Writer:
    """Writes letters; threads may share it."""

    def __init__(self, market: sample.SampleMarket, seed: int = 1) -> None:
        self._market = market
        self._profile = profile("dk")
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        start = min(version.valid_from for version in market.dataset.points)
        self.points = [v for v in market.dataset.points if _is_flex(v) and v.valid_from == start]
        self._days: Iterator[tuple[int, MeteringPointVersion]] = (
            (back, point) for back in itertools.count() for point in self.points
        )

    def letter(self, most: int = 20, *, bad_share: float = 0.2, dialect: Dialect | None = None) -> Letter:
        """A message of one to `most` series, some letters with one series of a negative value (E86)."""
        with self._lock:
            count = self._random.randint(1, most)
            has_bad = self._random.random() < bad_share
            chosen = dialect or self._random.choice(list(Dialect))
        return self.of(count, chosen, has_bad=has_bad)

    def of(self, count: int, dialect: Dialect, *, has_bad: bool = False) -> Letter:
        """A message of so many series, the last of them with a negative value (E86) where one shall be bad."""
        with self._lock:
            days = [next(self._days) for _ in range(count)]
            seed = self._random.getrandbits(64)
        series = [self._series(back, point, seed + i) for i, (back, point) in enumerate(days)]
        if has_bad:
            series[-1].period.quantity[7] = -1500
        return self._sealed(series, [point.energy_supplier for _, point in days], dialect)

    def _sealed(self, series: Sequence[Series], suppliers: Sequence[str | None], dialect: Dialect) -> Letter:
        """A letter of given series."""
        message_id = uuid.uuid4().hex
        header = Header(
            message_id=message_id,
            sender=PartyRef(id=sample.GRID_OPERATOR, role=Role.METERED_DATA_RESPONSIBLE),
            receiver=PartyRef(id=self._profile.hub, role=Role.HUB),
            created_at=to_datetime(SystemClock().now()),
            type_code="E66",
            process_type="periodic-metering",
            business_sector="23",
        )
        content = encode(MeasureData(header=header, series=SeriesTable.of(series)), dialect)
        bad = [one for one in series if (one.period.quantity < 0).any()]
        good = {
            token_of(one): supplier
            for one, supplier in zip(series, suppliers, strict=True)
            if supplier and not any(one is other for other in bad)
        }
        return Letter(message_id, dialect, content, good, frozenset(one.transaction for one in bad))

    def _series(self, back: int, point: MeteringPointVersion, seed: int) -> Series:
        zone = self._profile.zone
        span = zone.day_interval(self._market.day - timedelta(days=back))
        count = zone.steps(point.resolution, span)
        assert count is not None
        values = np.random.default_rng(seed).integers(0, 3000, count)
        return Series(
            uuid.uuid4().hex,
            point.metering_point,
            point.kind,
            point.unit,
            Period(
                point.resolution,
                span.start,
                span.end,
                np.arange(1, count + 1, dtype=np.int32),
                values.astype(np.int64),
                np.full(count, Quality.MEASURED, dtype=np.uint8),
            ),
            registered_at=SystemClock().now(),
        )


def _is_flex(version: MeteringPointVersion) -> bool:
    """Whether a point is flex-settled consumption in quarters, in the grid and with one supplier all the time."""
    return version.energy_supplier is not None and (
        version.kind,
        version.settlement_method,
        version.resolution,
        version.subtype,
        version.connection_state,
        version.grid_area,
        version.valid_to,
    ) == (
        MeteringPointType.CONSUMPTION,
        SettlementMethod.FLEX,
        Resolution.QUARTER,
        Subtype.PHYSICAL,
        ConnectionState.CONNECTED,
        sample.GRID_AREA,
        FOREVER,
    )


def token_of(series: Series) -> Token:
    """What a series is recognised by."""
    period = series.period
    return Token(series.point, int(period.start), int(period.end), period.quantity.astype("<i8").tobytes())


def delivered(content: bytes, dialect: Dialect) -> list[Token]:
    """The series of a document a supplier received."""
    decoded = decode(content, dialect, DocumentKind.MEASURE_DATA)
    assert isinstance(decoded, Decoded), decoded
    assert isinstance(decoded.document, MeasureData)
    return [token_of(series) for series in decoded.document.series]


def rejected(content: bytes, dialect: Dialect) -> list[str]:
    """The transactions an acknowledgement rejects (DK-4.1.5.d)."""
    decoded = decode(content, dialect, DocumentKind.ACKNOWLEDGEMENT)
    assert isinstance(decoded, Decoded), decoded
    assert isinstance(decoded.document, Acknowledgement)
    return [series.transaction for series in decoded.document.series]
