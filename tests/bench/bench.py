# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""What benchmarks share: medians, tables, results as JSON, and what ran them."""
import argparse
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402  (found by the line above)

OUT = harness.TOP / "build" / "bench"


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="3 runs instead of 5")
    parser.add_argument("--ipv6", action="store_true", help="over IPv6 instead of IPv4")
    parser.add_argument("--runs", type=int, help="as many runs of each case")
    options = parser.parse_args()
    options.runs = options.runs or (3 if options.quick else 5)
    OUT.mkdir(parents=True, exist_ok=True)
    return options


class Samples:
    """Values of one case; printed as median and spread."""

    def __init__(self, values):
        self.values = list(values)
        self.median = statistics.median(self.values)

    def spread_percent(self):
        """From the lowest to the highest, in per cent of the median."""
        if self.median == 0:
            return 0.0
        return 100 * (max(self.values) - min(self.values)) / self.median


def ratio_of(samples, reference):
    if len(samples.values) != len(reference.values) or 0 in reference.values:
        return samples.median / reference.median
    return statistics.median(ours / theirs
                             for ours, theirs in zip(samples.values, reference.values))


class Results:
    """
    Rows of one benchmark: printed as a table, added to build/bench/results.json. Over IPv6 it
    goes by another name.
    """

    def __init__(self, bench, ipv6=False):
        self.bench, self.rows, self.commands = bench + ("-ipv6" if ipv6 else ""), [], []

    def command(self, words):
        self.commands.append(" ".join(map(str, words)))

    def add(self, case, unit, samples, reference=None, target=None, better="higher"):
        """
        A row. With a reference, ratio is ours over theirs; the target is for the
        ratio, or for the value where there is none. Where ours and theirs took turns,
        it is the median of what the rounds gave: both met the same disturbance.
        """
        ratio = None
        if reference is not None and reference.median:
            ratio = ratio_of(samples, reference)
        judged = ratio if reference is not None else samples.median
        reached = None
        if target is not None:
            reached = judged >= target if better == "higher" else judged <= target
        self.rows.append({
            "bench": self.bench, "case": case, "value": samples.median, "unit": unit,
            "reference": reference.median if reference else None, "ratio": ratio,
            "target": target, "reached": reached, "samples": samples.values,
            "spread_percent": round(samples.spread_percent(), 1),
            "reference_samples": reference.values if reference else None})

    def add_impossible(self, case, unit, why):
        """A row for what this machine or this device cannot do."""
        self.rows.append({"bench": self.bench, "case": case, "value": None, "unit": unit,
                          "reference": None, "ratio": None, "target": None, "reached": None,
                          "why": why})

    def print_table(self):
        head = ("case", "value", "spread", "reference", "ratio", "target", "")
        lines = [head]
        for row in self.rows:
            if row["value"] is None:
                lines.append((row["case"], "-", "", "", "", "", "not possible (below)"))
                continue
            lines.append((
                row["case"], f"{number(row['value'])} {row['unit']}",
                f"{row['spread_percent']:.0f} %", number(row["reference"]),
                number(row["ratio"]), number(row["target"]),
                {None: "", True: "reached", False: "NOT reached"}[row["reached"]]))
        widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
        print()
        for line in lines:
            cells = [line[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
            print("  ".join(cells).rstrip())
        for row in self.rows:
            if row["value"] is None:
                print(f"{row['case']} is not possible: {row['why']}")
        print()

    def finish(self):
        self.print_table()
        self.write()
        print(f"rows in {OUT / 'results.json'}")

    def write(self):
        path = OUT / "results.json"
        rows = json.loads(path.read_text()) if path.exists() else []
        new = {(row["bench"], row["case"]) for row in self.rows}
        rows = [row for row in rows if (row["bench"], row["case"]) not in new] + self.rows
        path.write_text(json.dumps(rows, indent=1) + "\n")
        (OUT / f"{self.bench}.json").write_text(json.dumps(
            {**machine(), "commands": self.commands, "rows": self.rows}, indent=1) + "\n")


def take_turns(rounds, *sources):
    """Let the sources take turns. @return a list of samples for each"""
    lists = [[] for _ in sources]
    for _ in range(rounds):
        for samples, source in zip(lists, sources):
            samples.append(source())
    return lists


def number(value):
    if value is None:
        return ""
    if abs(value) >= 10000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def first_line(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
    except FileNotFoundError:
        return "unknown"
    return done.stdout.split("\n", 1)[0].strip()


def core_to_core_ns():
    """
    How long a cache line takes from core 0 to core 1. A virtual machine's cores may lie on one
    die today and on two sockets tomorrow. @return None where there is one core
    """
    said = first_line(harness.BUILD / "tests" / "bench" / "cores", "0", "1")
    return float(said) if re.fullmatch(r"[\d.]+", said) else None


def machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    dirty = first_line("git", "-C", harness.TOP, "status", "--porcelain", "--untracked-files=no")
    return {
        "machine": f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} CPUs",
        "core_to_core_ns": core_to_core_ns(),
        "kernel": platform.release(),
        "dpdk": first_line("pkg-config", "--modversion", "libdpdk"),
        "commit": first_line("git", "-C", harness.TOP, "rev-parse", "HEAD") +
        (" with changes" if dirty else ""),
        "arguments": " ".join(sys.argv[1:]),
    }


# ---- time on CPUs ----


def cpu_ns(pid):
    """CPU time that the threads of a process have taken."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total


def core_busy_s(core):
    """Seconds that a core has not been idle; kernel time for anybody's packets included."""
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        fields = line.split()
        if fields[0] == f"cpu{core}":
            user, nice, system, _idle, _iowait, irq, softirq = map(int, fields[1:8])
            return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
    raise ValueError(f"no core {core}")
