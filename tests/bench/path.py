# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
A turn of a whole worker on a port without a device: cycles of a segment of a
download and of a small request, and what part of a turn takes them.
"""
import os
import re
import shutil
import subprocess
import tempfile

import bench
from bench import Samples

import harness
import inprocess
import testsite

PROGRAM = inprocess.PROGRAMS / "path-bench"
FILE_MIB = 64
COUNTED_MIB = 10  # as much as BATCHES take

CASES = {
    "bulk": {"bulk-46": "segment of a download, the device sums",
             "free-46": "freeing it (the driver's part)"},
    "bulk-sum": {"bulk-46-sum": "segment of a download, summed by us"},
    "requests": {"request": "64-byte file, request and response",
                 "free-request": "freeing it"},
    "acks": {"ack": "ACK that says nothing new"},
    "connections": {"connection": "connection: SYN to TIME-WAIT, 64-byte file"},
}

# Parts of a turn: what functions take with all that they call, less what others do there.
PARTS = (
    ("receive, free what was received", ["pw_worker_turn"],
     ["pw_link_input", "pw_ip_input", "pw_tcp_input", "pw_tcp_run"]),
    ("parse Ethernet and IP", ["pw_link_input", "pw_ip_input"], []),
    ("TCP in", ["pw_tcp_input"], ["on_acked", "on_recv"]),
    ("TCP out", ["pw_tcp_run"], ["on_source", "loop_send"]),
    ("HTTP: spans of the file, requests", ["on_source", "on_acked", "on_recv"], []),
    ("build the chain of mbufs", ["pw_seg_build"], []),
    ("write headers, TCP checksum", ["loop_send"], ["pw_seg_build", "pw_ip_output"]),
    ("IP out", ["pw_ip_output"], ["pw_link_output"]),
    ("link out", ["pw_link_output"], []),
)


def inclusive(path):
    """@return {function: instructions with all that it calls}"""
    shown = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", path],
                           stdout=subprocess.PIPE, text=True, check=True).stdout
    taken = {}
    for count, name in re.findall(r"^ *([\d,]+) \([^)]*\) +\S*?:(\w+)", shown, re.M):
        taken[name] = max(taken.get(name, 0), int(count.replace(",", "")))
    return taken


def command(memory, root, ipv6, batches, *cases):
    return [PROGRAM, *memory, "--no-pci", "--no-telemetry", "--lcores", "0", "--file-prefix",
            f"pwpath{os.getpid()}", "--log-level", "lib.eal:error", "--", "--batches", batches,
            *(["--ipv6"] if ipv6 else []), root, *cases]


def counting(root, ipv6, *cases):
    """The command for callgrind, on ordinary memory."""
    return command(["--no-huge", "--no-shconf", "-m", "256"], root, ipv6, inprocess.BATCHES, *cases)


def split(results, root, ipv6, case, name, cycles):
    """Where the instructions of a turn go; cycles are shared out alike."""
    found, taken = inprocess.callgrind(counting(root, ipv6, case), ["pw_worker_turn"], inclusive)
    total = taken["pw_worker_turn"]
    print(f"{CASES[case][name]}: {found[name]:.0f} instructions, of which")
    for words, with_, without in PARTS:
        part = sum(taken.get(f, 0) for f in with_) - sum(taken.get(f, 0) for f in without)
        share = part / total
        print(f"  {100 * share:5.1f} %  {cycles * share:5.0f} cycles  {words}")
        results.add(f"{case}: {words}", "%", Samples([round(100 * share, 1)]))


def make_site(root, mib):
    """What the program asks for. @return root"""
    site = testsite.Site(root)
    site.add("small", testsite.content("small", 64))
    site.add_big("big", mib << 20)
    return root


def run(results, root, ipv6, runs, quick):
    memory = harness.memory_arguments(FILE_MIB + 64)
    commands = [command(memory, root, ipv6, 2000, case) for case in CASES]
    for words in commands:
        results.command(words)
    samples = inprocess.sample(runs, commands)
    for names in CASES.values():
        for name, words in names.items():
            results.add(words, "cycles", samples[name])
    results.print_table()
    print("cycles of the time stamp counter, of the least disturbed run")
    if inprocess.has_callgrind() and not quick:
        for case, name in (("bulk", "bulk-46"), ("requests", "request")):
            split(results, root, ipv6, case, name, samples[name].median)


def main():
    options = bench.arguments(__doc__)
    results = bench.Results("path", options.ipv6)
    print(f"bench path: {options.runs} runs of each", flush=True)
    with tempfile.TemporaryDirectory(prefix="pwbench-root.") as root:
        try:
            run(results, make_site(root, FILE_MIB), options.ipv6, options.runs, options.quick)
        finally:
            shutil.rmtree(f"/var/run/dpdk/pwpath{os.getpid()}", ignore_errors=True)
    results.write()
    print(f"rows in {bench.OUT / 'results.json'}")


if __name__ == "__main__":
    main()
