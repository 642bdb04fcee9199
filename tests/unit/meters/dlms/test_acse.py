"""Associations: the messages the standard prints, and any octets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_adapters.dlms.acse import (
    Initiate,
    Mechanism,
    OpenAnswer,
    OpenRequest,
    parse_initiate_request,
    parse_initiate_response,
    parse_open_answer,
    parse_open_request,
)
from meter_adapters.dlms.fault import Fault

# The examples of the standard's annex: lowest level security, logical names.
AARQ = "601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0"
AARE = "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0400007E1F04B00007"


def test_the_printed_request_and_answer() -> None:
    initiate = Initiate(0x007E1F, 1200)
    assert OpenRequest(initiate.request_octets()).octets().hex().upper() == AARQ
    assert OpenAnswer(0, 0, initiate=initiate.response_octets()).octets().hex().upper() == AARE
    request, answer = parse_open_request(bytes.fromhex(AARQ)), parse_open_answer(bytes.fromhex(AARE))
    assert isinstance(request, OpenRequest) and isinstance(answer, OpenAnswer)
    assert parse_initiate_request(request.initiate) == initiate
    assert parse_initiate_response(answer.initiate) == initiate
    assert (answer.result, answer.diagnostic) == (0, 0)


@pytest.mark.parametrize("mechanism", [Mechanism.LLS, Mechanism.HLS_GMAC])
def test_requests_are_read_as_written(mechanism: Mechanism) -> None:
    asked = OpenRequest(b"\x01\x00\x00\x00", True, b"GPT12345", mechanism, b"12345678")
    assert parse_open_request(asked.octets()) == asked
    told = OpenAnswer(0, 14, True, b"MMM12345", mechanism, b"8765432187654321", b"\x28\x00")
    assert parse_open_answer(told.octets()) == told


def test_a_service_error_refuses() -> None:
    assert isinstance(parse_initiate_response(bytes.fromhex("0E010601")), Fault)


@given(st.binary(max_size=50), st.integers(0, 45))
def test_any_octets_are_read_or_refused(octets: bytes, cut: int) -> None:
    for damaged in (octets, bytes.fromhex(AARE)[:cut], b"\x61" + octets):
        assert isinstance(parse_open_answer(damaged), OpenAnswer | Fault)
        assert isinstance(parse_initiate_response(damaged), Initiate | Fault)
        assert isinstance(parse_initiate_request(damaged), Initiate | Fault)
        assert isinstance(parse_open_request(damaged), OpenRequest | Fault)
