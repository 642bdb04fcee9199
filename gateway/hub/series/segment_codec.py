"""Packing of a segment: quantities, qualities and metering points to bytes and back, exactly.

Quantities take the narrowest integer width that holds them all, their bytes are put plane behind plane (all low bytes,
then all high bytes), and zstd does the rest. The first byte of a block says how it was packed:

    quantity  low four bits: index into WIDTHS; bit 0x10: not compressed
    quality   a block of one byte is that quality for every value; otherwise 0 = plain, 1 = zstd, 2 = two qualities,
              named, then a bit for each value, every row beginning a new byte
    points    0 = plain int64, little endian; 1 = differences, planes, zstd
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import zstandard

from gateway.messages.series import Integers

Quantities = npt.NDArray[np.int64]
Qualities = npt.NDArray[np.uint8]
Points = npt.NDArray[np.int64]

CHUNK_ROWS = 64
"""Rows packed together. Fewer make a single point's read cheaper, more compress better (see benchmarks/store.py)."""

WIDTHS = tuple(np.dtype(name) for name in ("<u1", "<u2", "<u4", "<i1", "<i2", "<i4", "<i8"))
_PLAIN = 0x10
_ZSTD, _TWO = 1, 2
_Key = TypeVar("_Key", int, bytes)
_SMALL = 64  # bytes; below, compressing costs more than it saves


class _Zstd(threading.local):
    """One compressor and decompressor per thread: neither may be shared."""

    def __init__(self) -> None:
        self.pack = zstandard.ZstdCompressor(level=1).compress
        self.unpack = zstandard.ZstdDecompressor().decompress


_zstd = _Zstd()


def pack_quantities(quantity: Quantities, chunk_rows: int = CHUNK_ROWS) -> list[bytes]:
    """The blocks of a rows x count matrix, `chunk_rows` rows each."""
    rows, count = quantity.shape
    code = _narrowest(int(quantity.min()), int(quantity.max()))
    planes = _planes(quantity.astype(WIDTHS[code]).reshape(-1))
    size = chunk_rows * count
    if rows <= chunk_rows:
        return [_packed(code, planes.tobytes())]
    return [_packed(code, planes[:, first : first + size].tobytes()) for first in range(0, rows * count, size)]


def unpack_quantities(blocks: Sequence[bytes], count: int) -> Integers:
    """Blocks of one segment as one rows x count matrix, in the width they are packed in."""
    width = WIDTHS[blocks[0][0] & 0x0F]
    planes = [np.frombuffer(_plain_quantity(block), np.uint8).reshape(width.itemsize, -1) for block in blocks]
    narrow = np.empty((sum(part.shape[1] for part in planes), width.itemsize), np.uint8)
    first = 0
    for part in planes:
        last = first + part.shape[1]
        for number, plane in enumerate(part):
            narrow[first:last, number] = plane
        first = last
    return narrow.view(width).reshape(-1, count)


