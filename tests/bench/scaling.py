# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Two workers against one: real ones, on a core each, over one store, and with a port
that acknowledges in process, so that no client takes their time.

What two processes reach that share nothing but the machine is the most that can be had.
"""
import json
import os
import shutil
import subprocess
import tempfile

import bench
from bench import Samples

import harness
import inprocess
import testsite

PROGRAM = inprocess.PROGRAMS / "scaling-bench"
FILE_MIB = 16
TARGET = 1.7
CASES = {
    "bulk": ("downloads, the device sums", "payload_bits_per_s", "bit/s"),
    "bulk-sum": ("downloads, summed by us", "payload_bits_per_s", "bit/s"),
    "requests": ("64-byte file, a request at a time", "responses_per_s", "/s"),
}


class Bench:
    def __init__(self, root, seconds, ipv6):
        self.root, self.seconds, self.family = root, seconds, ["--ipv6"] if ipv6 else []
        self.memory = harness.memory_arguments(FILE_MIB + 160)
        self.prefixes = [f"pwscale{os.getpid()}-{i}" for i in range(2)]

    def command(self, case, lcores, prefix):
        return [PROGRAM, *self.memory, "--no-pci", "--no-telemetry", "--lcores", lcores,
                "--file-prefix", prefix, "--log-level", "lib.eal:error", "--", "--seconds",
                str(self.seconds), *self.family, self.root, case]

    def run(self, case, *lcores):
        """A process for each. @return the sum of what they reach."""
        running = [subprocess.Popen(self.command(case, cores, prefix), stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, text=True)
                   for cores, prefix in zip(lcores, self.prefixes)]
        total = 0
        for process in running:
            out, _ = process.communicate(timeout=60)
            if process.returncode != 0:
                raise harness.Failure(f"{process.args}: exit {process.returncode}\n{out}")
            total += json.loads(out.splitlines()[0])[CASES[case][1]]
        return total

    def close(self):
        for prefix in self.prefixes:
            shutil.rmtree(f"/var/run/dpdk/{prefix}", ignore_errors=True)


def measure(results, tool, runs):
    for case, (words, _, unit) in CASES.items():
        results.command(tool.command(case, "0@0,1@1", tool.prefixes[0]))
        one, two, apart = bench.take_turns(
            runs, lambda c=case: tool.run(c, "0@0"), lambda c=case: tool.run(c, "0@0,1@1"),
            lambda c=case: tool.run(c, "0@0", "0@1"))
        reference = Samples(one)
        results.add(f"{case}: {words}", unit, Samples(two), reference, target=TARGET)
        results.add(f"{case}: two processes", unit, Samples(apart), reference)


def main():
    options = bench.arguments(__doc__)
    results = bench.Results("scaling", options.ipv6)
    print(f"bench scaling: {options.runs} runs of each", flush=True)
    if (os.cpu_count() or 1) < 2:
        results.add_impossible("two workers", "bit/s", "this machine has one core")
        results.finish()
        return
    with tempfile.TemporaryDirectory(prefix="pwbench-root.") as root:
        site = testsite.Site(root)
        site.add_big("big", FILE_MIB << 20)
        site.add("small", testsite.content("small", 64))
        tool = Bench(root, 0.5 if options.quick else 1, options.ipv6)
        try:
            measure(results, tool, options.runs)
        finally:
            tool.close()
    results.finish()


if __name__ == "__main__":
    main()
