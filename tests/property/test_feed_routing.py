"""Who is told of which values, held against asking of each value on its own."""

from __future__ import annotations

import itertools
from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.hub.feed.parts import Parts
from gateway.hub.feed.routing import Routing, StoredRows
from gateway.hub.feed.writing import items_of
from gateway.hub.ports_feed import FeedReason
from gateway.hub.series.segments import SegmentInput, SegmentRef
from gateway.markets.distribution import Receiver
from gateway.markets.registry import profile
from gateway.messages.agreements import Agreement, AgreementFacts, Agreements
from gateway.messages.codes import CORRECTED_FLAG, AgreementKind, Commodity, Quality, Role
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import MasterData, PartyRole
from gateway.messages.times import Interval, MarketZone

# EE-3.3

POLICY, ZONE = profile("ee").feed, MarketZone("Europe/Tallinn")
DAY, HOUR = ZONE.midnight(date(2026, 3, 29)), 3600
POINTS = [point_id(-1000 - 37 * number) for number in range(3)]
PARTIES = [f"38X-PARTY-{number}-----"[:16] for number in range(5)]
SENDER = PARTIES[0]
MASTER = MasterData.build((), (), [PartyRole(party, Role.ENERGY_SUPPLIER) for party in PARTIES[:4]])
DATA_KINDS = tuple(POLICY.recipients)
CORRECTED = Quality.MEASURED | CORRECTED_FLAG

hours = st.integers(0, 30).map(lambda hour: DAY + hour * HOUR)
spans = st.tuples(hours, hours).filter(lambda span: span[0] < span[1])
parties = st.sampled_from(PARTIES)


@st.composite
def agreements(draw: st.DrawFn) -> list[Agreement]:
    """Agreements at points, and portfolios of which a party stands in one at a time and nobody in his own."""
    found = []
    for number in range(draw(st.integers(0, 6))):
        start, end = draw(spans)
        kind = draw(st.sampled_from([*DATA_KINDS, AgreementKind.GRID]))
        commodity = draw(st.sampled_from([Commodity.ELECTRICITY] * 4 + [Commodity.NATURAL_GAS]))
        point = draw(st.sampled_from(POINTS))
        found.append(
            Agreement(f"A{number}", kind, draw(parties), start, end, metering_point=point, commodity=commodity)
        )
    for below in range(1, len(PARTIES)):
        bounds = sorted(draw(st.lists(hours, max_size=3, unique=True)))
        for start, end in itertools.pairwise(bounds):
            above = PARTIES[draw(st.integers(0, below - 1))]
            found.append(
                Agreement(f"P{below}{start}", AgreementKind.PORTFOLIO, above, start, end, counterparty=PARTIES[below])
            )
    return found


@st.composite
def inputs(draw: st.DrawFn) -> list[tuple[SegmentInput, SegmentRef]]:
    """What a message stored: one segment each, so that places are easy to tell."""
    found = []
    for number in range(draw(st.integers(1, 3))):
        points = draw(st.lists(st.sampled_from(POINTS), min_size=1, max_size=3, unique=True))
        resolution, step = draw(st.sampled_from([("PT15M", 900), ("PT1H", 3600), ("P1D", 86_400)]))
        count = draw(st.integers(1, 2 if resolution == "P1D" else 30))
        start = DAY + draw(st.integers(0, 10)) * step
        if resolution == "P1D":
            start = ZONE.end("P1D", DAY, draw(st.integers(0, 1)))
        quality = np.full((len(points), count), Quality.MEASURED, dtype=np.uint8)
        if draw(st.booleans()):
            quality[draw(st.integers(0, len(points) - 1)), draw(st.integers(0, count - 1))] = CORRECTED
        keys = np.array([point_key(point) for point in points], dtype=np.int64)
        first_row = draw(st.integers(0, 4))
        one = SegmentInput(
            32 * (number + 1), resolution, start, keys, np.zeros((len(points), count), np.int64), quality
        )
        found.append((one, SegmentRef(number + 1, first_row, len(points))))
    return found


Step = tuple[int, int, int]


def expected(facts: list[Agreement], stored: list[tuple[SegmentInput, SegmentRef]]) -> dict[str, set[Step]]:
    """By party, every step (segment, row, step) that overlaps an agreement of it or of who is in its portfolio."""
    found: dict[str, set[Step]] = {}
    for one, ref in stored:
        bounds = np.append(
            ZONE.step_starts(one.resolution, one.start, one.quantity.shape[1]),
            ZONE.end(one.resolution, one.start, one.quantity.shape[1]),
        ).tolist()
        for row, key in enumerate(one.points.tolist()):
            for step, (start, end) in enumerate(itertools.pairwise(bounds)):
                for party in entitled(facts, point_id(key), Interval(start, end)):
                    if party != SENDER:
                        found.setdefault(party, set()).add((ref.segment, ref.first_row + row, step))
    return found


def entitled(facts: list[Agreement], point: str, step: Interval) -> set[str]:
    found = set()
    for fact in facts:
        if fact.kind not in DATA_KINDS or fact.metering_point != point or fact.commodity != Commodity.ELECTRICITY:
            continue
        common = Interval(fact.valid_from, fact.valid_to).common(step)
        if common is not None:
            found |= {fact.party} | above(facts, fact.party, common)
    return found


def above(facts: list[Agreement], party: str, span: Interval) -> set[str]:
    found: set[str] = set()
    for fact in facts:
        common = Interval(fact.valid_from, fact.valid_to).common(span)
        if fact.kind is AgreementKind.PORTFOLIO and fact.counterparty == party and common is not None:
            found |= {fact.party} | above(facts, fact.party, common)
    return found


def steps(parts: Parts) -> list[Step]:
    return [(segment, row, step) for _, segment, row, first, last in parts for step in range(first, last)]


@settings(max_examples=250)
@given(facts=agreements(), stored=inputs(), most=st.integers(1, 40))
def test_everybody_is_told_exactly_what_concerns_him_once(
    facts: list[Agreement], stored: list[tuple[SegmentInput, SegmentRef]], most: int
) -> None:
    rows = StoredRows.of(stored, ZONE)
    routing = Routing(POLICY, Agreements.build(AgreementFacts(facts)), MASTER, Commodity.ELECTRICITY, DAY)
    told: dict[str, list[Step]] = {}
    for one in routing.told(rows, SENDER, ZONE):
        assert one.recipient == Receiver(one.recipient.party, one.recipient.role)
        whole = steps(one.parts)
        told.setdefault(one.recipient.party, []).extend(whole)
        items = list(items_of(rows, one, most))
        shown = [step for item in items for step in steps(Parts.unpack(item.content))]
        assert sorted(shown) == sorted(whole)
        assert len(set(shown)) == len(shown)
        assert all(item.reason in (FeedReason.CREATE, FeedReason.UPDATE) for item in items)
    assert {party: set(found) for party, found in told.items()} == expected(facts, stored)
