"""Lines: real TCP sockets and real pseudo terminals; a line that is lost says so and can be opened again."""

from __future__ import annotations

import asyncio
import os
import termios
import tty
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.messages.findings import Finding
from meter_adapters.links.address import link_of
from meter_adapters.links.serial_port import SerialLink, device_path
from meter_adapters.links.tcp import TcpLink
from meter_adapters.port import LineSetting, Parity
from meter_adapters.simulators.line_server import serve_tcp

SLOW = LineSetting(300, 7, Parity.EVEN)


@dataclass
class Terminal:
    """A pseudo terminal: `far` is the meter's end."""

    far: int
    near: int
    path: str

    @classmethod
    def opened(cls) -> Terminal:
        far, near = os.openpty()
        tty.setraw(near)
        return cls(far, near, os.ttyname(near))

    def unplug(self) -> None:
        os.close(self.near)
        os.close(self.far)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while octets := await reader.read(100):
        if octets == b"bye":
            return
        writer.write(octets[::-1])


# AM-1.1
def test_octets_pass_a_tcp_line_both_ways_and_its_end_is_an_error() -> None:
    async def talk() -> None:
        async with serve_tcp(echo) as port:
            link = TcpLink("127.0.0.1", port)
            with pytest.raises(OSError, match="not connected"):
                await link.write(b"early")
            await link.open()
            await link.set_line(SLOW)
            await link.write(b"abc")
            await link.drain()
            await link.send_break()
            assert await link.read(5) == b"cba"
            assert await link.read(0.01) == b""
            await link.write(b"bye")
            with pytest.raises(OSError, match="closed"):
                await link.read(5)
            await link.open()
            await link.write(b"xy")
            assert await link.read(5) == b"yx"
            await link.close()
            await link.close()
        with pytest.raises(OSError):
            await link.open()

    asyncio.run(talk())


def test_octets_pass_a_serial_line_and_the_far_end_sees_its_speed() -> None:
    async def talk() -> None:
        terminal = Terminal.opened()
        link = SerialLink(terminal.path, SLOW)
        with pytest.raises(OSError, match="not open"):
            await link.read(0.01)
        await link.open()
        assert termios.tcgetattr(terminal.far)[5] == termios.B300
        await link.write(b"/?!\r\n")
        await link.drain()
        assert os.read(terminal.far, 100) == b"/?!\r\n"
        await link.set_line(LineSetting(9600, 7, Parity.EVEN))
        assert termios.tcgetattr(terminal.far)[5] == termios.B9600
        assert await link.read(0.01) == b""
        os.write(terminal.far, b"answer")
        assert await link.read(5) == b"answer"
        await link.send_break()
        await link.close()
        await link.close()
        terminal.unplug()

    asyncio.run(talk())


def test_a_serial_line_is_ours_alone() -> None:
    async def talk() -> None:
        terminal = Terminal.opened()
        first, second = SerialLink(terminal.path, SLOW), SerialLink(terminal.path, SLOW)
        await first.open()
        with pytest.raises(OSError):
            await second.open()
        await first.close()
        await second.open()
        await second.close()
        terminal.unplug()

    asyncio.run(talk())


def test_an_unplugged_converter_is_found_again_under_another_name(tmp_path: Path) -> None:
    async def talk() -> None:
        stable = tmp_path / "by-id"
        first = Terminal.opened()
        stable.symlink_to(first.path)
        link = SerialLink(str(stable), SLOW)
        await link.open()
        first.unplug()
        with pytest.raises(OSError):
            await link.read(5)
        with pytest.raises(OSError):
            await link.open()
        second = Terminal.opened()
        stable.unlink()
        stable.symlink_to(second.path)
        await link.open()
        os.write(second.far, b"here")
        assert await link.read(5) == b"here"
        await link.close()
        second.unplug()

    asyncio.run(talk())


@dataclass
class Converter:
    device: str
    serial_number: str | None


def test_a_converter_is_found_by_its_usb_serial_number() -> None:
    ports = [Converter("/dev/ttyUSB0", None), Converter("/dev/ttyUSB7", "A1B2")]
    assert device_path("usb:A1B2", ports) == "/dev/ttyUSB7"
    assert device_path("/dev/ttyS0", ports) == "/dev/ttyS0"
    with pytest.raises(OSError, match="A1B3"):
        device_path("usb:A1B3", ports)
    with pytest.raises(OSError, match="no serial converter"):
        device_path("usb:not-plugged-in-here")


def test_lines_are_named_by_their_address() -> None:
    tcp = link_of("tcp://192.0.2.7:4059", SLOW)
    assert isinstance(tcp, TcpLink)
    assert tcp.name == "192.0.2.7:4059"
    serial = link_of("serial:/dev/serial/by-id/x", SLOW)
    assert isinstance(serial, SerialLink)
    assert serial.name == "/dev/serial/by-id/x"


@pytest.mark.parametrize(
    "address", ["", "serial:", "tcp://", "tcp://host", "tcp://host:99999", "tcp://host:0", "udp://h:1", "tcp://h:1/x"]
)
def test_an_address_that_is_none_is_a_finding(address: str) -> None:
    found = link_of(address, SLOW)
    assert isinstance(found, Finding)
    assert found.code == "link-address"
    assert address in found.text
