# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Our CUBIC and BBR beside the Linux kernel's, on the same link.

pagewire (on a TAP) and nginx with sendfile (on a veth pair) are ports of one
bridge; the link filter between that and the clients' bridge is the bottleneck,
with a rate, a queue, a delay and losses. A second client is further away by the
delay of a filter of its own:

    pagewire - TAP --+                                         +-- c0: curl
                     +-- bridge === b1 - linkfilter - f0 === bridge
    nginx --- veth --+                                         +-- g1 - linkfilter - h0 === curl

Either server has two addresses: connections to the first have CUBIC, those to
the second BBR (a kernel without tcp_bbr is left out there, and that is said).

The two take turns; of each pair of runs, both meet the same seed of the link.
Where losses keep a flow far below the rate, several flows run at once, for the
sake of more samples: they do not disturb each other there. Segmentation
offloads are off, so that a frame of either is what the MTU says. What an earlier
run has taught of the path is not remembered, by either.

--matrix is all of it: losses up to 10 %, round trips from 0.1 to 300 ms, queues from a
tenth of the bandwidth-delay product to four of them, flows with each other, with
the kernel's, and from different distances.
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
SEGMENT_BYTES, FRAME_BYTES = 1448, 1514
QUEUE_MIN_BYTES = 32_000
ADDRESSES = {"pagewire": "10.77.0.1", "pagewire-bbr": "10.77.0.5",
             "kernel": "10.77.0.3", "kernel-bbr": "10.77.0.6"}

LOSSES, RTTS = (0, 0.1, 0.5, 1, 3, 5, 10), (0.1, 1, 20, 50, 100, 300)
QUEUES, QUEUE_RTTS = (0.1, 0.25, 0.5, 2, 4), (20, 100)
# (loss in per cent, round trip in ms, queue in bandwidth-delay products)
MATRIX = [(loss, rtt, 1) for rtt in RTTS for loss in LOSSES]
MATRIX += [(0, rtt, queue) for rtt in QUEUE_RTTS for queue in QUEUES]
CELLS = [(0, 1, 1), (0, 20, 1), (0, 50, 1), (0, 100, 1), (0.1, 20, 1), (0.1, 50, 1), (0.1, 100, 1),
         (1, 1, 1), (1, 20, 1), (1, 50, 1), (1, 100, 1), (3, 20, 1), (3, 50, 1)]
QUICK_CELLS = [(0, 20, 1), (1, 50, 1)]
BBR_CELLS = [(0, 20, 1), (0, 100, 1), (1, 20, 1), (1, 50, 1), (3, 50, 1)]
TARGET_CELL, TARGET = (1, 50, 1), 0.95
TARGET_MORE_RUNS = 2
SECONDS, TARGET_SECONDS, FAR_SECONDS, FAIR_SECONDS = 4, 8, 8, 10
QUICK_SECONDS = 3
FAR_MS = 100  # from here on a run takes longer
FAIR_RTT_MS, FAIR_FAR_MS = 20, 60  # and how much further the second client is
FAIR_MORE_RUNS = 1

# Alone on a link: what BBR makes of one that loses at random, and pacing of an empty one.
BBR_RATE_BPS, BBR_LINK, BBR_SECONDS, BBR_TARGET = 20_000_000, (1, 50, 1), 10, 0.9
PACED_LINK, PACED_TARGET = (0, 20, 1), 0.95

# Flows through one bottleneck: name, (whose, near or far) of each.
OURS_NEAR, OURS_FAR = ("pagewire", "near"), ("pagewire", "far")
THEIRS_NEAR, THEIRS_FAR = ("kernel", "near"), ("kernel", "far")
OUR_BBR, THEIR_BBR = ("pagewire-bbr", "near"), ("kernel-bbr", "near")
QUICK_MIXES = {
    "pagewire-kernel": (OURS_NEAR, THEIRS_NEAR),
    "pagewire-bbr-kernel-bbr": (OUR_BBR, THEIR_BBR),
}
MIXES = {
    **QUICK_MIXES,
    "pagewire-pagewire": (OURS_NEAR, OURS_NEAR),
    "kernel-kernel": (THEIRS_NEAR, THEIRS_NEAR),
    "pagewire-bbr-kernel": (OUR_BBR, THEIRS_NEAR),
    "pagewire-kernel-bbr": (OURS_NEAR, THEIR_BBR),
    "pagewire-bbr-pagewire": (OUR_BBR, OURS_NEAR),
    "kernel-bbr-kernel": (THEIR_BBR, THEIRS_NEAR),
    "pagewire-bbr-pagewire-bbr": (OUR_BBR, OUR_BBR),
    "kernel-bbr-kernel-bbr": (THEIR_BBR, THEIR_BBR),
}
MATRIX_MIXES = {
    **MIXES,
    "8-pagewire": (OURS_NEAR,) * 8,
    "8-kernel": (THEIRS_NEAR,) * 8,
    "4-pagewire-4-kernel": (OURS_NEAR,) * 4 + (THEIRS_NEAR,) * 4,
    "pagewire-near-pagewire-far": (OURS_NEAR, OURS_FAR),
    "kernel-near-kernel-far": (THEIRS_NEAR, THEIRS_FAR),
    "pagewire-near-kernel-far": (OURS_NEAR, THEIRS_FAR),
    "kernel-near-pagewire-far": (THEIRS_NEAR, OURS_FAR),
}


