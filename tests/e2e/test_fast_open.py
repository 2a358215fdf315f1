# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""Fast Open with the kernel's client (RFC 7413): its cookie, its data, its losses."""
import time

import pytest

import harness
from harness import BadLink, Http, request_bytes

MSG_FASTOPEN = 0x20000000
DELAY_MS = 40  # each way
ROUND_TRIP = 2 * DELAY_MS / 1000

# When the link is taken away a client's last words may be lost: do not wait for them.
OPTIONS = ("--fast-open", "--drain", 1)


@pytest.fixture(scope="module")
def server(site, family):
    harness.need_profile("tap")
    with harness.serving("tap", site.root, OPTIONS, family=family) as running:
        yield running


def ask(namespace, address, path, timeout=20):
    """Send a request by sendto(), with the SYN if the kernel has a cookie.
    @return (Response, seconds)"""
    sock = namespace.socket(address)
    begin = time.monotonic()
    sock.sendto(request_bytes(path), MSG_FASTOPEN, (address, 80))
    sock.settimeout(timeout)
    with Http(sock) as http:
        response = http.response()
        return response, time.monotonic() - begin


def kernel_counts(namespace):
    """TCPFastOpen* of /proc/net/netstat."""
    text = namespace.run("cat", "/proc/net/netstat").stdout.splitlines()
    names, values = (line.split() for line in text[:2])
    return {n: int(v) for n, v in zip(names, values) if n.startswith("TCPFastOpen")}


def enable_client(namespace):
    namespace.run("sysctl", "-qw", "net.ipv4.tcp_fastopen=1")
    # A black hole that an earlier test made the kernel suspect must not switch it off.
    namespace.run("sysctl", "-qw", "net.ipv4.tcp_fastopen_blackhole_timeout_sec=0")


def test_C171_the_answer_comes_a_round_trip_early(site, family):
    harness.need_profile("tap")
    with harness.serving("tap", site.root, OPTIONS, family=family) as server:
        with BadLink(server, ["--both", f"delay={DELAY_MS}ms"], 1) as link:
            enable_client(link.client)
            harness.fetch(server, "/size/1449", namespace=link.client)  # neighbours are known now
            first, slow = ask(link.client, server.address, "/size/1449")
            second, fast = ask(link.client, server.address, "/size/1449")
            counts = kernel_counts(link.client)
            link.close()
        statement = server.stop()
    assert first.sha256 == second.sha256 == site.files["size/1449"]
    assert counts["TCPFastOpenActive"] == 1 and counts["TCPFastOpenActiveFail"] == 0
    assert statement["fast_open_cookies"] == 1 and statement["fast_opens"] == 1
    assert statement["fast_open_early"] >= 1449, "the answer left before the client's ACK"
    print(f"first {slow * 1000:.0f} ms, with the cookie {fast * 1000:.0f} ms")
    assert slow >= 2 * ROUND_TRIP
    assert fast < 1.5 * ROUND_TRIP


def test_C171_curl(server, site):
    enable_client(server.namespace)
    for _ in range(3):
        body = server.namespace.curl("--tcp-fastopen", "-o", "/dev/null", "-w",
                                     "%{http_code} %{size_download}", server.url("size/65536")).stdout
        assert body == "200 65536"
    assert kernel_counts(server.namespace)["TCPFastOpenActive"] >= 2


def test_C171_a_long_answer(server, site):
    enable_client(server.namespace)
    for _ in range(2):
        response, _ = ask(server.namespace, server.address, "/middle.bin")
        assert response.sha256 == site.files["middle.bin"]


@harness.IPV4  # it waits for time-outs, which know no version
def test_C173_over_a_link_that_loses(site, seed, family):
    harness.need_profile("tap")
    with harness.serving("tap", site.root, OPTIONS, family=family) as server:
        with BadLink(server, ["--both", "loss=10,delay=2ms"], seed) as link:
            enable_client(link.client)
            for _ in range(30):
                response, _ = ask(link.client, server.address, "/size/65536", timeout=60)
                assert response.sha256 == site.files["size/65536"]
            link.close()
        statement = server.stop()
    assert statement["fast_opens"] > 0


def test_C170_off_by_default(tap):
    enable_client(tap.namespace)
    for _ in range(2):
        response, _ = ask(tap.namespace, tap.address, "/size/1")
        assert response.status == 200
    assert kernel_counts(tap.namespace)["TCPFastOpenActive"] == 0
