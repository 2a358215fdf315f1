# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Time from a request to the end of its answer, a file of 64 bytes: virtio-user to
vhost, a core a side, both spinning. One connection that asks again and again, and
256 in open loop at half of what they can have in closed loop, each request timed
from when it was due.
"""
import contextlib
import tempfile

import bench
import pair
import plot

import testsite

CONNECTIONS = 256
QUANTILES = ("p50", "p99", "p99.9", "p99.99")
TARGETS = {"p50": 15, "p99": 60}


def main():
    options = bench.arguments(__doc__)
    results = bench.Results("latency", options.ipv6)
    net = pair.Net(options.ipv6)
    print(f"bench latency: {options.runs} runs of each", flush=True)
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="pwbench-root."))
        testsite.Site(root).add("64", testsite.content("64", 64))
        socket = stack.enter_context(pair.Socket(results, net))
        seconds = 1 if options.quick else 3

        def ask(connections, rate=0):
            return socket.served(root, [
                "--url", net.url("64"), "--connections", connections, "--duration", seconds,
                "--rate", int(rate)])

        full = ask(CONNECTIONS)["responses_per_s"]
        one, half = bench.take_turns(options.runs, lambda: ask(1),
                                     lambda: ask(CONNECTIONS, full / 2))
    for name in QUANTILES:
        results.add(f"1-{name}", "us", pair.latency_us(one, name), target=TARGETS.get(name),
                    better="lower")
    for name in QUANTILES:
        results.add(f"half-load-{name}", "us", pair.latency_us(half, name))
    results.add("half-load-rate", "req/s", pair.per_s(half))
    results.finish()
    rows = {row["case"]: row["value"] for row in results.rows}
    plot.lines(results.bench, "A file of 64 bytes: time to the end of the answer", "percentile", "us", {
        label: [(i, rows[f"{case}-{name}"]) for i, name in enumerate(QUANTILES)]
        for label, case in (("1 connection", "1"), ("half of the full load", "half-load"))},
        "y", dict(enumerate(QUANTILES)))


if __name__ == "__main__":
    main()
