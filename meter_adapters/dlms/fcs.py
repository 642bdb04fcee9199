"""The frame check of HDLC and SML: CRC-16/X-25, sent with the low octet first."""

from __future__ import annotations


def _entry(octet: int) -> int:
    for _ in range(8):
        octet = octet >> 1 ^ (0x8408 if octet & 1 else 0)
    return octet


_TABLE = tuple(_entry(octet) for octet in range(256))


def fcs16(data: bytes, start: int = 0xFFFF, final: int = 0xFFFF) -> int:
    """The check of some octets; other `start` and `final` values make its kin (Kermit: 0 and 0)."""
    crc = start
    for octet in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ octet) & 0xFF]
    return crc ^ final


def fcs_octets(data: bytes) -> bytes:
    """The check as it follows the octets on the wire."""
    return fcs16(data).to_bytes(2, "little")
