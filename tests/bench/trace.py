# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
What the copy ledger and the trace of connections cost: instructions of the programs of
`tcp` and `path`, built with them and without (-Daccounting=false).
"""
import os
import shutil
import subprocess
import tempfile

import bench
from bench import Samples

import harness
import inprocess
import path
import tcp

WITHOUT = harness.TOP / "build-unaccounted"
TARGET = 3  # per cent of a download, and of a small request

# program, case, figure of it, functions inside which instructions are counted, words
COUNTED = (
    ("tcp-bench", "bulk-46", "send-46", ["pw_tcp_run"], "TCP: data segment sent, 46 a turn"),
    ("tcp-bench", "bulk-46", "ack-46", ["pw_tcp_input"], "TCP: ACK of two segments"),
    ("tcp-bench", "connections", "connection", ["pw_tcp_input", "pw_tcp_run"],
     "TCP: connection with one request"),
    ("path-bench", "bulk", "bulk-46", ["pw_worker_turn"], "worker: segment of a download"),
    ("path-bench", "requests", "request", ["pw_worker_turn"], "worker: 64-byte file"),
)


def build():
    if not (WITHOUT / "build.ninja").exists():
        subprocess.run(["meson", "setup", WITHOUT, "-Daccounting=false"], cwd=harness.TOP, check=True,
                       stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", WITHOUT, "tests/bench/tcp-bench", "tests/bench/path-bench"],
                   check=True, stdout=subprocess.DEVNULL)


def count(programs, program, case, figure, inside, root, ipv6):
    words = (tcp.command(case, ipv6, "--batches", inprocess.BATCHES) if program == "tcp-bench" else
             path.counting(root, ipv6, case))
    return inprocess.callgrind([programs / program, *words[1:]], inside)[0][figure]


def run(results, root, ipv6):
    for program, case, figure, inside, words in COUNTED:
        with_, without = (count(where / "tests" / "bench", program, case, figure, inside, root,
                                ipv6)
                          for where in (harness.BUILD, WITHOUT))
        more = 100 * (with_ / without - 1)
        target = TARGET if program == "path-bench" else None
        results.add(f"{words}, with both", "instructions", Samples([round(with_, 1)]),
                    reference=Samples([round(without, 1)]), better="lower")
        results.add(f"{words}: ledger and trace", "%", Samples([round(more, 2)]), target=target,
                    better="lower")
    results.print_table()


def main():
    options = bench.arguments(__doc__)
    results = bench.Results("trace", options.ipv6)
    if not inprocess.has_callgrind():
        results.add_impossible("ledger and trace", "instructions", "valgrind is not there")
        results.write()
        return
    build()
    with tempfile.TemporaryDirectory(prefix="pwbench-root.") as root:
        try:
            run(results, path.make_site(root, path.COUNTED_MIB), options.ipv6)
        finally:
            shutil.rmtree(f"/var/run/dpdk/pwpath{os.getpid()}", ignore_errors=True)
    results.write()


if __name__ == "__main__":
    main()
