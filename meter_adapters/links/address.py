"""Lines by their written address: `tcp://host:port`, `serial:/dev/serial/by-id/…`, `serial:usb:A1B2C3`."""

from __future__ import annotations

from urllib.parse import urlsplit

from gateway.messages.findings import Finding
from meter_adapters.links.serial_port import SerialLink
from meter_adapters.links.tcp import TcpLink
from meter_adapters.port import LineSetting, Link

_SERIAL = "serial:"


def link_of(address: str, setting: LineSetting) -> Link | Finding:
    """The line of an address, not opened; `setting` is how a serial port begins.

    Refused with `link-address` where the address is none.
    """
    if address.startswith(_SERIAL):
        device = address.removeprefix(_SERIAL)
        return SerialLink(device, setting) if device else _refused(address, "names no device")
    parts = urlsplit(address)
    if parts.scheme != "tcp" or parts.path.strip("/") or not parts.hostname:
        return _refused(address, "is neither tcp://host:port nor serial:device")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not port:
        return _refused(address, "names no port")
    return TcpLink(parts.hostname, port)


def _refused(address: str, text: str) -> Finding:
    return Finding("link-address", f"{address!r} {text}", path="link", rule="link-address")