def pack_qualities(quality: Qualities, chunk_rows: int = CHUNK_ROWS) -> list[bytes]:
    """The blocks of a rows x count matrix of qualities; one and the same quality throughout is a single byte."""
    rows, _ = quality.shape
    first = quality[0, 0]
    if bool((quality == first).all()):
        return [bytes((int(first),))] * -(-rows // chunk_rows)
    return [_pack_quality(quality[row : row + chunk_rows]) for row in range(0, rows, chunk_rows)]


def _pack_quality(quality: Qualities) -> bytes:
    low, high = int(quality.min()), int(quality.max())
    if low == high:
        return bytes((low,))
    is_high = quality == high
    if bool((is_high | (quality == low)).all()):
        return bytes((_TWO, low, high)) + np.packbits(is_high, axis=1).tobytes()
    plain = quality.tobytes()
    packed = _zstd.pack(plain) if len(plain) > _SMALL else plain
    return bytes((_ZSTD,)) + packed if len(packed) < len(plain) else b"\0" + plain


def unpack_qualities(blocks: Sequence[bytes], shape: tuple[int, int], chunk_rows: int = CHUNK_ROWS) -> Qualities:
    """Blocks of one segment as one matrix of `shape`: rows, count."""
    rows, count = shape
    if len(set(blocks)) == 1 and len(blocks[0]) == 1:
        return np.full(shape, blocks[0][0], np.uint8)
    quality = np.empty(shape, np.uint8)
    for first, block in zip(range(0, rows, chunk_rows), blocks, strict=True):
        part = quality[first : first + chunk_rows]
        if len(block) == 1:
            part[:] = block[0]
        elif block[0] == _TWO:
            bits = np.frombuffer(block, np.uint8, offset=3).reshape(len(part), -1)
            np.multiply(np.unpackbits(bits, axis=1, count=count), np.uint8(block[2] - block[1]), part)
            part += np.uint8(block[1])
        else:
            part[:] = np.frombuffer(_plain_quality(block), np.uint8).reshape(part.shape)
    return quality


class PickedRows:
    """Rows of one count picked out of blocks, and made columns in one go: widening each alone costs more than reading.

    A block is opened once for all rows wanted of it.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._rows = 0
        self._quantity: dict[int, tuple[list[int], list[bytes]]] = {}
        self._quality: dict[bytes, tuple[list[int], list[bytes]]] = {}

    def pick(self, blocks: tuple[bytes, bytes], rows: Sequence[int]) -> None:
        """Add these rows of a chunk, given its quantity and its quality block; they are counted within the chunk."""
        block, quality = blocks
        planes = _plain_quantity(block)
        code = block[0] & 0x0F
        plane = len(planes) // WIDTHS[code].itemsize
        count = self._count
        numbers, slices = _bucket(self._quantity, code)
        numbers += range(self._rows, self._rows + len(rows))
        slices += [planes[at : at + count] for row in rows for at in range(row * count, len(planes), plane)]
        self.pick_qualities(quality, rows)

    def pick_qualities(self, block: bytes, rows: Sequence[int]) -> None:
        """Add the qualities of these rows of a chunk."""
        if len(block) == 1:
            form, plain, width = block, b"", 0
        elif block[0] == _TWO:
            form, plain, width = block[:3], block[3:], -(-self._count // 8)
        else:
            form, plain, width = b"", _plain_quality(block), self._count
        numbers, slices = _bucket(self._quality, form)
        numbers += range(self._rows, self._rows + len(rows))
        slices += [plain[row * width : (row + 1) * width] for row in rows]
        self._rows += len(rows)

    def quantities(self) -> Quantities:
        """int64[n, count] in the order picked."""
        quantity = np.empty((self._rows, self._count), dtype=np.int64)
        for code, (numbers, slices) in self._quantity.items():
            width = WIDTHS[code]
            planes = np.frombuffer(b"".join(slices), np.uint8).reshape(len(numbers), width.itemsize, self._count)
            values = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(width)[..., 0]
            quantity[numbers if len(self._quantity) > 1 else slice(None)] = values
        return quantity

    def qualities(self) -> Qualities:
        """uint8[n, count] in the order picked."""
        quality = np.empty((self._rows, self._count), dtype=np.uint8)
        for form, (numbers, slices) in self._quality.items():
            rows = numbers if len(self._quality) > 1 else slice(None)
            plain = np.frombuffer(b"".join(slices), np.uint8).reshape(len(numbers), -1)
            if not form:
                quality[rows] = plain
            elif len(form) == 1:
                quality[rows] = form[0]
            else:
                quality[rows] = np.array((form[1], form[2]), np.uint8)[np.unpackbits(plain, axis=1, count=self._count)]
        return quality


def _bucket(buckets: dict[_Key, tuple[list[int], list[bytes]]], key: _Key) -> tuple[list[int], list[bytes]]:
    """The numbers and bytes of rows packed alike."""
    if key not in buckets:
        buckets[key] = ([], [])
    return buckets[key]


def pack_points(points: Points) -> bytes:
    """The metering points of a segment in row order; senders list them nearly sorted, so differences are small."""
    if len(points) * 8 <= _SMALL:
        return b"\0" + points.astype("<i8").tobytes()
    steps = np.diff(points, prepend=np.int64(0)).astype("<i8")
    return b"\1" + _zstd.pack(_planes(steps).tobytes())


def unpack_points(block: bytes) -> Points:
    """The metering points in row order."""
    if block[0] == 0:
        return np.frombuffer(block, "<i8", offset=1).astype(np.int64)
    planes = np.frombuffer(_zstd.unpack(block[1:]), np.uint8).reshape(8, -1)
    return np.cumsum(np.ascontiguousarray(planes.T).view("<i8").reshape(-1), dtype=np.int64)


def _narrowest(low: int, high: int) -> int:
    for code, width in enumerate(WIDTHS):
        bounds = np.iinfo(width)
        if bounds.min <= low and high <= bounds.max:
            return code
    raise AssertionError("int64 holds every int64")


def _planes(values: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
    """Bytes of the values, one plane per byte of the width."""
    return np.ascontiguousarray(values.view(np.uint8).reshape(len(values), values.itemsize).T)


def _packed(code: int, plain: bytes) -> bytes:
    if len(plain) > _SMALL:
        packed = _zstd.pack(plain)
        if len(packed) < len(plain):
            return bytes((code,)) + packed
    return bytes((code | _PLAIN,)) + plain


def _plain_quantity(block: bytes) -> bytes:
    return block[1:] if block[0] & _PLAIN else _zstd.unpack(block[1:])


def _plain_quality(block: bytes) -> bytes:
    return _zstd.unpack(block[1:]) if block[0] == _ZSTD else block[1:]
