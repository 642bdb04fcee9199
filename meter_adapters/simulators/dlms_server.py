"""What a simulated DLMS meter answers, APDU by APDU: associations, ciphering, GET, SET, ACTION, long answers.

Written on the protocol's own terms and apart from the library the client uses. Long answers go by GET-next blocks or by
general block transfer, as the meter is set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from meter_adapters.dlms import acse
from meter_adapters.dlms.acse import Conformance, Initiate, Mechanism, OpenAnswer, OpenRequest, Rejection
from meter_adapters.dlms.axdr import decode, decode_prefix, encode, length_octets, octets
from meter_adapters.dlms.ciphering import (
    AUTHENTICATED,
    CIPHERED_TAGS,
    ENCRYPTED,
    GENERAL_GLO,
    Keys,
    Opener,
    RisingCounter,
    envelope,
    general_envelope,
    gmac,
    parse_ciphered,
    protect,
)
from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.gbt import TAG as BLOCK_TAG
from meter_adapters.dlms.gbt import Block, parse_block, split
from meter_adapters.obis import Obis
from meter_adapters.simulators.dlms_objects import Access, DlmsObjects
from meter_adapters.simulators.faults import Faults

PUBLIC_CLIENT = 16
_CHALLENGE = 16
_HEADS = 60
"""Octets kept free in an APDU for the heads of its service, block and ciphering."""
_GET, _SET, _ACTION = 0xC0, 0xC1, 0xC3
_BUSY = b"\xd8\x01\x01"
_NOT_ALLOWED = b"\xd8\x01\x02"
_NOT_UNDERSTOOD = b"\xd8\x02\x02"

OFFERED = (
    Conformance.BLOCK_GET
    | Conformance.GET
    | Conformance.SET
    | Conformance.SELECTIVE_ACCESS
    | Conformance.ACTION
    | Conformance.GENERAL_PROTECTION
)


@dataclass(slots=True)
class ClientRights:
    """How one client has to prove itself to the meter.

    Attributes:
        mechanism, password: what the association wants.
        ciphered: whether every APDU must be ciphered.
    """

    mechanism: Mechanism = Mechanism.NONE
    password: bytes = b""
    ciphered: bool = False


@dataclass(slots=True)
class MeterSettings:
    """How a simulated meter is set up.

    Attributes:
        clients: rights by client address; an address that is not here is refused.
        keys, suite, title: its security material.
        counter: its own invocation counter, the next to use.
        seen: the counters it accepted of its clients.
        most_pdu: octets of one answer, beyond which it goes in blocks.
        general_blocks: whether long answers go by general block transfer, and how many blocks stream.
        chance: gives random octets for challenges.
    """

    clients: dict[int, ClientRights] = field(default_factory=lambda: {PUBLIC_CLIENT: ClientRights()})
    keys: Keys | None = None
    suite: int = 0
    title: bytes = b"GPS\x00\x00\x00\x00\x07"
    counter: int = 1
    seen: RisingCounter = field(default_factory=RisingCounter)
    most_pdu: int = acse.MOST_PDU
    general_blocks: int = 0
    chance: Callable[[int], bytes] = lambda count: bytes(range(1, count + 1))

    def next_counter(self) -> int:
        """The meter's next counter."""
        taken, self.counter = self.counter, self.counter + 1
        return taken


