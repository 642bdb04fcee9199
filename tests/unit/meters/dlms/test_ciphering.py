"""Ciphering: the published vectors, their tampered kin, replay, and all three suites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_adapters.dlms.axdr import length_octets
from meter_adapters.dlms.ciphering import (
    AUTHENTICATED,
    COMPRESSED,
    ENCRYPTED,
    Keys,
    Opener,
    RisingCounter,
    envelope,
    general_envelope,
    gmac,
    protect,
)
from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.security import InvocationCounter

KEYS = Keys(bytes(range(16)), bytes(range(0xD0, 0xE0)))
LONG_KEYS = Keys(bytes(range(32)), bytes(range(0xC0, 0xE0)))
TITLE = bytes.fromhex("4D4D4D0000BC614E")
GET_ANSWER = bytes.fromhex("C401C100060001")


@pytest.fixture(scope="module")
def vectors(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode((shared / "data/meters/dlms/security-suite0-vectors.json").read_bytes())
    return found


def published(vectors: dict[str, Any], body: str) -> bytes:
    octets = bytes.fromhex(vectors["security_control"] + vectors["invocation_counter"] + body)
    return b"\xc8" + length_octets(len(octets)) + octets


def keys_of(vectors: dict[str, Any]) -> Keys:
    return Keys(bytes.fromhex(vectors["EK"]), bytes.fromhex(vectors["AK"]))


def test_the_published_request_opens_and_is_made_again(vectors: dict[str, Any]) -> None:
    title, plain = bytes.fromhex(vectors["system_title"]), bytes.fromhex(vectors["plain"])
    apdu = published(vectors, vectors["ciphertext_plus_tag"])
    assert Opener(keys_of(vectors), title=title).open(apdu) == plain
    assert envelope(0xC0, protect(keys_of(vectors), 0x30, title, 0x01234567, plain)) == apdu


def test_the_published_tampered_answers_are_refused(vectors: dict[str, Any]) -> None:
    title = bytes.fromhex(vectors["system_title"])
    assert vectors["must_reject"]
    for body in vectors["must_reject"].values():
        found = Opener(keys_of(vectors), title=title).open(published(vectors, body))
        assert isinstance(found, Fault)
        assert found.code == "gcm-tag"


def test_the_published_proof_of_hls(vectors: dict[str, Any]) -> None:
    hls = vectors["hls_gmac"]
    tag = gmac(
        keys_of(vectors), int(hls["sc"], 16), bytes.fromhex(hls["client_system_title"]), 1, bytes.fromhex(hls["StoC"])
    )
    assert tag.hex().upper() == hls["tag"]


def answer(counter: int, keys: Keys = KEYS, suite: int = 0, control: int = AUTHENTICATED | ENCRYPTED) -> bytes:
    return envelope(0xC4, protect(keys, suite | control, TITLE, counter, GET_ANSWER))


@pytest.mark.sec_18
def test_a_counter_that_does_not_rise_is_refused() -> None:
    opener = Opener(KEYS, title=TITLE)
    assert opener.open(answer(10)) == GET_ANSWER
    for counter in (10, 9, 0):
        found = opener.open(answer(counter))
        assert isinstance(found, Fault)
        assert found.code == "counter-not-rising"
    assert opener.open(answer(11)) == GET_ANSWER


def test_a_forged_counter_does_not_move_the_bound() -> None:
    """The tag is checked first: a stranger cannot lock the meter out with a high counter."""
    opener = Opener(KEYS, title=TITLE)
    forged = bytearray(answer(5))
    forged[3:7] = b"\xff\xff\xff\xff"
    assert isinstance(opener.open(bytes(forged)), Fault)
    assert opener.open(answer(6)) == GET_ANSWER


@given(st.data(), st.sampled_from([(KEYS, 0), (KEYS, 1), (LONG_KEYS, 2)]))
def test_any_flipped_bit_is_refused(data: st.DataObject, security: tuple[Keys, int]) -> None:
    keys, suite = security
    octets = bytearray(answer(7, keys, suite))
    place = data.draw(st.integers(0, len(octets) * 8 - 1))
    octets[place // 8] ^= 1 << place % 8
    assert isinstance(Opener(keys, suite, TITLE).open(bytes(octets)), Fault)


@given(st.integers(0, 40))
def test_any_cut_is_refused(cut: int) -> None:
    whole = answer(7)
    assert isinstance(Opener(KEYS, title=TITLE).open(whole[: min(cut, len(whole) - 1)]), Fault)


@pytest.mark.parametrize(("keys", "suite"), [(KEYS, 0), (KEYS, 1), (LONG_KEYS, 2)])
def test_every_suite_opens_what_it_protects(keys: Keys, suite: int) -> None:
    assert Opener(keys, suite, TITLE).open(answer(1, keys, suite)) == GET_ANSWER
    only_authenticated = answer(2, keys, suite, AUTHENTICATED)
    assert GET_ANSWER in only_authenticated
    assert Opener(keys, suite, TITLE).open(only_authenticated) == GET_ANSWER


@pytest.mark.parametrize(
    ("apdu", "opener", "code"),
    [
        (answer(1, control=ENCRYPTED), Opener(KEYS, title=TITLE), "not-authenticated"),
        (answer(1), Opener(KEYS, 1, TITLE), "security-suite"),
        (answer(1), Opener(LONG_KEYS, 0, TITLE), "key-length"),
        (answer(1), Opener(Keys(bytes(16), KEYS.authentication), 0, TITLE), "gcm-tag"),
        (answer(1), Opener(Keys(KEYS.encryption, bytes(16)), 0, TITLE), "gcm-tag"),
        (answer(1), Opener(KEYS, 0, b"GPT00000"), "gcm-tag"),
        (answer(1, control=AUTHENTICATED | ENCRYPTED | COMPRESSED), Opener(KEYS, title=TITLE), "compressed"),
        (b"\xd4" + answer(1)[1:], Opener(KEYS, title=TITLE), "no-key"),
        (general_envelope(b"GPT00000", answer(1)[2:]), Opener(KEYS, title=TITLE), "system-title"),
        (b"\xc8" + answer(1)[1:], Opener(KEYS, title=TITLE), "ciphered-service"),
    ],
)
def test_what_was_not_agreed_is_refused(apdu: bytes, opener: Opener, code: str) -> None:
    found = opener.open(apdu)
    assert isinstance(found, Fault)
    assert found.code == code


def test_general_ciphering_with_a_key_of_the_store_opens() -> None:
    protected = protect(KEYS, 0x30, TITLE, 3, GET_ANSWER)
    head = b"\xdd\x08" + bytes(8) + b"\x08" + TITLE + b"\x00\x00\x00" + b"\x01\x00\x00"
    opener = Opener(KEYS)
    assert opener.open(head + length_octets(len(protected)) + protected) == GET_ANSWER


@pytest.mark.sec_20
def test_keys_are_not_printed() -> None:
    shown = repr(KEYS) + str(Opener(KEYS)) + repr(RisingCounter())
    assert KEYS.encryption.hex() not in shown
    assert str(KEYS.encryption) not in shown


def test_our_counter_is_reserved_before_it_is_used() -> None:
    stored: list[int] = []
    counter = InvocationCounter(5, stored.append, step=10)
    used = [counter.next() for _ in range(25)]
    assert used == list(range(5, 30))
    assert stored == [15, 25, 35]
    after_crash = InvocationCounter(stored[-1], stored.append, step=10)
    assert after_crash.next() == 35, "never one that may have been used"
    after_crash.at_least(20)
    assert after_crash.next() == 36


def test_a_counter_at_its_end_is_not_begun_anew() -> None:
    counter = InvocationCounter(0xFFFFFFFF)
    assert counter.next() == 0xFFFFFFFF
    assert isinstance(counter.next(), Fault)
