"""A series received again beside what is accepted already, step by step (Regulation D1 §4.1.4, §4.1.5)."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.hub.period_groups import STATUS_BITS, PeriodGroup
from gateway.hub.series.current_values import CurrentValues
from gateway.messages.codes import CORRECTED_FLAG, Quality
from gateway.messages.series import Mask, Qualities

_CORRECTED = int(Quality.CORRECTED)  # numpy compares with a plain integer several times faster


@dataclass(frozen=True, slots=True)
class Comparison:
    """What each step of a group is, bool[n, count] each, and the qualities to store.

    Attributes:
        changed: an accepted value or status differs, a missing one after its limit included.
        late: a value replaces a missing one before its limit: a first delivery come late.
        added: nothing is accepted yet.
        unchanged: the same value and status.
        quality: uint8[n, count]: the sender's status, with the mark where the value supersedes an accepted one.
    """

    changed: Mask
    late: Mask
    added: Mask
    unchanged: Mask
    quality: Qualities


def compare(group: PeriodGroup, current: CurrentValues, within_limit: Mask) -> Comparison:
    """Compare a group with the accepted values; `within_limit` says where a missing value may still be delivered."""
    status = current.quality & STATUS_BITS
    was_missing = (status == Quality.MISSING) & ~current.has_value
    added = (status == 0) & ~current.has_value
    unchanged = (status == group.quality) & (current.quantity == group.quantity) & ~added
    late = was_missing & within_limit & ~unchanged
    changed = ~(added | unchanged | late)
    quality = group.quality.copy()
    quality[changed] |= CORRECTED_FLAG
    quality[unchanged] = current.quality[unchanged]
    return Comparison(changed, late, added, unchanged, quality)


def is_met(current: CurrentValues) -> Mask:
    """Which points of a group meet any accepted value or a stated absence, bool[n]."""
    met: Mask = (current.has_value | (current.quality != 0)).any(axis=1)
    return met


def states_correction(group: PeriodGroup) -> Mask:
    """Which points of a group bring a value that says of itself that it corrects, bool[n] (DH-200)."""
    stated: Mask = (group.quality == _CORRECTED).any(axis=1)
    return stated
