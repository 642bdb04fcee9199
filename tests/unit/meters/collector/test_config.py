"""The collector's file and its secrets: read, or told key by key what is wrong; no message holds a secret."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from gateway.messages.findings import Finding
from meter_adapters.collector.adapters import secrets_of
from meter_adapters.collector.config import CollectorConfig, profile_of, read_config, sentences
from meter_adapters.collector.secret_store import SecretStore
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.obis import Obis

WHOLE = """
[collector]
name = "north"
data-dir = "data"
secrets = "secrets.toml"

[hub]
url = "https://hub.example"
client-id = "north"
secret = "hub"
party = "5790000705184"
series = true

[prepare]
directory = "prepare"

[[bus]]
name = "b1"
link = "tcp://127.0.0.1:4059"

[[meter]]
name = "m1"
bus = "b1"
profile = "dlms"
address = "1/17"
password = "m1"
zone = "Europe/Helsinki"
dlms = {client = 1, authentication = "lls"}
line = {gap = 3.0}

[[meter.point]]
metering-point = "570000000000000001"
factor = "400/5"
direction = "export"
kind = "production"
from = 2026-03-01T10:00:00Z

[[meter.point]]
metering-point = "570000000000000002"
register = "1-0:1.8.0*255"
values = "register"
factor = 40
"""


def read(tmp_path: Path, text: str) -> CollectorConfig | tuple[Finding, ...]:
    (tmp_path / "c.toml").write_text(text)
    return read_config(tmp_path / "c.toml")


def test_a_whole_configuration(tmp_path: Path) -> None:
    config = read(tmp_path, WHOLE)
    assert isinstance(config, CollectorConfig), config
    assert config.collector.data_dir == tmp_path / "data"
    assert config.prepare is not None
    assert config.prepare.directory == tmp_path / "prepare"
    (meter,) = config.meters_on("b1")
    first, second = meter.point
    assert (first.factor, first.column, first.valid_from) == (Fraction(80), Obis(1, 0, 2, 29, 0), 1772359200)
    assert (second.factor, second.column) == (Fraction(40), Obis(1, 0, 1, 8, 0))
    profile = profile_of(meter, tmp_path)
    assert isinstance(profile, MeterProfile), profile
    assert (profile.time.zone, profile.line.gap) == ("Europe/Helsinki", 3.0)
    assert (profile.dlms.logical_server, profile.dlms.physical_server) == (1, 17)
    assert (profile.dlms.client, profile.dlms.authentication) == (1, "lls")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "b1"', 'name = "b 1"', "bus.0.name"),
        ('bus = "b1"', 'bus = "b2"', "bus b2, which is not there"),
        ('factor = "400/5"', 'factor = "0"', "factor is more than zero"),
        ('factor = "400/5"', 'factor = "x"', "no factor"),
        ("570000000000000001", "5700", "no GSRN"),
        ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00", "an instant with its offset"),
        ('register = "1-0:1.8.0*255"', 'register = "x"', "no OBIS code"),
        ("5790000705184", "579", "neither a GLN"),
        ('name = "north"', 'name = "north"\ncolour = "red"', "collector.colour"),
        ("[collector]", "[collector", "c.toml"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    findings = read(tmp_path, WHOLE.replace(old, new, 1))
    assert isinstance(findings, tuple)
    assert told in sentences(findings)


def test_two_meters_of_one_name(tmp_path: Path) -> None:
    twice = WHOLE + '[[meter]]\nname = "m1"\nbus = "b1"\nprofile = "dlms"\n'
    findings = read(tmp_path, twice)
    assert isinstance(findings, tuple)
    assert "meter m1 is there twice" in findings[0].text


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('profile = "dlms"', 'profile = "dlsm"', "there is no profile 'dlsm'"),
        ('profile = "dlms"', 'profile = "mine.toml"', "mine.toml"),
        ("client = 1", "client = 0", "dlms.client"),
        ('address = "1/17"', 'address = "x"', "dlms.physical-server"),
    ],
)
def test_what_is_wrong_with_a_meters_profile(tmp_path: Path, old: str, new: str, told: str) -> None:
    config = read(tmp_path, WHOLE.replace(old, new, 1))
    assert isinstance(config, CollectorConfig)
    findings = profile_of(config.meter[0], tmp_path)
    assert isinstance(findings, tuple)
    assert told in sentences(findings)


@pytest.mark.sec_20
def test_secrets_come_from_an_owners_file_and_are_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text('m1 = "topsecret"\nkey = "hex:00ff"\n')
    path.chmod(0o600)
    store = SecretStore.open(path, {"GRIDPOST_METERS_SECRET_HUB_ONE": "inenv", "PATH": "x"})
    assert isinstance(store, SecretStore)
    texts = [str(store), repr(store)]
    for name, octets in (("m1", b"topsecret"), ("key", b"\x00\xff"), ("hub-one", b"inenv")):
        secret = store.find(name)
        assert not isinstance(secret, Finding)
        assert secret.octets == octets
        texts += [str(secret), repr(secret), f"{secret}"]
    config = read(tmp_path, WHOLE)
    assert isinstance(config, CollectorConfig)
    secrets = secrets_of(config.meter[0], store)
    texts += [repr(secrets), str(secrets)]
    assert not any("topsecret" in text or "inenv" in text for text in texts)
    missing = store.find("nobody")
    assert isinstance(missing, Finding)


@pytest.mark.sec_20
@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        ('m1 = "topsecret"', 0o644, "chmod 600"),
        ('m1 = "topsecret', 0o600, "no TOML"),
        ("m1 = 5", 0o600, "every secret is a line"),
        ('m1 = "hex:topsecret"', 0o600, "no hexadecimal"),
    ],
)
def test_a_file_of_secrets_that_is_wrong(tmp_path: Path, text: str, mode: int, told: str) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text(text)
    path.chmod(mode)
    finding = SecretStore.open(path, {})
    assert isinstance(finding, Finding)
    assert told in finding.text
    assert "topsecret" not in str(finding)


def test_no_file_of_secrets(tmp_path: Path) -> None:
    assert isinstance(SecretStore.open(tmp_path / "none", {}), Finding)
    assert isinstance(SecretStore.open(None, {}), SecretStore)
