"""A DLMS meter on a line, opened and asked: link, data link, association, and the guards around them.

A fault of link or protection ends the session; the next question opens a new one and is asked once more. A password
the meter refused twice is not sent again before a person looked.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from meter_adapters.dlms import hdlc
from meter_adapters.dlms.apdu import Answer, Attribute
from meter_adapters.dlms.association import Association, Exchange
from meter_adapters.dlms.axdr import Data
from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.hdlc_client import HdlcClient, HdlcSettings
from meter_adapters.dlms.security import DlmsSecurity
from meter_adapters.dlms.session import DlmsSession
from meter_adapters.dlms.wrapper import WrapperClient
from meter_adapters.iec62056_21.adapter import Iec62056Adapter
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.passwords import PasswordGuard
from meter_adapters.port import LineSetting, Link, Parity
from meter_adapters.readings import Protection, Refusal

PUBLIC_CLIENT = 16
_KEEPS_SESSION = "access-"
"""A meter's "no" to one attribute, after which the association is as good as before."""
_MOST_LEAP = 500_000_000
"""How far the counter a meter shows may be ahead of ours. Nothing proves it: a forged one must not use up the key."""
_LINK_FAILS = ("no-answer", "link-closed", "hdlc-", "wrapper-")
"""Faults of the link itself."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a meter may stay silent, and how often a frame is repeated."""

    answer_within: float = 5.0
    tries: int = 3


