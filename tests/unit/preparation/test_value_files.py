"""Files of values: what is read, and what is said of bad ones, with file, line and rule."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.messages.codes import Quality
from gateway.messages.quantities import NO_QUANTITY
from gateway.preparation.csv_columns import FINDING_LIMIT, InputFile
from gateway.preparation.value_files import ValueFiles
from tests.unit.preparation.office import OTHER, POINT, ZONE

HEADER = "metering_point,time,quantity,quality\n"
T = "2025-06-18T00:00Z"


def file(text: str) -> InputFile:
    """A file with some text."""
    return InputFile("values.csv", text.encode())


def faults(text: str, may_repeat: bool = False) -> list[tuple[str, int]]:
    """(rule, line) of what is wrong with a file of values in thousandths."""
    reader = ValueFiles(ZONE)
    reader.values(file(text), may_repeat)
    assert all(finding.path == "values.csv" and finding.text for finding in reader.findings.all())
    return [(finding.rule, finding.line) for finding in reader.findings.all()]


def test_values_are_read_sorted_and_exact() -> None:
    text = f"{HEADER}{POINT},2025-06-18T02:15+02:00,0.25,A03\n\n{POINT},{T},1.5,\n{OTHER},{T},,missing\n"
    reader = ValueFiles(ZONE)
    values = reader.raw_values(file("\ufeff" + text.replace(",", ";")))
    assert reader.findings.all() == ()
    assert values.point.tolist() == [int(POINT), int(POINT), int(OTHER)]
    assert values.quantity.tolist() == [1_500_000, 250_000, NO_QUANTITY]
    assert values.quality.tolist() == [Quality.ABSENT, Quality.ESTIMATED, Quality.MISSING]
    assert values.line.tolist() == [4, 2, 5]


def test_raw_values_may_be_finer_and_below_zero() -> None:
    reader = ValueFiles(ZONE)
    values = reader.raw_values(file(f"metering_point,time,quantity\n{POINT},{T},-0.000001\n"))
    assert (reader.findings.all(), values.quantity.tolist()) == ((), [-1])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [("missing-column", 1)] * 3),
        ("metering_point,time,quantity,quantity\n", [("duplicate-column", 1)]),
        ("metering_point,time,quantity,colour\n", [("unknown-column", 1)]),
        (f"{HEADER}{POINT},{T},1\n", [("wrong-cell-count", 2)]),
        (f"{HEADER}123,{T},1,\n", [("bad-value", 2)]),
        (f"{HEADER}{POINT},2025-06-18,1,\n", [("bad-value", 2)]),
        (f"{HEADER}{POINT},2025-06-18T00:00,1,\n", [("bad-value", 2)]),
        (f"{HEADER}{POINT},1970-06-18T00:00Z,1,\n", [("bad-value", 2)]),
        (f"{HEADER}{POINT},{T},one,\n", [("bad-value", 2)]),
        (f"{HEADER}{POINT},{T},1e3,\n", [("bad-value", 2)]),
        (f"{HEADER}{POINT},{T},-1,\n", [("bad-value", 2)]),
        (f"{HEADER}{POINT},{T},1.0001,\n", [("bad-value", 2)]),
        (f"{HEADER}{POINT},{T},12345678901,\n", [("bad-value", 2)]),
        (f"{HEADER}{POINT},{T},1,guessed\n", [("bad-value", 2)]),
        (f"{HEADER}{POINT},{T},1,missing\n", [("bad-value", 2)]),
        (f"{HEADER}{POINT},{T},,measured\n", [("bad-value", 2)]),
        (f"{HEADER}{POINT},{T},1,\n{POINT},{T},2,\n", [("duplicate-value", 3)]),
        (f'{HEADER}{POINT},{T},"1,\n', [("malformed", 2)]),
        (f"{HEADER}{POINT},{T},\x001,\n", [("bad-value", 2)]),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, found: list[tuple[str, int]]) -> None:
    assert faults(text) == found


def test_text_that_is_no_utf_8_is_told_with_its_line() -> None:
    reader = ValueFiles(ZONE)
    reader.values(InputFile("values.csv", f"{HEADER}{POINT},{T},1,\n".encode() + b"\xff"))
    assert [(finding.rule, finding.line) for finding in reader.findings.all()] == [("malformed", 3)]


def test_in_a_history_the_later_line_counts() -> None:
    text = f"{HEADER}{POINT},{T},1,\n{POINT},{T},2,estimated\n"
    assert faults(text, may_repeat=True) == []
    assert ValueFiles(ZONE).values(file(text), may_repeat=True).quantity.tolist() == [2000]


def test_a_thousand_faults_are_not_all_told() -> None:
    found = faults(HEADER + f"{POINT},{T},x,\n" * 1000)
    assert len(found) == FINDING_LIMIT + 1
    assert found[-1] == ("more-findings", 0)


def test_knowledge_has_a_reason_by_line_also_over_several_lines() -> None:
    reader = ValueFiles(ZONE)
    text = f'metering_point,time,quantity,reason\n{POINT},{T},1,"read on site, 9:00"\n{OTHER},{T},2,moved\n'
    values, reasons = reader.knowledge(file(text))
    assert reader.findings.all() == ()
    assert (values.line.tolist(), reasons) == ([2, 3], {2: "read on site, 9:00", 3: "moved"})
    reader.knowledge(
        file(f'metering_point,time,quantity,reason\n{POINT},{T},1,"two\nlines"\n{OTHER},{T},,x\n{OTHER},{T},1,\n')
    )
    assert [(finding.rule, finding.line) for finding in reader.findings.all()] == [
        ("bad-value", 2),
        ("bad-value", 5),
        ("bad-value", 4),
    ]


@pytest.mark.parametrize("factor", ["0", "-1", "x", "1e3", "100000", "0.0000000001", ""])
def test_factors_are_exact_and_above_zero(factor: str) -> None:
    # DK-6.2.1.a
    reader = ValueFiles(ZONE)
    assert reader.factors(file(f"metering_point,factor\n{POINT},12.5\n")) == {int(POINT): Fraction(25, 2)}
    reader.factors(file(f"metering_point,factor\n{POINT},{factor}\n"))
    assert [finding.rule for finding in reader.findings.all()] == ["bad-value"]


def test_readings_take_local_days_and_the_factor() -> None:
    reader = ValueFiles(ZONE)
    header = "metering_point,from,to,quantity\n"
    readings = reader.readings(file(f"{header}{POINT},2025-06-18,2025-06-19,1.001\n"), {int(POINT): Fraction("0.5")})
    assert reader.findings.all() == ()
    assert readings.start.tolist() == [ZONE.midnight(date(2025, 6, 18))]
    assert readings.quantity.tolist() == [501]  # 500.5 Wh, half up
    reader.readings(file(f"{header}{POINT},2025-06-19,2025-06-19,1\n{OTHER},2025-06-18,2025-06-19,\n"), {})
    reader.readings(file(f"{header}{POINT},2025-06-18,2025-06-20,1\n{POINT},2025-06-19,2025-06-21,1\n"), {})
    reader.readings(file(f"{header}{POINT},2025-06-31,2025-07-20,1\n"), {})
    found = [(finding.rule, finding.line) for finding in reader.findings.all()]
    assert found == [("bad-value", 2), ("bad-value", 3), ("overlapping-readings", 3), ("bad-value", 2)]


def test_a_point_has_one_similar_point() -> None:
    reader = ValueFiles(ZONE)
    header = "metering_point,similar_point\n"
    found = reader.similar_points(file(f"{header}{OTHER},{POINT}\n{POINT},{OTHER}\n"))
    assert (found.point.tolist(), found.similar.tolist()) == ([int(POINT), int(OTHER)], [int(OTHER), int(POINT)])
    reader.similar_points(file(f"{header}{OTHER},{POINT}\n{OTHER},{POINT}\n"))
    assert [(finding.rule, finding.line) for finding in reader.findings.all()] == [("duplicate-value", 3)]


def test_reading_says_how_far_it_has_come() -> None:
    told: list[int] = []
    text = HEADER + "".join(f"{POINT},2025-06-18T{n // 60:02}:{n % 60:02}Z,1,\n" for n in range(60))
    ValueFiles(ZONE, told.append).values(file(text))
    assert sum(told) == len(text)


@given(content=st.binary(max_size=200) | st.text(alphabet='0123456789,;"\n.-TZ:', max_size=200).map(str.encode))
def test_any_bytes_end_in_values_or_findings(content: bytes) -> None:
    reader = ValueFiles(ZONE)
    whole = InputFile("x.csv", content)
    with_header = InputFile("y.csv", HEADER.encode() + content)
    for given_file in (whole, with_header):
        reader.raw_values(given_file)
        reader.values(given_file)
        reader.knowledge(given_file)
        reader.readings(given_file, {})
        reader.similar_points(given_file)
        reader.factors(given_file)
    assert reader.findings.all()
