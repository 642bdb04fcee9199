"""A serial port as a line: optical heads, RS-485 and current loop converters, over pyserial.

The port is opened exclusively. A stable name (`/dev/serial/by-id/…`) or the USB serial number is looked up anew at each
opening, so a converter that was unplugged and came back under another name is found again.
"""

from __future__ import annotations

import asyncio
import termios
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

import serial
from serial.tools import list_ports

from meter_adapters.port import LineSetting, Parity

USB = "usb:"
"""Prefix of a device that is named by the serial number of its USB converter."""
_Result = TypeVar("_Result")
_READ_AT_MOST = 4096
_BREAK_SECONDS = 0.25
_WRITE_SECONDS = 60.0
"""Longest time octets may take to leave: 1 kB takes 34 s at 300 Bd."""


class KnownPort(Protocol):
    """What the system tells of a port."""

    device: str
    serial_number: str | None


def device_path(device: str, ports: Iterable[KnownPort] | None = None) -> str:
    """The path of a device now. Raises `OSError` where a converter named by its USB serial number is not there."""
    if not device.startswith(USB):
        return device
    number = device.removeprefix(USB)
    for port in list_ports.comports() if ports is None else ports:
        if port.serial_number == number:
            return port.device
    raise FileNotFoundError(f"no serial converter with the USB serial number {number!r}")


def possible_setting(path: str, setting: LineSetting) -> LineSetting:
    """The setting as far as the device can have it: a pseudo terminal knows speeds and is always 8N1."""
    if Path(path).resolve().is_relative_to("/dev/pts"):
        return replace(setting, bits=8, parity=Parity.NONE, stop_bits=1)
    return setting


class SerialLink:
    """A serial port. Every call raises `OSError` when the port is gone; it can then be opened again."""

    def __init__(self, device: str, setting: LineSetting) -> None:
        self._device = device
        self._first = setting
        self._port: serial.Serial | None = None

    @property
    def name(self) -> str:
        """The device as configured."""
        return self._device

    async def open(self) -> None:
        """Open the port at its first setting; nobody else may have it open."""
        await self.close()
        self._port = await _in_thread(self._opened)

    def _opened(self) -> serial.Serial:
        path = device_path(self._device)
        first = possible_setting(path, self._first)
        port = serial.Serial(
            path,
            first.baud,
            first.bits,
            first.parity.value,
            first.stop_bits,
            timeout=0,
            write_timeout=_WRITE_SECONDS,
            exclusive=True,
        )
        port.reset_input_buffer()
        return port

    async def close(self) -> None:
        """Close the port; what was not sent is dropped."""
        port, self._port = self._port, None
        if port is not None:
            await _in_thread(port.close)

    async def write(self, data: bytes) -> None:
        """Send octets."""
        await _in_thread(self._there.write, data)

    async def read(self, timeout: float) -> bytes:
        """Octets that arrived, at least one; empty when none came within `timeout` seconds."""
        port = self._there
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_reader(port.fileno(), _wake, ready)
        try:
            await asyncio.wait_for(ready, timeout)
        except TimeoutError:
            return b""
        finally:
            loop.remove_reader(port.fileno())
        octets: bytes = port.read(_READ_AT_MOST)
        return octets

    async def set_line(self, setting: LineSetting) -> None:
        """Set speed and framing."""
        await _in_thread(self._set, setting)

    def _set(self, setting: LineSetting) -> None:
        port = self._there
        possible = possible_setting(port.port or "", setting)
        port.apply_settings(
            {
                "baudrate": possible.baud,
                "bytesize": possible.bits,
                "parity": possible.parity.value,
                "stopbits": possible.stop_bits,
            }
        )

    async def drain(self) -> None:
        """Wait until the last octet has left the interface."""
        await _in_thread(self._there.flush)

    async def send_break(self) -> None:
        """Hold the line low for a quarter of a second."""
        await _in_thread(self._there.send_break, _BREAK_SECONDS)

    @property
    def _there(self) -> serial.Serial:
        if self._port is None or not self._port.is_open:
            raise ConnectionError(f"{self._device} is not open")
        return self._port


async def _in_thread(call: Callable[..., _Result], *arguments: object) -> _Result:
    """Call what may wait for the line; what the terminal refuses is an `OSError` like every other loss of a line."""
    try:
        return await asyncio.to_thread(call, *arguments)
    except termios.error as error:
        raise OSError(*error.args) from error


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
