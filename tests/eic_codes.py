"""Made-up EIC codes with right check characters."""

from __future__ import annotations

from gateway.messages.identifiers import eic_check_character


def eic(kind: str, number: int) -> str:
    """An EIC of the office 38 with its check character."""
    for filler in "ABCDE":
        body = f"38{kind}-{filler}{number:010d}"
        if (character := eic_check_character(body)) != "-":
            return body + character
    raise AssertionError(number)
