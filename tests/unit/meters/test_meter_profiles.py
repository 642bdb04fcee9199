"""Meter profiles as data files: the shipped ones are right, a plant's own are told what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from meter_adapters.meter_profiles.files import read_profile_file, shipped_names, shipped_profile
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.obis import Obis
from meter_adapters.readings import Flag


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_profiles_are_read(name: str) -> None:
    profile = shipped_profile(name)
    assert profile.name == name
    assert profile.title
    assert MeterProfile.model_validate(profile.model_dump(mode="json", by_alias=True)) == profile


def test_status_bits_and_ids() -> None:
    profile = shipped_profile("dlms")
    assert profile.status.flags(0xA8) == {Flag.POWER_DOWN, Flag.CLOCK_ADJUSTED, Flag.DAYLIGHT}
    assert profile.status.is_daylight(0x08) is True
    assert profile.status.is_daylight(0x00) is False
    assert profile.status.is_daylight(None) is None
    assert shipped_profile("kamstrup-omnipower").status.is_daylight(0x08) is None
    assert profile.obis_of("1.8.0") == Obis(1, 0, 1, 8, 0)
    assert profile.obis_of("vendor") is None


def test_a_plants_own_profile(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('protocol = "iec62056-21"\n[ids]\n"20" = "1-0:1.8.1*255"\n[line]\nswitch-delay = 0.4\n')
    profile = read_profile_file(path)
    assert isinstance(profile, MeterProfile)
    assert (profile.name, profile.obis_of("20"), profile.line.switch_delay) == ("mine", Obis(1, 0, 1, 8, 1), 0.4)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("protocol = 'x'", "protocol"),
        ("protocol = 'dlms'\ncolour = 1", "colour"),
        ("protocol = 'dlms'\n[time]\nzone = 'Mars/Olympus'", "time.zone"),
        ("protocol = 'dlms'\n[ids]\nx = 'y'", "ids.x"),
        ("protocol = 'dlms'\n[status.bits]\nno-such-flag = 1", "status.bits"),
        ("protocol = ", "mine.toml"),
    ],
)
def test_what_is_wrong_is_told_by_key(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    findings = read_profile_file(path)
    assert isinstance(findings, tuple)
    assert where in findings[0].path


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    findings = read_profile_file(tmp_path / "none.toml")
    assert isinstance(findings, tuple)
    assert "none.toml" in findings[0].path
