# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Connections: open, one file of 64 bytes, close. virtio-user to vhost, a core a
side. Many addresses ask, so that no port rests in TIME-WAIT when it is wanted.
"""
import contextlib
import tempfile

import bench
import pair

import testsite

# (connections at a time, source addresses)
CASES = {"256": (256, 64)}
TARGET = 300_000


def main():
    options = bench.arguments(__doc__)
    results = bench.Results("connections", options.ipv6)
    net = pair.Net(options.ipv6)
    print(f"bench connections: {options.runs} runs of each", flush=True)
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="pwbench-root."))
        testsite.Site(root).add("64", testsite.content("64", 64))
        socket = stack.enter_context(pair.Socket(results, net))
        seconds = 1 if options.quick else 3

        def ask(case):
            at_a_time, addresses = CASES[case]
            return lambda: socket.served(root, [
                "--url", net.url("64"), "--connections", at_a_time, *net.addresses(addresses),
                "--requests-per-connection", 1, "--duration", seconds])

        lists = bench.take_turns(options.runs, *map(ask, CASES))
    for case, runs in zip(CASES, lists):
        results.add(case, "connections/s", pair.per_s(runs, "opened"), target=TARGET)
        results.add(f"{case}-cycles", "cycles/connection", pair.cycles_per_request(runs))
        results.add(f"{case}-p99", "us", pair.latency_us(runs, "p99"))
    results.finish()


if __name__ == "__main__":
    main()
