"""The guard before a meter's lock-out: a password is tried twice, and then not again before a person looked."""

from __future__ import annotations

from dataclasses import dataclass

MOST_REFUSALS = 2
"""Meters lock for hours after three or more wrong passwords; we stop before."""


@dataclass(slots=True)
class PasswordGuard:
    """How often a meter refused its password. Who keeps it over restarts stores `refused` with the password's name."""

    refused: int = 0

    @property
    def is_locked(self) -> bool:
        """Whether no password may be sent any more."""
        return self.refused >= MOST_REFUSALS

    def was_refused(self) -> None:
        """The meter refused the password."""
        self.refused += 1

    def was_taken(self) -> None:
        """The meter took it: earlier refusals were a bad line."""
        self.refused = 0
