#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Make docs/conformance.md: every case of tests/cases.txt, and the tests that show it.

  scripts/conformance.py            write the table, with the results in build/test-logs
  scripts/conformance.py --check    change nothing; exit 1 when a case has no test, when a
                                    numbered test failed, or when the table is out of date

A test shows a case when its name carries the number:

  c61_syn_retransmitted_same_isn    a unit; c47_to_c50_... shows all from C47 to C50
  test_C15_A02_source_route         pytest
  "C134-no-host"                    the name of a parameter of a pytest

A test against a running pagewire that takes the version of IP as a parameter has it in
its name, as ipv4 or ipv6: it has passed when it has over each. The column "over" says which
versions the tests of a case have run over; units have none in their names.

A case whose line in cases.txt ends in "out: reason" needs no test. The last line is
"N passed, N failed, N skipped", in cases; skipped are those that are out.
"""
import argparse
import ast
import pathlib
import re
import sys
import xml.etree.ElementTree

TOP = pathlib.Path(__file__).resolve().parent.parent
CASES = TOP / "tests" / "cases.txt"
TABLE = TOP / "docs" / "conformance.md"

HEAD = """# Conformance

What pagewire promises on the wire, case by case, the section of the RFC that says so, and
the tests that show it. `scripts/conformance.py` makes this page from `tests/cases.txt`, the
names of the tests and the results of the last `scripts/test.sh`; do not edit it. Where the
RFC and a case differ, the RFC wins.

