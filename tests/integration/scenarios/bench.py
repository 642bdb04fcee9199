"""What every market's parties do in the same words: send, follow, correct, receive, look back.

A bench is one served hub of one market with a grid operator, the supplier of a metering point and a stranger. The
scenario speaks to these words alone; what differs between markets is which profile the hub runs and how its clients
are used to speaking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

Values = Mapping[int, int]
"""Energy in Wh by the start of its quarter (instant)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a message: its id, whether all of it was accepted, and the codes of what was found."""

    document_id: str
    is_accepted: bool
    codes: tuple[str, ...] = ()


class Bench(Protocol):
    """One market's hub and its parties.

    Attributes:
        start: beginning of the day of delivery; a whole number of quarters.
        negative: the market's code for a negative value.
        used_id: its code for the id of a message used before.
    """

    start: int
    negative: str
    used_id: str

    def send(self, values: Values, *, corrects: bool = False, document_id: str = "") -> Sent:
        """The grid operator sends consecutive quarters of the metering point and waits for what becomes of them."""
        ...

    def received(self) -> Values:
        """What has come for the supplier since it last looked."""
        ...

    def overheard(self) -> Values:
        """What has come for the stranger."""
        ...

    def known(self, as_of: int | None = None) -> Values:
        """What the hub tells the supplier of the day, as known then; now when None."""
        ...

    def seen_by_stranger(self) -> Values:
        """What the hub tells the stranger of the day."""
        ...

    def pass_time(self, seconds: int) -> int:
        """Let time pass; the instant it is then."""
        ...

    def close(self) -> None:
        """Stop the hub."""
        ...
