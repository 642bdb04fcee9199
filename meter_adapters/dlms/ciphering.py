"""Ciphering of DLMS, security suites 0 to 2: AES-GCM with a tag of 12 octets and a counter that only rises.

A ciphered APDU is opened here, before anything decodes it: first its tag is checked, then its invocation counter must
be higher than the last one of the same sender under the same key. What fails is a `Fault`; its content is never seen.
IV = system title + counter; AAD = security control + authentication key (and the plain text, where nothing is
encrypted). IEC 62056-5-3, "security suites"; suites 0 and 1 have keys of 16 octets, suite 2 of 32.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from meter_adapters.dlms.axdr import length_octets, read_length
from meter_adapters.dlms.fault import Fault, Malformed

TAG_LENGTH = 12
KEY_LENGTHS = {0: 16, 1: 16, 2: 32}
MOST_COUNTER = 0xFFFF_FFFF

AUTHENTICATED, ENCRYPTED, BROADCAST, COMPRESSED = 0x10, 0x20, 0x40, 0x80

GENERAL_GLO, GENERAL_DED, GENERAL_CIPHERING = 0xDB, 0xDC, 0xDD

_GLOBAL = {0x01: 0x21, 0x08: 0x28, 0x0E: 0x2E, 0xC0: 0xC8, 0xC1: 0xC9, 0xC2: 0xCA, 0xC3: 0xCB}
_GLOBAL |= {0xC4: 0xCC, 0xC5: 0xCD, 0xC7: 0xCF}
_DEDICATED = {0xC0: 0xD0, 0xC1: 0xD1, 0xC2: 0xD2, 0xC3: 0xD3, 0xC4: 0xD4, 0xC5: 0xD5, 0xC7: 0xD7}
_PLAIN_OF = {ciphered: plain for pairs in (_GLOBAL, _DEDICATED) for plain, ciphered in pairs.items()}
CIPHERED_TAGS = frozenset(_PLAIN_OF) | {GENERAL_GLO, GENERAL_DED, GENERAL_CIPHERING}


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one meter: from the secret store, never printed.

    Attributes:
        encryption: global unicast encryption key.
        authentication: global authentication key; None where a push is only decrypted (nothing is then proved).
        broadcast: global broadcast encryption key, where the meter uses one.
    """

    encryption: bytes
    authentication: bytes | None = None
    broadcast: bytes | None = None

    def __repr__(self) -> str:
        return "Keys(…)"


@dataclass(frozen=True, slots=True)
class Ciphered:
    """The envelope of a ciphered APDU.

    Attributes:
        tag: its first octet.
        title: system title of the sender; empty in services of an association, where it is known.
        control: security control: suite in the low bits, authentication, encryption, key set.
        counter: invocation counter.
        body: ciphertext and tag.
    """

    tag: int
    title: bytes
    control: int
    counter: int
    body: bytes

    @property
    def suite(self) -> int:
        """Security suite 0, 1 or 2."""
        return self.control & 0x0F


def parse_ciphered(apdu: bytes) -> Ciphered | Fault:
    """The envelope of a ciphered APDU; nothing of it is trusted yet."""
    try:
        return _envelope(apdu)
    except Malformed as malformed:
        return malformed.fault


def _envelope(apdu: bytes) -> Ciphered:
    at, title = 1, b""
    if not apdu or apdu[0] not in CIPHERED_TAGS:
        raise Malformed("ciphered-service", "no ciphered APDU")
    if apdu[0] == GENERAL_CIPHERING:
        at, title = _general_head(apdu)
    elif apdu[0] in (GENERAL_GLO, GENERAL_DED):
        title, at = _string(apdu, at)
    length, at = read_length(apdu, at)
    if at + length != len(apdu):
        raise Malformed("ciphered-length", f"{length} ciphered octets are announced, {len(apdu) - at} came")
    if length < 5:
        raise Malformed("ciphered-length", "a ciphered APDU without security control and counter")
    return Ciphered(apdu[0], title, apdu[at], int.from_bytes(apdu[at + 1 : at + 5], "big"), apdu[at + 5 :])


