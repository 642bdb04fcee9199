"""How a client proves itself to a meter and protects what it says: password, HLS-GMAC, keys and counters.

Secrets are handed in by the collector from its secret store; nothing here prints them. Chance comes in as an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from meter_adapters.dlms.acse import Mechanism
from meter_adapters.dlms.ciphering import AUTHENTICATED, ENCRYPTED, MOST_COUNTER, Keys, RisingCounter, wrong_key_length
from meter_adapters.dlms.fault import Fault
from meter_adapters.obis import Obis

RESERVED_AHEAD = 1000


@dataclass(slots=True)
class InvocationCounter:
    """Our own counter under a key: every value is used once, also across a crash.

    Before values are used, a bound ahead of them is stored; after a crash counting goes on at the stored bound.

    Attributes:
        value: the next counter.
        store: keeps a bound durably; called before the first value below it is used.
        step: how many values are reserved at once.
    """

    value: int = 0
    store: Callable[[int], None] = field(default=lambda _bound: None, repr=False)
    step: int = RESERVED_AHEAD
    _bound: int = field(default=-1, init=False)

    def next(self) -> int | Fault:
        """The next counter, reserved before it is used."""
        if self.value > MOST_COUNTER:
            return Fault("counter-used-up", "the invocation counter is used up: the meter needs a new key")
        if self.value >= self._bound:
            self._bound = self.value + self.step
            self.store(self._bound)
        taken, self.value = self.value, self.value + 1
        return taken

    def at_least(self, value: int) -> None:
        """Go on behind what the meter has seen; never back."""
        self.value = max(self.value, value)


@dataclass(slots=True)
class DlmsSecurity:
    """What a meter wants of its client.

    Attributes:
        mechanism: none, LLS (password) or HLS-GMAC.
        password: octets of the LLS password.
        ciphered: whether APDUs are authenticated and encrypted.
        keys: the meter's keys; needed for HLS-GMAC and ciphering.
        suite: security suite 0, 1 or 2.
        client_title: our system title, 8 octets.
        meter_title: the meter's system title, where it is known beforehand; another one is then refused.
        dedicates: whether each association gets a key of its own, drawn by chance, under which everything is asked.
        counter: our invocation counter.
        counter_object: where the meter shows the counter it has seen, read as public client before a ciphered
            association; None trusts our own.
        seen: the counters accepted from this meter; the collector keeps them between sessions.
        chance: gives random octets for challenges.
    """

    mechanism: Mechanism = Mechanism.NONE
    password: bytes = field(default=b"", repr=False)
    ciphered: bool = False
    keys: Keys | None = field(default=None, repr=False)
    suite: int = 0
    client_title: bytes = b"GPT\x00\x00\x00\x00\x01"
    meter_title: bytes = b""
    dedicates: bool = False
    counter: InvocationCounter = field(default_factory=InvocationCounter)
    counter_object: Obis | None = None
    seen: RisingCounter = field(default_factory=RisingCounter, repr=False)
    chance: Callable[[int], bytes] | None = field(default=None, repr=False)

    @property
    def needs_keys(self) -> bool:
        """Whether keys and titles take part."""
        return self.ciphered or self.mechanism is Mechanism.HLS_GMAC

    @property
    def control(self) -> int:
        """The security control of what we send: suite, authenticated and encrypted."""
        return self.suite | AUTHENTICATED | ENCRYPTED

    def drawn(self, octets: int) -> bytes:
        """Octets by chance."""
        assert self.chance is not None, "`fault` was asked before"
        return self.chance(octets)

    def fault(self) -> Fault | None:
        """What is missing or wrong before a meter is asked."""
        if not self.needs_keys:
            return None
        if self.keys is None or self.keys.authentication is None:
            return Fault("no-key", "encryption and authentication key are needed")
        if len(self.client_title) != 8:
            return Fault("system-title", "our system title must have 8 octets")
        if self.chance is None and (self.dedicates or self.mechanism is Mechanism.HLS_GMAC):
            return Fault("no-chance", "challenges and keys of one association need a source of chance")
        return wrong_key_length(self.keys, self.suite)
