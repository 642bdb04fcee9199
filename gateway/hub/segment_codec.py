"""Packing of a segment: quantities, qualities and metering points to bytes and back, exactly.

Quantities take the narrowest integer width that holds them all, their bytes are put plane behind plane (all low bytes,
then all high bytes), and zstd does the rest. The first byte of a block says how it was packed:

    quantity  low four bits: index into WIDTHS; bit 0x10: not compressed
    quality   a block of one byte is that quality for every value; otherwise 0 = plain, 1 = zstd
    points    0 = plain int64, little endian; 1 = differences, planes, zstd
"""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt
import zstandard

Quantities = npt.NDArray[np.int64]
Qualities = npt.NDArray[np.uint8]
Points = npt.NDArray[np.int64]

CHUNK_ROWS = 32
"""Rows packed together. Fewer make a single point's read cheaper, more compress better (see benchmarks/store.py)."""

WIDTHS = tuple(np.dtype(name) for name in ("<u1", "<u2", "<u4", "<i1", "<i2", "<i4", "<i8"))
_PLAIN = 0x10
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


def unpack_quantities(block: bytes, count: int) -> Quantities:
    """The whole block as a rows x count matrix."""
    width, planes = _unpacked(block)
    narrow = np.empty((planes.shape[1], width.itemsize), np.uint8)
    for number, plane in enumerate(planes):
        narrow[:, number] = plane
    return narrow.view(width).reshape(-1, count).astype(np.int64)


def unpack_quantity_row(block: bytes, count: int, row: int) -> Quantities:
    """One row of the block, without the cost of the others' widening."""
    width, planes = _unpacked(block)
    part = np.ascontiguousarray(planes[:, row * count : (row + 1) * count].T)
    return part.view(width).reshape(-1).astype(np.int64)


def pack_qualities(quality: Qualities, chunk_rows: int = CHUNK_ROWS) -> list[bytes]:
    """The blocks of a rows x count matrix of qualities; one and the same quality throughout is a single byte."""
    rows, _ = quality.shape
    first = quality[0, 0]
    if bool((quality == first).all()):
        return [bytes((int(first),))] * -(-rows // chunk_rows)
    return [_pack_quality(quality[row : row + chunk_rows]) for row in range(0, rows, chunk_rows)]


def _pack_quality(quality: Qualities) -> bytes:
    plain = quality.tobytes()
    if plain.count(plain[0]) == len(plain):
        return plain[:1]
    packed = _zstd.pack(plain) if len(plain) > _SMALL else plain
    return b"\1" + packed if len(packed) < len(plain) else b"\0" + plain


def unpack_qualities(block: bytes, shape: tuple[int, int]) -> Qualities:
    """The whole block as a matrix of `shape`: rows of this block, count."""
    if len(block) == 1:
        return np.full(shape, block[0], np.uint8)
    plain = _zstd.unpack(block[1:]) if block[0] else block[1:]
    return np.frombuffer(plain, np.uint8).reshape(shape)


def unpack_quality_row(block: bytes, count: int, row: int) -> Qualities:
    """One row of the block."""
    if len(block) == 1:
        return np.full(count, block[0], np.uint8)
    plain = _zstd.unpack(block[1:]) if block[0] else block[1:]
    return np.frombuffer(plain, np.uint8, count, row * count)


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


def _unpacked(block: bytes) -> tuple[np.dtype[np.integer], npt.NDArray[np.uint8]]:
    width = WIDTHS[block[0] & 0x0F]
    plain = block[1:] if block[0] & _PLAIN else _zstd.unpack(block[1:])
    return width, np.frombuffer(plain, np.uint8).reshape(width.itemsize, -1)