def flows_for(loss, rtt_ms):
    """As many as take less than a third of the rate by the square-root law (Mathis 1997)."""
    if loss == 0:
        return 1
    one_bps = 8 * SEGMENT_BYTES * 1.22 / (rtt_ms * 1e-3 * math.sqrt(loss / 100))
    return max(1, min(8, int(RATE_BPS / 3 / one_bps)))


class Bridge:
    """Everything on the servers' side of the link."""

    def __init__(self, stack, results, root):
        self.server = stack.enter_context(harness.serving("tap", root, [
            "--drain", 1, "--tcp-metrics", 0, "--ip", f"{ADDRESSES['pagewire-bbr']}/24",
            "--cc", f"bbr@{ADDRESSES['pagewire-bbr']}"]))
        self.middle = self.server.namespace
        self.client = stack.enter_context(harness.Namespace("c"))
        self.far = stack.enter_context(harness.Namespace("h"))
        self.kernel = stack.enter_context(harness.Namespace("k"))
        middle = self.middle
        middle.run("ip", "addr", "flush", "dev", "pw0")
        middle.run("ip", "link", "add", "br0", "type", "bridge")
        self.veth(middle, "n0", self.kernel, "n1")
        middle.run("ip", "link", "add", "br1", "type", "bridge")
        self.veth(middle, "b0", middle, "b1")
        self.veth(middle, "f0", middle, "f1")
        self.veth(middle, "c1", self.client, "c0")
        self.veth(middle, "g0", middle, "g1")
        self.veth(middle, "h0", self.far, "h1")
        for bridge, names in (("br0", ("pw0", "n0", "b0")), ("br1", ("f1", "c1", "g0"))):
            for name in names:
                middle.run("ip", "link", "set", name, "master", bridge)
            middle.run("ip", "link", "set", bridge, "up")
        self.client.run("ip", "addr", "add", "10.77.0.2/24", "dev", "c0")
        self.far.run("ip", "addr", "add", "10.77.0.4/24", "dev", "h1")
        self.kernel.run("sysctl", "-qw", "net.ipv4.tcp_no_metrics_save=1")
        self.kernel_has_bbr = "bbr" in kernel_ccs()
        self.route("kernel", "cubic", "main")
        if self.kernel_has_bbr:
            self.route("kernel-bbr", "bbr", "77")
            self.kernel.run("ip", "rule", "add", "from", ADDRESSES["kernel-bbr"], "lookup", "77")
        results.command([harness.PAGEWIRE, *self.server.arguments])
        self.start_nginx(stack, results, root)

    def route(self, whose, cc, table):
        """By the route: a namespace may not choose just any default."""
        address = ADDRESSES[whose]
        self.kernel.run("ip", "addr", "add", f"{address}/24", "dev", "n1")
        self.kernel.run("ip", "route", "replace", "10.77.0.0/24", "dev", "n1", "src", address,
                        "congctl", cc, "table", table)

    def can(self, whose):
        return whose != "kernel-bbr" or self.kernel_has_bbr

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
        results.command(["nginx", "-c", conf, "(CUBIC and BBR by the route, gso off)"])
        master = self.kernel.popen("nginx", "-c", conf, stderr=subprocess.DEVNULL)
        stack.callback(master.wait)
        stack.callback(master.send_signal, signal.SIGTERM)
        harness.wait_until("nginx serves", lambda: os.path.exists(f"{tmp}/pid"))

    def filter(self, stack, *arguments):
        process = self.middle.popen(harness.LINKFILTER, *arguments, stdout=subprocess.PIPE,
                                    text=True)
        stack.callback(process.communicate, timeout=10)
        stack.callback(process.send_signal, signal.SIGTERM)
        process.stdout.readline()

    @contextlib.contextmanager
    def link(self, loss, rtt_ms, queue_bdp, seed, far_ms=None, rate_bps=RATE_BPS):
        """The link filter: loss, rate and queue towards the clients, delay both ways."""
        queue = max(int(queue_bdp * rate_bps / 8 * rtt_ms * 1e-3), QUEUE_MIN_BYTES)
        half = f"delay={rtt_ms * 500:.0f}us"
        with contextlib.ExitStack() as stack:
            self.filter(stack, "--seed", seed, "--ab",
                        f"loss={loss},{half},rate={rate_bps // 1_000_000}M:{queue}", "--ba", half,
                        "b1", "f0")
            if far_ms is not None:
                self.filter(stack, "--both", f"delay={far_ms * 500}us", "g1", "h0")
            # The addresses are resolved before anything is measured.
            for client in (self.client,) if far_ms is None else (self.client, self.far):
                client.run("curl", "-sS", "-o", "/dev/null", "--head", "--parallel", "--max-time",
                           5, *(f"http://{address}/{FILE}" for whose, address in ADDRESSES.items()
                                if self.can(whose)), check=False)
            yield

    def control(self, *words):
        subprocess.run([harness.BUILD / "app" / "pagewire-ctl", "--file-prefix",
                        self.server.prefix, *words], check=True)

    def goodputs(self, flows, seconds):
        """Download from (whose, near or far) each at once for so long. @return bits per second"""
        client = {"near": self.client, "far": self.far}
        curls = [client[where].popen(
            "curl", "-s", "-o", "/dev/null", "--max-time", seconds, "--write-out",
            "%{size_download} %{time_total}", f"http://{ADDRESSES[whose]}/{FILE}",
            stdout=subprocess.PIPE, text=True) for whose, where in flows]
        rates = []
        for child in curls:
            size, total = re.match(r"(\d+) ([\d.]+)", child.communicate()[0]).groups()
            rates.append(8 * int(size) / float(total))
        return rates


