"""The command `gridpost-meters` over simulated meters: run, status, read, discover, doctor, decode, simulate."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from meter_adapters.cli import run
from tests.loopback import free_port

MODULE = "meter_adapters"
ROOT = Path(__file__).parents[4]


@contextmanager
def running(*arguments: str, where: Path) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, told to stop at the end."""
    command = (sys.executable, "-m", MODULE, *arguments)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=where, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def address_of(process: subprocess.Popen[str]) -> str:
    """Where a simulated meter says it is."""
    assert process.stdout is not None
    found = re.fullmatch(r"meter on (\S+)\n", process.stdout.readline())
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A configuration over two simulated meters and one that is not there; the status page on a free port."""
    where = tmp_path_factory.mktemp("plant")
    with (
        running("simulate", "iec62056-21", "--serial", "111", "--days", "3", where=where) as iec,
        running("simulate", "dlms", "--serial", "222", "--days", "3", where=where) as dlms,
    ):
        (where / "c.toml").write_text(
            f"""
[collector]
name = "north"
status-port = {free_port()}
host-clock = "trusted"
[[bus]]
name = "b1"
link = "{address_of(iec)}"
[[bus]]
name = "b2"
link = "{address_of(dlms)}"
[[bus]]
name = "b3"
link = "tcp://127.0.0.1:{free_port()}"
[[meter]]
name = "m1"
bus = "b1"
profile = "iec62056-21"
line = {{switch-delay = 0}}
[[meter]]
name = "m2"
bus = "b2"
profile = "dlms"
[[meter]]
name = "gone"
bus = "b3"
profile = "dlms"
"""
        )
        yield where / "c.toml"


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = run(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def said_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = run([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_read_prints_registers_profile_and_clock(plant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # AM-1.1, AM-1.2
    for name, serial in (("m1", "GPS-111"), ("m2", "GPS-222")):
        code, body = said_json(capsys, "read", name, "--config", str(plant), "--profile")
        assert (code, body["meter"], body["refusals"]) == (0, serial, [])
        assert abs(body["clock"]["ahead_seconds"]) < 5
        codes = {one["obis"] for one in body["readings"]}
        assert {"1-0:1.8.0*255", "1-0:1.29.0*255"} <= codes
        rows = [one for one in body["readings"] if one["period"]]
        assert 2 * 95 <= len(rows) <= 2 * 97
    code, text = said(capsys, "read", "m2", "--config", str(plant), "--obis", "1.8.0")
    assert code == 0
    assert re.search(r"^1-0:1\.8\.0\*255\t\d+\tWh\t", text, re.MULTILINE)


def test_discover_names_the_meters(plant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, body = said_json(capsys, "discover", "m2", "--config", str(plant))
    assert (code, [one["serial"] for one in body["meters"]]) == (0, ["222"])
    assert said(capsys, "discover", "gone", "--config", str(plant))[0] == 1


def test_doctor_says_what_does_not_work(plant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, checks = said_json(capsys, "doctor", "--config", str(plant))
    assert code == 1
    assert [one["check"] for one in checks if not one["well"]] == ["meter gone"]


def test_a_running_collector_tells_how_it_is(plant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # AM-1.1
    with running("run", "--config", str(plant), where=plant.parent) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(0.3)
            code, body = said_json(capsys, "status", "--config", str(plant))
            meters = {m["name"]: m for bus in body["buses"].values() for m in bus["meters"]}
            if body["running"] and all(meters[name]["last_read"] for name in ("m1", "m2")) and meters["gone"]["errors"]:
                break
        assert code == 1, "one is stale"
        assert (meters["m1"]["stale"], meters["gone"]["stale"]) == (False, True)
        assert "link-lost" in meters["gone"]["last_error"]
        port = int(re.search(r"status-port = (\d+)", plant.read_text())[1])  # type: ignore[index]
        page = httpx.get(f"http://127.0.0.1:{port}/", timeout=60)
        assert page.status_code == 200
        assert "GPS-111" in page.text
        assert process.poll() is None
    assert process.returncode == 0
    code, text = said(capsys, "status", "--config", str(plant))
    assert code == 1
    assert "does not run" in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["read", "nobody", "--config", "{}"], "there is no meter nobody"),
        (["read", "m1", "--config", "{}", "--obis", "x"], "no OBIS code"),
        (["read", "m1", "--config", "{}", "--since", "x"], "no instant"),
        (["run", "--config", "none.toml"], "No such file"),
        (["simulate", "dlms", "--fault", "colour"], "known are"),
        (["simulate", "dlms", "--fault", "cut=x"], "no whole number"),
        (["simulate", "dlms", "--happening", "party@2026-01-01T00:00Z"], "known are"),
        (["simulate", "dlms", "--happening", "outage=5"], "no instant"),
        (["decode", "{}"], "is no readout"),
        (["decode", "{}", "--key", "00"], "16 or 32 octets"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(
    plant: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    code, text = said(capsys, *(one.replace("{}", str(plant)) for one in arguments))
    assert code == 2
    assert told in text
    assert "Traceback" not in text


READOUT = b"/ISK5MT174-0001\r\n\x020.9.1(105644)\r\n0.9.2(0220127)\r\n1.8.0(0158.689*kWh)\r\n!\r\n\x03"


def checked(block: bytes) -> bytes:
    check = 0
    for octet in block[block.index(2) + 1 :]:
        check ^= octet
    return block + bytes([check])


def test_decode_says_what_a_capture_is_and_whether_its_checks_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, spelled = tmp_path / "good", tmp_path / "bad", tmp_path / "spelled"
    good.write_bytes(checked(READOUT))
    bad.write_bytes(checked(READOUT)[:-1] + b"\x00")
    spelled.write_text(checked(READOUT).hex(" "))
    code, text = said(capsys, "decode", str(good))
    assert code == 0
    assert "check bcc: holds" in text
    assert re.search(r"^1-0:1\.8\.0\*255\t158689\tWh\t2022-01-27T09:56:44Z", text, re.MULTILINE)
    assert said(capsys, "decode", str(spelled)) == (0, text)
    code, body = said_json(capsys, "decode", str(bad))
    assert (code, body["sound"], body["readings"]) == (1, False, [])


def published_keys(capture: Path) -> list[str]:
    """The options for the keys that were published with a capture."""
    expected = capture.with_suffix(".expected.json")
    keys = json.loads(expected.read_text()).get("published_test_keys", {}) if expected.exists() else {}
    options: list[str] = []
    for name, text in keys.items():
        options += ["--auth-key" if "auth" in name else "--key", text]
    return options


def test_open_captures_decode(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # AM-1.1
    captures = [path for path in sorted((shared / "data" / "meters").glob("*/*")) if path.suffix in (".bin", ".hex")]
    assert captures
    for path in captures:
        code, body = said_json(capsys, "decode", str(path), *published_keys(path))
        assert (code, body["refusals"]) == (0, []), path.name
        assert body["readings"] or body["events"], path.name
