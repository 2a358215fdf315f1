# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Addresses that nobody configured: DHCP with dnsmasq and with a server that lies, SLAAC with
radvd, RFC 3927, and conflicts.

To come by an address is to wait (probes alone take 4 to 7 s, RFC 5227): all of this happens
at the same time, each scenario on a pagewire of its own, and each test looks at what became
of its scenario. What depends on hours is in the units, where time is virtual.
"""
import concurrent.futures
import contextlib
import hashlib
import json
import re
import shutil
import socket
import threading
import time

import pytest

import dhcpserver as dhcp
import harness
from harness import TWO_LCORES, wait_until

SECONDS = 40  # for an address, on a machine that is busy with all of them
OURS = "10.77.0.1"
STORM = 300


@contextlib.contextmanager
def running(server, tmp, *command):
    """A program at the kernel's end of the device."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not there (scripts/setup.sh installs it)")
    with open(tmp / f"{command[0]}.log", "a") as log:
        child = server.namespace.popen(*command, stdout=log, stderr=log)
        try:
            yield child
        finally:
            child.terminate()
            child.wait()


def dnsmasq(server, tmp):
    """A DHCP server; its leases are renewed after a few seconds (T1)."""
    return running(
        server, tmp, "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--user=root",
        "--log-dhcp", f"--interface={server.profile.interface}", "--bind-interfaces", "--no-ping",
        f"--dhcp-leasefile={tmp}/leases", "--dhcp-authoritative", "--pid-file=",
        "--dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,120",
        "--dhcp-option=option:router,10.77.0.2", "--dhcp-option=option:mtu,1400",
        "--dhcp-option=option:T1,10", "--dhcp-option=option:T2,100")


def radvd(server, tmp):
    """A router that advertises 2001:db8:5::/64, an MTU and a hop limit."""
    interface = server.profile.interface
    conf = tmp / "radvd.conf"
    conf.write_text(f"""interface {interface} {{
        AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvDefaultLifetime 1800;
        AdvLinkMTU 1400; AdvCurHopLimit 200; AdvReachableTime 20000; AdvRetransTimer 1000;
        prefix 2001:db8:5::/64 {{ AdvOnLink on; AdvAutonomous on; }};
    }};""")
    conf.chmod(0o644)
    server.namespace.run("sysctl", "-qw", f"net.ipv6.conf.{interface}.disable_ipv6=0",
                         f"net.ipv6.conf.{interface}.accept_dad=0", "net.ipv6.conf.all.forwarding=1")
    server.namespace.run("ip", "addr", "add", "2001:db8:5::1/64", "dev", interface, "nodad")
    return running(server, tmp, "radvd", "--nodaemon", "--logmethod", "stderr", "--config", conf,
                   "--pidfile", tmp / "radvd.pid")


def address_of(server):
    """The IPv4 address at which it says that it serves, once it does."""
    def said():
        return re.search(r" at http://(\d[\d.]+)/ ", server.output("out"))
    return wait_until("pagewire has an address", said, SECONDS).group(1)


def fetch_hash(server, address, path, tmp, *options):
    server.namespace.curl(*options, "-o", tmp / "body", f"http://{address}/{path}")
    return hashlib.sha256((tmp / "body").read_bytes()).hexdigest()


def control(server, tmp, *words):
    done = server.namespace.run(harness.PAGEWIRE.parent / "pagewire-ctl", "--socket",
                                tmp / "ctl.sock", *words, "--json")
    return json.loads(done.stdout)


def default_routes(server, tmp):
    routes = control(server, tmp, "show", "routes")["routes"]
    return {r["via"] for r in routes if r["prefix"] in ("0.0.0.0/0", "::/0")}


class Download:
    """A kernel client that goes on all the while, on one connection."""

    def __init__(self, server, site):
        self.server, self.want = server, site.files["size/65536"]
        self.over = threading.Event()
        self.thread = concurrent.futures.ThreadPoolExecutor(1)
        self.count = self.thread.submit(self._run)

    def _run(self):
        n = 0
        with harness.Http(self.server.namespace.connect(OURS)) as http:
            while not self.over.wait(0.05):
                http.send(harness.request_bytes("/size/65536"))
                assert http.response().sha256 == self.want
                n += 1
        return n

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.shutdown()
        assert self.count.result() > 10


# ---- scenarios ----


