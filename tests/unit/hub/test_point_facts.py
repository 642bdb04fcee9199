"""Further facts of metering points from files: read, written, and checked against the points (FI-1, FI-7.1, DH-140)."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from gateway.demo.finland.market import finnish_market
from gateway.hub.masterdata.cells import manner_of
from gateway.hub.masterdata.files import csv_files, read_files
from gateway.markets.registry import profile
from gateway.messages.codes import MeteringMethod, PointUse
from gateway.messages.masterdata import NONE
from gateway.messages.point_details import PointDetails, fuse_of, fuse_text

FI = profile("fi")
MARKET = finnish_market(FI.zone, date(2025, 3, 10))
FILES = csv_files(MARKET.dataset)
MANNER = manner_of(FI)
HOME, SITE, EXCHANGE = (MARKET.named[name] for name in ("home", "site-production", "exchange"))


def rules(**changed: str) -> list[str]:
    """The findings of the market's files with some of them changed."""
    files = {**FILES, **{name.replace("_", "-") + ".csv": text.encode() for name, text in changed.items()}}
    return [finding.rule for finding in read_files(files, MANNER).findings]


def test_what_is_written_is_read_again() -> None:
    reading = read_files(FILES, MANNER)
    assert reading.findings == ()
    assert reading.dataset.point_facts == MARKET.dataset.point_facts
    assert csv_files(reading.dataset) == FILES


DETAILS = "metering_point,point_class,use,method,fuse,directions,related_point,annual_estimate,valid_from\n"


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (f"{HOME},accounting-point,AQ03,E14,1x35,,,5000.5,2024-01-01", None),
        (f"{HOME},exchange-point,,,,,,,2024-01-01", "point-class"),
        (f"{EXCHANGE},accounting-point,,,,,,,2024-01-01", "point-class"),
        (f"{HOME},accounting-point,,,,,{EXCHANGE},,2024-01-01", "related-point"),
        (f"{SITE},accounting-point,,,,,{HOME},,2024-01-01", "related-point"),
        (f"{HOME},accounting-point,,,,,,,2019-01-01", "unknown-point"),
        (f"{HOME},accounting-point,,,2x63,,,,2024-01-01", "bad-value"),
        (f"{HOME},accounting-point,,,3x0,,,,2024-01-01", "bad-value"),
        (f"{HOME},somewhere,,,,,,,2024-01-01", "bad-value"),
        (f"{HOME},accounting-point,,,,sideways,,,2024-01-01", "bad-value"),
    ],
)
def test_a_detail_fits_its_point(row: str, rule: str | None) -> None:
    # FI-1.1, FI-1.3, FI-1.4
    assert rules(point_details=DETAILS + row + "\n") == ([] if rule is None else [rule])


MEMBERS = "community,production_point,metering_point,share,valid_from,valid_to\n"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("home", "60", "2024-01-01", ""), ("works", "40", "2024-01-01", "")], []),
        ([("home", "33.3333", "2024-01-01", ""), ("works", "66.6667", "2024-01-01", "")], []),
        ([("home", "60", "2024-01-01", ""), ("works", "30", "2024-01-01", "")], ["community-shares"]),
        ([("home", "60", "2024-01-01", ""), ("works", "40", "2024-02-01", "")], ["community-shares"]),
        ([("home", "100", "2024-01-01", "2024-05-01"), ("works", "100", "2024-05-01", "")], []),
        ([("home", "0", "2024-01-01", "")], ["bad-value"]),
        ([("home", "33.33333", "2024-01-01", "")], ["bad-value"]),
    ],
)
def test_the_shares_of_a_community_are_the_whole(rows: list[tuple[str, str, str, str]], expected: list[str]) -> None:
    # DH-140: members' shares sum to 100 %
    production = MARKET.named["community-production"]
    lines = [f"C,{production},{MARKET.named[name]},{share},{start},{end}" for name, share, start, end in rows]
    assert rules(communities=MEMBERS + "\n".join(lines) + "\n") == expected


def test_details_hold_from_their_day_on() -> None:
    facts = MARKET.dataset.point_facts.details
    first = next(one for one in facts if one.metering_point == HOME)
    middle = first.valid_from + 1000
    details = PointDetails.of(
        [first._replace(valid_to=middle), first._replace(valid_from=middle, use=PointUse.BUILDING, fuse=fuse_of(3, 80))]
    )
    points = details.point[[0, 0, 0, 0]]
    instants = details.valid_from[[0, 0, 1, 1]] + np.array([-1, 0, 0, 5])
    rows = details.rows_at(points, instants)
    assert rows.tolist() == [NONE, 0, 1, 1]
    assert details.detail(1).use is PointUse.BUILDING
    assert details.detail(1).method is MeteringMethod.INTERVAL
    assert details.fuse_size.tolist() == [75, 240]
    assert [fuse_text(fuse) for fuse in (0, fuse_of(1, 35))] == ["", "1x35"]
