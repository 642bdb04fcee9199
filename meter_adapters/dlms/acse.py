"""Opening and closing an application association: AARQ, AARE, RLRQ and RLRE (IEC 62056-5-3, ACSE in BER).

Both sides are here, since the simulated meters answer what the client asks. What is ciphered in them (the initiate
request and response) comes in and goes out as octets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from meter_adapters.dlms.axdr import length_octets, read_length
from meter_adapters.dlms.fault import Fault, Malformed

AARQ, AARE, RLRQ, RLRE = 0x60, 0x61, 0x62, 0x63
INITIATE_REQUEST, INITIATE_RESPONSE, SERVICE_ERROR = 0x01, 0x08, 0x0E

_OID = b"\x60\x85\x74\x05\x08"
_CONTEXT, _TITLE_CALLING, _TITLE_ANSWERING = 0xA1, 0xA6, 0xA4
_USER_INFORMATION = 0xBE
_DLMS_VERSION = 6
MOST_PDU = 0xFFFF


class Mechanism(IntEnum):
    """How the two sides prove who they are."""

    NONE = 0
    LLS = 1
    HLS_GMAC = 5


class Conformance(IntFlag):
    """Services a side offers, as the 24 bits of the conformance block."""

    GENERAL_PROTECTION = 1 << 22
    GENERAL_BLOCK_TRANSFER = 1 << 21
    ATTRIBUTE_0_SET = 1 << 15
    PRIORITY = 1 << 14
    ATTRIBUTE_0_GET = 1 << 13
    BLOCK_GET = 1 << 12
    BLOCK_SET = 1 << 11
    BLOCK_ACTION = 1 << 10
    MULTIPLE_REFERENCES = 1 << 9
    DATA_NOTIFICATION = 1 << 7
    GET = 1 << 4
    SET = 1 << 3
    SELECTIVE_ACCESS = 1 << 2
    EVENT_NOTIFICATION = 1 << 1
    ACTION = 1


CLIENT_CONFORMANCE = (
    Conformance.GENERAL_BLOCK_TRANSFER
    | Conformance.BLOCK_GET
    | Conformance.GET
    | Conformance.SET
    | Conformance.SELECTIVE_ACCESS
    | Conformance.ACTION
)


class Rejection(IntEnum):
    """Why a meter refuses an association (acse-service-user diagnostics)."""

    NONE = 0
    NO_REASON = 1
    CONTEXT_NOT_SUPPORTED = 2
    MECHANISM_UNKNOWN = 11
    MECHANISM_REQUIRED = 12
    AUTHENTICATION_FAILURE = 13
    AUTHENTICATION_REQUIRED = 14


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """What a client asks: AARQ.

    Attributes:
        initiate: the initiate request, plain or ciphered.
        ciphered: whether the application context is that with ciphering.
        title: system title of the client; empty without ciphering and HLS.
        mechanism: how the client proves itself.
        secret: the password (LLS) or the client's challenge (HLS).
    """

    initiate: bytes
    ciphered: bool = False
    title: bytes = b""
    mechanism: Mechanism = Mechanism.NONE
    secret: bytes = b""

    def octets(self) -> bytes:
        """The AARQ."""
        parts = _field(_CONTEXT, _context(self.ciphered))
        if self.title:
            parts += _field(_TITLE_CALLING, _field(0x04, self.title))
        if self.mechanism is not Mechanism.NONE:
            parts += _field(0x8A, b"\x07\x80") + _field(0x8B, _OID + bytes([2, self.mechanism]))
            parts += _field(0xAC, _field(0x80, self.secret))
        return _field(AARQ, parts + _field(_USER_INFORMATION, _field(0x04, self.initiate)))


@dataclass(frozen=True, slots=True)
class OpenAnswer:
    """What the meter answers: AARE.

    Attributes:
        result: 0 accepted, 1 and 2 rejected.
        diagnostic: why; 14 with result 0 means that the HLS passes follow.
        ciphered: whether the application context is that with ciphering.
        title: system title of the meter.
        mechanism: how the meter proves itself; None where it states none.
        challenge: the meter's challenge (HLS).
        initiate: the initiate response, plain or ciphered; or a service error.
    """

    result: int
    diagnostic: int
    ciphered: bool = False
    title: bytes = b""
    mechanism: int | None = None
    challenge: bytes = b""
    initiate: bytes = b""

    def octets(self) -> bytes:
        """The AARE."""
        parts = _field(_CONTEXT, _context(self.ciphered)) + _field(0xA2, bytes([2, 1, self.result]))
        parts += _field(0xA3, _field(0xA1, bytes([2, 1, self.diagnostic])))
        if self.title:
            parts += _field(_TITLE_ANSWERING, _field(0x04, self.title))
        if self.mechanism is not None:
            parts += _field(0x88, b"\x07\x80") + _field(0x89, _OID + bytes([2, self.mechanism]))
            parts += _field(0xAA, _field(0x80, self.challenge))
        if self.initiate:
            parts += _field(_USER_INFORMATION, _field(0x04, self.initiate))
        return _field(AARE, parts)


@dataclass(frozen=True, slots=True)
class Initiate:
    """What both sides agree about: services, longest APDU, and a key for this association alone."""

    conformance: int
    most_pdu: int = MOST_PDU
    dedicated: bytes = b""

    def request_octets(self) -> bytes:
        """The initiate request of the client."""
        key = b"\x01" + length_octets(len(self.dedicated)) + self.dedicated if self.dedicated else b"\x00"
        return bytes([INITIATE_REQUEST]) + key + b"\x00\x00" + self._agreed()

    def response_octets(self) -> bytes:
        """The initiate response of the meter, for logical names."""
        return bytes([INITIATE_RESPONSE]) + b"\x00" + self._agreed() + b"\x00\x07"

    def _agreed(self) -> bytes:
        block = b"\x5f\x1f\x04\x00" + int(self.conformance).to_bytes(3, "big")
        return bytes([_DLMS_VERSION]) + block + self.most_pdu.to_bytes(2, "big")


def _field(tag: int, content: bytes) -> bytes:
    return bytes([tag]) + length_octets(len(content)) + content


def _context(ciphered: bool) -> bytes:
    return _field(0x06, _OID + (b"\x01\x03" if ciphered else b"\x01\x01"))


def _fields(octets: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at < len(octets):
        tag = octets[at]
        length, at = read_length(octets, at + 1)
        if at + length > len(octets):
            raise Malformed("data-cut", "the octets end within a field of the association")
        found[tag] = octets[at : at + length]
        at += length
    return found


def _whole(apdu: bytes, tag: int) -> dict[int, bytes]:
    fields = _fields(apdu)
    if list(fields) != [tag]:
        raise Malformed("acse-form", f"an association APDU of tag {tag:02X}h was due")
    return _fields(fields[tag])


def _inner(content: bytes, tag: int) -> bytes:
    """The field of one tag within another; empty where it is missing."""
    return _fields(content).get(tag, b"") if content else b""


def parse_open_request(apdu: bytes) -> OpenRequest | Fault:
    """The AARQ of a client."""
    try:
        fields = _whole(apdu, AARQ)
        mechanism = fields.get(0x8B, b"\0")[-1]
        return OpenRequest(
            _inner(fields.get(_USER_INFORMATION, b""), 0x04),
            _inner(fields.get(_CONTEXT, b""), 0x06)[-1:] == b"\x03",
            _inner(fields.get(_TITLE_CALLING, b""), 0x04),
            Mechanism(mechanism) if mechanism in set(Mechanism) else Mechanism.NONE,
            _inner(fields.get(0xAC, b""), 0x80),
        )
    except Malformed as malformed:
        return malformed.fault


def parse_open_answer(apdu: bytes) -> OpenAnswer | Fault:
    """The AARE of a meter."""
    try:
        fields = _whole(apdu, AARE)
        diagnostics = _fields(fields.get(0xA3, b""))
        cause = next(iter(diagnostics.values()), b"\x02\x01\x00")
        mechanism = fields.get(0x89)
        return OpenAnswer(
            fields.get(0xA2, b"\x02\x01\x01")[-1],
            cause[-1],
            _inner(fields.get(_CONTEXT, b""), 0x06)[-1:] == b"\x03",
            _inner(fields.get(_TITLE_ANSWERING, b""), 0x04),
            mechanism[-1] if mechanism else None,
            _inner(fields.get(0xAA, b""), 0x80),
            _inner(fields.get(_USER_INFORMATION, b""), 0x04),
        )
    except (Malformed, IndexError) as error:
        return error.fault if isinstance(error, Malformed) else Fault("acse-form", "an empty field in the answer")


def parse_initiate_request(octets: bytes) -> Initiate | Fault:
    """The plain initiate request of a client."""
    try:
        if octets[0] != INITIATE_REQUEST:
            return Fault("initiate", "no initiate request")
        at, key = 2, b""
        if octets[1]:
            length, at = read_length(octets, 2)
            key, at = octets[at : at + length], at + length
        at += 2 if octets[at] else 1
        at += 2 if octets[at] else 1
        conformance, most_pdu = _agreed(octets, at)
        return Initiate(conformance, most_pdu, key)
    except IndexError:
        return Fault("initiate", "the initiate request is cut")
    except Malformed as malformed:
        return malformed.fault


def parse_initiate_response(octets: bytes) -> Initiate | Fault:
    """The plain initiate response of a meter, or its service error as a fault."""
    if octets[:1] == bytes([SERVICE_ERROR]):
        return Fault("initiate", f"the meter answers with service error {octets[1:].hex()}")
    try:
        if octets[0] != INITIATE_RESPONSE:
            return Fault("initiate", "no initiate response")
        return Initiate(*_agreed(octets, 3 if octets[1] else 2))
    except IndexError:
        return Fault("initiate", "the initiate response is cut")
    except Malformed as malformed:
        return malformed.fault


def _agreed(octets: bytes, at: int) -> tuple[int, int]:
    """Conformance and longest APDU, behind the version. Older meters leave out the second octet of the tag."""
    if octets[at] != _DLMS_VERSION:
        raise Malformed("initiate", f"DLMS version {octets[at]}")
    start = at + (5 if octets[at + 1 : at + 3] == b"\x5f\x1f" else 4)
    if start + 5 > len(octets):
        raise Malformed("initiate", "the agreed services are cut")
    return int.from_bytes(octets[start : start + 3], "big"), int.from_bytes(octets[start + 3 : start + 5], "big")


def release_request() -> bytes:
    """The RLRQ with reason "normal"."""
    return _field(RLRQ, _field(0x80, b"\0"))


def release_answer() -> bytes:
    """The RLRE with reason "normal"."""
    return _field(RLRE, _field(0x80, b"\0"))
