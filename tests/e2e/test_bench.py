# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""What the benchmarks are judged by: the flood and the sink, each at one end of a device."""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile

import pytest

import harness
import testsite

FLOOD = harness.PAGEWIRE.parents[1] / "tests" / "bench" / "flood"
HEADERS, MSS = 66, 1448


@contextlib.contextmanager
def process(namespace, eal, options):
    prefix = f"pwtb{os.getpid()}-{process.count}"
    process.count += 1
    child = namespace.popen(FLOOD, "--lcores", "0", *harness.memory_arguments(64), "--file-prefix",
                            prefix, *eal, "--", *options, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=20)
        shutil.rmtree(f"/var/run/dpdk/{prefix}", ignore_errors=True)
    assert child.returncode == 0


process.count = 0


@pytest.mark.parametrize("tso", [False, True])
def test_flood_to_sink(tso, tmp_path):
    """Every frame is of the same length: headers with timestamps, and a segment or 42 of them."""
    harness.need_profile("virtio-user")
    testsite.Site(tmp_path).add("file", testsite.content("file", 3 << 20))
    with contextlib.ExitStack() as stack:
        tmp = stack.enter_context(tempfile.TemporaryDirectory(prefix="pwt."))
        namespace = stack.enter_context(harness.Namespace("b"))
        profile = harness.Profile("virtio-user", "pw0", tmp)
        back = [word + ",tso=1" if tso and "net_vhost" in word else word for word in profile.bridge]
        room = ["--rx-room", 62 << 10] if tso else []
        sink = stack.enter_context(process(namespace, ["--no-pci", *back],
                                           ["--sink", "--seconds", 0.5, *room]))
        harness.wait_until("the socket is there", lambda: os.path.exists(f"{tmp}/vhost.sock"), 20)
        stack.enter_context(process(namespace, profile.eal, [tmp_path]))
        out, _ = sink.communicate(timeout=60)
    counted = json.loads(next(line for line in out.splitlines() if line.startswith("{")))
    assert counted["packets"] > 1000
    assert counted["bytes"] == counted["packets"] * (HEADERS + MSS * (42 if tso else 1))


def test_mistakes_are_told(tmp_path):
    for options in ([], ["a", "b"], ["--sink", "x"], ["--nothing"]):
        done = subprocess.run(
            [FLOOD, "--lcores", "0", "--no-huge", "--no-pci", "--no-shconf", "--", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 2 and "usage: flood" in done.stderr
