# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""802.1Q: addresses in VLANs of a trunk, on devices that strip tags and on those that do not."""
import hashlib
import json

import pytest

import harness
from harness import TWO_LCORES
from trunk import Trunk

# By the version of IP and the VLAN: network, our address, the kernel's.
NETWORKS = {
    4: {0: ("10.77.0.0/24", "10.77.0.1", "10.77.0.2"),
        100: ("10.78.0.0/24", "10.78.0.1", "10.78.0.2"),
        200: ("10.79.0.0/24", "10.79.0.1", "10.79.0.2")},
    6: {0: ("fd77::/64", "fd77::1", "fd77::2"), 100: ("fd78::/64", "fd78::1", "fd78::2"),
        200: ("fd79::/64", "fd79::1", "fd79::2")},
}
DRIVERS = ["tap", "af_packet"]


def within(address, network):
    """The address with the length of its network's prefix."""
    return f"{address}/{network.split('/')[1]}"


def serving_trunk(driver, root, options=(), family=4, **kw):
    """pagewire with an address without a tag and one in each VLAN of NETWORKS."""
    harness.need_profile(driver)
    words = []
    for vlan, (network, ours, _) in NETWORKS[family].items():
        if vlan:
            words += ["--ip", f"{within(ours, network)}@0.{vlan}"]
    return harness.serving(driver, root, [*words, *options], family=family, **kw)


def trunk_of(server, family):
    return Trunk(server, {vlan: within(theirs, network)
                          for vlan, (network, _, theirs) in NETWORKS[family].items()})


def control(server, tmp, words):
    path = tmp / "ctl.sock"
    done = server.namespace.run(harness.PAGEWIRE.parent / "pagewire-ctl", "--socket", path, *words,
                                "--json")
    return json.loads(done.stdout)


def fetch_hash(server, address, path, tmp):
    server.namespace.curl("-o", tmp / "body", f"http://{harness.url_host(address)}/{path}")
    return hashlib.sha256((tmp / "body").read_bytes()).hexdigest()


@pytest.mark.parametrize("driver", DRIVERS)
def test_each_vlan_is_served(driver, family, site, tmp_path):
    networks = NETWORKS[family]
    options = ["--control", tmp_path / "ctl.sock"]
    with serving_trunk(driver, site.root, options, family) as server, trunk_of(server, family):
        for _, address, _ in networks.values():
            assert fetch_hash(server, address, "middle.bin", tmp_path) == site.files["middle.bin"]
        rows = control(server, tmp_path, ["show", "neigh"])["neighbours"]
        assert {(row["vlan"], row["address"]) for row in rows} == {
            (vlan, theirs) for vlan, (_, _, theirs) in networks.items()}
        rows = control(server, tmp_path, ["show", "routes"])["routes"]
        assert {(row["vlan"], row["prefix"], row["via"]) for row in rows
                if row["prefix"] != "fe80::/64"} == {
            (vlan, network, "on-link") for vlan, (network, _, _) in networks.items()}


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
def test_two_workers_look_past_the_tag(driver, family, site, tmp_path):
    words = []
    for i in range(16):
        _, ours, _ = NETWORKS[family][(100, 200)[i % 2]]
        words += ["-o", tmp_path / str(i), f"http://{harness.url_host(ours)}/size/65536"]
    with serving_trunk(driver, site.root, family=family, lcores=TWO_LCORES) as server:
        with trunk_of(server, family):
            server.namespace.curl("-Z", "--parallel-max", 16, "--parallel-immediate", *words)
            workers = server.stop().workers()
    for i in range(16):
        body = (tmp_path / str(i)).read_bytes()
        assert hashlib.sha256(body).hexdigest() == site.files["size/65536"]
    assert all(worker["responses"] > 0 for worker in workers), workers
