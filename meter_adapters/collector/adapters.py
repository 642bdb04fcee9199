"""Which adapter speaks to a meter, with which secrets, and what it has to remember between sessions."""

from __future__ import annotations

import hashlib
import secrets as chance
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.messages.findings import Finding
from meter_adapters.collector.config import MeterSection
from meter_adapters.collector.secret_store import SecretStore
from meter_adapters.iec62056_21.adapter import Iec62056Adapter, Settings
from meter_adapters.iec62056_21.p1_adapter import P1Adapter
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.outbox.notebook import Notebook
from meter_adapters.passwords import MOST_REFUSALS, PasswordGuard
from meter_adapters.port import Adapter, Link
from meter_adapters.readings import Refusal, RefusalReason

if TYPE_CHECKING:
    from meter_adapters.dlms.security import DlmsSecurity

Clock = Callable[[], float]


@dataclass(slots=True)
class Secrets:
    """The secrets of one meter; None where it has none."""

    password: bytes | None = None
    encryption_key: bytes | None = None
    authentication_key: bytes | None = None

    def __repr__(self) -> str:
        return "Secrets(…)"

    @property
    def fingerprint(self) -> str:
        """Tells secrets apart without telling them: what is remembered of a key or password is of this one."""
        parts = (self.password, self.encryption_key, self.authentication_key)
        return hashlib.sha256(b"\0".join(part or b"" for part in parts)).hexdigest()[:12]


def secrets_of(meter: MeterSection, store: SecretStore) -> Secrets | Finding:
    """The secrets a meter's section names."""
    found: dict[str, bytes] = {}
    for field in ("password", "encryption_key", "authentication_key"):
        name = getattr(meter, field)
        if name:
            secret = store.find(name)
            if isinstance(secret, Finding):
                return Finding("secret", secret.text, f"meter {meter.name}")
            found[field] = secret.octets
    return Secrets(**found)


class MeterDoor:
    """The way to one meter: makes an adapter for each session and keeps what outlives it.

    Attributes:
        meter: its section of the configuration.
        profile: its type.
    """

    def __init__(self, meter: MeterSection, profile: MeterProfile, secrets: Secrets, notebook: Notebook) -> None:
        self.meter, self.profile = meter, profile
        self._secrets, self._notebook = secrets, notebook
        self._tries = f"{meter.name}/{secrets.fingerprint}"
        self._guard = PasswordGuard(notebook.passwords_refused(self._tries))
        self._security: DlmsSecurity | None = None
        self._dlms: Adapter | None = None

    @property
    def is_locked(self) -> bool:
        """Whether its password was refused so often that a person has to look."""
        return self._notebook.passwords_refused(self._tries) >= MOST_REFUSALS

    def forgive(self) -> None:
        """A person looked: the password may be tried again."""
        self._notebook.set_passwords_refused(self._tries, 0)

    def open(self, link: Link, clock: Clock, on_refusal: Callable[[Refusal], None]) -> Adapter:
        """The adapter for a session, not opened yet."""
        self._guard.refused = self._notebook.passwords_refused(self._tries)
        match self.profile.protocol:
            case "iec62056-21":
                return self._iec_adapter(link, clock, on_refusal)
            case "p1":
                return P1Adapter(link, self.profile, clock=clock, on_refusal=on_refusal)
            case "dlms":
                # One for all sessions: it knows the columns of the session before, and tells when they change.
                self._dlms = self._dlms or self._dlms_adapter(link, clock, on_refusal)
                return self._dlms
            case other:
                raise ValueError(f"{other} is read from captures only; the configuration refuses it")

    def _iec_adapter(self, link: Link, clock: Clock, on_refusal: Callable[[Refusal], None]) -> Adapter:
        meter = self.meter
        settings = Settings(
            addresses=meter.bus_addresses,
            wakes=meter.wakes,
            unchecked=meter.unchecked,
            sets_clock=meter.set_clock,
            on_refusal=on_refusal,
        )
        about = (link, self.profile, meter.address, self._secrets.password)
        return Iec62056Adapter(*about, clock=clock, guard=self._guard, settings=settings)

    def _dlms_adapter(self, link: Link, clock: Clock, on_refusal: Callable[[Refusal], None]) -> Adapter:
        # The DLMS library comes with the extra `meters`; a plant without DLMS meters does without it.
        from meter_adapters.dlms.adapter import DlmsAdapter  # noqa: PLC0415
        from meter_adapters.dlms.adapter import Settings as DlmsSettings  # noqa: PLC0415
        from meter_adapters.dlms.connection import Patience  # noqa: PLC0415

        patience = Patience(self.profile.line.reaction)
        addresses = tuple(int(address) for address in self.meter.bus_addresses if address.isdigit())
        settings = DlmsSettings(addresses, self.meter.set_clock, patience, on_refusal)
        self._security = self._dlms_security()
        return DlmsAdapter(link, self.profile, self._security, clock=clock, guard=self._guard, settings=settings)

    def keep_counters(self) -> None:
        """Keep the highest counters the meter was heard with: after a crash nothing older is taken for new."""
        if self._security is not None:
            for (title, key), value in self._security.seen.last.items():
                self._notebook.raise_counter(f"{self._tries}/seen/{title.hex()}/{key}", value)

    def closed(self, refusal: Refusal | None) -> None:
        """A session ended, with this refusal or none: keep what the next one has to know."""
        self.keep_counters()
        before = self._notebook.passwords_refused(self._tries)
        refused = self._guard.refused
        if refused == before and refusal is not None and refusal.reason is RefusalReason.PASSWORD_WRONG:
            refused += 1  # an adapter that keeps no count of its own
        if refused != before:
            self._notebook.set_passwords_refused(self._tries, refused)

    def _dlms_security(self) -> DlmsSecurity:
        from meter_adapters.dlms.acse import Mechanism  # noqa: PLC0415 - with the DLMS library, see above
        from meter_adapters.dlms.ciphering import Keys, RisingCounter  # noqa: PLC0415
        from meter_adapters.dlms.security import DlmsSecurity, InvocationCounter  # noqa: PLC0415

        own, section = f"{self._tries}/own", self.profile.dlms
        mechanisms = {"none": Mechanism.NONE, "lls": Mechanism.LLS, "hls-gmac": Mechanism.HLS_GMAC}
        seen = RisingCounter()
        for name, value in self._notebook.counters(f"{self._tries}/seen/").items():
            title, key = name.split("/", 1)
            seen.last[bytes.fromhex(title), key] = value
        keys = (self._secrets.encryption_key, self._secrets.authentication_key)
        return DlmsSecurity(
            mechanism=mechanisms[section.authentication],
            password=self._secrets.password or b"",
            ciphered=section.ciphered,
            keys=None if keys[0] is None else Keys(keys[0], keys[1]),
            suite=section.suite,
            client_title=bytes.fromhex(section.client_title),
            meter_title=bytes.fromhex(section.meter_title),
            dedicates=section.dedicates,
            counter_object=section.counter if section.shows_counter else None,
            counter=InvocationCounter(
                self._notebook.counter(own) or 0, lambda bound: self._notebook.raise_counter(own, bound)
            ),
            seen=seen,
            chance=chance.token_bytes,
        )
