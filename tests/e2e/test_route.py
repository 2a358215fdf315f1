# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Clients behind a router, over a static route:

    client: c0 (10.90.0.2) === r0 (10.90.0.1) - kernel forwards - pw0 (10.77.0.2) === pagewire

IPv6 is beside it: fd00:90::/64 behind the router, fd00:77::/64 before it.
"""
import contextlib
import hashlib
import json
import os
from unittest import mock

import pytest

import harness
from harness import Namespace

NETWORK, ROUTER, CLIENT = "10.90.0.0/24", "10.90.0.1", "10.90.0.2"
OURS6, PEER6 = "fd00:77::1", "fd00:77::2"
NETWORK6, ROUTER6, CLIENT6 = "fd00:90::/64", "fd00:90::1", "fd00:90::2"
ROUTES = ["--route", f"{NETWORK} via 10.77.0.2"]
ROUTES6 = ["--ip", f"{OURS6}/64", "--route", f"{NETWORK6} via {PEER6}"]


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


def speak_ip6(server, client):
    """The router and the client have IPv6 as well."""
    router, ours = server.namespace, server.profile.interface
    for namespace, name, address in ((router, ours, PEER6), (router, "r0", ROUTER6),
                                     (client, "c0", CLIENT6)):
        namespace.run("sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=0")
        namespace.run("ip", "addr", "add", f"{address}/64", "dev", name, "nodad")
    router.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
    client.run("ip", "-6", "route", "add", "default", "via", ROUTER6)


def narrow_unseen(client, mtu):
    """
    The client's end carries less than the router's: a veth drops what is too long for its
    peer, and nobody says so. That it is narrow, the client does not tell either.
    """
    client.run("ip", "link", "set", "c0", "mtu", mtu)
    client.run("ip", "route", "change", "default", "via", ROUTER, "advmss", 1460)
    client.run("ip", "-6", "route", "change", "default", "via", ROUTER6, "advmss", 1440)


def snmp(namespace, group, name):
    """A counter of the kernel's in a namespace."""
    lines = [line.split() for line in namespace.run("cat", "/proc/net/snmp").stdout.splitlines()]
    names, values = [line[1:] for line in lines if line[0] == f"{group}:"]
    return int(values[names.index(name)])


def snmp6(namespace, name):
    lines = [line.split() for line in namespace.run("cat", "/proc/net/snmp6").stdout.splitlines()]
    return int(dict(lines)[name])


def fetch_hash(client, url, tmp):
    client.curl("-o", tmp / "body", url)
    return hashlib.sha256((tmp / "body").read_bytes()).hexdigest()


def control(server, tmp, *words):
    done = server.namespace.run(harness.PAGEWIRE.parent / "pagewire-ctl", "--socket",
                                tmp / "ctl.sock", *words, "--json")
    return json.loads(done.stdout)


@pytest.mark.parametrize("driver", ["tap", "af_packet"])
@pytest.mark.parametrize("words", [
    ROUTES, ["--route", "default via 10.77.0.2@0"],
    ["--gateway", "10.77.0.2", "--route", f"{CLIENT}/32 via 10.77.0.2"]])
def test_clients_behind_a_router(driver, words, site, tmp_path):
    harness.need_profile(driver)
    with harness.serving(driver, site.root, words) as server, client_behind(server) as client:
        assert fetch_hash(client, server.url("middle.bin"), tmp_path) == site.files["middle.bin"]
        server.stop()


def test_without_a_route_nothing_is_sent(site):
    harness.need_profile("tap")
    with harness.serving("tap", site.root) as server, client_behind(server) as client:
        with pytest.raises(OSError):
            client.connect(server.address, timeout=2)
        assert server.stop()["ip_no_route"] >= 1


@pytest.mark.parametrize("driver", ["tap", "af_packet"])
def test_C23_C41_C167_smaller_mtu_behind_the_router(driver, site, tmp_path):
    """The router says what fits (RFC 1191, 8201): everything arrives, in segments that do."""
    harness.need_profile(driver)
    with harness.serving(driver, site.root, ROUTES + ROUTES6) as server, \
            client_behind(server, mtu=1280) as client:
        speak_ip6(server, client)
        for url in (server.url("middle.bin"), f"http://[{OURS6}]/middle.bin"):
            assert fetch_hash(client, url, tmp_path) == site.files["middle.bin"]
        assert snmp(server.namespace, "Ip", "FragFails") >= 1, "the router has said so"
        assert snmp6(server.namespace, "Icmp6OutPktTooBigs") >= 1, "of IPv6 too"
        # The next connections begin with what these were told.
        said = [snmp(server.namespace, "Ip", "FragFails"),
                snmp6(server.namespace, "Icmp6OutPktTooBigs")]
        for url in (server.url("middle.bin"), f"http://[{OURS6}]/middle.bin"):
            assert fetch_hash(client, url, tmp_path) == site.files["middle.bin"]
        assert said == [snmp(server.namespace, "Ip", "FragFails"),
                        snmp6(server.namespace, "Icmp6OutPktTooBigs")]
        statement = server.stop()
    assert statement["black_holes"] == 0 and statement["metrics_hits"] >= 2


@pytest.mark.parametrize("url", ["http://10.77.0.1/", f"http://[{OURS6}]/"], ids=["ip4", "ip6"])
def test_smaller_mtu_that_nobody_tells_of(url, site, tmp_path):
    """A black hole: time-outs find it, and a search finds what passes (RFC 4821)."""
    harness.need_profile("tap")
    words = [*ROUTES, *ROUTES6, "--control", tmp_path / "ctl.sock"]
    with harness.serving("tap", site.root, words) as server, client_behind(server) as client:
        speak_ip6(server, client)
        narrow_unseen(client, 1400)
        # No SYN is lost: after that, time-outs are long (RFC 6298 section 5.7).
        assert fetch_hash(client, url + "alphabet.txt", tmp_path) == site.files["alphabet.txt"]
        child = client.popen("curl", "-sS", "--max-time", "60", "--limit-rate", "2M", "-o",
                             tmp_path / "body", url + "middle.bin")
        mss = harness.wait_until("more than the floor is found", lambda: found(server, tmp_path), 30)
        assert child.wait() == 0
        assert hashlib.sha256((tmp_path / "body").read_bytes()).hexdigest() == \
            site.files["middle.bin"]
        assert 1280 - 72 < mss <= 1400 - 52
        statement = server.stop()
    assert statement["black_holes"] >= 1
    assert statement["mtu_probes"] >= 1


def found(server, tmp):
    """The MSS of the only connection, when it has been less and has grown again."""
    probes = control(server, tmp, "show", "tcp")["counters"]["mtu_probes"]
    rows = control(server, tmp, "show", "tcp", "connections")["connections"]
    if not probes or not rows:
        return None
    mss = control(server, tmp, "show", "tcp", "connection", rows[0]["id"])["mss"]
    return mss if 1280 - 52 < mss <= 1400 - 52 else None


def test_jumbo_frames_and_a_router_to_others(site, tmp_path):
    """A device of MTU 9000: a neighbour gets long segments, who is behind the router what fits."""
    harness.need_profile("af_packet")
    with mock.patch.dict(os.environ, PW_MTU="9000"), \
            harness.serving("af_packet", site.root, ROUTES) as server, \
            client_behind(server) as client:
        for who in (server.namespace, client, server.namespace):
            assert fetch_hash(who, server.url("middle.bin"), tmp_path) == site.files["middle.bin"]
        statement = server.stop()
    bytes_out, segs_out = statement["bytes_out"], statement["segs_out"]
    assert bytes_out / segs_out > 2000, "most went in long segments"
