"""Reading meter profiles: the shipped ones by name, a plant's own from its files."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from gateway.messages.findings import Finding
from meter_adapters.meter_profiles.profile import MeterProfile

_SHIPPED = Path(__file__).parent


def shipped_names() -> list[str]:
    """The names of the profiles that come with gridpost."""
    return sorted(path.stem for path in _SHIPPED.glob("*.toml"))


@cache
def shipped_profile(name: str) -> MeterProfile:
    """A shipped profile. An unknown name, or a shipped file that is wrong, is our bug."""
    profile = read_profile_file(_SHIPPED / f"{name}.toml")
    if isinstance(profile, tuple):
        raise ValueError("; ".join(f"{finding.path}: {finding.text}" for finding in profile))
    return profile


def read_profile_file(path: Path) -> MeterProfile | tuple[Finding, ...]:
    """The meter profile of a file, or what is wrong with it, by key."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return MeterProfile.model_validate({"name": path.stem, **table})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return (Finding("meter-profile", str(error), path=str(path), rule="file-readable"),)
    except ValidationError as error:
        return tuple(
            Finding(
                "meter-profile",
                wrong["msg"],
                path=f"{path}: {'.'.join(str(part) for part in wrong['loc'])}",
                rule="profile-key",
            )
            for wrong in error.errors()
        )
