# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""Clients that are slow, rude, or gone: pagewire serves the others and keeps nothing."""
import contextlib
import hashlib
import signal
import socket
import struct
import time

import pytest

import harness
from harness import BadLink, Http, fetch, request_bytes, wait_until

RST_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER with a time of 0


def assert_serves(server, site):
    assert fetch(server, "/size/65536").sha256 == site.files["size/65536"]


@pytest.fixture
def others_are_served(tap, site):
    yield
    assert_serves(tap, site)


pytestmark = pytest.mark.usefixtures("others_are_served")


def test_killed_while_it_downloads(tap, tmp_path):
    curls = [tap.namespace.popen("curl", "-sS", "--limit-rate", "2M", "-o", tmp_path / str(i),
                                 tap.url("middle.bin")) for i in range(5)]
    wait_until("each curl has some of the file",
               lambda: all((tmp_path / str(i)).exists() and (tmp_path / str(i)).stat().st_size
                           for i in range(5)))
    for curl in curls:
        curl.send_signal(signal.SIGKILL)
        curl.wait()


def test_resets_in_the_middle(tap):
    for _ in range(20):
        sock = tap.namespace.connect(tap.address)
        sock.sendall(request_bytes("/middle.bin"))
        assert sock.recv(1000)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_ON_CLOSE)
        sock.close()


def test_closes_before_the_answer(tap):
    for _ in range(50):
        sock = tap.namespace.connect(tap.address)
        sock.sendall(request_bytes("/size/65536"))
        sock.close()


def test_closes_without_a_request(tap):
    for _ in range(50):
        tap.namespace.connect(tap.address).close()


def test_C123_half_closes_after_its_request(tap, site):
    got = harness.exchange(tap, request_bytes("/middle.bin"))
    body = got.split(b"\r\n\r\n", 1)[1]
    assert hashlib.sha256(body).hexdigest() == site.files["middle.bin"]


def test_reads_slowly(tap, site):
    digest = hashlib.sha256()
    with Http(tap.namespace.connect(tap.address, receive_buffer=8192)) as http:
        http.send(request_bytes("/size/2097153"))
        http.head()
        digest.update(http.buffer)
        left = 2097153 - len(http.buffer)
        while left > 0:
            data = http.sock.recv(30_000)
            digest.update(data)
            left -= len(data)
            time.sleep(0.003)
    assert digest.hexdigest() == site.files["size/2097153"]


def test_pauses_and_reads_on(tap, site):
    with Http(tap.namespace.connect(tap.address, receive_buffer=8192)) as http:
        http.send(request_bytes("/size/2097153"))
        time.sleep(1.5)  # long enough for the window to close and be probed
        assert http.response().sha256 == site.files["size/2097153"]


def test_A21_never_reads(tap, site):
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            http = stack.enter_context(Http(tap.namespace.connect(tap.address)))
            http.send(request_bytes("/middle.bin"))
        time.sleep(0.3)
        for _ in range(5):
            assert_serves(tap, site)


def test_500_idle_connections(tap, site):
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(Http(tap.namespace.connect(tap.address))) for _ in range(500)]
        assert_serves(tap, site)
        for http in idle[::50]:
            http.send(request_bytes("/size/1449"))
            assert http.response().sha256 == site.files["size/1449"]


def test_small_segments(tap, site):
    """A peer with an MSS far below ours gets the same bytes."""
    with Http(tap.namespace.connect(tap.address, mss=200)) as http:
        http.send(request_bytes("/size/65536"))
        assert http.response().sha256 == site.files["size/65536"]


def test_link_goes_down_and_comes_back(site, family):
    with harness.serving("tap", site.root, family=family) as server, BadLink(server, [], 1) as link:
        with Http(link.client.connect(server.address, timeout=30)) as http:
            http.send(request_bytes("/middle.bin"))
            http.head()
            link.client.run("ip", "link", "set", "c0", "down")
            time.sleep(0.5)
            link.client.run("ip", "link", "set", "c0", "up")
            body = http.buffer
            http.buffer = b""
            while len(body) < 20 << 20:
                body += http.sock.recv(1 << 20)
        assert hashlib.sha256(body).hexdigest() == site.files["middle.bin"]


def test_vanishes_with_its_link(site, family):
    """Nobody is left to acknowledge or reset: draining gives up in time, and nothing is kept."""
    with harness.serving("tap", site.root, ["--drain", "1"], family=family) as server, \
            BadLink(server, [], 1) as link:
        for _ in range(5):
            sock = link.client.connect(server.address)
            sock.sendall(request_bytes("/middle.bin"))
            assert sock.recv(1000)
        link.client.run("ip", "link", "set", "c0", "down")
        begin = time.monotonic()
        server.stop()
        assert time.monotonic() - begin < 5