class DlmsServer:
    """One client's conversation with a meter. `answer` takes an APDU and gives the APDUs that go back."""

    def __init__(self, objects: DlmsObjects, settings: MeterSettings, faults: Faults, client: int) -> None:
        self._objects, self._settings, self._faults = objects, settings, faults
        self._rights = settings.clients.get(client)
        self._reset()

    def _reset(self) -> None:
        self._open = self._proved = False
        self._client_title = b""
        self._challenges = (b"", b"")
        self._opener: Opener | None = None
        self._dedicated: bytes | None = None
        self._most_pdu = self._settings.most_pdu
        self._rest: list[bytes] = []
        self._block = 0
        self._blocks: list[Block] = []
        self._last_ciphered = b""
        self._general = False

    def answer(self, apdu: bytes, *, struck: bool = False) -> list[bytes]:
        """What the meter says to an APDU; nothing for one it does not react to."""
        if struck and self._faults.busy:
            return [_BUSY]
        if apdu[:1] == bytes([BLOCK_TAG]):
            return self._next_blocks(apdu)
        if apdu[:1] == bytes([acse.AARQ]):
            return [self._associate(apdu)]
        if apdu[:1] == bytes([acse.RLRQ]):
            self._reset()
            return [acse.release_answer()]
        if not self._open or self._rights is None:
            return [_NOT_ALLOWED]
        return self._serve(apdu, struck)

    def _serve(self, apdu: bytes, struck: bool) -> list[bytes]:
        assert self._rights is not None, "asked before"
        plain: bytes | Fault = apdu
        if self._rights.ciphered:
            plain = self._opened(apdu)
        if isinstance(plain, Fault):
            wanted = max(self._settings.seen.last.values(), default=0) + 1
            is_counter = plain.code == "counter-not-rising"
            return [b"\xd8\x02\x06" + wanted.to_bytes(4, "big") if is_counter else b"\xd8\x02\x05"]
        answer = self._service(plain)
        if self._rights.ciphered and answer[0] != _BUSY[0]:
            answer = self._sealed(answer, struck)
        return self._in_general_blocks(answer)

    # Associations

    def _associate(self, apdu: bytes) -> bytes:
        self._reset()
        request = acse.parse_open_request(apdu)
        if isinstance(request, Fault):
            return _refused(Rejection.NO_REASON)
        rejection = self._rejection(request)
        if rejection is not Rejection.NONE:
            return _refused(rejection)
        self._client_title = request.title
        initiate = self._initiate(request)
        if isinstance(initiate, Fault):
            return _refused(Rejection.AUTHENTICATION_FAILURE)
        self._open = True
        assert self._rights is not None, "asked before"
        with_proof = self._rights.mechanism is Mechanism.HLS_GMAC
        self._proved = not with_proof
        self._challenges = (request.secret, self._settings.chance(_CHALLENGE) if with_proof else b"")
        titled = self._rights.ciphered or with_proof
        return OpenAnswer(
            0,
            Rejection.AUTHENTICATION_REQUIRED if with_proof else Rejection.NONE,
            self._rights.ciphered,
            self._settings.title if titled else b"",
            Mechanism.HLS_GMAC if with_proof else None,
            self._challenges[1],
            initiate,
        ).octets()

    def _rejection(self, request: OpenRequest) -> Rejection:
        rights = self._rights
        if rights is None:
            return Rejection.NO_REASON
        if request.ciphered != rights.ciphered:
            return Rejection.CONTEXT_NOT_SUPPORTED
        if request.mechanism is not rights.mechanism:
            return Rejection.AUTHENTICATION_REQUIRED
        if rights.mechanism is Mechanism.LLS and request.secret != rights.password:
            return Rejection.AUTHENTICATION_FAILURE
        return Rejection.NONE

    def _initiate(self, request: OpenRequest) -> bytes | Fault:
        """The initiate response, agreed about services and length."""
        assert self._rights is not None, "asked before"
        settings, plain = self._settings, request.initiate
        if self._needs_keys:
            assert settings.keys is not None, "a meter with keys was set up with them"
            self._opener = Opener(settings.keys, settings.suite, request.title, counters=settings.seen)
        if self._rights.ciphered:
            opened = self._opened(plain)
            if isinstance(opened, Fault):
                return opened
            plain = opened
        asked = acse.parse_initiate_request(plain)
        if isinstance(asked, Fault):
            return asked
        if self._rights.ciphered and asked.dedicated and self._opener is not None:
            self._dedicated = self._opener.dedicated = asked.dedicated
        offered = OFFERED | (Conformance.GENERAL_BLOCK_TRANSFER if settings.general_blocks else Conformance(0))
        self._most_pdu = min(settings.most_pdu, asked.most_pdu or acse.MOST_PDU)
        response = Initiate(offered & asked.conformance, self._settings.most_pdu).response_octets()
        return self._sealed(response, struck=False, dedicated=False) if self._rights.ciphered else response

    @property
    def _needs_keys(self) -> bool:
        return self._rights is not None and (self._rights.ciphered or self._rights.mechanism is Mechanism.HLS_GMAC)

    # Ciphering

    def _opened(self, apdu: bytes) -> bytes | Fault:
        if self._opener is None or not apdu or apdu[0] not in CIPHERED_TAGS:
            return Fault("not-ciphered", "the meter wants ciphered APDUs")
        plain = self._opener.open(apdu)
        found = parse_ciphered(apdu)
        if isinstance(plain, bytes) and not isinstance(found, Fault):
            self._objects.counter = found.counter
            self._general = found.tag == GENERAL_GLO
        return plain

    def _sealed(self, plain: bytes, struck: bool, dedicated: bool = True) -> bytes:
        settings = self._settings
        if struck and self._faults.replay and self._last_ciphered:
            return self._last_ciphered
        assert settings.keys is not None, "a ciphered association has keys"
        with_dedicated = dedicated and self._dedicated is not None
        keys = settings.keys
        if with_dedicated and self._dedicated is not None:
            keys = Keys(self._dedicated, keys.authentication)
        control = settings.suite | AUTHENTICATED | ENCRYPTED
        protected = protect(keys, control, settings.title, settings.next_counter(), plain)
        if struck and self._faults.wrong_tag:
            protected = protected[:-1] + bytes([protected[-1] ^ 1])
        sealed = envelope(plain[0], protected, dedicated=with_dedicated)
        if self._general and plain[0] != acse.INITIATE_RESPONSE:
            sealed = general_envelope(settings.title, protected)
        self._last_ciphered = sealed
        return sealed

    # Services

    def _service(self, apdu: bytes) -> bytes:
        if apdu[:1] == bytes([_ACTION]) and len(apdu) >= 13:
            return self._action(apdu)
        if not self._proved:
            return _NOT_ALLOWED
        if apdu[:2] == bytes([_GET, 2]) and len(apdu) == 7:
            return self._next_part(apdu)
        if apdu[:2] == bytes([_GET, 1]) and len(apdu) >= 13:
            return self._get(apdu)
        return self._set(apdu) if apdu[:2] == bytes([_SET, 1]) and len(apdu) >= 14 else _NOT_UNDERSTOOD

    def _get(self, apdu: bytes) -> bytes:
        class_id, name, index = _attribute(apdu)
        selection = apdu[13:] if apdu[12] else b""
        found = self._objects.get(class_id, name, index, selection)
        head = bytes([0xC4, 1, apdu[2]])
        if isinstance(found, Access):
            return head + bytes([1, found])
        if len(found) + _HEADS <= self._most_pdu or self._settings.general_blocks:
            return head + b"\0" + found
        size = self._most_pdu - _HEADS
        self._rest = [found[at : at + size] for at in range(0, len(found), size)]
        self._block = 0
        return self._part(apdu[2])

    def _next_part(self, apdu: bytes) -> bytes:
        if int.from_bytes(apdu[3:7], "big") != self._block or not self._rest:
            return bytes([0xC4, 2, apdu[2], 1]) + self._block.to_bytes(4, "big") + b"\x01\x13"
        return self._part(apdu[2])

    def _part(self, invoke_id: int) -> bytes:
        part = self._rest.pop(0)
        self._block += 1
        head = bytes([0xC4, 2, invoke_id, not self._rest]) + self._block.to_bytes(4, "big")
        return head + b"\0" + length_octets(len(part)) + part

    def _set(self, apdu: bytes) -> bytes:
        data = decode(apdu[13:])
        refused = Access.TYPE_UNMATCHED if isinstance(data, Fault) else self._objects.set(*_attribute(apdu), data)
        return bytes([0xC5, 1, apdu[2], refused or 0])

    def _action(self, apdu: bytes) -> bytes:
        """The one method served: the client's proof of HLS, answered by the meter's."""
        proof = decode_prefix(apdu, 13) if len(apdu) > 13 and apdu[12] else Fault("no-proof", "no proof")
        denied = bytes([0xC7, 1, apdu[2], Access.DENIED, 0])
        if isinstance(proof, Fault) or _attribute(apdu)[:2] != (15, Obis(0, 0, 40, 0, 0)):
            return denied
        value = proof[0].value
        if not isinstance(value, bytes) or not self._proves(value):
            self._open = False
            return denied
        self._proved = True
        ours = encode(octets(self._proof(self._challenges[0])))
        return bytes([0xC7, 1, apdu[2], 0, 1, 0]) + ours

    def _proves(self, proof: bytes) -> bool:
        settings = self._settings
        if len(proof) != 17 or settings.keys is None or self._opener is None:
            return False
        counter = int.from_bytes(proof[1:5], "big")
        wanted = gmac(settings.keys, settings.suite, self._client_title, counter, self._challenges[1])
        return proof[5:] == wanted

    def _proof(self, challenge: bytes) -> bytes:
        settings = self._settings
        assert settings.keys is not None, "asked before"
        counter = settings.next_counter()
        head = bytes([settings.suite | AUTHENTICATED]) + counter.to_bytes(4, "big")
        return head + gmac(settings.keys, settings.suite, settings.title, counter, challenge)

    # General block transfer

    def _in_general_blocks(self, answer: bytes) -> list[bytes]:
        window = self._settings.general_blocks
        if not window or len(answer) + _HEADS <= self._most_pdu:
            return [answer]
        self._blocks = split(answer, self._most_pdu - _HEADS, window)
        return self._stream()

    def _next_blocks(self, apdu: bytes) -> list[bytes]:
        block = parse_block(apdu)
        if isinstance(block, Fault):
            return [_NOT_UNDERSTOOD]
        self._blocks = [one for one in self._blocks if one.number > block.acknowledged]
        return self._stream() if self._blocks else [_NOT_UNDERSTOOD]

    def _stream(self) -> list[bytes]:
        """Blocks up to the first that waits for its acknowledgement."""
        sent: list[bytes] = []
        for block in self._blocks:
            sent.append(block.octets())
            if not block.streaming:
                break
        return sent


def _attribute(apdu: bytes) -> tuple[int, Obis, int]:
    """Class, name and number of the attribute or method a request is about."""
    return int.from_bytes(apdu[3:5], "big"), Obis(*apdu[5:11]), apdu[11]


def _refused(why: Rejection) -> bytes:
    return OpenAnswer(1, why, initiate=b"\x0e\x01\x06\x01").octets()
