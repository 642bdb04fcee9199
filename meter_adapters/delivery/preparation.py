"""The hand-over to `gridpost prepare`: a grid operator's own checks and estimates come before sending (DK-4.1.3.a).

Each local day becomes a set of files as that command reads them: `values-DAY.csv` of the main meters in kWh or kvarh
before the transformers' factor, `factors.csv`, and `check-meter-DAY.csv` of the check meters, factor included.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

from gateway.messages.codes import Quality
from gateway.messages.quantities import NO_QUANTITY, format_quantity, format_scaled
from gateway.messages.times import Interval, MarketZone, format_minute
from meter_adapters.delivery.day_series import PointSource, energies_of, steps_over
from meter_adapters.delivery.point_values import MILLIONTHS, steps_of
from meter_adapters.outbox.store import Outbox

HEADER = "metering_point,time,quantity,quality\n"
RAW_DECIMALS = 6
"""Decimals of raw values that `gridpost prepare` reads."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Writes the files of one collector.

    Attributes:
        directory: where they go.
        zone: whose local days are meant.
        main: sources of each metering point.
        check: sources of the check meters.
    """

    directory: Path
    zone: MarketZone
    main: dict[str, list[PointSource]]
    check: dict[str, list[PointSource]]

    def write(self, outbox: Outbox, day: date) -> list[Path]:
        """The files of a local day as known now, each there whole or not at all; those without a line are left out."""
        self.directory.mkdir(parents=True, exist_ok=True)
        span = self.zone.day_interval(day)
        files = {
            f"values-{day}.csv": HEADER + "".join(self._raw_lines(outbox, span)),
            f"check-meter-{day}.csv": HEADER + "".join(self._check_lines(outbox, span)),
            "factors.csv": "metering_point,factor\n" + "".join(self._factor_lines(span)),
        }
        written: list[Path] = []
        for name, content in files.items():
            if content.count("\n") > 1:
                written.append(self.directory / name)
                _replace(written[-1], content)
        return written

    def _raw_lines(self, outbox: Outbox, span: Interval) -> Iterator[str]:
        for point, standing in _standing(self.main, span):
            seconds = standing[0].point.seconds
            factor = _common_factor(standing)
            energies = [
                one._replace(amount=None if one.amount is None else one.amount * source.point.factor / factor)
                for source in standing
                for one in energies_of(outbox, source, span)
            ]
            steps = steps_of(energies, span, seconds, MILLIONTHS)
            for place, (quantity, quality) in enumerate(
                zip(steps.quantity.tolist(), steps.quality.tolist(), strict=True)
            ):
                written = "" if quantity == NO_QUANTITY else format_scaled(quantity, RAW_DECIMALS, 3)
                yield _line(point, span.start + place * seconds, written, quality)

    def _check_lines(self, outbox: Outbox, span: Interval) -> Iterator[str]:
        for point, standing in _standing(self.check, span):
            steps = steps_over(outbox, standing, span)
            for place, (quantity, quality) in enumerate(
                zip(steps.quantity.tolist(), steps.quality.tolist(), strict=True)
            ):
                if quantity != NO_QUANTITY:
                    at = span.start + place * standing[0].point.seconds
                    yield _line(point, at, format_quantity(quantity), quality)

    def _factor_lines(self, span: Interval) -> Iterator[str]:
        for point, standing in _standing(self.main, span):
            factor = _common_factor(standing)
            if factor != 1:
                yield f"{point},{_written(factor)}\n"


def _standing(sources: dict[str, list[PointSource]], span: Interval) -> Iterator[tuple[str, list[PointSource]]]:
    for point, all_of in sorted(sources.items()):
        standing = [source for source in all_of if source.covers(span)]
        if standing:
            yield point, standing


def _common_factor(standing: Sequence[PointSource]) -> Fraction:
    """The factor of a point's meters; 1 where they differ or it has no end as a decimal: it is then in the values."""
    factors = {source.point.factor for source in standing}
    factor: Fraction = next(iter(factors)) if len(factors) == 1 else Fraction(1)
    return factor if 10**RAW_DECIMALS % factor.denominator == 0 else Fraction(1)


def _written(factor: Fraction) -> str:
    return format_scaled(factor.numerator * 10**RAW_DECIMALS // factor.denominator, RAW_DECIMALS, 0)


def _line(point: str, at: int, quantity: str, quality: int) -> str:
    return f"{point},{format_minute(at)},{quantity},{Quality(quality).name.lower()}\n"


def _replace(path: Path, content: str) -> None:
    """The file, whole, in the place of the one before."""
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
