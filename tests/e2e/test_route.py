# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Clients behind a router, over a static route:

    client: c0 (10.90.0.2) === r0 (10.90.0.1) - kernel forwards - pw0 (10.77.0.2) === pagewire
"""
import contextlib
import hashlib

import pytest

import harness
from harness import Namespace

NETWORK, ROUTER, CLIENT = "10.90.0.0/24", "10.90.0.1", "10.90.0.2"


@contextlib.contextmanager
def client_behind(server, mtu=1500):
    """A client behind a router whose link to it has this MTU; the client does not know."""
    router = server.namespace
    with Namespace("far") as client:
        router.run("ip", "link", "add", "r0", "type", "veth", "peer", "name", "c0", "netns",
                   client.name)
        for namespace, name, address in ((router, "r0", ROUTER), (client, "c0", CLIENT)):
            namespace.run("ethtool", "-K", name, "tx", "off", "tso", "off", "gso", "off", "gro",
                          "off")
            namespace.run("ip", "addr", "add", f"{address}/24", "dev", name)
            namespace.run("ip", "link", "set", name, "up")
        router.run("ip", "link", "set", "r0", "mtu", mtu)
        # Not of every interface: AF_PACKET's end of a veth pair belongs to pagewire.
        for name in ("r0", server.profile.interface):
            router.run("sysctl", "-qw", f"net.ipv4.conf.{name}.forwarding=1")
        client.run("ip", "route", "add", "default", "via", ROUTER)
        yield client


def snmp(namespace, group, name):
    """A counter of the kernel's in a namespace."""
    lines = [line.split() for line in namespace.run("cat", "/proc/net/snmp").stdout.splitlines()]
    names, values = [line[1:] for line in lines if line[0] == f"{group}:"]
    return int(values[names.index(name)])


def fetch_hash(server, client, path, tmp):
    client.curl("-o", tmp / "body", server.url(path))
    return hashlib.sha256((tmp / "body").read_bytes()).hexdigest()


@pytest.mark.parametrize("driver", ["tap", "af_packet"])
@pytest.mark.parametrize("words", [
    ["--route", f"{NETWORK} via 10.77.0.2"], ["--route", "default via 10.77.0.2@0"],
    ["--gateway", "10.77.0.2", "--route", f"{CLIENT}/32 via 10.77.0.2"]])
def test_clients_behind_a_router(driver, words, site, tmp_path):
    harness.need_profile(driver)
    with harness.serving(driver, site.root, words) as server, client_behind(server) as client:
        assert fetch_hash(server, client, "middle.bin", tmp_path) == site.files["middle.bin"]
        server.stop()


def test_without_a_route_nothing_is_sent(site):
    harness.need_profile("tap")
    with harness.serving("tap", site.root) as server, client_behind(server) as client:
        with pytest.raises(OSError):
            client.connect(server.address, timeout=2)
        assert server.stop()["ip_no_route"] >= 1


@pytest.mark.parametrize("driver", ["tap", "af_packet"])
def test_C23_smaller_mtu_behind_the_router(driver, site, tmp_path):
    """The router says what fits (RFC 1191): everything arrives, in segments that do."""
    harness.need_profile(driver)
    words = ["--route", f"{NETWORK} via 10.77.0.2"]
    with harness.serving(driver, site.root, words) as server, \
            client_behind(server, mtu=1280) as client:
        assert fetch_hash(server, client, "middle.bin", tmp_path) == site.files["middle.bin"]
        assert snmp(server.namespace, "Ip", "FragFails") >= 1, "the router has said so"
        server.stop()