Tests are named `suite: test` for units (`tests/unit`) and `file: test` for those against a
running pagewire (`tests/wire`, `tests/e2e`). "Over" says which versions of IP the latter have
run over; TCP's units know no version.
"""


class Case:
    def __init__(self, number, sections, text, remark):
        self.number, self.sections, self.text, self.remark = number, sections, text, remark
        self.is_out = remark.startswith("out:")
        self.tests = []  # names


def read_cases(path):
    """@return [(group, [Case])]"""
    groups = []
    for line in path.read_text().splitlines():
        if line.startswith("## "):
            groups.append((line[3:], []))
        elif line and not line.startswith("#"):
            fields = re.split(r"\s*\|\s*", line)
            groups[-1][1].append(Case(*fields, *[""] * (4 - len(fields))))
    return groups


# ---- tests and the numbers in their names ----

NUMBER = r"[cas]\d+"


def numbers_of(name):
    """The cases that the name of a test begins with: c47_to_c50_x is C47 to C50."""
    name = name.lower().removeprefix("test_")
    begin = re.match(rf"(?:(?:to[_-])?{NUMBER}[_-])+", name)
    words = re.split("[_-]", begin[0]) if begin else []
    found = []
    for before, word in zip([""] + words, words):
        if not re.fullmatch(NUMBER, word):
            continue
        first = int(found[-1][1:]) + 1 if before == "to" else int(word[1:])
        found += [f"{word[0].upper()}{i}" for i in range(first, int(word[1:]) + 1)]
    return found


def unit_tests(top):
    """Names of unit tests, from the tables of their suites."""
    for path in sorted(top.glob("tests/unit/*/test_*.c")):
        suite = f"{path.parent.name}_{path.stem.removeprefix('test_')}"
        table = r'TEST\((\w+)\)|\{\s*"(\w+)",\s*\w+\s*\}'
        for match in re.finditer(table, path.read_text()):
            yield f"{suite}: {match[1] or match[2]}"


def python_tests(top):
    """Names of tests in pytest files, and of parameters that carry numbers."""
    for path in sorted(top.glob("tests/*/test_*.py")):
        file = path.name
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{file}: {node.name.removeprefix('test_')}"
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and \
                    re.fullmatch(rf"(?i:{NUMBER})(-[\w.]+)+", node.value):
                yield f"{file}: [{node.value}]"


def numbers_of_test(test):
    return numbers_of(test.split(": ")[1].strip("[]"))


# ---- results ----


# The version of IP among the parameters of a test.
FAMILY = re.compile(r"(?:^|-)ipv([46])(?=[]-])")


def read_results(logs):
    """
    @return {test: "passed" or "failed"}, a test that has both has failed; and
            {test: versions of IP that it has run over}
    """
    results, families = {}, {}

    def note(test, result):
        if results.get(test) != "failed":
            results[test] = result

    for path in sorted(logs.glob("*.results")):
        for line in path.read_text().splitlines():
            result, suite, name = line.split()
            note(f"{suite}: {name}", result)
    for path in sorted(logs.glob("*.xml")):
        for case in xml.etree.ElementTree.parse(path).iter("testcase"):
            bad = any(case.find(tag) is not None for tag in ("failure", "error"))
            if case.get("name") is None or case.find("skipped") is not None and not bad:
                continue  # it was interrupted, or not run
            file = case.get("classname").split(".")[-1] + ".py"
            name, _, parameter = case.get("name").removeprefix("test_").partition("[")
            family = FAMILY.findall(parameter)
            for test in (name, "[" + FAMILY.sub("", parameter).removeprefix("-")):
                note(f"{file}: {test}", "failed" if bad else "passed")
                families.setdefault(f"{file}: {test}", set()).update(family)
    return results, families


def result_of(case, results):
    if case.is_out:
        return "out of scope"
    found = [results.get(test, "not run") for test in case.tests] or ["no test"]
    for result in ("failed", "passed", "not run", "no test"):
        if result in found:
            return result
    raise AssertionError(found)


# ---- the table ----


def over(case, families):
    """The versions of IP that its tests have run over."""
    return ", ".join(sorted(set().union(*(families.get(test, ()) for test in case.tests))))


def row(case, families, result):
    text = case.text
    if case.remark:
        text += f" ({case.remark.split(': ', 1)[1]})"
    sections = f"RFC {case.sections}" if case.sections else ""
    tests = "<br>".join(f"`{test}`" for test in case.tests)
    return f"| {case.number} | {text} | {sections} | {tests} | {over(case, families)} | {result} |"


def table(groups, results, families):
    lines = [HEAD]
    shown = [case for _, cases in groups for case in cases]
    counts = {}
    for case in shown:
        result = result_of(case, results)
        counts[result] = counts.get(result, 0) + 1
    summary = ", ".join(f"{n} {result}" for result, n in sorted(counts.items()))
    lines.append(f"{len(shown)} cases: {summary}.\n")
    for group, cases in groups:
        lines.append(f"## {group}\n\n| case | what | section | tests | over | result |\n"
                     "|---|---|---|---|---|---|")
        lines += [row(case, families, result_of(case, results)) for case in cases]
        lines.append("")
    return "\n".join(lines)


def without_results(text):
    """The rows of a table, less what depends on the tests that were run last."""
    return [line.rsplit("|", 3)[0] for line in text.splitlines() if line.startswith("| ")]


def problems(groups, results, known):
    """What --check fails for, one line each."""
    cases = {case.number: case for _, group in groups for case in group}
    for test, numbers in known.items():
        for number in set(numbers) - set(cases):
            yield number, f"{test}: there is no case {number} in {CASES.relative_to(TOP)}"
    for case in cases.values():
        for test in case.tests:
            if results.get(test) == "failed":
                yield case.number, f"{case.number}: {test} failed"
        if not case.tests and not case.is_out:
            yield case.number, f"{case.number}: no test: {case.text}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--logs", type=pathlib.Path, default=TOP / "build" / "test-logs",
                        help="where the results of the tests are")
    args = parser.parse_args()

    groups = read_cases(CASES)
    known = {test: numbers_of_test(test) for test in (*unit_tests(TOP), *python_tests(TOP))}
    for _, cases in groups:
        for case in cases:
            case.tests = [test for test, numbers in known.items() if case.number in numbers]
    results, families = read_results(args.logs)
    text = table(groups, results, families)

    bad = dict(problems(groups, results, known))
    for line in bad.values():
        print(line)
    if not args.check:
        TABLE.write_text(text)
    elif without_results(text) != without_results(TABLE.read_text() if TABLE.exists() else ""):
        print(f"{TABLE.relative_to(TOP)} is out of date: run scripts/conformance.py")
        bad["table"] = ""
    every = [case for _, cases in groups for case in cases]
    out = sum(case.is_out for case in every)
    good = sum(not case.is_out and case.number not in bad for case in every)
    print(f"{good} passed, {len(bad)} failed, {out} skipped")
    return 1 if args.check and bad else 0


if __name__ == "__main__":
    sys.exit(main())