def kernel_ccs():
    """Congestion controls of this kernel, once it was asked to load its BBR."""
    subprocess.run(["modprobe", "-q", "tcp_bbr"], check=False)
    with open("/proc/sys/net/ipv4/tcp_available_congestion_control") as names:
        return names.read().split()


def name_of(loss, rtt_ms, queue_bdp):
    return f"loss-{loss:g}-rtt-{rtt_ms:g}" + ("" if queue_bdp == 1 else f"-queue-{queue_bdp:g}")


def no_bbr(results, case, unit):
    results.add_impossible(case, unit, "skipped: this kernel has no tcp_bbr")


def run_cell(results, bridge, cell, runs, options):
    """CUBIC beside the kernel's."""
    loss, rtt_ms, queue_bdp = cell
    seconds = SECONDS if rtt_ms < FAR_MS else FAR_SECONDS
    seconds = TARGET_SECONDS if cell == TARGET_CELL else seconds
    seconds = min(seconds, QUICK_SECONDS) if options.quick else seconds
    flows = flows_for(loss, rtt_ms)
    ours, theirs = [], []
    for run in range(runs):
        for samples, whose in ((ours, OURS_NEAR), (theirs, THEIRS_NEAR)):
            with bridge.link(loss, rtt_ms, queue_bdp, options.seed + run):
                samples.append(sum(bridge.goodputs([whose] * flows, seconds)) / flows / 1e6)
    results.add(name_of(*cell), "Mbit/s", Samples(ours), Samples(theirs),
                TARGET if cell == TARGET_CELL else None)
    tell(results)


def run_bbr_cell(results, bridge, cell, runs, options):
    """BBR beside the kernel's: a flow alone, for it fills a link that loses."""
    case, seconds = f"bbr-{name_of(*cell)}", FAR_SECONDS
    ours, theirs = [], []
    for run in range(runs):
        for samples, whose in ((ours, OUR_BBR), (theirs, THEIR_BBR)):
            if not bridge.can(whose[0]):
                continue
            with bridge.link(*cell, options.seed + run):
                samples.append(bridge.goodputs([whose], seconds)[0] / 1e6)
    results.add(case, "Mbit/s", Samples(ours), Samples(theirs) if theirs else None)
    tell(results)
    if not theirs:
        no_bbr(results, f"{case}-kernel", "Mbit/s")


