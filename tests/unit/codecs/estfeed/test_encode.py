"""Metering data as the Estonian datahub's JSON, and back."""

from __future__ import annotations

import json
import random

import pytest

from gateway.codecs.estfeed import writing
from gateway.codecs.estfeed.shapes import V1_CONTENT, V1_SUBMISSION, V2_ANSWER, V2_SUBMISSION
from gateway.codecs.estfeed.table import decode_as
from gateway.codecs.estfeed.writing import encode, encode_each, periods_of
from gateway.messages.codes import CORRECTED_FLAG, Commodity, FeedForm, Flow
from gateway.messages.metering_data import MeteringData
from tests.unit.codecs.estfeed.bodies import POINTS, Spelling, differences, read, v1_body, v2_body

PLAIN = Spelling(False, None, (",", ":"), (3,), 0, True, (0,))


@pytest.mark.parametrize("seed", range(20))
def test_what_is_sent_comes_back_alike(seed: int) -> None:
    # EE-1.5, EE-1.7
    chance = random.Random(seed)
    flat = read(v2_body(chance, PLAIN), FeedForm.ESTFEED_V2)
    assert differences(read(encode(flat, V2_SUBMISSION).encode(), FeedForm.ESTFEED_V2), flat) == []
    nested = read(v1_body(chance, PLAIN), FeedForm.ESTFEED_V1)
    back = decode_as(V1_CONTENT, encode(nested, V1_CONTENT).encode(), nested.commodity)
    assert isinstance(back, MeteringData)
    assert [name for name in differences(back, nested) if name != "caller"] == []


def test_the_texts_are_those_of_the_original() -> None:
    # EE-1.7
    body = (
        b'[{"meteringPointEic":"38ZGO-100000BP-P","periods":[{"pS":"2026-11-01T00:00+02:00",'
        b'"rTime":"2025-12-16T12:35:11.335582+02:00","inQty":{"rType":"M","kwh":0},'
        b'"outQty":{"rType":"E","kwh":29.5},"netInQty":0.0,"netOutQty":29.5}]}]'
    )
    data = read(body, FeedForm.ESTFEED_V2)
    assert encode(data, V2_SUBMISSION, ("netInQty", "netOutQty")) == (
        '[{"meteringPointEic":"38ZGO-100000BP-P","periods":[{"pS":"2026-10-31T22:00:00Z",'
        '"rTime":"2025-12-16T10:35:11Z","inQty":{"rType":"M","kwh":0.000},'
        '"outQty":{"rType":"E","kwh":29.500},"netInQty":0.000,"netOutQty":29.500}]}]'
    )
    data.resolution[0] = "PT15M"
    assert encode(data, V2_ANSWER).count('"rTime":"2025-12-16T10:35:11Z"') == 2
    assert "net" not in encode(data, V1_CONTENT)


def test_blocks_of_one_point_become_one_item() -> None:
    chance = random.Random(4)
    data = read(v1_body(chance, PLAIN, points=12), FeedForm.ESTFEED_V1)
    items = json.loads(encode(data, V1_CONTENT))
    assert len(items) < len(data.point)
    assert sum(len(item["periods"]) for item in items) == len(data.point)
    assert [point for point, _ in periods_of(data, V1_SUBMISSION)] == [item["meterEic"] for item in items]


def test_a_stored_quality_is_written_without_the_mark_of_a_correction() -> None:
    data = read(v2_body(random.Random(1), PLAIN, points=1), FeedForm.ESTFEED_V2)
    before = encode(data, V2_SUBMISSION)
    for columns in data.measures.values():
        if columns.measure.flow in (Flow.IN, Flow.OUT):
            columns.quality[columns.is_stated] |= CORRECTED_FLAG
    assert encode(data, V2_SUBMISSION) == before


@pytest.mark.parametrize("seed", range(30))
def test_many_intervals_are_written_as_few_are(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # EE-1.7
    chance = random.Random(f"written {seed}")
    spelling = Spelling(False, None, (",", ":"), (0, 1, 2, 3), 2, True, (0,))
    form, body = chance.choice(((FeedForm.ESTFEED_V1, v1_body), (FeedForm.ESTFEED_V2, v2_body)))
    parts = [read(body(chance, spelling, points=3, count=12), form) for _ in range(4)]
    for part in parts:
        part.resolution[:] = [step or "PT15M" for step in part.resolution]
    for shape in (V1_CONTENT, V2_SUBMISSION, V2_ANSWER):
        monkeypatch.setattr(writing, "_FEW", 10**9)
        one_by_one = [encode(part, shape) for part in parts]
        monkeypatch.setattr(writing, "_FEW", 0)
        assert [encode(part, shape) for part in parts] == one_by_one
        assert encode_each(parts, shape) == one_by_one
    assert encode_each([], V1_CONTENT) == []


def test_what_is_negative_or_finer_than_thousandths_is_written_as_it_was() -> None:
    body = b'[{"meteringPointEic":"38ZGO-100000BP-P","periods":[%s]}]'
    period = b'{"pS":"2026-11-01T00:00:00Z","inQty":{"rType":"M","kwh":-1.5},"outQty":{"rType":"M","kwh":0.0001}}'
    text = encode(read(body % b",".join([period] * 100), FeedForm.ESTFEED_V2), V2_SUBMISSION)
    assert text.count('"kwh":-1.500') == text.count('"kwh":0.0001') == 100


def test_times_of_any_year_are_written() -> None:
    body = b'[{"meteringPointEic":"38ZGO-100000BP-P","periods":[%s]}]'
    times = (b"1901-01-01T00:00:00Z", b"2026-12-31T23:59:59Z", b"9998-02-28T12:34:56Z")
    periods = [b'{"pS":"%s","outQty":{"rType":"M","kwh":1.000}}' % times[k % 3] for k in range(99)]
    given = body % b",".join(periods)
    assert encode(read(given, FeedForm.ESTFEED_V2), V2_SUBMISSION).encode() == given


def test_an_answer_is_read_back_with_what_was_refused() -> None:
    data = read(v2_body(random.Random(1), PLAIN, points=1), FeedForm.ESTFEED_V2)
    data.resolution[0] = "PT15M"
    refused = {"meteringPointEic": POINTS[0], "error": {"code": "opp.error.business.customer-eic-required"}}
    answer = f'{{"successful":{encode(data, V2_ANSWER)},"unsuccessful":{json.dumps([refused])}}}'
    back = decode_as(V2_ANSWER, answer.encode(), Commodity.ELECTRICITY)
    assert isinstance(back, MeteringData)
    assert back.start.tolist() == data.start.tolist()
