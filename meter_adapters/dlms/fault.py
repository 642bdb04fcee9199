"""What is wrong with octets of a meter, as a value: nothing of what they say is used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One refusal of a protocol core.

    Attributes:
        code: the rule that was broken (`hdlc-fcs`, `gcm-tag`, `counter-not-rising`, `data-cut`).
        text: the sentence a person reads; without keys and without payload.
    """

    code: str
    text: str


class Malformed(Exception):
    """Octets break the rules of their encoding. Raised deep inside a decoder, turned into a `Fault` at its door."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.fault = Fault(code, text)
