"""General block transfer: one APDU in numbered blocks, whatever service or ciphering it carries (IEC 62056-5-3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from meter_adapters.dlms.axdr import length_octets, read_length
from meter_adapters.dlms.fault import Fault, Malformed

TAG = 0xE0
_LAST, _STREAMING = 0x80, 0x40
MAX_APDU = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    Attributes:
        number: counted from 1.
        acknowledged: the highest block of the other side that came in order.
        data: its part of the APDU.
        last: whether the APDU ends with it.
        streaming: whether the next block follows without an acknowledgement.
        window: how many blocks may follow each other.
    """

    number: int
    acknowledged: int
    data: bytes
    last: bool
    streaming: bool = False
    window: int = 1

    def octets(self) -> bytes:
        """The block as an APDU."""
        control = self.window | (_LAST if self.last else 0) | (_STREAMING if self.streaming else 0)
        numbers = self.number.to_bytes(2, "big") + self.acknowledged.to_bytes(2, "big")
        return bytes([TAG, control]) + numbers + length_octets(len(self.data)) + self.data


def parse_block(apdu: bytes) -> Block | Fault:
    """The block of an APDU with the tag of general block transfer."""
    if len(apdu) < 7 or apdu[0] != TAG:
        return Fault("gbt-form", "a block without its head")
    try:
        length, start = read_length(apdu, 6)
    except Malformed as malformed:
        return malformed.fault
    if start + length != len(apdu):
        return Fault("gbt-length", f"a block announces {length} octets and carries {len(apdu) - start}")
    control = apdu[1]
    numbers = int.from_bytes(apdu[2:4], "big"), int.from_bytes(apdu[4:6], "big")
    return Block(*numbers, apdu[start:], bool(control & _LAST), bool(control & _STREAMING), control & 0x3F)


@dataclass(slots=True)
class BlockReceiver:
    """Puts blocks together. A block out of order refuses the whole APDU: a part of it is worth nothing."""

    _parts: list[bytes] = field(default_factory=list)
    _next: int = 1
    _size: int = 0

    def take(self, block: Block) -> bytes | Fault | None:
        """The whole APDU with its last block; None before it."""
        if block.number != self._next:
            return Fault("gbt-order", f"block {block.number} came where {self._next} was due")
        self._next += 1
        self._size += len(block.data)
        if self._size > MAX_APDU:
            return Fault("gbt-too-long", f"an APDU of more than {MAX_APDU} octets")
        self._parts.append(block.data)
        return b"".join(self._parts) if block.last else None

    def acknowledgement(self) -> bytes:
        """What asks the sender for the blocks that follow."""
        return Block(1, self._next - 1, b"", last=True).octets()


def split(apdu: bytes, size: int, window: int = 1) -> list[Block]:
    """An APDU in blocks of some octets; within a window they stream."""
    pieces = [apdu[at : at + size] for at in range(0, len(apdu), size)] or [b""]
    count = len(pieces)
    return [
        Block(
            number,
            0,
            piece,
            last=number == count,
            streaming=number != count and number % window != 0,
            window=window,
        )
        for number, piece in enumerate(pieces, 1)
    ]
