"""From where a request comes, and from where a client may call (Elering 12: addresses of a technical user)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from starlette.requests import Request

FORWARDED = "x-forwarded-for"
MOST_ADDRESSES = 40
"""Addresses and networks one client may be bound to."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Proxies:
    """The proxies in front whose headers are believed."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(proxy) for proxy in trusted]

    def hands_on(self, request: Request) -> bool:
        """Whether a request comes through one of them."""
        return self._is_one(_peer(request))

    def caller(self, request: Request) -> str:
        """The address a request was made from: the nearest that is no proxy of ours; empty where none can be told."""
        chain = [part.strip() for value in request.headers.getlist(FORWARDED) for part in value.split(",")]
        address = _peer(request)
        while chain and self._is_one(address):
            address = chain.pop()
        return address

    def _is_one(self, host: str) -> bool:
        address = _address(host)
        return address is not None and any(address in network for network in self._networks)


def is_allowed(host: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in any of some networks."""
    address = _address(host)
    return address is not None and any(address in ipaddress.ip_network(network) for network in networks)


def network_of(text: str) -> str:
    """An address or network as it is kept; ValueError for what is none, and for one with bits behind its mask."""
    return str(ipaddress.ip_network(text.strip()))


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def _address(host: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
