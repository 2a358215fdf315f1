# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Our CUBIC beside the Linux kernel's, on the same link.

pagewire (on a TAP) and nginx with sendfile (on a veth pair) are ports of one
bridge; the link filter between the bridge and the client's namespace is the
bottleneck, with a rate, a queue, a delay and losses:

    pagewire - TAP --+
                     +-- bridge === b1 - linkfilter - f0 === c0: curl
    nginx --- veth --+

The two take turns; of each pair of runs, both meet the same seed of the link.
Where losses keep a flow far below the rate, several flows run at once, for the
sake of more samples: they do not disturb each other there. Segmentation
offloads are off, so that a frame of either is what the MTU says.
"""
import argparse
import contextlib
import math
import os
import re
import signal
import subprocess
import tempfile

import bench
from bench import Samples

import harness
import testsite
from tap import NGINX_CONF

RATE_BPS = 100_000_000
FILE = "big"
FILE_BYTES = 128 << 20
SEGMENT_BYTES = 1448
QUEUE_MIN_BYTES = 32_000
OURS, THEIRS = "10.77.0.1", "10.77.0.3"

# (loss in per cent, round trip in ms)
CELLS = [(0, 1), (0, 20), (0, 50), (0, 100), (0.1, 20), (0.1, 50), (0.1, 100),
         (1, 1), (1, 20), (1, 50), (1, 100), (3, 20), (3, 50)]
QUICK_CELLS = [(0, 1), (0, 50), (0.1, 20), (1, 1), (1, 50), (3, 50)]
TARGET_CELL, TARGET = (1, 50), 0.95
TARGET_MORE_RUNS = 2
SECONDS, TARGET_SECONDS, FAIR_SECONDS = 4, 8, 10
MIXES = (("pagewire", "pagewire"), ("pagewire", "kernel"), ("kernel", "kernel"))


def flows_for(loss, rtt_ms):
    """As many as take less than a third of the rate by the square-root law (Mathis 1997)."""
    if loss == 0:
        return 1
    one_bps = 8 * SEGMENT_BYTES * 1.22 / (rtt_ms * 1e-3 * math.sqrt(loss / 100))
    return max(1, min(8, int(RATE_BPS / 3 / one_bps)))


class Bridge:
    """Everything on the servers' side of the link."""

    def __init__(self, stack, results, root):
        self.server = stack.enter_context(harness.serving("tap", root, ["--drain", 1]))
        self.middle = self.server.namespace
        self.client = stack.enter_context(harness.Namespace("c"))
        self.kernel = stack.enter_context(harness.Namespace("k"))
        middle = self.middle
        middle.run("ip", "addr", "flush", "dev", "pw0")
        middle.run("ip", "link", "add", "br0", "type", "bridge")
        self.veth(middle, "n0", self.kernel, "n1")
        self.veth(middle, "f0", self.client, "c0")
        self.veth(middle, "b0", middle, "b1")
        for name in ("pw0", "n0", "b0"):
            middle.run("ip", "link", "set", name, "master", "br0")
        middle.run("ip", "link", "set", "br0", "up")
        self.kernel.run("ip", "addr", "add", f"{THEIRS}/24", "dev", "n1")
        self.client.run("ip", "addr", "add", "10.77.0.2/24", "dev", "c0")
        self.kernel.run("sysctl", "-qw", "net.ipv4.tcp_no_metrics_save=1")
        # By the route: a namespace may not choose just any default.
        self.kernel.run("ip", "route", "replace", "10.77.0.0/24", "dev", "n1", "src", THEIRS,
                        "congctl", "cubic")
        results.command([harness.PAGEWIRE, *self.server.arguments])
        self.start_nginx(stack, results, root)

    @staticmethod
    def veth(at, name, peer_at, peer):
        at.run("ip", "link", "add", name, "type", "veth", "peer", "name", peer, "netns",
               peer_at.name)
        for namespace, link in ((at, name), (peer_at, peer)):
            namespace.run("ethtool", "-K", link, "tx", "off", "tso", "off", "gso", "off", "gro",
                          "off")
            namespace.run("ip", "link", "set", link, "up")

    def start_nginx(self, stack, results, root):
        tmp = stack.enter_context(tempfile.TemporaryDirectory(prefix="pwbench."))
        conf = f"{tmp}/nginx.conf"
        with open(conf, "w") as out:
            out.write(NGINX_CONF.format(tmp=tmp, root=root, mask="1"))
        results.command(["nginx", "-c", conf, "(CUBIC, gso off)"])
        master = self.kernel.popen("nginx", "-c", conf, stderr=subprocess.DEVNULL)
        stack.callback(master.wait)
        stack.callback(master.send_signal, signal.SIGTERM)
        harness.wait_until("nginx serves", lambda: os.path.exists(f"{tmp}/pid"))

    @contextlib.contextmanager
    def link(self, loss, rtt_ms, seed):
        """The link filter: loss, rate and queue towards the client, delay both ways."""
        queue = max(int(RATE_BPS / 8 * rtt_ms * 1e-3), QUEUE_MIN_BYTES)
        half = f"delay={rtt_ms * 500}us"
        process = self.middle.popen(
            harness.LINKFILTER, "--seed", seed, "--ab",
            f"loss={loss},{half},rate={RATE_BPS // 1_000_000}M:{queue}", "--ba", half, "b1", "f0",
            stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        # Both addresses are resolved before anything is measured.
        for address in (OURS, THEIRS):
            self.client.run("curl", "-sS", "-o", "/dev/null", "--head", "--max-time", 5,
                            f"http://{address}/{FILE}", check=False)
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=10)

    def goodputs(self, addresses, seconds):
        """Download from each at once for so long. @return bits per second of each"""
        curls = [self.client.popen(
            "curl", "-s", "-o", "/dev/null", "--max-time", seconds, "--write-out",
            "%{size_download} %{time_total}", f"http://{address}/{FILE}",
            stdout=subprocess.PIPE, text=True) for address in addresses]
        rates = []
        for child in curls:
            size, total = re.match(r"(\d+) ([\d.]+)", child.communicate()[0]).groups()
            rates.append(8 * int(size) / float(total))
        return rates


