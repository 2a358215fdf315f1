# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""pagewire-paths with small files: what it prints, writes, skips and leaves behind."""
import glob
import json
import os
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree

import pytest

import harness

PATHS = harness.PAGEWIRE.parent / "pagewire-paths"
KERNEL = {"read+write": 2, "mmap+write": 1, "sendfile": 0, "splice": 0, "read+zerocopy": 1,
          "mmap+zerocopy": 0, "io_uring-send": 2, "io_uring-send_zc": 1}
SIZES = (1, 1000, 200000)


def run(*options, status=0, program=PATHS, **more):
    done = subprocess.run([program, *map(str, options)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False, timeout=120, **more)
    assert done.returncode == status, done.stdout + done.stderr
    return done


def figures(tmp_path, *options):
    before = set(glob.glob("/var/run/dpdk/paths*"))
    run("--quick", "--sizes", ",".join(map(str, SIZES)), "--rounds", 1, "--dir", tmp_path,
        "--programs", PATHS.parent, "--json", tmp_path / "json", *options)
    assert not glob.glob(f"{tmp_path}/pagewire-paths.*"), "its files are left"
    assert not set(glob.glob("/var/run/dpdk/paths*")) - before, "the EAL's files are left"
    return json.loads((tmp_path / "json").read_text())


def test_kernel_paths(tmp_path):
    out = figures(tmp_path, "--paths", ",".join(KERNEL), "--svg", tmp_path / "svg", "--cache",
                  "warm")
    skipped = {row["path"] for row in out["skipped"]}
    assert skipped <= {name for name in KERNEL if "io_uring" in name or "zerocopy" in name}
    runs = {(row["link"], row["cache"], row["bytes"], row["path"]) for row in out["runs"]}
    for link in ("loopback", "veth"):
        for name in set(KERNEL) - skipped:
            for size in SIZES:
                assert (link, "warm", size, name) in runs
    for row in out["runs"]:
        assert row["gbit_per_s"] > 0 and row["cpu_s_per_gb"] > 0 and row["calls_per_mb"] > 0
    for row in out["paths"]:
        assert row["content_equal"]
        assert row["copies_counted"] == pytest.approx(KERNEL[row["path"]])
        # The receiver is on this machine: the kernel copies what it was lent, and says so.
        lent = "zerocopy" in row["path"] or "zc" in row["path"]
        assert (row["zero_copy_sends"] > 0) == lent
        assert row["zero_copy_sends_copied"] == row["zero_copy_sends"]
    svg = xml.etree.ElementTree.parse(tmp_path / "svg").getroot()
    drawn = {text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert set(KERNEL) - skipped <= drawn


def test_pagewire_is_one_of_them(tmp_path):
    harness.need_profile("tap")
    out = figures(tmp_path, "--paths", "pagewire-tap,pagewire-vhost")
    assert out["skipped"] == []
    for row in out["paths"]:
        assert row["content_equal"]
        assert row["copies_counted"] == (1 if row["path"] == "pagewire-tap" else 0)
    assert {row["bytes"] for row in out["runs"]} == set(SIZES)


def test_calls_are_counted_exactly(tmp_path):
    """open, fstat, sendfile and close: four calls for each file of 1000 bytes."""
    out = figures(tmp_path, "--paths", "sendfile", "--links", "loopback", "--cache", "warm")
    calls = {row["bytes"]: row["calls_per_mb"] for row in out["runs"]}
    assert calls[1000] == pytest.approx(4 * 1000)


def test_out_of_the_page_cache(tmp_path):
    out = figures(tmp_path, "--paths", "read+write,sendfile", "--links", "loopback")
    assert {(row["cache"], row["bytes"]) for row in out["runs"]} == {
        (cache, size) for cache in ("warm", "cold") for size in SIZES}


def test_a_file_system_in_memory_has_no_cold_files(tmp_path):
    done = run("--quick", "--sizes", "64K", "--rounds", 1, "--paths", "sendfile", "--dir", "/dev/shm",
               "--links", "loopback")
    assert "skipped: cold: the files do not leave the page cache" in done.stdout


def test_without_pagewire(tmp_path):
    done = run("--quick", "--sizes", "1K", "--rounds", 1, "--paths", "pagewire-tap", "--dir", tmp_path,
               "--programs", tmp_path)
    assert "skipped: pagewire-tap over tap: the program pagewire is not there" in done.stdout


def test_without_root():
    with tempfile.TemporaryDirectory(prefix="pwt.", dir="/var/tmp") as place:
        os.chmod(place, 0o777)
        shutil.copy(PATHS, place)
        done = run("--quick", "--sizes", "1K", "--rounds", 1, "--paths", "read+write,pagewire-tap",
                   "--programs", PATHS.parent, "--dir", place, user="nobody", cwd=place,
                   program=f"{place}/pagewire-paths")
    assert "loopback: the kernel at both ends" in done.stdout
    assert "skipped: veth: needs root's rights" in done.stdout
    assert "skipped: pagewire-tap over tap: " in done.stdout


@pytest.mark.parametrize("options, named", [
    ("--sizes 1X", "--sizes 1X 16G"),
    ("--sizes 4K,1K", "--sizes 4K,1K rise"),
    ("--sizes 0", "--sizes 0"),
    ("--paths sendfile,teleport", "--paths teleport splice"),
    ("--links moon", "--links moon veth"),
    ("--cache tepid", "--cache tepid cold"),
    ("--rounds 0", "--rounds 0 25"),
    ("--dir /nonexistent", "--dir /nonexistent"),
    ("--frobnicate", "--frobnicate"),
    ("stray", "stray"),
])
def test_mistake_gets_status_2(options, named):
    done = run(*options.split(), status=2)
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in named.split():
        assert word in done.stderr


def test_help_names_every_path():
    out = run("--help").stdout
    for name in [*KERNEL, "pagewire-tap", "pagewire-vhost"]:
        assert name in out
