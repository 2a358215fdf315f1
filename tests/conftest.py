# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""Fixtures for all tests on real interfaces. See docs/testing.md."""
import os
import random
import shutil
import tempfile

import pytest

import harness
import testsite

def pytest_addoption(parser):
    parser.addoption("--seed", type=int, default=None, help="seed of the bad link and of choices")


def pytest_configure(config):
    if config.getoption("--seed") is None:
        config.option.seed = random.SystemRandom().randrange(1 << 32)


def pytest_report_header(config):
    return f"pagewire: {harness.PAGEWIRE}, --seed {config.option.seed}"


@pytest.fixture(scope="session", autouse=True)
def root_rights():
    if os.geteuid() != 0:
        pytest.exit("these tests make network namespaces: run them as root", 2)


@pytest.fixture
def seed(request):
    return request.config.option.seed


@pytest.fixture(scope="session")
def scratch():
    path = tempfile.mkdtemp(prefix="pwt-site.")
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def site(scratch):
    """The directory that most tests serve."""
    return testsite.make(scratch)


@pytest.fixture(scope="session", params=[4, 6], ids=["ipv4", "ipv6"])
def family(request):
    """The version of IP: whoever asks runs over both, unless marked harness.IPV4 or IPV6."""
    return request.param


@pytest.fixture(scope="session")
def tap(site, family):
    """pagewire on a TAP, shared by every test that leaves it as it was."""
    harness.need_profile("tap")
    with harness.serving("tap", site.root, ["--autoindex"], family=family) as server:
        yield server


def pytest_terminal_summary(terminalreporter):
    """One line of counts, and one for each skipped test, for scripts/test.sh."""
    def of(*kinds):
        return [report for kind in kinds for report in terminalreporter.stats.get(kind, [])]

    for report in of("skipped"):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        terminalreporter.write_line(f"pagewire-skipped: {report.nodeid}: {reason}")
    terminalreporter.write_line(
        f"pagewire-tests: {len(of('passed'))} passed {len(of('failed', 'error'))} failed "
        f"{len(of('skipped'))} skipped")
