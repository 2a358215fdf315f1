# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""Files come whole, by SHA-256, over each kind of device that this machine has."""
import hashlib
import re

import pytest

import harness
import testsite
from testsite import SIZES
from harness import Http, fetch, request_bytes


@pytest.fixture(scope="module", params=["tap", "af_packet", "af_xdp"])
def server(request, site, family):
    harness.need_profile(request.param)
    if request.param == "tap":
        yield request.getfixturevalue("tap")
        return
    with harness.serving(request.param, site.root, ["--autoindex"], family=family) as running:
        yield running


@pytest.mark.parametrize("size", SIZES)
def test_C153_size_by_curl(server, site, size, tmp_path):
    target = tmp_path / "got"
    server.namespace.curl("--fail", "-o", target, server.url(f"size/{size}"))
    data = target.read_bytes() if size else b""
    assert len(data) == size
    assert hashlib.sha256(data).hexdigest() == site.files[f"size/{size}"]


def test_all_sizes_by_wget(server, site, tmp_path):
    server.namespace.run("wget", "-q", "--tries=1", "--timeout=30", "-P", tmp_path,
                         *(server.url(f"size/{size}") for size in SIZES))
    for size in SIZES:
        data = (tmp_path / str(size)).read_bytes()
        assert hashlib.sha256(data).hexdigest() == site.files[f"size/{size}"]


def test_20_mib(server, site):
    assert fetch(server, "/middle.bin").sha256 == site.files["middle.bin"]


@pytest.mark.parametrize("size", [1448, 65536])
def test_200_parallel_downloads(server, site, size, tmp_path):
    shown = server.namespace.curl(
        "--fail", "--parallel", "--parallel-immediate", "--parallel-max", "200",
        "--write-out", "%{http_code} %{num_connects}\n", "--output", f"{tmp_path}/#1",
        server.url(f"size/{size}?[1-200]")).stdout
    assert shown.split("\n").count("200 1") == 200, "200 connections, each with its file"
    for i in range(1, 201):
        data = (tmp_path / str(i)).read_bytes()
        assert hashlib.sha256(data).hexdigest() == site.files[f"size/{size}"]


def test_C140_head_has_the_headers_of_get(server):
    got = fetch(server, "/size/65536")
    head = fetch(server, "/size/65536", "HEAD")
    got.headers.pop("date"), head.headers.pop("date")
    assert head.headers == got.headers
    assert head["content-length"] == "65536"


def test_keep_alive_serves_all_on_one_connection(server, site):
    with Http(server.namespace.connect(server.address)) as http:
        for size in SIZES:
            http.send(request_bytes(f"/size/{size}"))
            assert http.response().sha256 == site.files[f"size/{size}"]


def test_pipelined_in_order(server, site):
    with Http(server.namespace.connect(server.address)) as http:
        http.send(b"".join(request_bytes(f"/size/{size}") for size in SIZES))
        for size in SIZES:
            assert http.response().sha256 == site.files[f"size/{size}"]


@pytest.mark.parametrize("spec, want", [
    ("bytes=0-0", (0, 1)),
    ("bytes=1447-1449", (1447, 1450)),
    ("bytes=65535-", (65535, 2097153)),
    ("bytes=-1", (2097152, 2097153)),
    ("bytes=2097150-2097152", (2097150, 2097153)),
])
def test_range(server, spec, want):
    whole = testsite.content("size2097153", 2097153)
    got = fetch(server, "/size/2097153", headers={"Range": spec})
    assert got.status == 206
    assert got["content-range"] == f"bytes {want[0]}-{want[1] - 1}/2097153"
    assert got.body == whole[want[0]:want[1]]


def test_ranges_in_one_response(server):
    whole = testsite.content("size2097153", 2097153)
    got = fetch(server, "/size/2097153", headers={"Range": "bytes=0-99,2097100-2097152"})
    assert got.status == 206
    boundary = re.fullmatch(r'multipart/byteranges; ?boundary="?([^"]+)"?', got["content-type"])[1]
    parts = got.body.split(b"--" + boundary.encode())
    assert len(parts) == 4 and parts[3].startswith(b"--")
    assert parts[1].split(b"\r\n\r\n", 1)[1] == whole[:100] + b"\r\n"
    assert parts[2].split(b"\r\n\r\n", 1)[1] == whole[2097100:] + b"\r\n"


def test_missing_file_is_404(server):
    assert fetch(server, "/none").status == 404


def test_C159_kernel_client_that_asks_for_ecn(site, family):
    """RFC 3168: the kernel agrees with us, and gets its file."""
    with harness.serving("tap", site.root, family=family) as server:
        server.namespace.run("sysctl", "-qw", "net.ipv4.tcp_ecn=1")
        assert harness.fetch(server, "/middle.bin").sha256 == site.files["middle.bin"]
        statement = server.stop()
    assert statement["ecn_agreed"] == 1
