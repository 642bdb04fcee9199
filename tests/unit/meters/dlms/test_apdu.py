"""The services by the library: only whole answers to the question asked, and nothing it prints gets out."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_adapters.dlms.apdu import Answer, Attribute, Services
from meter_adapters.dlms.axdr import Data, Tag, array, encode, structure, unsigned
from meter_adapters.dlms.fault import Fault
from meter_adapters.obis import CLOCK, LOAD_PROFILE

PROFILE = Attribute(7, LOAD_PROFILE, 2)
ROWS = encode(array([structure(unsigned(32, number), unsigned(8, 0)) for number in range(40)]))


def asked() -> tuple[Services, int]:
    services = Services()
    return services, services.get(PROFILE)[2]


def block(number: int, invoke_id: int, data: bytes, *, last: bool) -> bytes:
    return bytes([0xC4, 2, invoke_id, last]) + number.to_bytes(4, "big") + bytes([0, len(data)]) + data


def test_requests_are_those_of_the_standard() -> None:
    request = Services().get(Attribute(8, CLOCK, 2))
    assert request.hex() == "c001c100080000010000ff0200"


def test_blocks_in_order_are_one_answer() -> None:
    services, invoke_id = asked()
    parts = [ROWS[at : at + 100] for at in range(0, len(ROWS), 100)]
    for number, part in enumerate(parts[:-1], 1):
        assert services.take(block(number, invoke_id, part, last=False)) is None
        assert services.next_block() == bytes([0xC0, 2, invoke_id]) + number.to_bytes(4, "big")
    found = services.take(block(len(parts), invoke_id, parts[-1], last=True))
    assert isinstance(found, Answer)
    assert [row.elements[0].value for row in found.data.elements] == list(range(40))


@pytest.mark.parametrize("number", [2, 3, 0])
def test_a_block_out_of_order_is_refused(number: int) -> None:
    services, invoke_id = asked()
    found = services.take(block(number, invoke_id, ROWS[:50], last=False))
    assert isinstance(found, Fault)
    assert found.code == "block-order"


def test_an_answer_to_another_question_is_refused() -> None:
    services, invoke_id = asked()
    found = services.take(bytes([0xC4, 1, invoke_id ^ 2, 0]) + ROWS)
    assert isinstance(found, Fault)
    assert found.code == "invoke-id"


@given(st.integers(0, len(ROWS) - 1))
def test_a_cut_answer_is_refused(cut: int) -> None:
    services, invoke_id = asked()
    found = services.take(bytes([0xC4, 1, invoke_id, 0]) + ROWS[:cut])
    assert isinstance(found, Fault) or found == Answer(Data(Tag.NULL)), cut
    assert cut == 0 or isinstance(found, Fault)


@given(st.binary(max_size=60))
def test_any_octets_are_an_answer_or_refused(octets: bytes) -> None:
    services, invoke_id = asked()
    for apdu in (octets, bytes([0xC4, 1, invoke_id]) + octets, bytes([0xC4, 2, invoke_id, 1, 0, 0, 0, 1]) + octets):
        assert isinstance(services.take(apdu), Answer | Fault | None)


@pytest.mark.parametrize(
    ("apdu", "code"),
    [
        ("c401c10104", "access-4"),
        ("d80206", "meter-counter"),
        ("d80101", "meter-busy"),
        ("d80102", "meter-exception"),
        ("0e010601", "meter-exception"),
    ],
)
def test_the_meters_own_no(apdu: str, code: str) -> None:
    services, _ = asked()
    found = services.take(bytes.fromhex(apdu))
    assert isinstance(found, Fault)
    assert found.code == code


@pytest.mark.sec_20
def test_nothing_the_library_prints_gets_out(capfd: pytest.CaptureFixture[str]) -> None:
    modules = [module for name, module in sys.modules.items() if name.startswith("gurux_dlms.")]
    assert len(modules) > 100
    for module in modules:
        vars(module)["print"]("Private signing key: 00112233")
    assert vars(sys.modules["gurux_dlms.GXDLMSChippering"])["print"] is not print
    assert capfd.readouterr() == ("", "")
