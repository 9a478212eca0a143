import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import SettingsError
from mien.web.lan import addresses
from mien.web.lan.addresses import Network, find_network, is_local, names_of

LOCAL = ("192.168.1.7", "10.0.0.1", "172.16.3.4", "169.254.9.9", "fd00::7")
OTHER = ("127.0.0.1", "127.0.1.1", "::1", "0.0.0.0", "8.8.8.8", "2600::1", "fe80::1", "224.0.0.251")
# Not public, and yet not of the local network, or a way of writing another address.
NEITHER = (
    *("100.64.0.1", "100.127.255.254"),  # shared by the customers of a provider
    *("192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "240.0.0.1"),
    *("172.15.0.1", "172.32.0.1", "192.169.0.1", "255.255.255.255"),
    *("2001::7", "2001:0:a00:1::1", "2002:a00:1::1", "64:ff9b::a00:1", "64:ff9b:1::1"),
    *("::ffff:10.0.0.1", "::10.0.0.1", "2001:db8::1", "2001:20::1", "100::1", "fec0::1", "ff02::1"),
)


@pytest.fixture
def system(monkeypatch):
    """What the system says of this machine: the way out, what its name leads to, what is bound."""

    def say(way_out=(), named=(), ours=None, name="Laptop"):
        monkeypatch.setattr(addresses.socket, "gethostname", lambda: name)
        monkeypatch.setattr(addresses, "_address_of_the_way_out", lambda: list(way_out))
        monkeypatch.setattr(addresses, "_addresses_of", lambda _: list(named))
        monkeypatch.setattr(addresses, "_is_ours", lambda one: ours is None or one in ours)

    return say


def test_the_way_out_comes_first_and_each_address_once(system):
    system(way_out=["192.168.1.7"], named=["127.0.1.1", "10.8.0.2", "192.168.1.7", "fd00::7"])
    found = find_network()
    assert found.addresses == ("192.168.1.7", "10.8.0.2", "fd00::7")
    assert found.names == ("laptop", "laptop.local")


def test_an_address_of_former_days_is_left_out(system):
    system(way_out=["192.168.1.7"], named=["192.168.1.99"], ours=["192.168.1.7"])
    assert find_network().addresses == ("192.168.1.7",)


@pytest.mark.parametrize("addresses", [[], ["127.0.1.1"], ["8.8.8.8", "2600::1"]])
def test_no_network_is_an_error_of_one_line(system, addresses):
    system(way_out=addresses[:1], named=addresses)
    with pytest.raises(SettingsError, match=r"no address on a local network; .*--lan"):
        find_network()


@pytest.mark.parametrize("address", LOCAL)
def test_addresses_of_a_network_are_served(address):
    assert is_local(address)


@pytest.mark.parametrize("address", OTHER + NEITHER)
def test_public_and_own_addresses_are_not(address):
    assert not is_local(address)


@given(st.ip_addresses(network="127.0.0.0/8") | st.ip_addresses(network="2000::/3"))
def test_no_loopback_or_global_address_ever_is(ip):
    assert not (is_local(str(ip)) and (ip.is_loopback or ip.is_global))


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("laptop", ("laptop", "laptop.local")),
        ("laptop.home", ("laptop.home",)),
        ("localhost", ()),
        ("localhost.localdomain", ()),
        ("my laptop", ()),
        ("under_score", ()),
        ("küche", ()),
        ("evil:80", ()),
        ("", ()),
    ],
)
def test_only_names_that_a_browser_can_send_are_taken(name, names):
    assert names_of(name) == names


def test_hosts_have_the_port_and_ipv6_its_brackets():
    hosts = Network(("192.168.1.7", "fd00::7"), ("laptop",)).hosts(8443)
    assert hosts == {"192.168.1.7:8443", "[fd00::7]:8443", "laptop:8443"}
    assert "192.168.1.7" in Network(("192.168.1.7",)).hosts(443)


def test_the_system_is_asked_without_sending(monkeypatch):
    sent = []
    for name in ("send", "sendto", "sendall"):
        monkeypatch.setattr(socket.socket, name, lambda *words: sent.append(words), raising=True)
    for address in addresses._address_of_the_way_out():
        assert addresses._is_ours(address)
    assert not sent


def test_an_unknown_name_leads_nowhere(monkeypatch):
    def fail(*_, **__):
        raise socket.gaierror("unknown")

    monkeypatch.setattr(addresses.socket, "getaddrinfo", fail)
    assert addresses._addresses_of("laptop") == []


def test_names_give_ipv4_first_and_no_scopes(monkeypatch):
    found = [(0, 0, 0, "", (one, 0)) for one in ("fe80::1%eth0", "fd00::7", "192.168.1.7")]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: found)
    assert addresses._addresses_of("laptop") == ["192.168.1.7", "fd00::7"]


def test_only_addresses_of_this_machine_are_ours():
    assert addresses._is_ours("127.0.0.1")
    assert not addresses._is_ours("203.0.113.77")
