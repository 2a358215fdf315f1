# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""What goes on beside an attack, and beside a change of the files."""
import os
import re
import statistics
import subprocess
import time

import harness
from harness import Http, fetch, request_bytes

SYNFLOOD = harness.LINKFILTER.with_name("synflood")
FLOODER = "02:00:00:00:00:66"
RATE = 50_000      # SYNs a second
STEADY = 25 << 20  # bytes a second that a client wants


class Flood:
    """50,000 SYNs a second from a hundred hosts, while the block runs."""

    def __init__(self, server, seconds):
        self.server, self.seconds = server, seconds
        neighbours = server.namespace.run("ip", "neigh", "show", server.address,
                                          stdout=subprocess.PIPE, text=True).stdout
        self.mac = re.search(r"lladdr (\S+)", neighbours)[1]

    def __enter__(self):
        self.process = self.server.namespace.popen(
            SYNFLOOD, "--rate", RATE, "--seconds", self.seconds, self.server.profile.interface,
            FLOODER, self.mac, self.server.address, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        out, _ = self.process.communicate(timeout=30)
        assert self.process.returncode == 0
        sent, seconds = re.search(r"sent (\d+) in ([\d.]+) s", out).groups()
        self.rate = int(sent) / float(seconds)


class Download:
    """A client that asks for the same file again and again on one connection."""

    def __init__(self, server, path):
        self.http = Http(server.namespace.connect(server.address))
        self.request = request_bytes(path)
        self.http.send(self.request)
        self.left = int(self.http.head()[2]["content-length"])
        self.left -= len(self.http.buffer)
        self.http.buffer = b""

    def bytes_in(self, seconds, limit=None):
        """Read for so long, at most `limit` bytes a second. @return bytes a second"""
        begin, got = time.monotonic(), 0
        while (spent := time.monotonic() - begin) < seconds:
            if limit is not None and got > limit * spent:
                time.sleep(0.002)
                continue
            if self.left == 0:
                self.http.send(self.request)
                self.left = int(self.http.head()[2]["content-length"]) - len(self.http.buffer)
                self.http.buffer = b""
            n = len(self.http.sock.recv(min(self.left, 1 << 18)))
            assert n > 0, "the connection ended"
            got += n
            self.left -= n
        return got / (time.monotonic() - begin)


def test_A14_syn_flood_leaves_established_flows_their_rate(site, family):
    with harness.serving("tap", site.root, ("--drain", 1), family=family) as server:
        assert fetch(server, "/alphabet.txt").status == 200
        steady, greedy = (Download(server, "/middle.bin") for _ in range(2))
        quiet, flooded, rates = [], [], []
        for _ in range(5):
            quiet.append([steady.bytes_in(1, STEADY), greedy.bytes_in(1)])
            with Flood(server, 2.2) as flood:
                time.sleep(0.1)
                flooded.append([steady.bytes_in(1, STEADY), greedy.bytes_in(1)])
                assert fetch(server, "/size/1449").sha256 == site.files["size/1449"]
            rates.append(flood.rate)
        # The median: another program may have had its turn in one of the rounds.
        kept = [statistics.median(f[i] / q[i] for f, q in zip(flooded, quiet)) for i in (0, 1)]
        print(f"{statistics.mean(rates):.0f} SYN/s: a download of 25 MiB/s keeps {kept[0]:.3f} of its "
              f"rate, one as fast as it can ({statistics.mean(row[1] for row in quiet) / 1e6:.0f} MB/s, "
              f"processors shared with flood and client) {kept[1]:.3f}")
        steady.http.sock.close()
        greedy.http.sock.close()
        statement = server.stop()
    assert statistics.median(rates) >= 0.9 * RATE, f"SYNs a second: {rates}"
    assert statement["cookies_sent"] > 10_000, "the backlog was full"
    assert kept[0] >= 0.9


def test_C156_a_file_that_is_replaced_is_served_as_it_was(site, tmp_path):
    """Files are loaded at the start: neither a new file nor new bytes in the old one are seen."""
    os.chmod(tmp_path, 0o755)
    old = (site.root / "middle.bin").read_bytes()
    for name in ("renamed", "rewritten"):
        (tmp_path / name).write_bytes(old)
    with harness.serving("tap", tmp_path) as server:
        with Http(server.namespace.connect(server.address, receive_buffer=65536)) as slow:
            slow.send(request_bytes("/renamed") + request_bytes("/rewritten"))
            slow.head()
            (tmp_path / "new").write_bytes(b"new" * 1000)
            os.replace(tmp_path / "new", tmp_path / "renamed")
            with open(tmp_path / "rewritten", "r+b") as out:
                out.write(b"x" * (1 << 20))
                out.truncate(10 << 20)
            while len(slow.buffer) < len(old):
                slow.buffer += slow.sock.recv(1 << 20)
            assert slow.buffer[:len(old)] == old
            slow.buffer = slow.buffer[len(old):]
            assert slow.response().body == old
        assert fetch(server, "/renamed").body == old
