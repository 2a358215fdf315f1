# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""Files of 1 GiB and of more than 4 GiB."""
import pytest

import harness
import testsite
from harness import fetch

OURS6 = "fd77::1"
SPARSE = (5 << 30) + 12345
TAIL = b"the end of a sparse file"


@pytest.fixture(scope="module")
def big(scratch):
    big = testsite.Site(scratch + "/big")
    big.root.mkdir()
    big.add_big("1g", 1 << 30)
    big.add_sparse("sparse", SPARSE, TAIL)
    yield big
    for path in big.root.iterdir():
        path.unlink()


@pytest.fixture(scope="module", params=["tap", "af_packet", "virtio-user"])
def server(request, big):
    """Under an address of each version of IP, on devices whose other end is the kernel's."""
    harness.need_profile(request.param)
    with harness.serving(request.param, big.root, ["--ip", f"{OURS6}/64"]) as running:
        running.namespace.run_all(running.profile.after6)
        yield running


ON_TAP = pytest.mark.parametrize("server", ["tap"], indirect=True)


@pytest.mark.parametrize("version", [4, 6], ids=["ipv4", "ipv6"])
def test_1_gib_by_sha256(server, big, version):
    host = server.address if version == 4 else f"[{OURS6}]"
    got = server.namespace.run("sh", "-c",
                               f"curl -{version} -sS --fail http://{host}/1g | sha256sum")
    assert got.stdout.split()[0] == big.files["1g"]


@ON_TAP
def test_two_of_1_gib_at_once(server, big):
    curl = f"curl -sS --fail {server.url('1g')} | sha256sum"
    both = server.namespace.run("sh", "-c", f"{curl} & {curl}; wait").stdout.split()
    assert both.count(big.files["1g"]) == 2


@ON_TAP
def test_C153_length_beyond_4_gib(server):
    assert fetch(server, "/sparse", "HEAD")["content-length"] == str(SPARSE)


@ON_TAP
def test_range_at_the_far_end(server):
    got = fetch(server, "/sparse", headers={"Range": f"bytes=-{len(TAIL) + 3}"})
    assert got.status == 206 and got.body == b"\0\0\0" + TAIL
    assert got["content-range"] == f"bytes {SPARSE - len(TAIL) - 3}-{SPARSE - 1}/{SPARSE}"


@ON_TAP
def test_range_across_4_gib(server):
    got = fetch(server, "/sparse", headers={"Range": f"bytes={(4 << 30) - 5000000}-{4 << 30}"})
    assert got.status == 206 and got.body == bytes(5000001)
