"""References into the series store: which steps of which rows an item of the feed shows, as columns and as bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import zstandard

from gateway.messages.masterdata import Rows

_SMALL = 256
"""Bytes up to which compressing is not worth it."""
_PLAIN, _ZSTD = b"\0", b"\1"


@dataclass(frozen=True, slots=True)
class Parts:
    """Steps [first, last) of rows of segments, each of a metering point: int64 columns of one length."""

    point: Rows
    segment: Rows
    row: Rows
    first: Rows
    last: Rows

    def take(self, chosen: Rows) -> Parts:
        """The given ones, in the given order."""
        return Parts(self.point[chosen], self.segment[chosen], self.row[chosen], self.first[chosen], self.last[chosen])

    def __iter__(self) -> Iterator[tuple[int, int, int, int, int]]:
        columns = (self.point, self.segment, self.row, self.first, self.last)
        return zip(*(column.tolist() for column in columns), strict=True)

    def pack(self) -> bytes:
        """As an item keeps them."""
        columns = (self.point, self.segment, self.row, self.first, self.last)
        plain = np.stack(columns).astype("<i8").tobytes()
        if len(plain) <= _SMALL:
            return _PLAIN + plain
        return _ZSTD + zstandard.ZstdCompressor(level=1).compress(plain)

    @classmethod
    def unpack(cls, content: bytes) -> Parts:
        """Those an item keeps; ValueError or ZstdError where the bytes are damaged."""
        plain = content[1:] if content[:1] == _PLAIN else zstandard.ZstdDecompressor().decompress(content[1:])
        return cls(*np.frombuffer(plain, dtype="<i8").astype(np.int64).reshape(5, -1))
