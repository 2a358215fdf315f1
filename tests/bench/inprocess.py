# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""What the benchmarks without a device share: running their program, alone or under callgrind."""
import re
import shutil
import subprocess
import tempfile

import harness
from bench import Samples

PROGRAMS = harness.BUILD / "tests" / "bench"
SHORT, LONG = 200, 600  # batches under callgrind: the difference leaves out what comes before


def figures(command):
    """@return {name: (cycles of an operation, operations)}"""
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]}: exit {done.returncode}: {done.stderr[-2000:]}")
    found = re.findall(r"^(\S+) ([\d.]+) [\d.]+ [\d.]+ (\d+)$", done.stdout, re.M)
    return {name: (float(cycles), int(n)) for name, cycles, n in found}


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
            for name, (cycles, _n) in figures(command).items():
                values.setdefault(name, []).append(cycles)
    return {name: Undisturbed(list_) for name, list_ in values.items()}


def has_callgrind():
    return shutil.which("valgrind") is not None


def callgrind(command, inside, then=None):
    """
    Count instructions of the functions `inside`, callees included.
    @return instructions, figures(), and then(the file that callgrind wrote)
    """
    with tempfile.NamedTemporaryFile(suffix=".callgrind") as out:
        toggles = [f"--toggle-collect={name}" for name in inside]
        found = figures(["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out.name}",
                         *toggles, *command])
        text = open(out.name, encoding="utf-8").read()
        total = re.search(r"^(?:summary|totals): (\d+)", text, re.M)
        return int(total[1]), found, then(out.name) if then else None


def instructions(command, inside, name):
    """Instructions of an operation; command is a function of the number of batches."""
    few, few_found, _ = callgrind(command(SHORT), inside)
    many, many_found, _ = callgrind(command(LONG), inside)
    return (many - few) / (many_found[name][1] - few_found[name][1])
