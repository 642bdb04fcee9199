"""Made-up GS1 numbers with right check digits."""

from __future__ import annotations

from gateway.messages.identifiers import gs1_check_digit


def gln(number: int) -> str:
    """A location number, which names a party."""
    body = f"579000{number:06d}"
    return body + gs1_check_digit(body)


def gsrn(number: int) -> str:
    """The number of a metering point."""
    body = f"57131300000{number:06d}"
    return body + gs1_check_digit(body)