def _string(apdu: bytes, at: int) -> tuple[bytes, int]:
    length, start = read_length(apdu, at)
    if start + length > len(apdu):
        raise Malformed("data-cut", "the octets end within the head of a ciphered APDU")
    return apdu[start : start + length], start + length


def _general_head(apdu: bytes) -> tuple[int, bytes]:
    """Where the envelope of a general-ciphering APDU begins, and who sent it; its key must be an identified one."""
    _transaction, at = _string(apdu, 1)
    title, at = _string(apdu, at)
    for _part in ("recipient", "date-time", "other information"):
        _ignored, at = _string(apdu, at)
    key_info = apdu[at : at + 3]
    if key_info[:2] == b"\x01\x00":
        return at + 3, title
    if key_info[:1] == b"\x00":
        return at + 1, title
    raise Malformed("key-info", "the APDU brings a wrapped or agreed key; only keys of the secret store are used")


@dataclass(slots=True)
class RisingCounter:
    """The highest counter accepted of each sender, title and kind of key apart."""

    last: dict[tuple[bytes, str], int] = field(default_factory=dict)

    def accept(self, title: bytes, key: str, counter: int) -> Fault | None:
        """Take a counter that is higher than all before it; refuse any other as a replay."""
        before = self.last.get((title, key), -1)
        if counter <= before:
            return Fault("counter-not-rising", f"counter {counter} came after {before}: an old message again")
        self.last[title, key] = counter
        return None


def gmac(keys: Keys, control: int, title: bytes, counter: int, challenge: bytes) -> bytes:
    """The proof of HLS mechanism 5: the tag over a challenge, nothing encrypted."""
    return _seal(keys, keys.encryption, (control & 0x0F) | AUTHENTICATED, _iv(title, counter), challenge)[-TAG_LENGTH:]


def protect(keys: Keys, control: int, title: bytes, counter: int, plain: bytes) -> bytes:
    """Security control, counter and body of an APDU, for the tag of its service to be set before."""
    body = _seal(keys, keys.encryption, control, _iv(title, counter), plain)
    return bytes([control]) + counter.to_bytes(4, "big") + body


def envelope(plain_tag: int, protected: bytes, *, dedicated: bool = False) -> bytes:
    """A protected APDU under the tag of its ciphered service (glo- or ded-get-request and so on)."""
    tag = (_DEDICATED if dedicated else _GLOBAL)[plain_tag]
    return bytes([tag]) + length_octets(len(protected)) + protected


def general_envelope(title: bytes, protected: bytes) -> bytes:
    """A protected APDU as general-glo-ciphering, with the sender's system title."""
    return bytes([GENERAL_GLO, len(title)]) + title + length_octets(len(protected)) + protected


def wrong_key_length(keys: Keys, suite: int) -> Fault | None:
    """Whether a key has another length than its suite wants."""
    wanted = KEY_LENGTHS.get(suite)
    if wanted is None:
        return Fault("security-suite", f"security suite {suite} is not known")
    for name, key in (("encryption", keys.encryption), ("authentication", keys.authentication)):
        if key is not None and len(key) != wanted:
            return Fault("key-length", f"the {name} key has {len(key)} octets, suite {suite} wants {wanted}")
    return None


