"""`gridpost-meters decode`: what a captured stream of octets is, whether its checks hold, and what it says."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from meter_adapters.cli.outcome import (
    FINDINGS,
    READING_HEADS,
    AsJson,
    CommandError,
    event_cells,
    event_value,
    print_json,
    print_refusal,
    print_rows,
    reading_cells,
    reading_value,
    refusal_value,
    stop,
)
from meter_adapters.dlms import captures as dlms_captures
from meter_adapters.iec62056_21 import captures as iec_captures
from meter_adapters.meter_profiles.files import read_profile_file, shipped_names, shipped_profile
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.readings import Capture, CaptureKeys
from meter_adapters.sml import captures as sml_captures

MOST_OCTETS = 64 * 1024 * 1024
_HEX = re.compile(rb"[0-9A-Fa-f\s:]+", re.ASCII)
_KEY_LENGTHS = (16, 32)

Decode = Callable[[bytes, CaptureKeys, MeterProfile], Capture]
DECODERS: tuple[tuple[Callable[[bytes], bool], Decode, str], ...] = (
    (sml_captures.sniff, sml_captures.decode_capture, "sml"),
    (iec_captures.sniff, iec_captures.decode_capture, "iec62056-21"),
    (dlms_captures.sniff, dlms_captures.decode_capture, "dlms"),
)
"""How a capture is recognised, read, and under which meter profile unless another is named; the first that fits."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("decode")(decode)


def decode(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Octets as captured, or as hexadecimal text.")],
    key: Annotated[str | None, typer.Option(metavar="HEX", help="The encryption key of a ciphered capture.")] = None,
    auth_key: Annotated[str | None, typer.Option(metavar="HEX", help="Its authentication key.")] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="The meter profile to read it under.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a capture is, whether its checks hold, and print its readings. Exit 1 when a check fails."""
    keys = CaptureKeys(_key(key, "--key"), _key(auth_key, "--auth-key"))
    if file.stat().st_size > MOST_OCTETS:
        raise CommandError(f"{file} is larger than {MOST_OCTETS} octets")
    capture = decoded(file.read_bytes(), keys, profile)
    if capture is None:
        raise CommandError(f"{file} is no readout, load profile, P1 telegram, HDLC, M-Bus, DLMS APDU or SML")
    if as_json:
        print_json(_capture_value(capture))
    else:
        _print(capture)
    if not capture.is_sound:
        stop(FINDINGS)


def decoded(data: bytes, keys: CaptureKeys, profile: str | None = None) -> Capture | None:
    """The capture in octets or their hexadecimal text; None where it is of no kind that is known."""
    for octets in _readings_of(data):
        for sniff, decoder, usual in DECODERS:
            if sniff(octets):
                with contextlib.redirect_stdout(io.StringIO()):  # a library may print what it deciphers
                    return decoder(octets, keys, _profile(profile or usual))
    return None


def _readings_of(data: bytes) -> list[bytes]:
    """The octets themselves, or, where they are the text of hexadecimal digits, what it spells first."""
    if _HEX.fullmatch(data.strip()):
        digits = re.sub(rb"[\s:]", b"", data)
        if len(digits) % 2 == 0:
            return [bytes.fromhex(digits.decode("ascii")), data]
    return [data]


def _key(text: str | None, option: str) -> bytes | None:
    """A key's octets. What is wrong with it is told without the key."""
    if text is None:
        return None
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        octets = b""
    if len(octets) not in _KEY_LENGTHS:
        raise CommandError(f"{option} must be 16 or 32 octets in hexadecimal digits")
    return octets


def _profile(name: str) -> MeterProfile:
    if name in shipped_names():
        return shipped_profile(name)
    found = read_profile_file(Path(name))
    if isinstance(found, tuple):
        raise CommandError("; ".join(f"{finding.path}: {finding.text}" for finding in found))
    return found


def _capture_value(capture: Capture) -> dict[str, object]:
    return {
        "kind": capture.kind,
        "sound": capture.is_sound,
        "checks": [{"name": check.name, "holds": check.holds, "text": check.text} for check in capture.checks],
        "notes": list(capture.notes),
        "readings": [reading_value(reading) for reading in capture.readings],
        "events": [event_value(event) for event in capture.events],
        "refusals": [refusal_value(refusal) for refusal in capture.refusals],
    }


def _print(capture: Capture) -> None:
    typer.echo(capture.kind)
    for note in capture.notes:
        typer.echo(f"note: {note}")
    for check in capture.checks:
        text = f" ({check.text})" if check.text else ""
        typer.echo(f"check {check.name}: {'holds' if check.holds else 'FAILS'}{text}")
    if not capture.checks:
        typer.echo("check: none in the capture")
    if capture.readings or capture.events:
        print_rows(READING_HEADS, [*map(reading_cells, capture.readings), *map(event_cells, capture.events)])
    for refusal in capture.refusals:
        print_refusal(refusal)
