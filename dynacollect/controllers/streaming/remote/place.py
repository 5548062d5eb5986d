"""Where a policy server is: HOST:PORT, and whether that is this machine."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import ip_address

from ....rig.errors import DynacollectError


@dataclass(frozen=True, slots=True)
class Place:
    """An address, looked up."""

    family: socket.AddressFamily
    host: str
    port: int

    @property
    def is_here(self) -> bool:
        """Nobody on another machine can reach it, or be reached by it."""
        return ip_address(self.host.partition("%")[0]).is_loopback

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def place_of(address: str) -> Place:
    """Of HOST:PORT; an IPv6 host stands in brackets."""
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise DynacollectError(f"'{address}' is no address of a policy server; write HOST:PORT")
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
    except OSError as error:
        raise DynacollectError(f"the host '{host}' is not known ({error.strerror}); write its IP address") from error
    family, _, _, _, known = found[0]
    return Place(family, str(known[0]), int(port))
