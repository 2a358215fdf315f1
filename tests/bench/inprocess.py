# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""What the benchmarks without a device share: running their program, alone or under callgrind."""
import pathlib
import re
import shutil
import subprocess
import tempfile

import harness
from bench import Samples

PROGRAMS = harness.BUILD / "tests" / "bench"
BATCHES = 50  # under callgrind, where nothing disturbs


def run(command):
    """@return [(name of a figure, cycles of an operation, operations)]"""
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]}: exit {done.returncode}: {done.stderr[-2000:]}")
    found = re.findall(r"^(\S+) ([\d.]+) [\d.]+ [\d.]+ (\d+)$", done.stdout, re.M)
    return [(name, float(cycles), int(n)) for name, cycles, n in found]


class Undisturbed(Samples):
    """
    Of a program that waits for nothing, the least counts: a neighbour on the same
    physical core makes whole runs slower, and nothing makes one faster.
    """

    def __init__(self, values):
        super().__init__(values)
        self.median = min(self.values)


def sample(runs, commands):
    """Run each command in turn, `runs` times. @return {name: samples of cycles}"""
    values = {}
    for _ in range(runs):
        for command in commands:
            for name, cycles, _ in run(command):
                values.setdefault(name, []).append(cycles)
    return {name: Undisturbed(list_) for name, list_ in values.items()}


def has_callgrind():
    return shutil.which("valgrind") is not None


def callgrind(command, inside, then=None):
    """
    Instructions of operations: those of the functions `inside` with all that they call, from
    where a figure is begun to where it is told.
    @return {name of a figure: instructions of an operation}, then(callgrind's file of the first)
    """
    toggles = [f"--toggle-collect={name}" for name in inside]
    found, total = {}, 0
    with tempfile.TemporaryDirectory(prefix="pwbench.") as tmp:
        figures = run(["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={tmp}/out",
                       "--zero-before=meter_open", "--dump-before=meter_print", *toggles, *command])
        for i, (name, _, n) in enumerate(figures, 1):
            text = pathlib.Path(f"{tmp}/out.{i}").read_text(encoding="utf-8")
            # A further figure of the same batches is told at once: all is in the first file.
            total = int(re.search(r"^(?:summary|totals): (\d+)", text, re.M)[1]) or total
            found[name] = total / n
        return found, then(f"{tmp}/out.1") if then else None
