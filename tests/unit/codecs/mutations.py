"""Seeded mutations of messages at the level of bytes, and what the two paths make of them."""

from __future__ import annotations

import random
from collections.abc import Sequence

from gateway.codecs.table import Decoded, How, Undecodable, decode_by
from gateway.messages.codes import Dialect
from gateway.schemas.registry import shipped
from tests.unit.codecs.documents import differences

COMMON = (b"-", b"+", b".", b"0", b"00", b" ", b"\n", b"\r", b"\t", b"1e3", b"999999999999", b"\x00", b"\x0b", b"\xff")
"""What may stand wrongly in any document."""
_MORE = (
    b"\xc2\xa0",
    b"\xef\xbb\xbf",
    b"2026-02-29T23:00Z",
    b"2025-02-30T00:00:00Z",
    b"24:00:00",
    b"KWH",
    b"E17",
    b"A06",
)
_XML = (
    *(b"<!--x-->", b"<![CDATA[1]]>", b"&#49;", b"&amp;", b"&lt;", b"]]>", b"<?pi?>", b"<!DOCTYPE a>", b"'", b'"', b"/"),
    *(b"<Point>", b"</Series>", b"cim:", b"ns0:", b"xmlns='x'", b' xsi:nil="true"', b"<QuantityMissing>", b"true"),
    *(b"\xc3\xa6", b">", b"<", b"=", b' listIdentifier="DK"', b"260", b"6", b"D01", b"36", b"56", b"E01"),
)
_JSON = (
    *(b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\u0031", b"\\", b"null", b"true", b"NaN", b"1e400", b"-0", b"0.10"),
    *(b'"quality": {"value": "A04"}', b', "quantity": 1.5', b'"position": {"value": 2}', b'"Series": []', b"/**/"),
)
_POKED = b"0123456789.-<>/ \nA:cPpE'\"{},"


def mutated(data: bytes, others: Sequence[bytes], dialect: Dialect, chance: random.Random) -> bytes:
    """The message with up to three small changes; some only rearrange what is there, so that many stay valid."""
    tokens = (*COMMON, *_MORE, *(_JSON if dialect is Dialect.CIM_JSON else _XML))
    return mutated_with(tokens, data, others, chance)


def mutated_with(tokens: Sequence[bytes], data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """As `mutated`, with the given texts to put in."""
    found = bytearray(data)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        if not found:
            break
        at, kind = chance.randrange(len(found)), chance.random()
        if kind < 0.25:
            found[at] = chance.randrange(256) if chance.random() < 0.3 else chance.choice(_POKED)
        elif kind < 0.4:
            del found[at : at + chance.randrange(1, 30)]
        elif kind < 0.6:
            found[at:at] = chance.choice(tokens)
        elif kind < 0.75:
            _change_digits(found, at, chance)
        elif kind < 0.8:
            _swap_quote(found, at)
        elif kind < 0.9:
            start = chance.randrange(len(found))
            found[at:at] = found[start : start + chance.randrange(1, 120)]
        else:
            other = chance.choice(others)
            start = chance.randrange(len(other))
            found[at : at + chance.randrange(1, 60)] = other[start : start + chance.randrange(1, 60)]
    return bytes(found)


def _swap_quote(found: bytearray, at: int) -> None:
    """The other kind of quote at the next quote."""
    while at < len(found) and found[at] not in b"\"'":
        at += 1
    if at < len(found):
        found[at] ^= ord('"') ^ ord("'")


def _change_digits(found: bytearray, at: int, chance: random.Random) -> None:
    """Another number, or another shape of one, at the next digit."""
    while at < len(found) and not 0x30 <= found[at] <= 0x39:
        at += 1
    if at < len(found):
        shapes = (b"%d" % chance.randrange(10), b"1.5", b"007", b"12345678901", b"1.2345", b".5", b"5.", b"-1", b"")
        found[at : at + 1] = chance.choice(shapes)


def accepted_fast(data: bytes, dialect: Dialect) -> bool:
    """Whether the fast path takes the message; then the general path and the stream must make the same of it."""
    registry = shipped()
    fast = decode_by(How.FAST, data, dialect, None, registry)
    if fast is None:
        return False
    for how in (How.GENERAL, How.STREAM):
        sure = decode_by(how, data, dialect, None, registry)
        if isinstance(fast, Undecodable):  # a valid document of the year 12026
            assert sure == fast, (how, sure, data)
        else:
            assert isinstance(sure, Decoded), (how, sure, data)
            assert differences(fast.document, sure.document) == [], (how, data)
    return isinstance(fast, Decoded)
