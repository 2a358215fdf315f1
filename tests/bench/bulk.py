# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Downloads over 1 to 1,000 connections, virtio-user to vhost, MTU 1500, a core a
side: of one file of 1 MiB, which stays in the CPU's cache, and of 256 such files by
chance, which do not fit there. The reference is the flood of the same chains over
the same files.
"""
import contextlib
import tempfile

import bench
import pair
import plot
from bench import Samples

SETS = {"hot": 1, "256MB": 256}
CONNECTIONS, QUICK_CONNECTIONS = (1, 10, 100, 1000), (1, 100)


def main():
    options = bench.arguments(__doc__)
    results = bench.Results("bulk", options.ipv6)
    net = pair.Net(options.ipv6)
    print(f"bench bulk: {options.runs} runs of each", flush=True)
    seconds = 1 if options.quick else 3
    counts = QUICK_CONNECTIONS if options.quick else CONNECTIONS
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="pwbench-root."))
        sets = {name: pair.FileSet(root, mib) for name, mib in SETS.items()}
        socket = stack.enter_context(pair.Socket(results, net))

        def flood(files):
            return lambda: socket.flooded(socket.flood(files.root), seconds)

        def serve(files, n):
            return lambda: socket.served(files.root, [*files.options(net), "--connections", n,
                                                      "--duration", seconds])

        lists = iter(bench.take_turns(options.runs, *(
            source for files in sets.values()
            for source in [flood(files), *(serve(files, n) for n in counts)])))
    lines = {}
    for name in sets:
        reference = Samples(rate / 1e9 for rate in next(lists))
        for n in counts:
            runs = next(lists)
            results.add(f"{name}-{n}", "Gbit/s", pair.gbit_per_s(runs), reference)
            lines.setdefault(name, []).append((n, results.rows[-1]["value"]))
            results.add(f"{name}-{n}-cycles", "cycles/B", pair.cycles_per_byte(runs))
    results.finish()
    plot.lines(results.bench, "Downloads over virtio-user, MTU 1500, a core a side", "connections",
               "Gbit/s of payload", lines, "x")


if __name__ == "__main__":
    main()
