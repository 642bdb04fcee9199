"""Passwords and keys, by name: from a file only its owner can read, or from the environment. Never printed.

The file is TOML: `name = "text"`, or `name = "hex:00112233…"` for octets. `GRIDPOST_METERS_SECRET_<NAME>` in the
environment goes first.
"""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.messages.findings import Finding

PREFIX = "GRIDPOST_METERS_SECRET_"
CLIENT_SECRET = "GRIDPOST_CLIENT_SECRET"  # noqa: S105 - a variable's name
"""As `gridpost client add` writes it: the secret `hub` where no other is named so."""
_HEX = "hex:"


@dataclass(frozen=True)
class Secret:
    """A secret's octets; showing it shows nothing."""

    octets: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The secret as text."""
        return self.octets.decode()

    def __repr__(self) -> str:
        return "Secret(…)"


class SecretStore:
    """Secrets by name."""

    def __init__(self, secrets: Mapping[str, Secret]) -> None:
        self._secrets = dict(secrets)

    def __repr__(self) -> str:
        return f"SecretStore({sorted(self._secrets)})"

    @classmethod
    def open(cls, path: Path | None, environment: Mapping[str, str]) -> SecretStore | Finding:
        """The secrets of a file and the environment, or what is wrong with the file. No message holds a secret."""
        texts: dict[str, str] = {}
        if path is not None:
            read = _texts(path)
            if isinstance(read, Finding):
                return read
            texts |= read
        if CLIENT_SECRET in environment:
            texts.setdefault("hub", environment[CLIENT_SECRET])
        for name, text in environment.items():
            if name.startswith(PREFIX):
                texts[name.removeprefix(PREFIX).lower().replace("_", "-")] = text
        secrets: dict[str, Secret] = {}
        for name, text in texts.items():
            octets = _octets(text)
            if octets is None:
                return Finding("secret", f"secret {name}: what follows `hex:` is no hexadecimal text", str(path or ""))
            secrets[name] = Secret(octets)
        return cls(secrets)

    def find(self, name: str) -> Secret | Finding:
        """A secret, or the finding that there is none of this name."""
        found = self._secrets.get(name)
        return found if found is not None else Finding("secret", f"there is no secret {name!r} in the store", name)


def _texts(path: Path) -> dict[str, str] | Finding:
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            text = f"{path} can be read by others than its owner: chmod 600 {path}"
            return Finding("secret", text, str(path), rule="secrets-owner-only")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return Finding("secret", f"{path}: {error.strerror}", str(path))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # The decoder's own words may hold the line, and the line a secret.
        return Finding("secret", f"{path} is no TOML file", str(path))
    if not all(isinstance(value, str) for value in table.values()):
        return Finding("secret", f'{path}: every secret is a line name = "text"', str(path))
    return table


def _octets(text: str) -> bytes | None:
    if not text.startswith(_HEX):
        return text.encode()
    try:
        return bytes.fromhex(text.removeprefix(_HEX))
    except ValueError:
        return None
