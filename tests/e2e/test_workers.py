# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""Two workers in one pagewire: on devices with a queue for each, and with one for both."""
import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import subprocess

import pytest

import harness
from harness import TWO_LCORES, Http, request_bytes, wait_until

N_FILES = 24

# device, queues of it, what the start-up line says
DEVICES = [
    ("tap", 1, "net_tap.*: 2 workers, a pair of queues each; spread by software"),
    ("af_packet", 2, "net_af_packet.*: 2 workers, a pair of queues each; spread by software"),
    ("af_packet", 1, "net_af_packet.*: 2 workers, of which 1 have queues and send for the "
                     "others; spread by software"),
    ("af_xdp", 1, "net_af_xdp.*: 2 workers, of which 1 have queues"),
]


def serving_by_two(driver, root, queues=1, options=(), **kw):
    harness.need_profile(driver)
    return harness.serving(driver, root, options, lcores=TWO_LCORES, queues=queues, **kw)


def download_at_once(server, tmp_path, paths):
    """Each over a connection of its own. @return their hashes"""
    words = []
    for i, path in enumerate(paths):
        words += ["-o", tmp_path / str(i), server.url(path)]
    server.namespace.curl("-Z", "--parallel-max", len(paths), "--parallel-immediate", *words)
    return [hashlib.sha256((tmp_path / str(i)).read_bytes()).hexdigest()
            for i in range(len(paths))]


@pytest.mark.parametrize("idle", ["sleep", "pause"])
@pytest.mark.parametrize("driver, queues, says", DEVICES)
def test_every_byte_is_right_and_both_have_served(driver, queues, says, idle, family, site,
                                                  tmp_path):
    paths = ["middle.bin", "size/65536", "size/1"] * (N_FILES // 3)
    with serving_by_two(driver, site.root, queues, ["--idle", idle], family=family) as server:
        hashes = download_at_once(server, tmp_path, paths)
        assert hashes == [site.files[path] for path in paths]
        assert re.search(says, server.output("err")), server.output("err")
        workers = server.stop().workers()
    assert len(workers) == 2
    assert all(worker["responses"] > 0 for worker in workers), workers
    assert sum(worker["connections"] for worker in workers) == N_FILES
    handed = [sum(worker[what] for worker in workers) for what in ("handed over", "taken over")]
    assert handed[0] == handed[1], "what was handed over was taken"


@pytest.mark.parametrize("driver, queues", [("tap", 1), ("af_packet", 1), ("af_packet", 2)])
def test_a_capture_sees_both_workers(driver, queues, site, tmp_path):
    """A worker without a queue sends through another: its frames are seen there, once."""
    ctl = [harness.PAGEWIRE.parent / "pagewire-ctl", "--file-prefix"]
    file = tmp_path / "all.pcapng"
    paths = ["size/1448"] * N_FILES
    with serving_by_two(driver, site.root, queues) as server:
        subprocess.run([*ctl, server.prefix, "capture", "start", file, "tcp", "port", "80"],
                       check=True)
        hashes = download_at_once(server, tmp_path, paths)
        assert hashes == [site.files[path] for path in paths]
        done = json.loads(subprocess.run(
            [*ctl, server.prefix, "capture", "stop", "--json"], stdout=subprocess.PIPE,
            check=True).stdout)
        workers = server.stop().workers()
    assert all(worker["responses"] > 0 for worker in workers), workers
    assert done["lost"] == 0 and done["error"] == ""
    lines = subprocess.run(["tcpdump", "-nnr", file], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    assert len(lines) == done["written"]
    answers = [line for line in lines if re.search(r"\.80 > .*HTTP/1.1 200 OK", line)]
    requests = [line for line in lines if " GET /size/1448 " in line or "GET /size/1448" in line]
    assert len(answers) == len(requests) == N_FILES


def test_one_answer_to_a_request_for_all(site):
    """ARP: both workers learn from it, one answers; and an echo is answered once."""
    with serving_by_two("tap", site.root) as server:
        with server.namespace.entered():
            raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
        raw.bind((server.profile.interface, 0))
        raw.settimeout(1)
        server.namespace.curl(server.url("size/1"))
        server.namespace.run("ip", "neigh", "flush", "all")
        replies = 0
        server.namespace.curl(server.url("size/1"))
        try:
            while True:
                replies += raw.recv(100)[20:22] == b"\x00\x02"
        except TimeoutError:
            pass
        raw.close()
        # Replies in either direction; the flush was answered once, as was the first request.
        assert replies <= 3
        statement = server.stop()
    assert statement["arp_conflict"] == 0


def connect_all(server, stack, n=8):
    return [stack.enter_context(Http(server.namespace.connect(server.address)))
            for _ in range(n)]


def test_drains_with_a_download_under_way(site):
    """The worker that has nothing to do any more goes on handing over and sending."""
    with serving_by_two("af_packet", site.root, 1, ["--drain", "20"]) as server:
        with contextlib.ExitStack() as stack:
            https = connect_all(server, stack)
            for http in https:
                http.send(request_bytes("/middle.bin"))
            for http in https:
                assert http.sock.recv(1, socket.MSG_PEEK), "the answer has begun"
            server.kill(signal.SIGTERM)
            wait_until("it drains", lambda: "draining" in server.output("err"))
            for http in https:
                assert http.response().sha256 == site.files["middle.bin"]
        server.wait()
        workers = server.stop().workers()
    assert sum(worker["responses"] for worker in workers) == len(https)


def test_a_second_signal_stops_both(site):
    with serving_by_two("tap", site.root, 1, ["--drain", "1000"]) as server:
        with contextlib.ExitStack() as stack:
            for http in connect_all(server, stack):
                http.send(b"GET / HT")  # not finished: it would be waited for
            server.kill(signal.SIGTERM)
            wait_until("it drains", lambda: "draining" in server.output("err"))
            server.kill(signal.SIGTERM)
            server.wait(5)


def test_figures_of_each_while_it_runs(site):
    with serving_by_two("tap", site.root, 1, ["--stats-period", "1"]) as server:
        for line in (r"^  worker 0 +busy .*connections", r"^  worker 1 +busy .*handed over"):
            wait_until(line, lambda l=line: re.search(l, server.output("out"), re.M))


def test_rss_that_the_device_has_not_is_refused(site):
    with pytest.raises(harness.CannotStart, match="cannot spread by RSS over 2 workers"):
        with serving_by_two("tap", site.root, 1, ["--spread", "rss"], check=False):
            pass


def test_too_many_lcores_are_refused(site):
    lcores = f"(0-16)@(0-{(os.cpu_count() or 1) - 1})"
    done = subprocess.run(
        [harness.PAGEWIRE, "--no-huge", "--no-shconf", "--no-pci", "-m", "512", "--lcores", lcores,
         "--vdev", "net_null0,no-rx=1", "--file-prefix", f"pwt{os.getpid()}-many", "--", "--root",
         site.root, "--ip", "10.77.0.1/24"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 2
    assert "17 lcores; allowed: 1 to 16" in done.stderr
