"""The bytes of a document at many places at once: fixed texts, proven, and what stands between them as columns.

Where the values of a message are written alike, what stands at one offset of every value is a column of bytes. A few
operations on whole columns then do what a parser does byte by byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gateway.messages.series import Mask

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]

PADDING = 4096
"""Zero bytes behind the document, so that a window may reach over its end."""

_SAMPLE = 1 << 15
_PIECE = 1 << 18
"""Bytes that are looked at together; what comes of them stays within the cache of a processor."""


@dataclass(frozen=True, eq=False)
class Source:
    """A document as an array of bytes."""

    data: bytes
    array: Bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        padded = np.empty(len(self.data) + PADDING, dtype=np.uint8)
        padded[: len(self.data)] = np.frombuffer(self.data, dtype=np.uint8)
        padded[len(self.data) :] = 0
        object.__setattr__(self, "array", padded)

    def at(self, places: Offsets, width: int) -> Bytes:
        """The bytes from each place on, uint8[n, width], contiguous."""
        windows: npt.NDArray[np.void] = np.ndarray(len(self.array) - width, f"V{width}", self.array, strides=(1,))
        return windows[places].view(np.uint8).reshape(-1, width)

    def words(self, places: Offsets) -> npt.NDArray[np.uint64]:
        """The eight bytes from each place on as one number, the first byte the lowest."""
        words: npt.NDArray[np.uint64] = np.ndarray(len(self.array) - 8, "<u8", self.array, strides=(1,))
        return words[places]

    def find(self, text: bytes) -> Offsets:
        """Every place where the first eight bytes of a text stand, looked for by the rarest of its characters."""
        text = text[:8]
        sample = self.data[:_SAMPLE]
        offset = min(range(len(text)), key=lambda k: sample.count(text[k]))
        parts = [
            first + np.flatnonzero(self.array[first : first + _PIECE] == text[offset])
            for first in range(offset, len(self.data), _PIECE)
        ]
        found: Offsets = np.concatenate([np.empty(0, dtype=np.int64), *parts]) - offset
        same = self.words(found) << np.uint64(64 - 8 * len(text)) == int.from_bytes(text.rjust(8, b"\0"), "little")
        return found if same.all() else found[same]


class Fixed:
    """A text that stands everywhere alike but for some of its bytes, compared eight bytes at a time."""

    def __init__(self, text: bytes, free: frozenset[int]) -> None:
        self.length = len(text)
        self.first = text[0]
        self.width = -(-len(text) // 8) * 8
        kept = bytes(0 if k in free or k >= len(text) else 0xFF for k in range(self.width))
        self._kept = np.frombuffer(kept, dtype=np.uint64)
        self._wanted = np.frombuffer(text.ljust(self.width, b"\0"), dtype=np.uint64) & self._kept

    def differs(self, windows: Bytes) -> Mask | None:
        """Where windows of `width` are another text; None where they are it everywhere."""
        other = (windows.view(np.uint64) & self._kept) != self._wanted
        return other.any(axis=1) if other.any() else None
