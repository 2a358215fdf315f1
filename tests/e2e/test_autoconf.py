# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""Addresses that nobody configured: DHCP with dnsmasq, RFC 3927, and conflicts."""
import contextlib
import hashlib
import json
import re
import shutil
import socket

import pytest

import harness
from harness import TWO_LCORES, wait_until

SECONDS = 40  # for an address: probes alone take 4 to 7 s (RFC 5227)


@contextlib.contextmanager
def dnsmasq(server, tmp, lease_s=120, first="10.77.0.50", last="10.77.0.60"):
    """A DHCP server on the kernel's end of the device."""
    if not shutil.which("dnsmasq"):
        pytest.skip("dnsmasq is not there (scripts/setup.sh installs it)")
    log = open(tmp / "dnsmasq.log", "a")
    child = server.namespace.popen(
        "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--user=root",
        "--log-dhcp", f"--interface={server.profile.interface}", "--bind-interfaces", "--no-ping",
        f"--dhcp-leasefile={tmp}/leases", "--dhcp-authoritative", "--pid-file=",
        f"--dhcp-range={first},{last},255.255.255.0,{lease_s}",
        "--dhcp-option=option:router,10.77.0.2", "--dhcp-option=option:mtu,1400",
        stdout=log, stderr=log)
    try:
        yield child
    finally:
        child.terminate()
        child.wait()
        log.close()


def address_of(server):
    """The IPv4 address at which it says that it serves, once it does."""
    def said():
        return re.search(r" at http://(\d[\d.]+)/ ", server.output("out"))
    return wait_until("pagewire has an address", said, SECONDS).group(1)


def fetch_hash(server, address, path, tmp):
    server.namespace.curl("-o", tmp / "body", f"http://{address}/{path}")
    return hashlib.sha256((tmp / "body").read_bytes()).hexdigest()


def control(server, tmp, *words):
    done = server.namespace.run(harness.PAGEWIRE.parent / "pagewire-ctl", "--socket",
                                tmp / "ctl.sock", *words, "--json")
    return json.loads(done.stdout)


@pytest.fixture(scope="module", autouse=True)
def forgotten(site, tmp_path_factory):
    """A server whose lease ends while the other tests run: dnsmasq's shortest has two minutes."""
    tmp = tmp_path_factory.mktemp("forgotten")
    harness.need_profile("tap")
    with harness.serving("tap", site.root, ["--timeout-idle", 300], ip="dhcp") as server:
        with dnsmasq(server, tmp, lease_s=120):
            address = address_of(server)
            sock = server.namespace.connect(address, timeout=150)
        yield server, address, sock
        sock.close()
        server.stop()


@pytest.mark.parametrize("driver, lcores", [("tap", "0@0"), ("tap", TWO_LCORES),
                                            ("af_packet", "0@0")])
def test_dhcp(driver, lcores, site, tmp_path):
    harness.need_profile(driver)
    options = ["--control", tmp_path / "ctl.sock"]
    with harness.serving(driver, site.root, options, ip="dhcp", lcores=lcores) as server:
        assert "waiting for an address on port 0, by DHCP" in server.output("out")
        with dnsmasq(server, tmp_path):
            address = address_of(server)
            assert address.startswith("10.77.0.5") or address == "10.77.0.60"
            for _ in range(4):
                assert fetch_hash(server, address, "size/65536", tmp_path) == \
                    site.files["size/65536"]
            assert re.search(r"is leased from 10.77.0.2: \d+ s, router 10.77.0.2, MTU 1400",
                             server.output("err"))
            lease, = control(server, tmp_path, "show", "addresses")["leases"]
            assert (lease["state"], lease["router"], lease["mtu"]) == ("bound", "10.77.0.2", 1400)
            assert 0 < lease["seconds_left"] <= 120
            routes = control(server, tmp_path, "show", "routes")["routes"]
            assert ("0.0.0.0/0", "10.77.0.2") in {(r["prefix"], r["via"]) for r in routes}
        server.stop()


def test_link_local(site, tmp_path):
    """RFC 3927: an address of 169.254/16, probed for and announced."""
    harness.need_profile("tap")
    with harness.serving("tap", site.root, ip="auto") as server:
        server.namespace.run("ip", "addr", "add", "169.254.0.9/16", "dev",
                             server.profile.interface)
        address = address_of(server)
        assert address.startswith("169.254.")
        assert fetch_hash(server, address, "middle.bin", tmp_path) == site.files["middle.bin"]
        server.stop()


def arp(op, mac, sender, target):
    """A whole frame, to all."""
    return (b"\xff" * 6 + mac + b"\x08\x06" + b"\x00\x01\x08\x00\x06\x04" +
            op.to_bytes(2, "big") + mac + socket.inet_aton(sender) + bytes(6) +
            socket.inet_aton(target))


def test_a_configured_address_is_defended(site):
    """RFC 5227 2.4 (c): announced again, once in ten seconds, and never given up."""
    harness.need_profile("tap")
    with harness.serving("tap", site.root) as server:
        with server.namespace.entered():
            raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
        raw.bind((server.profile.interface, 0))
        raw.settimeout(3)
        wait_until("the announcements are over", lambda: _silence(raw), 15)
        mac = b"\x02\x00\x00\x00\x00\x66"
        for _ in range(20):
            raw.send(arp(2, mac, server.address, server.address))
        ours = 0
        with contextlib.suppress(TimeoutError):
            while True:
                frame = raw.recv(100)
                ours += frame[6:12] != mac and frame[28:32] == socket.inet_aton(server.address)
        assert ours == 1
        wait_until("it is said", lambda: "is used by 02:00:00:00:00:66 as well: we keep it" in
                   server.output("err"))
        raw.close()
        assert server.stop()["arp_conflict"] >= 20


def _silence(raw):
    try:
        raw.recv(100)
    except TimeoutError:
        return True
    return False


def test_a_lease_that_ends_resets_its_connections(forgotten):
    """A DHCP server that is gone renews nothing."""
    server, address, sock = forgotten
    with pytest.raises(ConnectionResetError):
        sock.recv(1)
    wait_until("it is said", lambda: f"the lease of {address} is over" in server.output("err"))
