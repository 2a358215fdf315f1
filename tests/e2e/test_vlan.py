# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""802.1Q: addresses in VLANs of a trunk, on devices that strip tags and on those that do not."""
import hashlib
import json

import pytest

import harness
from harness import TWO_LCORES
from trunk import Trunk

VLANS = {100: ("10.78.0.1", "10.78.0.2"), 200: ("10.79.0.1", "10.79.0.2")}
DRIVERS = ["tap", "af_packet"]


def serving_trunk(driver, root, options=(), **kw):
    """pagewire with an address without a tag and one in each of VLANS."""
    harness.need_profile(driver)
    words = []
    for vlan, (ours, _) in VLANS.items():
        words += ["--ip", f"{ours}/24@0.{vlan}"]
    return harness.serving(driver, root, [*words, *options], **kw)


def trunk_of(server):
    return Trunk(server, {0: server.profile.peer_ip,
                          **{vlan: f"{theirs}/24" for vlan, (_, theirs) in VLANS.items()}})


def control(server, tmp, words):
    path = tmp / "ctl.sock"
    done = server.namespace.run(harness.PAGEWIRE.parent / "pagewire-ctl", "--socket", path, *words,
                                "--json")
    return json.loads(done.stdout)


def fetch_hash(server, address, path, tmp):
    server.namespace.curl("-o", tmp / "body", f"http://{address}/{path}")
    return hashlib.sha256((tmp / "body").read_bytes()).hexdigest()


@pytest.mark.parametrize("driver", DRIVERS)
def test_each_vlan_is_served(driver, site, tmp_path):
    with serving_trunk(driver, site.root, ["--control", tmp_path / "ctl.sock"]) as server, \
            trunk_of(server):
        for address in (server.address, *(ours for ours, _ in VLANS.values())):
            assert fetch_hash(server, address, "middle.bin", tmp_path) == site.files["middle.bin"]
        rows = control(server, tmp_path, ["show", "arp"])["neighbours"]
        assert {(row["vlan"], row["address"]) for row in rows} == {
            (0, server.profile.peer_address), *((v, theirs) for v, (_, theirs) in VLANS.items())}
        rows = control(server, tmp_path, ["show", "routes"])["routes"]
        assert {(row["vlan"], row["prefix"], row["via"]) for row in rows
                if row["prefix"] != "fe80::/64"} == {
            (0, "10.77.0.0/24", "on-link"), (100, "10.78.0.0/24", "on-link"),
            (200, "10.79.0.0/24", "on-link")}


@pytest.mark.parametrize("driver", DRIVERS)
def test_C03_a_vlan_that_is_not_ours(driver, site):
    """Nobody answers there, and each frame is counted; the others go on."""
    with serving_trunk(driver, site.root) as server:
        with Trunk(server, {0: server.profile.peer_ip, 300: "10.78.0.9/24"}):
            with pytest.raises(OSError):
                server.namespace.connect("10.78.0.1", timeout=2)
            assert harness.fetch(server, "/size/1").sha256 == site.files["size/1"]
            statement = server.stop()
    assert statement["eth_vlan"] >= 1


def test_only_vlans(site, tmp_path):
    """--vlan: every address of the port is in it, and frames without a tag are dropped."""
    harness.need_profile("tap")
    with harness.serving("tap", site.root, ["--vlan", 100]) as server:
        with pytest.raises(OSError):
            server.namespace.connect(server.address, timeout=2)
        with Trunk(server, {100: server.profile.peer_ip}):
            assert fetch_hash(server, server.address, "middle.bin", tmp_path) == \
                site.files["middle.bin"]
        assert "on port 0.100" in server.output("out")


@pytest.mark.parametrize("driver", DRIVERS)
def test_two_workers_look_past_the_tag(driver, site, tmp_path):
    words = []
    for i in range(16):
        ours = list(VLANS.values())[i % 2][0]
        words += ["-o", tmp_path / str(i), f"http://{ours}/size/65536"]
    with serving_trunk(driver, site.root, lcores=TWO_LCORES) as server:
        with trunk_of(server):
            server.namespace.curl("-Z", "--parallel-max", 16, "--parallel-immediate", *words)
            workers = server.stop().workers()
    for i in range(16):
        body = (tmp_path / str(i)).read_bytes()
        assert hashlib.sha256(body).hexdigest() == site.files["size/65536"]
    assert all(worker["responses"] > 0 for worker in workers), workers
