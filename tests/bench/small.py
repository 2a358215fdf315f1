# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Small files over keep-alive: virtio-user to vhost, a core a side, 256 connections.
A connection asks again when it has its answer.
"""
import contextlib
import tempfile

import bench
import pair
import plot

import testsite

CONNECTIONS = 256
SIZES = {"64": 64, "1K": 1 << 10, "4K": 4 << 10, "16K": 16 << 10, "64K": 64 << 10}
QUICK_SIZES = ("64", "1K", "64K")
TARGET_SIZE, TARGET = "64", 2_000_000


def main():
    options = bench.arguments(__doc__)
    results = bench.Results("small", options.ipv6)
    net = pair.Net(options.ipv6)
    print(f"bench small: {options.runs} runs of each", flush=True)
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="pwbench-root."))
        for name, size in SIZES.items():
            testsite.Site(root).add(name, testsite.content(name, size))
        socket = stack.enter_context(pair.Socket(results, net))
        seconds = 1 if options.quick else 3
        names = QUICK_SIZES if options.quick else tuple(SIZES)

        def ask(name):
            return lambda: socket.served(root, ["--url", net.url(name), "--connections",
                                                CONNECTIONS, "--duration", seconds])

        lists = bench.take_turns(options.runs, *map(ask, names))
    for name, runs in zip(names, lists):
        results.add(name, "req/s", pair.per_s(runs), target=TARGET if name == TARGET_SIZE else None)
        results.add(f"{name}-cycles", "cycles/req", pair.cycles_per_request(runs))
        results.add(f"{name}-throughput", "Gbit/s", pair.gbit_per_s(runs))
    results.finish()
    plot.bars(results.bench, f"Small files over {CONNECTIONS} keep-alive connections, one core",
              "requests/s", names, {"pagewire": [
                  row["value"] for row in results.rows if row["unit"] == "req/s"]})


if __name__ == "__main__":
    main()
