"""COSEM data: written and read the same, read the same as gurux-dlms reads it, and never read from half its octets."""

from __future__ import annotations

from decimal import Decimal

import pytest
from gurux_dlms import GXDLMSClient, GXReplyData
from gurux_dlms.enums import Authentication, InterfaceType
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_adapters.dlms.axdr import Data, Tag, array, decode, encode, octets, signed, structure, unsigned
from meter_adapters.dlms.fault import Fault

WIDTHS = st.sampled_from([8, 16, 32, 64])
WHOLE = st.one_of(
    WIDTHS.flatmap(lambda bits: st.builds(unsigned, st.just(bits), st.integers(0, 2**bits - 1))),
    WIDTHS.flatmap(lambda bits: st.builds(signed, st.just(bits), st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1))),
)
SIMPLE = st.one_of(
    WHOLE,
    st.binary(max_size=20).map(octets),
    st.text("abcXYZ0189 ", max_size=12).map(lambda text: Data(Tag.VISIBLE_STRING, text)),
    st.booleans().map(lambda value: Data(Tag.BOOLEAN, value)),
)
VALUES = st.recursive(
    SIMPLE | st.just(Data(Tag.NULL)),
    lambda inner: st.lists(inner, max_size=5).map(array) | st.lists(inner, max_size=5).map(lambda x: structure(*x)),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read_again(value: Data) -> None:
    assert decode(encode(value)) == value


@given(VALUES, st.data())
def test_a_value_that_is_cut_is_refused(value: Data, data: st.DataObject) -> None:
    whole = encode(value)
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert isinstance(decode(whole[:cut]), Fault)


@given(VALUES)
def test_octets_left_over_are_refused(value: Data) -> None:
    assert isinstance(decode(encode(value) + b"\0"), Fault)


def plain(value: Data) -> object:
    """A value as the library tells it."""
    if value.tag in (Tag.ARRAY, Tag.STRUCTURE):
        return [plain(element) for element in value.elements]
    return bytearray(value.value) if isinstance(value.value, bytes) else value.value


@settings(max_examples=150)
@given(st.lists(st.lists(SIMPLE, min_size=1, max_size=4).map(lambda x: structure(*x)), min_size=1, max_size=6))
def test_gurux_dlms_reads_the_same(rows: list[Data]) -> None:
    """Two decoders, written apart."""
    client, reply = GXDLMSClient(True, 16, 1, Authentication.NONE, None, InterfaceType.PDU), GXReplyData()
    client.getData(b"\xc4\x01\xc1\x00" + encode(array(rows)), reply)
    assert reply.value == plain(array(rows))


def test_a_compact_array_reads_as_the_array_it_stands_for() -> None:
    # Structures of a 32-bit and a 16-bit number, two of them.
    octets_ = bytes.fromhex("13 02 02 06 12 0c 00000001 0002 00000003 0004")
    rows = [structure(unsigned(32, 1), unsigned(16, 2)), structure(unsigned(32, 3), unsigned(16, 4))]
    assert decode(octets_) == array(rows)
    assert isinstance(decode(octets_[:-1]), Fault)


@pytest.mark.parametrize(
    ("octets_", "value"),
    [("173dcccccd", Decimal("0.1")), ("183fb999999999999a", Decimal("0.1")), ("17c2280000", Decimal("-42.0"))],
)
def test_floating_point_is_told_as_the_shortest_decimal(octets_: str, value: Decimal) -> None:
    found = decode(bytes.fromhex(octets_))
    assert isinstance(found, Data)
    assert found.number == value


@pytest.mark.parametrize(
    "octets_",
    [
        "177fc00000",  # not a number
        "01" + "84ffffffff",  # four thousand million elements in no octets
        "0101" * 40 + "00",  # too deep
        "1301" + "00" * 8,  # array of nothing
        "130200" + "05" + "0000000000",  # elements without octets
        "63",  # no such tag
        "0c01ff",  # no UTF-8
    ],
)
def test_absurd_octets_are_refused(octets_: str) -> None:
    assert isinstance(decode(bytes.fromhex(octets_)), Fault)


@given(st.binary(max_size=60))
def test_any_octets_are_read_or_refused(octets_: bytes) -> None:
    assert isinstance(decode(octets_), Data | Fault)
