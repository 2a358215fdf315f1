# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
What IPv6 costs beside IPv4, in the same run: instructions of the programs of `path` and `tcp`,
which no neighbour disturbs, and, but when quick, what two cores reach over virtio-user, the
families in turns.

A header of IPv6 has 20 bytes more, so that the same frames carry 1428 bytes of payload instead
of 1448: 0.986 is the most that a download can reach where the device is the limit.
"""
import contextlib
import os
import shutil
import tempfile

import bench
import pair
from bench import Samples

import inprocess
import path
import tcp
import testsite

MORE, LESS = 1.03, 0.97  # cost and throughput of IPv6 by those of IPv4
FAMILIES = {4: False, 6: True}

# Of the whole worker, all in one process, in this order: it is made anew for the last alone.
WORKER = {
    "bulk": ("bulk-46", "worker: segment of a download, the device sums"),
    "acks": ("ack", "worker: ACK received"),
    "requests": ("request", "worker: 64-byte file, request and response"),
    "connections": ("connection", "worker: connection, SYN to TIME-WAIT"),
    "bulk-sum": ("bulk-46-sum", "worker: segment of a download, summed by us"),
}
# Of TCP alone: case, function, figure.
TCP = (
    ("bulk-46", "pw_tcp_run", "send-46"),
    ("bulk-46", "pw_tcp_input", "ack-46"),
)

# Over virtio-user: options of pagewire-load, and what is taken of a run.
CASES = {
    "bulk": (lambda net, files: [*files.options(net), "--connections", 8], pair.gbit_per_s),
    "small": (lambda net, files: ["--url", net.url("64"), "--connections", 256], pair.per_s),
    "connections": (lambda net, files: [
        "--url", net.url("64"), "--connections", 256, *net.addresses(64),
        "--requests-per-connection", 1], lambda runs: pair.per_s(runs, "opened")),
}
UNITS = {"bulk": "Gbit/s", "small": "req/s", "connections": "connections/s"}
BULK_MIB, SECONDS = 16, 3


def add_cost(results, words, of_four, of_six):
    results.add(words, "instructions", Samples([round(of_six, 1)]), Samples([round(of_four, 1)]),
                MORE, better="lower")


def count(results, tmp):
    root = path.make_site(f"{tmp}/counted", path.COUNTED_MIB)
    both = [inprocess.callgrind(path.counting(root, ipv6, *WORKER), ["pw_worker_turn"])[0]
            for ipv6 in FAMILIES.values()]
    for name, words in WORKER.values():
        add_cost(results, words, *(found[name] for found in both))
    for case, inside, name in TCP:
        add_cost(results, "TCP: " + tcp.CASES[case][name],
                 *(tcp.counted(case, ipv6, [inside])[name] for ipv6 in FAMILIES.values()))


def throughput(results, stack, tmp, runs):
    """Each family has a socket of its own; the files are those of both."""
    files = pair.FileSet(tmp, BULK_MIB)
    testsite.Site(files.root).add("64", testsite.content("64", 64))
    sockets = [stack.enter_context(pair.Socket(results, pair.Net(ipv6)))
               for ipv6 in FAMILIES.values()]

    def served(socket, case):
        words, _ = CASES[case]
        return socket.served(files.root, [*words(socket.net, files), "--duration", SECONDS])

    lists = iter(bench.take_turns(runs, *(
        lambda s=socket, c=case: served(s, c) for case in CASES for socket in sockets)))
    for case, (_, figure) in CASES.items():
        four, six = next(lists), next(lists)
        results.add(f"virtio-user: {case}", UNITS[case], figure(six), figure(four), LESS)


def main():
    options = bench.arguments(__doc__)
    results = bench.Results("family")
    print("bench family: IPv6 beside IPv4", flush=True)
    with contextlib.ExitStack() as stack:
        tmp = stack.enter_context(tempfile.TemporaryDirectory(prefix="pwbench-root."))
        if inprocess.has_callgrind():
            stack.callback(shutil.rmtree, f"/var/run/dpdk/pwpath{os.getpid()}", ignore_errors=True)
            count(results, tmp)
        else:
            results.add_impossible("instructions", "instructions", "valgrind is not there")
        if not options.quick:
            throughput(results, stack, tmp, options.runs)
    results.finish()


if __name__ == "__main__":
    main()