def leased(driver, lcores, site, tmp):
    """dnsmasq gives an address, and renews it."""
    options = ["--control", tmp / "ctl.sock"]
    with harness.serving(driver, site.root, options, ip="dhcp", lcores=lcores) as server:
        assert "waiting for an address on port 0, by DHCP" in server.output("out")
        with dnsmasq(server, tmp):
            address = address_of(server)
            assert address.startswith("10.77.0.5") or address == "10.77.0.60"
            with contextlib.closing(server.namespace.connect(address)) as sock:
                for _ in range(4):
                    assert fetch_hash(server, address, "size/65536", tmp) == site.files["size/65536"]
                mss = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
            assert 1300 <= mss <= 1360, "the MTU of the lease is applied"
            said = r"is leased from 10.77.0.2: \d+ s, router 10.77.0.2, MTU 1400"
            wait_until("it is renewed", lambda: len(re.findall(said, server.output("err"))) >= 2, 30)
            lease, = control(server, tmp, "show", "addresses")["leases"]
            assert (lease["state"], lease["router"], lease["mtu"]) == ("bound", "10.77.0.2", 1400)
            assert 60 < lease["seconds_left"] <= 120
            assert default_routes(server, tmp) == {"10.77.0.2"}
        server.stop()


def automatic(site, tmp):
    """RFC 3927 and SLAAC beside each other; the router goes again."""
    options = ["--control", tmp / "ctl.sock"]
    with harness.serving("tap", site.root, options, ip="auto") as server:
        server.namespace.run("ip", "addr", "add", "169.254.0.9/16", "dev",
                             server.profile.interface)
        with radvd(server, tmp):
            made = f"[{made_of('2001:db8:5::', server, tmp)}]"
            retry = ("--retry", 20, "--retry-all-errors", "--retry-delay", 1)
            assert fetch_hash(server, made, "middle.bin", tmp, *retry) == site.files["middle.bin"]
            assert all(via.startswith("fe80:") for via in default_routes(server, tmp))
            assert mss_to(server, made.strip("[]")) == 1400 - 60 - 12
        wait_until("the router has gone", lambda: not default_routes(server, tmp), 10, 0.2)
        address = address_of(server)
        assert address.startswith("169.254.")
        assert fetch_hash(server, address, "middle.bin", tmp) == site.files["middle.bin"]
        server.stop()


def made_of(prefix, server, tmp):
    """The address that pagewire makes of a prefix: with its MAC address in it."""
    port, = control(server, tmp, "show", "port", "info")["ports"]
    mac = bytes.fromhex(port["mac"].replace(":", ""))
    low = bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
    return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, prefix)[:8] + low)


def mss_to(server, address):
    with server.namespace.entered():
        sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    with contextlib.closing(sock):
        sock.settimeout(10)
        sock.connect((address, 80))
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)


def defended(site, tmp):
    """RFC 5227 2.4 (c): announced again, once in ten seconds, and never given up."""
    with harness.serving("tap", site.root) as server, \
            contextlib.closing(dhcp.DhcpServer(server.namespace, server.profile.interface)) as thief:
        wait_until("the announcements are over", lambda: not any(thief.frames(3)), 20)
        for _ in range(20):
            thief.claim(server.address)
        ours = [f for f in thief.frames(3) if f[28:32] == socket.inet_aton(server.address)]
        assert len(ours) == 1
        wait_until("it is said", lambda: "is used by 02:00:00:00:00:66 as well: we keep it" in
                   server.output("err"))
        assert server.stop()["arp_conflict"] >= 20


def tell_lies(server, to):
    """Answers to a question of which none can be believed. @return how many"""
    mask, time_s = dhcp.address(dhcp.MASK, "255.255.255.0"), dhcp.seconds(dhcp.LEASE, 3600)
    good = "10.77.0.59"
    for yours in ("10.77.0.255", "10.77.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1", "0.0.0.0"):
        server.lease(dhcp.OFFER, to, yours)
    for short in (0, 29):
        server.lease(dhcp.OFFER, to, good, short)
    server.lease(dhcp.OFFER, to, good, xid=to.xid ^ 1)
    server.lease(dhcp.OFFER, to, good, mac=dhcp.MAC)
    server.lease(dhcp.OFFER, to, good, op=1)
    server.lease(dhcp.OFFER, to, good, server="0.0.0.0")
    server.lease(dhcp.OFFER, to, good, cut=30)
    server.say(dhcp.OFFER, to, good, dhcp.address(dhcp.MASK, "255.0.255.0"), time_s)
    server.say(dhcp.OFFER, to, good, mask, bytes([dhcp.LEASE, 200]))
    server.say(dhcp.OFFER, to, good, mask, dhcp.option(dhcp.LEASE, b"\1\0"))
    server.say(dhcp.OFFER, to, good, mask, time_s, dhcp.option(dhcp.OVERLOAD, b"\1"),
               file=bytes([dhcp.T1, 4]) + bytes(120) + bytes([dhcp.T2, 250]))
    for kind in (dhcp.ACK, dhcp.NAK, dhcp.DISCOVER, 0, 77):
        server.lease(kind, to, good)
    return 22