def run_cell(results, bridge, cell, runs, seed):
    loss, rtt_ms = cell
    seconds = TARGET_SECONDS if cell == TARGET_CELL else SECONDS
    flows = flows_for(loss, rtt_ms)
    ours, theirs = [], []
    for run in range(runs):
        for samples, address in ((ours, OURS), (theirs, THEIRS)):
            with bridge.link(loss, rtt_ms, seed + run):
                samples.append(sum(bridge.goodputs([address] * flows, seconds)) / flows / 1e6)
    results.add(f"loss-{loss:g}-rtt-{rtt_ms}", "Mbit/s", Samples(ours), Samples(theirs),
                TARGET if cell == TARGET_CELL else None)


def jain(rates):
    return sum(rates) ** 2 / (len(rates) * sum(rate ** 2 for rate in rates))


def run_fairness(results, bridge, runs, seed):
    """Two flows through the bottleneck, no loss but its own."""
    address = {"pagewire": OURS, "kernel": THEIRS}
    indices = {mix: [] for mix in MIXES}
    shares = []
    for run in range(runs):
        for mix in MIXES:
            with bridge.link(0, 20, seed + run):
                rates = bridge.goodputs([address[name] for name in mix], FAIR_SECONDS)
            indices[mix].append(jain(rates))
            if mix == ("pagewire", "kernel"):
                shares.append(100 * rates[0] / sum(rates))
    for mix in MIXES:
        results.add(f"jain-{'-'.join(mix)}", "index", Samples(indices[mix]))
    results.add("share-beside-kernel", "%", Samples(shares))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer links, 1 pair of runs of each")
    parser.add_argument("--runs", type=int, help="as many pairs of runs of each link")
    parser.add_argument("--seed", type=int, default=1, help="of the link")
    parser.add_argument("--cell", action="append", metavar="LOSS:RTT",
                        help="only this link, in per cent and ms, no fairness; may be repeated")
    options = parser.parse_args()
    options.runs = options.runs or (1 if options.quick else 2)
    options.cells = QUICK_CELLS if options.quick else CELLS
    if options.cell:
        options.cells = [(float(loss), int(rtt)) for loss, rtt in
                         (cell.split(":") for cell in options.cell)]
    return options


def main():
    options = arguments()
    results = bench.Results("compare")
    missing = harness.Profile.missing("tap")
    if missing:
        raise SystemExit(f"bench compare: this machine lacks {missing}")
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="pwbench-root."))
        os.chmod(root, 0o755)
        testsite.Site(root).add_big(FILE, FILE_BYTES)
        bridge = Bridge(stack, results, root)
        print(f"bench compare: {len(options.cells)} links, {options.runs} pairs of runs of each",
              flush=True)
        for cell in options.cells:
            runs = options.runs + (TARGET_MORE_RUNS if cell == TARGET_CELL else 0)
            run_cell(results, bridge, cell, runs, options.seed)
            row = results.rows[-1]
            print(f"  {row['case']}: {row['value']:.2f} of {row['reference']:.2f} Mbit/s, "
                  f"ratio {row['ratio']:.3f}", flush=True)
        if not options.cell:
            run_fairness(results, bridge, options.runs, options.seed)
    results.print_table()
    results.write()
    print(f"rows in {bench.OUT / 'results.json'}")


if __name__ == "__main__":
    main()
