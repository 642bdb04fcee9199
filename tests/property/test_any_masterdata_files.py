"""Whatever stands in a master data file: findings come back, never an exception, and never half a set."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.demo.market import sample_market
from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.files import FILE_NAMES, MasterDataReading, MasterDataSet, csv_files, read_files
from gateway.hub.masterdata.table_rows import FINDING_LIMIT
from gateway.messages.agreements import AccessPermission, Agreement, AgreementFacts
from gateway.messages.codes import AgreementKind, PointClass, Role
from gateway.messages.point_details import CommunityMember, PointDetail, PointFacts, ReactiveOrder, fuse_of
from gateway.messages.times import MarketZone

MANNER = Manner(MarketZone("Europe/Copenhagen"), strict=True)
MARKET = sample_market(MANNER.zone, date(2025, 1, 20)).dataset
FACTS = MARKET.settlement
SHARED = [version.metering_point for version in MARKET.points if version.settlement_method == "profiled"][-3:]
TOLD = {*SHARED, *(loss.metering_point for loss in FACTS.grid_loss)} | {
    point for term in FACTS.formulas for point in (term.metering_point, term.term_point)
}
POINTS = TOLD | {v.parent for v in MARKET.points if v.metering_point in TOLD} | {MARKET.points[0].metering_point}
POINT, PARTY = MARKET.points[0].metering_point, MARKET.roles[0].party
AGREED = AgreementFacts(
    [Agreement("A-1", AgreementKind.SUPPLY, PARTY, 1735686000, metering_point=POINT, customers=("one", "two"))],
    [AccessPermission("P-1", POINT, PARTY, Role.ENERGY_SUPPLIER, 1735686000, 1735686000, 1767222000)],
)
PART = MasterDataSet(
    [version for version in MARKET.points if version.metering_point in POINTS],
    MARKET.grid_areas,
    MARKET.roles,
    MARKET.delegations,
    replace(
        FACTS,
        load_shares=[share for share in FACTS.load_shares if share.metering_point in SHARED],
        tariffs=[tariff for tariff in FACTS.tariffs if tariff.metering_point in TOLD],
        permissions=[permission for permission in FACTS.permissions if permission.metering_point in TOLD],
    ),
    AGREED,
    PointFacts(
        [PointDetail(POINT, PointClass.ACCOUNTING_POINT, 1735686000, fuse=fuse_of(3, 25), annual_estimate=5_000_000)],
        [ReactiveOrder(POINT, PARTY, 1735686000)],
        [CommunityMember("C-1", POINT, POINT, 1_000_000, 1735686000)],
    ),
)
FILES = csv_files(PART)


columns = st.sampled_from(
    sorted({name for content in FILES.values() for name in content.decode().split("\n")[0].split(",")})
)
cells = st.sampled_from(sorted(set(b"\n".join(FILES.values()).decode().replace("\n", ",").split(","))))
texts = cells | st.text(max_size=20)
values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
json_rows = st.lists(st.dictionaries(columns | st.text(max_size=3), values, max_size=9) | values, max_size=4)


def test_the_files_are_good_to_begin_with() -> None:
    reading = read_files(FILES, MANNER)
    assert not reading.findings
    assert all(reading.dataset.counts().values())


def check(reading: MasterDataReading) -> None:
    """The promise of every reading: good or empty, each finding named and placed, not too many."""
    assert reading.is_good or reading.dataset == MasterDataSet()
    assert len(reading.findings) <= FINDING_LIMIT + 1
    for finding in reading.findings:
        assert finding.rule
        assert finding.text
        assert finding.line >= 0


@settings(max_examples=200)
@given(name=st.sampled_from(sorted(FILE_NAMES)), content=st.binary(max_size=300))
def test_any_bytes(name: str, content: bytes) -> None:
    check(read_files({name: content}, MANNER))


@settings(max_examples=200)
@given(name=st.sampled_from(sorted(FILES)), rows=st.lists(st.lists(texts, max_size=16), max_size=5))
def test_any_rows_under_the_right_header(name: str, rows: list[list[str]]) -> None:
    header = FILES[name].split(b"\n")[0]
    body = "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")
    check(read_files(FILES | {name: header + b"\n" + body}, MANNER))


@settings(max_examples=200)
@given(name=st.sampled_from(sorted(FILES)), content=json_rows)
def test_any_json(name: str, content: object) -> None:
    others = {other: text for other, text in FILES.items() if other != name}
    files = others | {name.replace(".csv", ".json"): json.dumps(content).encode()}
    check(read_files(files, MANNER))


@settings(max_examples=200)
@given(name=st.sampled_from(sorted(FILES)), place=st.floats(0, 1), length=st.integers(0, 30), put=st.binary(max_size=8))
def test_any_mutation_of_good_files(name: str, place: float, length: int, put: bytes) -> None:
    good = FILES[name]
    start = int(place * len(good))
    reading = read_files(FILES | {name: good[:start] + put + good[start + length :]}, MANNER)
    check(reading)
    if reading.is_good:
        again = read_files(csv_files(reading.dataset), MANNER)
        assert again.dataset == reading.dataset
