"""The sample of the Estonian market: invented codes, a day in every length, letters every codec reads back."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.codecs.estfeed.codes import Generation
from gateway.codecs.estfeed.shapes import V2_SUBMISSION
from gateway.codecs.estfeed.table import decode_as
from gateway.demo.estonia.day import correction_letter, day_letters
from gateway.demo.estonia.market import AGGREGATION_POINT, ELECTRICITY_POINTS, GAS_POINTS, PARTIES, sample_market
from gateway.hub.masterdata.cells import manner_of
from gateway.hub.masterdata.files import csv_files, read_files
from gateway.markets.registry import profile
from gateway.messages.codes import Flow
from gateway.messages.identifiers import has_eic_check_character, is_point_eic
from gateway.messages.metering_data import MeteringData

EE = profile("ee")


def test_every_code_is_right_and_nobodys() -> None:
    points = (*ELECTRICITY_POINTS, *GAS_POINTS, AGGREGATION_POINT)
    parties = [party for party, _, _ in PARTIES]
    assert all(is_point_eic(point) for point in points)
    assert all(has_eic_check_character(party) for party in parties)
    assert len({*points, *parties}) == len(points) + len(parties)
    assert all("GRIDPOST" in code for code in (*points, *parties))


def test_the_market_is_taken_by_an_import() -> None:
    market = sample_market(EE.zone, date(2026, 9, 15))
    reading = read_files(csv_files(market.dataset), manner_of(EE))
    assert reading.findings == ()
    assert reading.dataset == market.dataset


@pytest.mark.parametrize(
    ("day", "quarters"), [(date(2026, 9, 15), 96), (date(2026, 3, 29), 92), (date(2026, 10, 25), 100)]
)
def test_a_day_has_its_own_length(day: date, quarters: int) -> None:
    # EE-1.5, EE-1.8
    market = sample_market(EE.zone, day)
    whole, *rest = day_letters(market)
    assert whole.intervals == len(ELECTRICITY_POINTS) * quarters
    data = decode_as(V2_SUBMISSION, whole.content.encode(), whole.commodity)
    assert isinstance(data, MeteringData)
    into, out = data.quantity(Flow.IN), data.quantity(Flow.OUT)
    both = data.stated(Flow.NET_IN)
    assert both.sum() == whole.intervals // 4
    nets = data.quantity(Flow.NET_IN)[both] - data.quantity(Flow.NET_OUT)[both]
    assert (nets == into[both] - out[both]).all()
    assert [letter.generation for letter in rest] == [Generation.V1, Generation.V1, Generation.V2, Generation.V2]
    assert correction_letter(market).intervals == 4
    assert day_letters(market) == day_letters(market), "the same day is the same"
