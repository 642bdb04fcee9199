"""One association with a meter: who asks, how it is protected, and questions until their whole answer.

Sans-IO. Each question is a generator: it yields the APDU to send (or None to await one more of the meter's), gets the
meter's APDU, and returns the answer or a `Fault`. After a fault of protection the association is worth nothing more.
"""

from __future__ import annotations

from collections.abc import Generator
from hmac import compare_digest
from typing import TypeAlias, TypeVar

from meter_adapters.dlms import acse
from meter_adapters.dlms.acse import CLIENT_CONFORMANCE, Initiate, Mechanism, OpenAnswer, OpenRequest
from meter_adapters.dlms.apdu import EXCEPTION_RESPONSE, Answer, Attribute, Services, error_of
from meter_adapters.dlms.axdr import Data
from meter_adapters.dlms.ciphering import (
    AUTHENTICATED,
    CIPHERED_TAGS,
    KEY_LENGTHS,
    Keys,
    Opener,
    envelope,
    gmac,
    protect,
)
from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.gbt import TAG as BLOCK_TAG
from meter_adapters.dlms.gbt import BlockReceiver, parse_block
from meter_adapters.dlms.security import DlmsSecurity
from meter_adapters.obis import Obis

T = TypeVar("T")
Exchange: TypeAlias = Generator[bytes | None, bytes, T]
"""A question: yields APDUs to send, or None to hear one more; returns what came of it."""

CURRENT_ASSOCIATION = Obis(0, 0, 40, 0, 0)
REPLY_TO_HLS = Attribute(15, CURRENT_ASSOCIATION, 1)
_CHALLENGE_LENGTH = 16
_HLS_FOLLOWS = acse.Rejection.AUTHENTICATION_REQUIRED
_PROOF_LENGTH = 17
_PASSWORD_REFUSED = frozenset(
    {
        acse.Rejection.NONE,
        acse.Rejection.NO_REASON,
        acse.Rejection.AUTHENTICATION_FAILURE,
        acse.Rejection.AUTHENTICATION_REQUIRED,
    }
)
"""Diagnostics with which meters answer a wrong secret; many give no reason."""


