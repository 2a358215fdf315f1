# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
The limit of a device against pagewire, in the same run: virtio-user to vhost, a
core a side. The flood sends the very chains that pagewire sends (header mbuf and
windows of pages, the same builder, the same flags), round and round over the same
set, with no TCP, to a sink that only counts. pagewire serves the set to
pagewire-load. dpdk-testpmd floods with 54 + 1460 bytes, always the same hot mbufs.

Payload bytes are compared. A set consists of files of 1 MiB: 16 of them lie in the
CPU's cache, 256 do not.
"""
import contextlib
import tempfile

import bench
import pair
import plot
from bench import Samples

SETS_MIB = (16, 256)
CONNECTIONS = 8
TARGET = 0.80


def sources(socket, files, seconds):
    load = [*files.options(socket.net), "--connections", CONNECTIONS, "--duration", seconds]
    return [lambda: socket.flooded(socket.flood(files.root), seconds),
            lambda: socket.served(files.root, load)]


def run(results, stack, sets, net, tso, runs, seconds):
    socket = stack.enter_context(pair.Socket(results, net, tso))
    gather = [source for files in sets for source in sources(socket, files, seconds)]
    if not tso:
        gather.append(lambda: socket.flooded(socket.testpmd(), seconds, "testpmd"))
    lists = bench.take_turns(runs, *gather)
    for i, files in enumerate(sets):
        name = "bulk-tso" if tso else "bulk-1500"
        name += "" if files is sets[0] else f"-{files.mib}MB"
        served = pair.gbit_per_s(lists[2 * i + 1])
        flood = Samples(rate / 1e9 for rate in lists[2 * i])
        results.add(name, "Gbit/s", served, flood, TARGET)
        results.add(f"{name}-cycles", "cycles/B", pair.cycles_per_byte(lists[2 * i + 1]))
        if not tso:
            results.add(f"{name}-testpmd", "Gbit/s", served,
                        Samples(rate / 1e9 for rate in lists[-1]))


def main():
    options = bench.arguments(__doc__)
    results = bench.Results("roofline", options.ipv6)
    net = pair.Net(options.ipv6)
    print(f"bench roofline: {options.runs} runs of each", flush=True)
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="pwbench-root."))
        sets = [pair.FileSet(root, mib) for mib in SETS_MIB]
        for tso in (False, True):
            run(results, stack, sets, net, tso, options.runs, 1 if options.quick else 3)
    results.finish()
    rows = {row["case"]: row for row in results.rows}
    names = ["bulk-1500", "bulk-1500-256MB", "bulk-tso", "bulk-tso-256MB"]
    plot.bars(results.bench, "Downloads against the device, virtio-user to vhost, a core a side",
              "Gbit/s of payload", names, {
                  "pagewire": [rows[name]["value"] for name in names],
                  "flood of the same chains": [rows[name]["reference"] for name in names],
                  "testpmd, 54 + 1460 bytes": [
                      rows[f"{name}-testpmd"]["reference"] if "1500" in name else None
                      for name in names]})


if __name__ == "__main__":
    main()
