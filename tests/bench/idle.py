# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
From 1 to 1,000,000 established connections that say nothing (100,000 when quick),
and 64 beside them that ask for a file of 64 bytes, again and again: what a request
costs, how long it takes, and what a connection takes of the server's memory. By
memory all of the process is meant, what was taken for as many connections at start
less what a server for few has taken.
"""
import contextlib
import tempfile

import bench
import pair
import plot
from bench import Samples

import testsite

ASKING = 64
COUNTS = (1, 10, 100, 1000, 10_000, 100_000, 1_000_000)
QUICK_COUNTS = (1, 100_000)
SPARE = 1000  # connections that the server could have besides
TARGET_BYTES, TARGET_ALL = 1024, 1 << 30


def main():
    options = bench.arguments(__doc__)
    results = bench.Results("idle", options.ipv6)
    net = pair.Net(options.ipv6)
    counts = QUICK_COUNTS if options.quick else COUNTS
    print(f"bench idle: {options.runs} runs of each", flush=True)
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="pwbench-root."))
        testsite.Site(root).add("64", testsite.content("64", 64))
        socket = stack.enter_context(pair.Socket(results, net))

        def hold(n):
            return lambda: socket.served(root, [
                "--url", net.url("64"), "--connections", n + ASKING, "--active", ASKING,
                *net.sources(n), "--duration", 2 if options.quick else 4, "--timeout", 60],
                ["--max-connections", n + ASKING + SPARE, "--timeout-idle", 3600,
                 "--stats-period", 1, "--drain", 1])

        lists = bench.take_turns(options.runs, *map(hold, counts))
    report(results, counts, lists)
    results.finish()


def report(results, counts, lists):
    first = {"cycles": pair.cycles_per_request_now(lists[0]),
             "p99": pair.latency_us(lists[0], "p99")}
    base = min(run["server"]["memory"] for run in lists[0])
    cycles, memory = [], []
    for n, runs in zip(counts, lists):
        for run in runs:
            assert run["opened"] == n + ASKING, f"{run['opened']} of {n + ASKING} connections"
        results.add(f"{n}-cycles", "cycles/req", pair.cycles_per_request_now(runs),
                    first["cycles"])
        cycles.append((n, results.rows[-1]["value"]))
        results.add(f"{n}-rate", "req/s", pair.per_s(runs))
        results.add(f"{n}-p99", "us", pair.latency_us(runs, "p99"), first["p99"])
        if n < 10_000:
            continue
        results.add(f"{n}-memory", "B/connection", Samples(
            (run["server"]["memory"] - base) / (n - counts[0]) for run in runs),
            target=TARGET_BYTES, better="lower")
        memory.append((n, results.rows[-1]["value"]))
        if n == COUNTS[-1]:
            results.add(f"{n}-all-memory", "B", Samples(
                run["server"]["memory"] - base for run in runs), target=TARGET_ALL,
                better="lower")
    plot.lines(results.bench, "A request beside idle connections", "idle connections",
               "busy cycles of the server a request", {"64 connections ask": cycles}, "x")


if __name__ == "__main__":
    main()