class Association:
    """An association to be opened, used and released."""

    def __init__(self, security: DlmsSecurity, most_pdu: int = acse.MOST_PDU) -> None:
        self._security = security
        self._services = Services()
        self._most_pdu = most_pdu
        self._opener: Opener | None = None
        self._agreed_key: Keys | None = None
        self._dedicated: Keys | None = None

    def open(self) -> Exchange[Fault | None]:
        """Open the association: AARQ, and with HLS the two proofs that follow."""
        security = self._security
        wrong = security.fault()
        if wrong is not None:
            return wrong
        challenge = security.drawn(_CHALLENGE_LENGTH) if security.mechanism is Mechanism.HLS_GMAC else b""
        request = self._request(challenge)
        if isinstance(request, Fault):
            return request
        heard = yield request.octets()
        answer = error_of(heard) or acse.parse_open_answer(heard)
        if isinstance(answer, Fault):
            return answer
        refused = self._agree(answer)
        if refused is not None or security.mechanism is not Mechanism.HLS_GMAC:
            return refused
        return (yield from self._prove(challenge, answer.challenge))

    def get(self, attribute: Attribute, selection: bytes = b"") -> Exchange[Answer | Fault]:
        """Read an attribute, through as many blocks as it takes."""
        return (yield from self._ask(self._services.get(attribute, selection)))

    def set(self, attribute: Attribute, data: Data) -> Exchange[Answer | Fault]:
        """Write an attribute."""
        return (yield from self._ask(self._services.set(attribute, data)))

    def action(self, method: Attribute, parameter: bytes) -> Exchange[Answer | Fault]:
        """Call a method with an octet string."""
        return (yield from self._ask(self._services.action(method, parameter)))

    def release(self) -> Exchange[None]:
        """Say that the association ends; whatever the meter answers."""
        yield acse.release_request()

    # Opening

    def _request(self, challenge: bytes) -> OpenRequest | Fault:
        security = self._security
        own_key = b""
        if security.ciphered and security.dedicates and security.keys is not None:
            own_key = security.drawn(KEY_LENGTHS[security.suite])
            self._agreed_key = Keys(own_key, security.keys.authentication)
        initiate = Initiate(CLIENT_CONFORMANCE | _protection_services(security), self._most_pdu, own_key)
        plain = initiate.request_octets()
        octets = self._seal(plain, dedicated=False) if security.ciphered else plain
        if isinstance(octets, Fault):
            return octets
        secret = security.password if security.mechanism is Mechanism.LLS else challenge
        title = security.client_title if security.needs_keys else b""
        return OpenRequest(octets, security.ciphered, title, security.mechanism, secret)

    def _agree(self, answer: OpenAnswer) -> Fault | None:
        """Take what the meter agrees to."""
        security = self._security
        if answer.result != 0:
            wrong = security.mechanism is not Mechanism.NONE and answer.diagnostic in _PASSWORD_REFUSED
            code = "password" if wrong else "association-refused"
            return Fault(code, f"the meter refuses the association (diagnostic {answer.diagnostic})")
        if security.mechanism is Mechanism.HLS_GMAC and answer.diagnostic != _HLS_FOLLOWS:
            return Fault("association-refused", "the meter does not go on with HLS")
        if security.needs_keys and (len(answer.title) != 8 or answer.title == security.client_title):
            return Fault("system-title", "the meter states no system title of its own")
        if security.needs_keys and security.meter_title not in (b"", answer.title):
            return Fault("system-title", "another meter answers: its system title is not the one that is expected")
        if security.needs_keys and security.keys is not None:
            own_key = self._agreed_key.encryption if self._agreed_key is not None else None
            security.seen.last.pop((answer.title, "dedicated"), None)  # another key, whose counters begin anew
            self._opener = Opener(security.keys, security.suite, answer.title, own_key, security.seen)
        initiate = self._opened(answer.initiate) if security.ciphered else answer.initiate
        agreed = initiate if isinstance(initiate, Fault) else acse.parse_initiate_response(initiate)
        if isinstance(agreed, Fault):
            return agreed
        self._dedicated = self._agreed_key
        return None

    def _prove(self, ours: bytes, theirs: bytes) -> Exchange[Fault | None]:
        """Passes 3 and 4 of HLS: our proof over the meter's challenge, and the meter's over ours."""
        security = self._security
        counter = security.counter.next()
        if isinstance(counter, Fault):
            return counter
        assert security.keys is not None and self._opener is not None, "checked before the association began"
        if not 8 <= len(theirs) <= 64 or theirs == ours:
            return Fault("hls-challenge", "the meter's challenge is not usable")
        head = bytes([security.suite | AUTHENTICATED]) + counter.to_bytes(4, "big")
        proof = head + gmac(security.keys, security.suite, security.client_title, counter, theirs)
        answer = yield from self.action(REPLY_TO_HLS, proof)
        if isinstance(answer, Fault):
            refused = answer.code.startswith("access-")
            return Fault("password", "the meter refuses our proof: wrong key") if refused else answer
        return self._check_proof(answer.data.value, ours)

    def _check_proof(self, proof: object, challenge: bytes) -> Fault | None:
        # Fresh by our challenge; its counter may stand before or behind that of the APDU it comes in.
        security, opener = self._security, self._opener
        assert security.keys is not None and opener is not None, "checked before the association began"
        if not isinstance(proof, bytes) or len(proof) != _PROOF_LENGTH:
            return Fault("gcm-tag", "the meter does not prove itself")
        control, counter, tag = proof[0], int.from_bytes(proof[1:5], "big"), proof[5:]
        wanted = gmac(security.keys, security.suite, opener.title, counter, challenge)
        if control != security.suite | AUTHENTICATED or not compare_digest(tag, wanted):
            return Fault("gcm-tag", "the meter's proof is wrong: it does not know the key")
        return None

    # Questions

    def _ask(self, request: bytes) -> Exchange[Answer | Fault]:
        while True:
            protected = self._seal(request) if self._security.ciphered else request
            if isinstance(protected, Fault):
                return protected
            apdu = yield from self._hear((yield protected))
            if isinstance(apdu, Fault):
                return apdu
            taken = self._services.take(apdu)
            if taken is not None:
                return taken
            request = self._services.next_block()

    def _hear(self, apdu: bytes) -> Exchange[bytes | Fault]:
        """The plain APDU out of general blocks and ciphering."""
        whole = yield from self._assembled(apdu)
        if isinstance(whole, Fault) or not self._security.ciphered:
            return whole
        return self._opened(whole)

    def _assembled(self, apdu: bytes) -> Exchange[bytes | Fault]:
        if apdu[:1] != bytes([BLOCK_TAG]):
            return apdu
        receiver = BlockReceiver()
        while True:
            block = parse_block(apdu)
            if isinstance(block, Fault):
                return block
            whole = receiver.take(block)
            if whole is not None:
                return whole
            apdu = yield None if block.streaming else receiver.acknowledgement()

    def _opened(self, apdu: bytes) -> bytes | Fault:
        """A ciphered APDU opened. A clear one where ciphering was agreed is refused, but for the meter's own error."""
        if apdu[:1] == bytes([EXCEPTION_RESPONSE]):
            return apdu
        if not apdu or apdu[0] not in CIPHERED_TAGS:
            return Fault("not-authenticated", "a clear answer came where ciphering was agreed")
        assert self._opener is not None, "a ciphered association has its opener"
        return self._opener.open(apdu)

    def _seal(self, plain: bytes, dedicated: bool = True) -> bytes | Fault:
        """An APDU under the keys of the association."""
        security = self._security
        keys = self._dedicated if dedicated and self._dedicated is not None else security.keys
        assert keys is not None, "checked before the association began"
        counter = security.counter.next()
        if isinstance(counter, Fault):
            return counter
        protected = protect(keys, security.control, security.client_title, counter, plain)
        return envelope(plain[0], protected, dedicated=keys is self._dedicated)


def _protection_services(security: DlmsSecurity) -> acse.Conformance:
    return acse.Conformance.GENERAL_PROTECTION if security.ciphered else acse.Conformance(0)
