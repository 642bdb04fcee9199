"""Metering data out of the JSON of the Estonian datahub: what is read, what is refused and where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.codecs.estfeed.table import decode
from gateway.codecs.table import Undecodable
from gateway.messages.codes import Commodity, FeedForm, Flow, Quality, Unit
from gateway.messages.metering_data import CallerContext, Measure, Member
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import NO_INSTANT, parse_instant
from tests.unit.codecs.estfeed.bodies import CONTEXT, POINTS, dumped, number, read

KWH_IN, KWH_OUT = Measure(Flow.IN, Unit.KWH), Measure(Flow.OUT, Unit.KWH)
M3_OUT = Measure(Flow.OUT, Unit.CUBIC_METRE)
START = "2026-03-29T03:00:00+02:00"


def quantity(kwh: str = "1.250", r_type: str = "M", **more: Any) -> dict[str, Any]:
    return {"rType": r_type, "kwh": number(kwh), **more}


def flat(**members: Any) -> dict[str, Any]:
    return {"pS": START, **members}


def v2(*periods: dict[str, Any], point: str = POINTS[0]) -> bytes:
    return dumped([{"meteringPointEic": point, "periods": list(periods)}])


def v1(*intervals: dict[str, Any], context: dict[str, str] | None = None) -> bytes:
    data = [{"meterEic": POINTS[0], "periods": [{"r": "PT15M", "aI": list(intervals)}]}]
    return dumped({"marketParticipantContext": CONTEXT if context is None else context, "meterData": data})


def faults(data: bytes, form: FeedForm = FeedForm.ESTFEED_V2) -> list[tuple[str, str]]:
    found = decode(data, form, Commodity.ELECTRICITY)
    assert isinstance(found, Undecodable), found
    return [(finding.rule, finding.path) for finding in found.findings]


def test_v2_reads_flows_nets_and_one_time_of_reading() -> None:
    # EE-1.5, EE-1.8
    data = read(
        v2(
            flat(rTime="2026-03-30T01:02:03.999Z", inQty=quantity("0.000"), outQty=quantity("2.5", "E")),
            flat(pS="2026-03-29T04:15+03:00", inQty=quantity("7"), netQtyIn=number("7.000"), netQtyOut=number("0.000")),
        )
    )
    assert data.caller is None
    assert data.resolution == [""]
    assert data.start.tolist() == [parse_instant("2026-03-29T01:00Z"), parse_instant("2026-03-29T01:15Z")]
    read_at = parse_instant("2026-03-30T01:02:03Z")
    assert data.measures[KWH_IN].quantity.tolist() == [0, 7000]
    assert data.measures[KWH_IN].decimals.tolist() == [3, 0]
    assert data.measures[KWH_OUT].quantity.tolist() == [2500, NO_QUANTITY]
    assert data.measures[KWH_OUT].quality.tolist() == [Quality.ESTIMATED, Quality.ABSENT]
    assert data.measures[KWH_OUT].read_at.tolist() == [read_at, NO_INSTANT]
    assert data.quantity(Flow.NET_IN).tolist() == [NO_QUANTITY, 7000]


def test_v1_reads_its_context_blocks_and_times_of_reading() -> None:
    # EE-1.5
    gas = dict(CONTEXT, commodityType="NATURAL_GAS")
    body = v1(
        flat(inQty=quantity(rTime="2026-03-30T00:00:01Z"), outQty={"rType": "E", "kwh": 105.5, "m3": 10.021}),
        context=gas,
    )
    data = read(body, FeedForm.ESTFEED_V1)
    assert data.commodity is Commodity.NATURAL_GAS
    assert data.caller == CallerContext("38X-EIN-GO-----0", "GRID_OPERATOR", "NATURAL_GAS")
    assert data.resolution == ["PT15M"]
    assert data.measures[M3_OUT].quantity.tolist() == [10021]
    assert data.measures[M3_OUT].quality.tolist() == [Quality.ESTIMATED]
    assert data.measures[KWH_IN].read_at.tolist() == [parse_instant("2026-03-30T00:00:01Z")]
    assert data.measures[KWH_OUT].read_at.tolist() == [NO_INSTANT]


def test_null_is_nothing_and_no_zero() -> None:
    data = read(v2(flat(rTime=None, inQty=None, outQty=quantity("3", m3=None), netQtyIn=None, netQtyOut=None)))
    assert list(data.measures) == [KWH_OUT]


def test_both_spellings_of_net_quantities_are_read_but_not_of_one_twice() -> None:
    data = read(v2(flat(inQty=quantity(), netInQty=number("1.250"), netOutQty=number("0.000"))))
    assert data.quantity(Flow.NET_IN).tolist() == [1250]
    assert data.place(0, Member.QUANTITY, Measure(Flow.NET_OUT, Unit.KWH)).path == "[0].periods[0].netOutQty"
    twice = v2(flat(inQty=quantity(), netInQty=number("1.250"), netQtyIn=number("1.250")))
    assert faults(twice) == [("unexpected-field", "[0].periods[0].netInQty")]


def test_what_rules_have_to_judge_is_left_to_them() -> None:
    # EE-1.6, EE-1.7
    odd = flat(pS="2026-03-29T03:07:30.5+02:00", inQty=quantity("-0.0001"), outQty=quantity("12345678901.5"))
    data = read(v2(odd, odd, point="no EIC"))
    assert data.point == ["no EIC"]
    assert data.fractional.tolist() == [0, 1]
    assert data.start.tolist() == [parse_instant("2026-03-29T01:07:30Z")] * 2
    assert data.measures[KWH_IN].as_written == {0: "-0.0001", 1: "-0.0001"}
    assert data.measures[KWH_IN].decimals.tolist() == [4, 4]
    assert data.measures[KWH_OUT].as_written == {0: "12345678901.5", 1: "12345678901.5"}


PLACES = [
    (Member.INTERVAL, None, "[0].periods[1]", "meterData[0].periods[0].aI[1]"),
    (Member.START, None, "[0].periods[1].pS", "meterData[0].periods[0].aI[1].pS"),
    (Member.POINT, None, "[0].meteringPointEic", "meterData[0].meterEic"),
    (Member.RESOLUTION, None, "[0].periods[1]", "meterData[0].periods[0].r"),
    (Member.QUANTITY, KWH_IN, "[0].periods[1].inQty.kwh", "meterData[0].periods[0].aI[1].inQty.kwh"),
    (Member.QUANTITY, M3_OUT, "[0].periods[1].outQty.m3", "meterData[0].periods[0].aI[1].outQty.m3"),
    (Member.QUALITY, KWH_OUT, "[0].periods[1].outQty.rType", "meterData[0].periods[0].aI[1].outQty.rType"),
    (Member.READ_AT, KWH_OUT, "[0].periods[1].rTime", "meterData[0].periods[0].aI[1].outQty.rTime"),
]


@pytest.mark.parametrize(("member", "measure", "flat_path", "nested_path"), PLACES)
def test_places_are_named_in_the_words_of_the_original(
    member: Member, measure: Measure | None, flat_path: str, nested_path: str
) -> None:
    # EE-1.4
    one = flat(outQty=quantity())
    assert read(v2(one, one)).place(1, member, measure).path == flat_path
    assert read(v1(one, one), FeedForm.ESTFEED_V1).place(1, member, measure).path == nested_path


REFUSED = [
    (v2(), [("list-empty", "[0].periods")]),
    (b"[]", [("list-empty", "")]),
    (b"{}", [("unparseable", "")]),
    (b"7", [("unparseable", "")]),
    (v2(flat(), {"inQty": quantity()}), [("missing-field", "[0].periods[1].pS")]),
    (v2(flat(inQty={"kwh": 1})), [("missing-field", "[0].periods[0].inQty.rType")]),
    (v2(flat(inQty={"rType": "M"})), [("missing-field", "[0].periods[0].inQty.kwh")]),
    (v2(flat(inQty=quantity(r_type="X"))), [("invalid-enum", "[0].periods[0].inQty.rType")]),
    (v2(flat(inQty={"rType": "M", "kwh": "1.5"})), [("unparseable", "[0].periods[0].inQty.kwh")]),
    (v2(flat(inQty={"rType": "M", "kwh": True})), [("unparseable", "[0].periods[0].inQty.kwh")]),
    (v2(flat(inqty=quantity())), [("unexpected-field", "[0].periods[0].inqty")]),
    (v2(flat(inQty=quantity(rTime=START))), [("unexpected-field", "[0].periods[0].inQty.rTime")]),
    (v2(flat(pS="2026-03-29T03:00:00")), [("invalid-pattern", "[0].periods[0].pS")]),
    (v2(flat(pS="29.03.2026 03:00")), [("invalid-pattern", "[0].periods[0].pS")]),
    (v2(flat(pS="2026-03-29T03:00:00+19:00")), [("invalid-pattern", "[0].periods[0].pS")]),
    (v2(flat(pS="2026-02-30T03:00Z")), [("unparseable", "[0].periods[0].pS")]),
    (v2(flat(rTime="2026-13-01T03:00Z")), [("unparseable", "[0].periods[0].rTime")]),
    (v2(flat(inQty=quantity()), point=""), [("wrong-size", "[0].meteringPointEic")]),
]


@pytest.mark.parametrize(("body", "expected"), REFUSED)
def test_refusals_name_rule_and_place(body: bytes, expected: list[tuple[str, str]]) -> None:
    # EE-1.4
    assert faults(body) == expected


def test_v1_refuses_nets_another_resolution_and_a_body_without_context() -> None:
    assert faults(v1(flat(inQty=quantity(), netQtyIn=0)), FeedForm.ESTFEED_V1) == [
        ("unexpected-field", "meterData[0].periods[0].aI[0].netQtyIn")
    ]
    other = v1(flat(inQty=quantity())).replace(b"PT15M", b"PT30M")
    assert faults(other, FeedForm.ESTFEED_V1) == [("invalid-enum", "meterData[0].periods[0].r")]
    assert faults(b'{"meterData": []}', FeedForm.ESTFEED_V1) == [
        ("missing-field", "marketParticipantContext"),
        ("list-empty", "meterData"),
    ]


def test_every_fault_is_told_at_once_with_its_line() -> None:
    body = json.dumps(
        [{"meteringPointEic": POINTS[0], "periods": [{"pS": "x"}, {"pS": START, "inQty": {"rType": "?", "kwh": 1}}]}],
        indent=1,
    ).encode()
    found = decode(body, FeedForm.ESTFEED_V2, Commodity.ELECTRICITY)
    assert isinstance(found, Undecodable)
    assert [(finding.rule, finding.line) for finding in found.findings] == [
        ("invalid-pattern", 6),
        ("invalid-enum", 11),
    ]


HOSTILE = [
    pytest.param(b"[" * 100_000, id="deep", marks=pytest.mark.sec_12),
    pytest.param(v2(flat(inQty=quantity("9" * 5000))), id="huge number", marks=pytest.mark.sec_12),
    pytest.param(v2(flat(inQty=quantity("1e999999999"))), id="huge exponent", marks=pytest.mark.sec_12),
    pytest.param(v2(flat(inQty=quantity("NaN"))), id="no number", marks=pytest.mark.sec_11),
    pytest.param(v2(flat(inQty=quantity("Infinity"))), id="infinite", marks=pytest.mark.sec_11),
    pytest.param(v2(flat(inQty=quantity("01"))), id="leading zero", marks=pytest.mark.sec_11),
    pytest.param(
        v2(flat(inQty=quantity())).replace(b'"rType"', b'"kwh": 9, "rType"'), id="key twice", marks=pytest.mark.sec_13
    ),
    pytest.param(v2(flat(inQty=quantity())).decode().encode("utf-16"), id="other encoding"),
    pytest.param(v2(flat(inQty=quantity()), point="\x00"), id="NUL"),
    pytest.param(v2(flat(inQty=quantity()))[:-5], id="cut off"),
    pytest.param(b"", id="nothing"),
]


@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_bodies_are_malformed_and_nothing_worse(body: bytes) -> None:
    assert {rule for rule, _ in faults(body)} == {"malformed"}
    assert {rule for rule, _ in faults(body, FeedForm.ESTFEED_V1)} == {"malformed"}


def test_hostile_intervals_among_many_good_ones_are_found() -> None:
    good = [flat(pS=f"2026-01-{1 + k // 24:02}T{k % 24:02}:00:00Z", inQty=quantity()) for k in range(600)]
    assert len(read(v2(*good))) == 600
    wrong = v2(*good).replace(b"2026-01-20T05:00", b"2026-01-32T05:00")
    assert faults(wrong) == [("unparseable", f"[0].periods[{19 * 24 + 5}].pS")]
    twice = v2(*good).replace(b'"pS": "2026-01-20T05:00:00Z"', b'"pS": "2026-01-20T05:00:00Z", "pS": "x"')
    assert faults(twice) == [("malformed", "")]


@pytest.mark.parametrize("spaces", [10, 400, 900, 1900, 3000, 9000])
def test_intervals_spread_over_much_white_space_are_read_up_to_the_last_byte(spaces: int) -> None:
    wide = b"," + b" " * spaces
    one = flat(inQty=quantity(), outQty=quantity(), netQtyIn=number("1.000"), netQtyOut=number("0.000"))
    body = v2(one, one, one).replace(b",", wide)
    assert len(read(body)) == 3
    for cut in (b"[0].x", b'{"pS":1}]}]', b'{"pS": "2026-03-29T03:00:00+02:00"}]}]'):
        decode(body[: body.rindex(b'{"pS"')] + cut, FeedForm.ESTFEED_V2, Commodity.ELECTRICITY)


@pytest.mark.sec_10
def test_a_body_over_the_limit_is_refused_unread() -> None:
    found = decode(b"[" * 20, FeedForm.ESTFEED_V2, Commodity.ELECTRICITY, limit=19)
    assert isinstance(found, Undecodable)
    assert [finding.rule for finding in found.findings] == ["too-large"]