def two_servers(server):
    """The first offer is taken, then only its server is listened to; refusals make no storm."""
    to = server.expect(dhcp.DISCOVER)
    told = tell_lies(server, to)
    assert server.hear(0.5) is None, "no lie is believed"
    server.lease(dhcp.OFFER, to, "10.77.0.60")
    server.lease(dhcp.OFFER, to, "10.77.0.61", server="10.77.0.3")
    request = server.expect(dhcp.REQUEST)
    assert (request.requested, request.server) == ("10.77.0.60", server.ours)
    for kind in (dhcp.ACK, dhcp.NAK):
        server.lease(kind, request, "10.77.0.60", server="10.77.0.3")
    assert server.hear(0.5) is None, "the other server is not listened to"
    for _ in range(STORM):
        server.lease(dhcp.NAK, request, "0.0.0.0")
        time.sleep(0.001)
    assert server.hear(2) is None, "it takes its time to begin anew"
    return told + 1 + 2 + STORM - 1


def declined(server, address, conflict):
    """An address that cannot be used: given back, and ten seconds of silence."""
    to = server.expect(dhcp.DISCOVER)
    server.lease(dhcp.OFFER, to, address)
    server.lease(dhcp.ACK, server.expect(dhcp.REQUEST), address)
    conflict()
    decline = server.expect(dhcp.DECLINE)
    assert (decline.requested, decline.server) == (address, server.ours)


def taken_by_another(server, address):
    server.hear_probe(address)
    server.claim(address)


def lost(pagewire, server):
    """A lease whose server takes it back: its connections are reset."""
    to = server.expect(dhcp.DISCOVER)
    times = (dhcp.seconds(dhcp.T1, 12), dhcp.seconds(dhcp.T2, 100))
    server.lease(dhcp.OFFER, to, "10.77.0.62", more=times)
    server.lease(dhcp.ACK, server.expect(dhcp.REQUEST), "10.77.0.62", more=times)
    wait_until("it is used", lambda: "http://10.77.0.62/" in pagewire.output("out"), SECONDS)
    with contextlib.closing(pagewire.namespace.connect("10.77.0.62", timeout=SECONDS)) as sock:
        server.claim("10.77.0.62")
        wait_until("it is defended", lambda: "10.77.0.62 is used by" in pagewire.output("err"))
        renewal = server.expect(dhcp.REQUEST)
        assert (renewal.ciaddr, renewal.requested, renewal.server) == ("10.77.0.62", None, None)
        server.lease(dhcp.NAK, renewal, "0.0.0.0")
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    wait_until("it is said", lambda: "the lease of 10.77.0.62 is over" in pagewire.output("err"))


def lied_to(site, tmp):
    """One after the other, while a client of the configured address has its files."""
    with harness.serving("tap", site.root, ["--ip", "dhcp"]) as pagewire, \
            contextlib.closing(dhcp.DhcpServer(pagewire.namespace, pagewire.profile.interface)) as server:
        with Download(pagewire, site):
            ignored = two_servers(server)
            declined(server, OURS, lambda: None)  # our own: nobody else need say so
            declined(server, "10.77.0.60", lambda: taken_by_another(server, "10.77.0.60"))
            lost(pagewire, server)
        statement = pagewire.stop()
    assert statement["dhcp_ignored"] == ignored


# ---- all of them at once ----

LEASED = [("tap", "0@0"), ("tap", TWO_LCORES), ("af_packet", "0@0")]


@pytest.fixture(scope="module", autouse=True)
def scenarios(site, tmp_path_factory):
    def begin(driver, what, *args):
        tmp = tmp_path_factory.mktemp("scenario")
        if harness.Profile.missing(driver):
            return None
        return pool.submit(what, *args, site, tmp)

    with concurrent.futures.ThreadPoolExecutor(len(LEASED) + 3) as pool:
        yield {"lies": begin("tap", lied_to), "auto": begin("tap", automatic),
               "defended": begin("tap", defended),
               **{pair: begin(pair[0], leased, *pair) for pair in LEASED}}


def outcome(scenarios, name, driver="tap"):
    harness.need_profile(driver)
    scenarios[name].result()


@pytest.mark.parametrize("driver, lcores", LEASED)
def test_dhcp(driver, lcores, scenarios):
    outcome(scenarios, (driver, lcores), driver)


def test_router_advertisements_and_link_local_addresses(scenarios):
    outcome(scenarios, "auto")


def test_a_configured_address_is_defended(scenarios):
    outcome(scenarios, "defended")


def test_a_dhcp_server_that_lies(scenarios):
    outcome(scenarios, "lies")
