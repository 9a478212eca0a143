"""This machine's addresses and names on the local network.

Only addresses that are kept for local networks: a page at a public one would be within reach of
everybody.
"""

import contextlib
import ipaddress
import re
import socket
from dataclasses import dataclass

from mien.errors import SettingsError

# An address that is kept for documentation (RFC 5737): the way to it is the way out of the network.
ELSEWHERE = ("203.0.113.1", 9)
# Named one by one. Of what is merely not public, much is shared with strangers or leads to them:
# the network of a provider (100.64.0.0/10), and IPv6 that carries IPv4 (6to4, Teredo, NAT64).
LOCAL_NETWORKS = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8",  # RFC 1918
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",  # RFC 3927: no server has given addresses
            "fc00::/7",  # RFC 4193
        ),
    )
)
NAME = re.compile(r"(?!localhost\b)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


@dataclass(frozen=True, slots=True)
class Network:
    """This machine, as others on the network see it.

    Attributes:
        addresses: IPv4 and IPv6, the most useful first.
        names: What it is called, in lower case; other machines may not know it by that.
    """

    addresses: tuple[str, ...]
    names: tuple[str, ...] = ()

    def hosts(self, port: int) -> frozenset[str]:
        """Return the values of the Host header that mean this machine and this port, by https."""
        hosts = [*map(in_url, self.addresses), *self.names]
        # Browsers leave the standard port out.
        bare = hosts if port == 443 else ()
        return frozenset([*(f"{host}:{port}" for host in hosts), *bare])


def in_url(address: str) -> str:
    """Return an address as it stands in a URL."""
    return f"[{address}]" if ":" in address else address


def find_network() -> Network:
    """Ask the system for this machine's addresses; nothing is sent.

    Raises:
        SettingsError: It has none on a local network.
    """
    name = socket.gethostname().lower()
    found = [*_address_of_the_way_out(), *_addresses_of(name)]
    addresses = tuple(dict.fromkeys(one for one in found if is_local(one) and _is_ours(one)))
    if not addresses:
        raise SettingsError(
            "this machine has no address on a local network; connect it to one, or leave --lan out"
        )
    return Network(addresses, names_of(name))


def is_local(address: str) -> bool:
    """Whether it can be reached from the local network, and from there only.

    Link-local IPv6 is left out: it works only with the name of an interface, which no browser takes
    in a URL.
    """
    ip = ipaddress.ip_address(address)
    return any(ip in network for network in LOCAL_NETWORKS)


def names_of(name: str) -> tuple[str, ...]:
    """Return what other machines may call this one, whose own name for itself is given.

    "localhost" is nobody else's name for it, and the page of that name is another one.
    """
    if not NAME.fullmatch(name):
        return ()
    # By multicast DNS (RFC 6762) it is found under ".local".
    return (name,) if "." in name else (name, f"{name}.local")


def _address_of_the_way_out() -> list[str]:
    """Return the address that packets to other networks come from, if there is a way there."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Of UDP this only chooses an address; no packet leaves.
        probe.connect(ELSEWHERE)
        return [str(probe.getsockname()[0])]
    return []


def _addresses_of(name: str) -> list[str]:
    # The name may be unknown, or one that DNS cannot take.
    with contextlib.suppress(OSError, UnicodeError):
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        # An address with a scope is link-local.
        addresses = [str(address[0]) for *_, address in found if "%" not in str(address[0])]
        return sorted(addresses, key=lambda address: ":" in address)
    return []


def _is_ours(address: str) -> bool:
    """Whether a server may listen there: a name may lead to an address of former days."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((address, 0))
        return True
    return False