def run_bbr_alone(results, bridge, runs, options):
    """BBR and random loss: goodput, of what segments of 1500 bytes can carry over the link."""
    possible = BBR_RATE_BPS * SEGMENT_BYTES / FRAME_BYTES
    shares = []
    for run in range(runs):
        with bridge.link(*BBR_LINK, options.seed + run, rate_bps=BBR_RATE_BPS):
            shares.append(bridge.goodputs([OUR_BBR], BBR_SECONDS)[0] / possible)
    name = f"bbr-{name_of(*BBR_LINK)}-of-{BBR_RATE_BPS // 1_000_000}M"
    results.add(name, "of what segments can carry", Samples(shares), target=BBR_TARGET)
    results.add(f"{name}-goodput", "Mbit/s", Samples(share * possible / 1e6 for share in shares))
    tell(results)


def run_paced(results, bridge, runs, options):
    """Pacing on a link that nobody else uses."""
    seconds = QUICK_SECONDS if options.quick else SECONDS
    paced, plain = [], []
    for run in range(runs):
        for samples, on in ((paced, "true"), (plain, "false")):
            bridge.control("set", "pacing", on)
            with bridge.link(*PACED_LINK, options.seed + run):
                samples.append(bridge.goodputs([OURS_NEAR], seconds)[0] / 1e6)
    results.add(f"paced-beside-unpaced-{name_of(*PACED_LINK)}", "Mbit/s", Samples(paced),
                Samples(plain), PACED_TARGET)
    tell(results)


def jain(rates):
    return sum(rates) ** 2 / (len(rates) * sum(rate ** 2 for rate in rates))


def run_fairness(results, bridge, mixes, runs, options):
    """Flows through the bottleneck, no loss but its own."""
    for name, flows in mixes.items():
        if not all(bridge.can(whose) for whose, _ in flows):
            no_bbr(results, f"jain-{name}", "index")
            continue
        far_ms = FAIR_FAR_MS if any(where == "far" for _, where in flows) else None
        indices, shares = [], []
        for run in range(runs):
            with bridge.link(0, FAIR_RTT_MS, 1, options.seed + run, far_ms):
                rates = bridge.goodputs(flows, QUICK_SECONDS if options.quick else FAIR_SECONDS)
            indices.append(jain(rates))
            shares.append(100 * sum(rates[:len(rates) // 2]) / sum(rates))
        results.add(f"jain-{name}", "index", Samples(indices))
        if flows[0] != flows[-1]:
            results.add(f"share-of-the-first-{name}", "%", Samples(shares))
        tell(results)


def tell(results):
    row = results.rows[-1]
    beside = "" if row["ratio"] is None else f", of {row['reference']:.3g}: {row['ratio']:.3f}"
    print(f"  {row['case']}: {row['value']:.3g} {row['unit']}{beside}", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer links, 1 pair of runs of each")
    parser.add_argument("--matrix", action="store_true", help="all links, 1 pair of runs of each")
    parser.add_argument("--runs", type=int, help="as many pairs of runs of each link")
    parser.add_argument("--seed", type=int, default=1, help="of the link")
    parser.add_argument("--cell", action="append", metavar="LOSS:RTT[:QUEUE]",
                        help="only this link, in per cent, ms and bandwidth-delay products, no "
                        "fairness; may be repeated")
    parser.add_argument("--fairness", action="store_true", help="nothing but fairness")
    options = parser.parse_args()
    options.runs = options.runs or (1 if options.quick or options.matrix else 2)
    options.cells = MATRIX if options.matrix else QUICK_CELLS if options.quick else CELLS
    options.bbr_cells = [] if options.quick else BBR_CELLS
    options.alone = True
    options.mixes = MATRIX_MIXES if options.matrix else MIXES
    if options.quick:
        options.mixes = QUICK_MIXES
    if options.cell:
        options.cells = [tuple(map(float, (cell + ":1").split(":")[:3])) for cell in options.cell]
        options.mixes = {}
    if options.fairness:
        options.cells = []
    if options.cell or options.fairness:
        options.bbr_cells, options.alone = [], False
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
        if not bridge.kernel_has_bbr:
            print("this kernel has no tcp_bbr: it is compared with by CUBIC only", flush=True)
        for cell in options.cells:
            more = TARGET_MORE_RUNS if cell == TARGET_CELL and not options.quick else 0
            run_cell(results, bridge, cell, options.runs + more, options)
        for cell in options.bbr_cells:
            run_bbr_cell(results, bridge, cell, options.runs, options)
        if options.alone:
            run_bbr_alone(results, bridge, options.runs, options)
            run_paced(results, bridge, options.runs, options)
        more = 0 if options.quick or options.matrix else FAIR_MORE_RUNS
        run_fairness(results, bridge, options.mixes, options.runs + more, options)
    results.finish()


if __name__ == "__main__":
    main()
