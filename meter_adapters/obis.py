"""OBIS codes: what a value of a meter is, as six numbers A-B:C.D.E*F (IEC 62056-61).

Meters write them in full (`1-0:1.8.0*255`), reduced (`1.8.0`, `C.1.0`, `F.F`), with dots alone (`1.0.1.8.0.255`) or as
six octets. All of them become one `Obis` with one canonical text.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Self

CURRENT = 255
"""F of a value that is no history: the current one."""

_LETTERS = {"C": 96, "F": 97, "L": 98, "P": 99}
"""Groups that reduced codes write as letters: service, errors, lists, profiles."""
_ABSTRACT = ("C", "F", "L", "96", "97", "98")

_FULL = re.compile(
    r"(?:(?:(?P<a>\d{1,3})-)?(?:(?P<b>\d{1,3}):))?"
    r"(?P<c>[CFLP]|\d{1,3})\.(?P<d>[CFLP]|\d{1,3})(?:\.(?P<e>\d{1,3}))?(?:[*&.](?P<f>\d{1,3}))?",
    re.ASCII,
)
_DOTTED = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})", re.ASCII)


class Obis(NamedTuple):
    """An OBIS code; its text is the canonical `A-B:C.D.E*F`."""

    a: int
    b: int
    c: int
    d: int
    e: int
    f: int = CURRENT

    def __str__(self) -> str:
        return f"{self.a}-{self.b}:{self.c}.{self.d}.{self.e}*{self.f}"

    @property
    def is_history(self) -> bool:
        """Whether it names a value of an earlier billing period, which never overwrites the current one."""
        return self.f != CURRENT

    @property
    def current(self) -> Obis:
        """The code of the current value."""
        return self._replace(f=CURRENT)

    @property
    def octets(self) -> bytes:
        """The six octets of the wire."""
        return bytes(self)

    @classmethod
    def from_octets(cls, octets: bytes) -> Self | None:
        """The code of six octets, None for another count."""
        return cls(*octets) if len(octets) == 6 else None

    @classmethod
    def parse(cls, text: str, medium: int = 1, channel: int = 0) -> Self | None:
        """The code of a text in any of its spellings; groups a reduced code leaves out are filled in.

        `medium` and `channel` are A and B of a code that has none (service, error and list codes belong to medium 0),
        E is then 0 and F 255. None where it is no OBIS code: a meter profile has to say what such an id means.
        """
        dotted = _DOTTED.fullmatch(text)
        if dotted is not None:
            return cls._within([int(group) for group in dotted.groups()])
        match = _FULL.fullmatch(text)
        if match is None:
            return None
        own_medium = 0 if match["c"] in _ABSTRACT else medium
        groups = [
            own_medium if match["a"] is None else int(match["a"]),
            channel if match["b"] is None else int(match["b"]),
            *(_LETTERS[group] if group in _LETTERS else int(group) for group in (match["c"], match["d"])),
            0 if match["e"] is None else int(match["e"]),
            CURRENT if match["f"] is None else int(match["f"]),
        ]
        return cls._within(groups)

    @classmethod
    def _within(cls, groups: list[int]) -> Self | None:
        return cls(*groups) if max(groups) <= 255 else None


LOAD_PROFILE = Obis(1, 0, 99, 1, 0)
EVENT_LOG = Obis(1, 0, 99, 98, 0)
CLOCK = Obis(0, 0, 1, 0, 0)
INVOCATION_COUNTER = Obis(0, 0, 43, 1, 0)
LOGICAL_DEVICE_NAME = Obis(0, 0, 42, 0, 0)
SERIAL_NUMBER = Obis(0, 0, 96, 1, 0)
ACTIVE_IMPORT = Obis(1, 0, 1, 8, 0)
ACTIVE_EXPORT = Obis(1, 0, 2, 8, 0)
