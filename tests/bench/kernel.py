# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Beside the kernel's TCP: nginx with sendfile at one end of a veth pair, a core a
side, in turns with pagewire over virtio-user.

Bulk: CPU cycles that the core of nginx is not idle, for a byte, segmentation offload
on (frames of 64 KB), the client is wrk with 8 connections; against busy cycles of
pagewire at MTU 1500 without TSO. As it comes the kernel receives on the core that
sends, so that the client's TCP runs at the server's expense, unless that is steered to
the client's core (receive packet steering): both are shown.

A file of 64 bytes over 64 and 256 keep-alive connections: wrk for nginx, and as the
same client pagewire-load on a packet socket at the other end of the veth pair, whose
system calls are its limit.
"""
import contextlib
import json
import pathlib
import re
import tempfile

import bench
import pair
import plot
from bench import Samples, core_busy_s
from tap import CLIENT_CORE, SERVER_CORE, Nginx, steer

import testsite

COUNTS, QUICK_COUNTS = (64, 256), (256,)
TARGET_CYCLES, TARGET_RATE = 0.25, 15
BULK_CONNECTIONS = 8
BULK_FILE, BULK_BYTES = "f0", 1 << 20


def tsc_hz():
    """Cycles a second by which CPU time is made cycles: those of the time stamp counter."""
    shown = pathlib.Path("/proc/cpuinfo").read_text()
    return float(re.search(r"cpu MHz\s*: ([\d.]+)", shown)[1]) * 1e6


def wrk(nginx, path, connections, seconds):
    """@return (requests, seconds)"""
    shown = nginx.client.run(
        "taskset", "-c", CLIENT_CORE, "wrk", "-t1", "-c", connections, "-d", f"{seconds}s",
        nginx.url(path)).stdout
    found = re.search(r"(\d+) requests in ([\d.]+)s", shown)
    return int(found[1]), float(found[2])


def nginx_bulk(nginx, seconds, steered):
    steer(nginx.client, "v1", steered)
    busy = core_busy_s(SERVER_CORE)
    requests, took = wrk(nginx, BULK_FILE, BULK_CONNECTIONS, seconds)
    busy = core_busy_s(SERVER_CORE) - busy
    size = requests * BULK_BYTES
    return {"cycles_per_byte": busy * tsc_hz() / size, "gbit_per_s": 8e-9 * size / took}


def nginx_requests(nginx, connections, seconds):
    steer(nginx.client, "v1", False)
    requests, took = wrk(nginx, "64", connections, seconds)
    return requests / took


class PacketSocket:
    """pagewire-load at nginx's other end: the kernel there has no address any more."""

    def __init__(self, stack, results, root, net):
        self.nginx = Nginx(stack, results, root, gso=False, ipv6=net.ipv6)
        self.nginx.namespace.run("ethtool", "-K", "v0", "tx", "off")
        self.nginx.client.run("ip", "addr", "flush", "dev", "v1")
        self.nginx.client.run("ip", "link", "set", "v1", "arp", "off")
        self.socket = stack.enter_context(pair.Socket(results, net))

    def requests(self, connections, seconds):
        device = ["--no-pci", "--vdev", "net_af_packet0,iface=v1,blocksz=4096,framesz=2048,"
                  "framecnt=2048,qpairs=1"]
        with tempfile.NamedTemporaryFile() as figures:
            command = [pair.LOAD, *self.socket.eal(CLIENT_CORE, 128, device), "--", "--ip",
                       self.nginx.peer, "--idle", "spin", "--url", self.nginx.url("64"),
                       "--connections", connections, "--duration", seconds, "--json",
                       figures.name]
            self.socket.tell(command)
            self.nginx.client.run(*command)
            return json.loads(pathlib.Path(figures.name).read_text())["responses_per_s"]


def bulk(results, stack, root, socket, runs, seconds):
    nginx = Nginx(stack, results, root, gso=True, ipv6=socket.net.ipv6)
    load = ["--url", socket.net.url(BULK_FILE), "--connections", BULK_CONNECTIONS, "--duration", seconds]
    ours, plain, steered = bench.take_turns(
        runs, lambda: socket.served(root, load), lambda: nginx_bulk(nginx, seconds, False),
        lambda: nginx_bulk(nginx, seconds, True))
    for name, theirs, target in (("", plain, TARGET_CYCLES), ("-steered", steered, None)):
        results.add(f"cycles-per-byte{name}", "cycles/B", pair.cycles_per_byte(ours),
                    Samples(run["cycles_per_byte"] for run in theirs), target, better="lower")
        results.add(f"throughput{name}", "Gbit/s", pair.gbit_per_s(ours),
                    Samples(run["gbit_per_s"] for run in theirs))
    return nginx


def requests(results, nginx, same, root, socket, counts, runs, seconds):
    def ask(n):
        return lambda: socket.served(root, ["--url", socket.net.url("64"), "--connections", n,
                                            "--duration", seconds])

    for n in counts:
        ours, theirs, by_us = bench.take_turns(
            runs, ask(n), lambda n=n: nginx_requests(nginx, n, seconds),
            lambda n=n: same.requests(n, seconds))
        results.add(f"64-bytes-{n}", "req/s", pair.per_s(ours), Samples(theirs),
                    TARGET_RATE if n == 256 else None)
        results.add(f"64-bytes-{n}-same-client", "req/s", pair.per_s(ours), Samples(by_us))


def main():
    options = bench.arguments(__doc__)
    results = bench.Results("kernel", options.ipv6)
    net = pair.Net(options.ipv6)
    print(f"bench kernel: {options.runs} runs of each", flush=True)
    seconds = 1 if options.quick else 3
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="pwbench-root."))
        pathlib.Path(root).chmod(0o755)
        site = testsite.Site(root)
        site.add(BULK_FILE, testsite.content(BULK_FILE, BULK_BYTES))
        site.add("64", testsite.content("64", 64))
        socket = stack.enter_context(pair.Socket(results, net))
        nginx = bulk(results, stack, root, socket, options.runs, seconds)
        requests(results, nginx, PacketSocket(stack, results, root, net), root, socket,
                 QUICK_COUNTS if options.quick else COUNTS, options.runs, seconds)
    results.finish()
    rows = {row["case"]: row for row in results.rows}
    plot.bars(results.bench, "A byte of a download: the server's CPU", "cycles/B",
              ["pagewire", "nginx, steered", "nginx"], {"": [
                  rows["cycles-per-byte"]["value"], rows["cycles-per-byte-steered"]["reference"],
                  rows["cycles-per-byte"]["reference"]]})


if __name__ == "__main__":
    main()