class DlmsConnection:
    """One meter, asked over one link; opened where it is not open."""

    def __init__(  # noqa: PLR0913 - one installation's facts, named one by one
        self,
        link: Link,
        profile: MeterProfile,
        security: DlmsSecurity,
        *,
        clock: Callable[[], float],
        guard: PasswordGuard,
        patience: Patience,
    ) -> None:
        self.link, self.profile, self.security = link, profile, security
        self._clock, self._guard, self._patience = clock, guard, patience
        self._session: DlmsSession | None = None
        self._association: Association | None = None

    @property
    def is_open(self) -> bool:
        """Whether an association stands."""
        return self._association is not None

    @property
    def protection(self) -> Protection:
        """What proves the meter's answers."""
        if self.security.ciphered:
            return Protection.GCM
        return Protection.CRC if self.profile.dlms.framing == "hdlc" else Protection.NONE

    async def open(self) -> Fault | None:
        """Open link and association; with a ciphered meter the counter it has seen is asked for first."""
        if self._guard.is_locked:
            return Fault("locked-out", "the meter refused its password twice: it is not asked again")
        try:
            counter = await self._catch_up_counter()
            return counter or await self._open_as(self.security, self.profile.dlms.client)
        except OSError as error:
            await self.close()
            return Fault("link-closed", f"the line is lost: {error.strerror or type(error).__name__}")

    async def close(self) -> None:
        """Release the association and leave the link, as far as the meter listens."""
        session, association = self._session, self._association
        self._session = self._association = None
        with contextlib.suppress(OSError):
            if session is not None and association is not None:
                await session.ask(_released(association))
                await session.disconnect()
        await self.link.close()

    async def get(self, attribute: Attribute, selection: bytes = b"") -> Answer | Fault:
        """Read an attribute."""
        return await self._ask(lambda association: association.get(attribute, selection))

    async def set(self, attribute: Attribute, data: Data) -> Answer | Fault:
        """Write an attribute."""
        return await self._ask(lambda association: association.set(attribute, data))

    async def _ask(self, question: Callable[[Association], Exchange[Answer | Fault]]) -> Answer | Fault:
        if self._association is None:
            refused = await self.open()
            if refused is not None:
                return refused
        assert self._session is not None and self._association is not None, "just opened"
        try:
            answer = await self._session.ask(question(self._association))
        except OSError as error:
            answer = Fault("link-closed", f"the line is lost: {error.strerror or type(error).__name__}")
        except asyncio.CancelledError:
            self._session = self._association = None  # left in the middle of a question: no farewell
            raise
        if isinstance(answer, Fault) and not answer.code.startswith(_KEEPS_SESSION):
            await self._drop(answer)
        return answer

    async def _drop(self, fault: Fault) -> None:
        """After a fault nothing of the session is resumed. Over a link that fails no farewell is said."""
        if fault.code.startswith(_LINK_FAILS):
            self._session = self._association = None
        await self.close()

    # Opening

    async def _catch_up_counter(self) -> Fault | None:
        """Read the counter the meter has seen of us as public client, and go on behind it.

        A meter that does not show it, or lets no public client in, gets our own counter as it is.
        """
        place = self.security.counter_object
        if place is None or not self.security.needs_keys:
            return None
        refused = await self._open_as(DlmsSecurity(), PUBLIC_CLIENT)
        if refused is not None:
            return refused if refused.code != "association-refused" else None
        assert self._session is not None and self._association is not None, "just opened"
        answer = await self._session.ask(self._association.get(Attribute(1, place, 2)))
        await self.close()
        if isinstance(answer, Fault):
            return None if is_object_missing(answer) else answer
        shown, ours = answer.data.number, self.security.counter
        if not isinstance(shown, int) or shown - ours.value > _MOST_LEAP:
            return Fault("meter-counter", "the invocation counter the meter shows is not believed")
        ours.at_least(shown + 1)
        return None

    async def _open_as(self, security: DlmsSecurity, client: int) -> Fault | None:
        wrong = await self._open_line()
        if wrong is not None:
            return wrong
        session, association = DlmsSession(self.link, self._core(client)), Association(security)
        refused = await session.connect() or await session.ask(association.open())
        if refused is None:
            self._session, self._association = session, association
            if security is self.security:
                self._guard.was_taken()
            return None
        if refused.code == "password":
            self._guard.was_refused()
        if not refused.code.startswith(_LINK_FAILS):
            with contextlib.suppress(OSError):
                await session.disconnect()
        await self.link.close()
        return refused

    async def _open_line(self) -> Fault | None:
        """Open the line at its speed; a meter that begins in mode E is brought to HDLC first."""
        if self.profile.dlms.starts_in_mode_e:
            optical = Iec62056Adapter(self.link, self.profile, clock=self._clock)
            found = await optical.open() or await optical.enter_hdlc()
            return Fault("mode-e", found.text) if isinstance(found, Refusal) else None
        await self.link.open()
        line = self.profile.line
        await self.link.set_line(LineSetting(line.baud, line.bits, Parity(line.parity)))
        return None

    def _core(self, client: int) -> HdlcClient | WrapperClient:
        facts = self.profile.dlms
        if facts.framing == "wrapper":
            return WrapperClient(client, facts.logical_server, self._patience.answer_within)
        server = hdlc.server_address(facts.logical_server, facts.physical_server, facts.address_octets)
        settings = HdlcSettings(
            hdlc.client_address(client), server, facts.most_info, self._patience.answer_within, self._patience.tries
        )
        return HdlcClient(settings)

    def at_address(self, physical: int) -> DlmsConnection:
        """The same line and rights for another meter on the bus."""
        facts = self.profile.dlms.model_copy(update={"physical_server": physical})
        profile = self.profile.model_copy(update={"dlms": facts})
        security = replace(self.security)
        return DlmsConnection(
            self.link, profile, security, clock=self._clock, guard=self._guard, patience=self._patience
        )


def manufacturer_of(logical_name: str) -> str:
    """The maker's three letters, with which a logical device name begins."""
    letters = logical_name[:3]
    return letters if len(letters) == 3 and letters.isascii() and letters.isalpha() else ""


def _released(association: Association) -> Exchange[Fault | None]:
    yield from association.release()
    return None


def is_object_missing(fault: Fault) -> bool:
    """Whether the meter merely does not have what was asked."""
    return fault.code in ("access-4", "access-9", "access-11", "access-3")