@dataclass(slots=True)
class Opener:
    """Opens what one meter sends.

    Attributes:
        keys: its global keys.
        suite: the security suite agreed; another one is refused. None takes any (captures).
        title: its system title, where the envelope carries none; another sender's is refused. Empty takes any.
        dedicated: the key of this association, where one was agreed.
        counters: what was accepted so far.
        wants_tag: whether what only is encrypted is refused; False only where a capture is looked at without keys.
    """

    keys: Keys
    suite: int | None = 0
    title: bytes = b""
    dedicated: bytes | None = None
    counters: RisingCounter = field(default_factory=RisingCounter)
    wants_tag: bool = True

    def open(self, apdu: bytes) -> bytes | Fault:
        """The plain APDU, after tag and counter were checked."""
        found = parse_ciphered(apdu)
        if isinstance(found, Fault):
            return found
        title = found.title or self.title
        refused = self._refused(found, title)
        if refused is not None:
            return refused
        name, key = self._key(found)
        if key is None:
            return Fault("no-key", f"there is no {name} key for this message")
        plain = self._opened(found, key, _iv(title, found.counter))
        if isinstance(plain, Fault):
            return plain
        if self.proves(found):
            replayed = self.counters.accept(title, name, found.counter)
            if replayed is not None:
                return replayed
        return self._of_its_service(found, plain)

    def proves(self, found: Ciphered) -> bool:
        """Whether an envelope's tag can be checked: it has one, and the authentication key is known."""
        return bool(found.control & AUTHENTICATED) and self.keys.authentication is not None

    def _refused(self, found: Ciphered, title: bytes) -> Fault | None:
        if found.control & COMPRESSED:
            return Fault("compressed", "a compressed message is not understood")
        if self.suite is not None and found.suite != self.suite:
            return Fault("security-suite", f"suite {found.suite} where {self.suite} was agreed")
        if len(title) != 8:
            return Fault("system-title", f"a system title of {len(title)} octets")
        if self.title and title != self.title:
            return Fault("system-title", "the message comes from another sender")
        if self.wants_tag and not self.proves(found):
            return Fault("not-authenticated", "the message carries no tag that could be checked")
        return wrong_key_length(self.keys, found.suite)

    def _key(self, found: Ciphered) -> tuple[str, bytes | None]:
        if found.tag == GENERAL_DED or found.tag in _DEDICATED.values():
            return "dedicated", self.dedicated
        if found.control & BROADCAST:
            return "broadcast", self.keys.broadcast
        return "unicast", self.keys.encryption

    def _opened(self, found: Ciphered, key: bytes, iv: bytes) -> bytes | Fault:
        authentication = self.keys.authentication
        if found.control & AUTHENTICATED and len(found.body) < TAG_LENGTH:
            return Fault("gcm-tag", "the message is too short for its tag")
        has_tag = bool(found.control & AUTHENTICATED)
        body, tag = (found.body[:-TAG_LENGTH], found.body[-TAG_LENGTH:]) if has_tag else (found.body, b"")
        if not has_tag or authentication is None:
            return _counter_mode(key, iv, body) if found.control & ENCRYPTED else body
        decryptor = Cipher(algorithms.AES(key), modes.GCM(iv, tag, TAG_LENGTH)).decryptor()
        decryptor.authenticate_additional_data(bytes([found.control]) + authentication)
        if not found.control & ENCRYPTED:
            decryptor.authenticate_additional_data(body)
        try:
            plain = decryptor.update(body if found.control & ENCRYPTED else b"") + decryptor.finalize()
        except InvalidTag:
            return Fault("gcm-tag", "the authentication tag is wrong: the message or its counter was altered, or a key")
        return plain if found.control & ENCRYPTED else body

    def _of_its_service(self, found: Ciphered, plain: bytes) -> bytes | Fault:
        """A ciphered service may carry its own plain service alone."""
        wanted = _PLAIN_OF.get(found.tag)
        if not plain or (wanted is not None and plain[0] != wanted):
            return Fault("ciphered-service", "the message within is of another service than its envelope")
        return plain


def _iv(title: bytes, counter: int) -> bytes:
    return title + counter.to_bytes(4, "big")


def _seal(keys: Keys, key: bytes, control: int, iv: bytes, plain: bytes) -> bytes:
    if not control & AUTHENTICATED:
        return _counter_mode(key, iv, plain)
    assert keys.authentication is not None, "an authenticated message needs its key"
    encryptor = Cipher(algorithms.AES(key), modes.GCM(iv)).encryptor()
    encryptor.authenticate_additional_data(bytes([control]) + keys.authentication)
    if control & ENCRYPTED:
        body = encryptor.update(plain) + encryptor.finalize()
    else:
        encryptor.authenticate_additional_data(plain)
        body = plain + encryptor.finalize()
    return body + encryptor.tag[:TAG_LENGTH]


def _counter_mode(key: bytes, iv: bytes, octets: bytes) -> bytes:
    """AES-GCM without its tag is counter mode from block 2 on; encryption and decryption are the same."""
    cipher = Cipher(algorithms.AES(key), modes.CTR(iv + b"\x00\x00\x00\x02")).encryptor()
    return cipher.update(octets) + cipher.finalize()
