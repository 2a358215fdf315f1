# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""pagewire-load: against pagewire over every device that has two ends, and against nginx."""
import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import tempfile
from unittest import mock

import pytest

import harness
from harness import Namespace, Pagewire, Profile, wait_until

LOAD = harness.PAGEWIRE.with_name("pagewire-load")
PATHS = ("size/0", "size/1", "size/1449", "size/65536", f"size/{(2 << 20) + 1}")

NGINX_CONF = """
daemon off; pid {tmp}/pid; error_log {tmp}/error; worker_processes 1; user root;
events {{ worker_connections 256; }}
http {{ access_log off; sendfile on; types {{ }} default_type x/y; keepalive_requests 7;
 client_body_temp_path {tmp}/a; proxy_temp_path {tmp}/b; fastcgi_temp_path {tmp}/c;
 uwsgi_temp_path {tmp}/d; scgi_temp_path {tmp}/e;
 server {{ listen 80; listen [::]:80; root {root}; location /docs/ {{ ssi on; ssi_types *; }} }} }}
"""


class Load:
    """A run of pagewire-load in a namespace."""

    count = 0

    def __init__(self, namespace, eal, ip, options, lcores=f"0@{(os.cpu_count() or 1) - 1}"):
        Load.count += 1
        self.prefix = f"pwtl{os.getpid()}-{Load.count}"
        self.tmp = tempfile.mkdtemp(prefix="pwt-load.")
        self.process = namespace.popen(
            LOAD, "--lcores", lcores, *harness.memory_arguments(128), "--file-prefix", self.prefix,
            *eal, "--", "--ip", ip, "--idle", "sleep", "--json", f"{self.tmp}/json", *options,
            stdin=subprocess.DEVNULL, stdout=open(f"{self.tmp}/out", "wb"),
            stderr=subprocess.STDOUT)

    def output(self):
        with open(f"{self.tmp}/out", encoding="utf-8", errors="replace") as out:
            return out.read()

    def wait(self, status=0):
        """@return its figures, after an end with this status and nothing kept."""
        try:
            ended = self.process.wait(60)
        except subprocess.TimeoutExpired:
            ended = "none within 60 s"
        shown = self.output()
        assert ended == status, f"exit status {ended}\n{shown}"
        assert "pagewire-load: all packets, buffers and pages are back\n" in shown, shown
        assert "Sanitizer" not in shown and "runtime error:" not in shown, shown
        with open(f"{self.tmp}/json", encoding="utf-8") as figures:
            return json.load(figures)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.tmp, ignore_errors=True)
        shutil.rmtree(f"/var/run/dpdk/{self.prefix}", ignore_errors=True)


def urls(address, paths=PATHS):
    return [word for path in paths for word in ("--url", f"http://{address}/{path}")]


SERVER = {4: "10.77.0.1", 6: "[fd77::1]"}


def run_pair(driver, root, options, status=0, tso=False, workers=1, mtu=None, family=4):
    """pagewire and pagewire-load at the two ends of a device. @return figures and statement"""
    lcores = {"lcores": harness.TWO_LCORES} if workers == 2 else {}
    harness.need_profile(driver)
    with contextlib.ExitStack() as stack:
        tmp = stack.enter_context(tempfile.TemporaryDirectory(prefix="pwt."))
        namespace = stack.enter_context(Namespace(driver))
        if mtu is not None:
            stack.enter_context(mock.patch.dict(os.environ, PW_MTU=str(mtu)))
        profile = Profile(driver, "pw0", tmp, family)
        profile.after = []  # there is no kernel at the other end
        profile.set_queues(workers)
        server = Pagewire(namespace, profile, root, **lcores)
        stack.callback(server.discard)
        # Whoever makes the socket comes first: of a vhost-user pair that is the back end.
        first = driver == "virtio-user"
        eal = ["--no-pci", *(word + ",tso=1" if tso and "net_vhost" in word else word
                             for word in profile.bridge)]
        if not first:
            server.start()
        if mtu is not None:
            options = ["--mtu", mtu, *options]
        load = stack.enter_context(Load(namespace, eal, profile.peer_ip, options, **lcores))
        if first:
            wait_until("the socket is there", lambda: os.path.exists(f"{tmp}/vhost.sock"), 20)
            server.start()
        figures = load.wait(status)
        figures["server"] = server.stop()
        return figures


def xxh3(data):
    library = ctypes.CDLL("libxxhash.so.0")
    library.XXH3_64bits.restype = ctypes.c_uint64
    library.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    return f"{library.XXH3_64bits(data, len(data)):016x}"


def check_bodies(figures, site):
    for body in figures["bodies"]:
        data = (site.root / body["path"].lstrip("/")).read_bytes()
        assert body["length"] == len(data)
        assert body["xxh3"] == xxh3(data)


@pytest.mark.parametrize("driver, family", [("virtio-user", 4), ("virtio-user", 6), ("vhost", 4),
                                            ("memif", 4)])
def test_every_byte_is_right(driver, family, site):
    figures = run_pair(driver, site.root, [*urls(SERVER[family]), "--verify", "--connections", 16,
                                           "--duration", 3], family=family)
    assert figures["failures"] == 0
    assert figures["responses"] > 20 and figures["opened"] == 16
    assert len(figures["bodies"]) == len(PATHS)
    check_bodies(figures, site)


@pytest.mark.parametrize("driver, family", [("virtio-user", 4), ("memif", 4), ("memif", 6)])
def test_long_frames(driver, family, site):
    figures = run_pair(driver, site.root, [*urls(SERVER[family]), "--verify", "--connections", 4,
                                           "--duration", 2], mtu=9000, family=family)
    assert figures["failures"] == 0
    assert figures["responses"] > 20
    check_bodies(figures, site)
    # More in the mean, ACKs of requests included, than the longest segment of 1500 has.
    assert figures["tcp"]["bytes_in"] > 1460 * figures["tcp"]["segs_in"]


@pytest.mark.parametrize("driver, family", [("virtio-user", 4), ("virtio-user", 6), ("memif", 4)])
def test_two_workers_at_either_end(driver, family, site):
    """A pair of queues each; whichever of them the peer uses, the bytes are right."""
    figures = run_pair(driver, site.root, [*urls(SERVER[family]), "--verify", "--connections", 32,
                                           "--duration", 3], workers=2, family=family)
    assert figures["workers"] == 2
    assert figures["failures"] == 0
    assert figures["responses"] > 20 and figures["opened"] == 32
    assert len(figures["bodies"]) == len(PATHS)
    check_bodies(figures, site)
    assert [worker["connections"] for worker in figures["server"].workers()] == [16, 16]


@pytest.mark.parametrize("buffers, family", [("2K", 4), ("62K", 4), ("62K", 6)])
def test_segments_that_nobody_cuts(buffers, family, site):
    """TSO towards a back end that takes it: in chains of small buffers, or whole."""
    figures = run_pair("virtio-user", site.root,
                       [*urls(SERVER[family], ["middle.bin"]), "--verify", "--connections", 2,
                        "--rx-buffer", buffers, "--duration", 2], tso=True, family=family)
    assert figures["failures"] == 0
    check_bodies(figures, site)
    if buffers == "62K":
        assert figures["tcp"]["segs_in"] * 4000 < figures["tcp"]["bytes_in"], "super-segments"


def test_connections_one_request_each(family, site):
    figures = run_pair("memif", site.root,
                       [*urls(SERVER[family], ["size/1"]), "--connections", 64,
                        "--requests-per-connection", 1, "--duration", 2], family=family)
    assert figures["failures"] == 0
    assert figures["opened"] > 500
    assert 0 <= figures["opened"] - figures["responses"] <= 64


@pytest.mark.parametrize("family, source", [(4, "10.77.0.100-10.77.0.131"),
                                            (6, "fd77::1:0-fd77::1:1f")])
def test_pipeline_from_many_addresses(family, source, site):
    figures = run_pair("memif", site.root,
                       [*urls(SERVER[family], ["size/1", "size/1449"]), "--source", source,
                        "--connections", 320, "--pipeline", 8, "--duration", 2, "--verify"],
                       family=family)
    assert figures["failures"] == 0
    assert figures["opened"] == 320 and figures["responses"] > 2000


def test_open_loop(site):
    figures = run_pair("memif", site.root, [*urls("10.77.0.1", ["size/1449"]), "--rate", 500,
                                            "--connections", 50, "--duration", 2])
    assert figures["failures"] == 0
    due = 500 * figures["seconds"]  # a late turn ends the run late
    assert due - 2 <= figures["requests"] + figures["unsent"] <= due + 2
    assert figures["requests"] > 900


def test_other_content_than_expected(site, tmp_path):
    expected = tmp_path / "expected"
    expected.write_text(f"http://10.77.0.1/size/1 {'0' * 16}\n"
                        f"http://10.77.0.1/size/1449 "
                        f"{xxh3((site.root / 'size/1449').read_bytes())} 1449\n")
    figures = run_pair("memif", site.root, [*urls("10.77.0.1", ["size/1", "size/1449"]),
                                            "--expect", expected, "--duration", 1], status=1)
    assert 0 < figures["errors"]["hash"] == figures["failures"] < figures["responses"]


# ---- TAP ----


def wait_for_interface(namespace, name):
    wait_until(f"{name} is there", lambda: namespace.run(
        "ip", "link", "show", "dev", name, check=False).returncode == 0, 20, 0.05)


def test_two_taps_on_a_bridge(site):
    harness.need_profile("tap")
    with harness.serving("tap", site.root) as server:
        namespace = server.namespace
        for command in ("link add br0 type bridge", "addr flush dev pw0",
                        "link set pw0 master br0", "link set br0 up"):
            namespace.run("ip", *command.split())
        with Load(namespace, ["--no-pci", "--vdev", "net_tap0,iface=pl0"], "10.77.0.3/24",
                  [*urls(server.address), "--verify", "--connections", 8, "--duration", 2,
                   "--timeout", 20]) as load:
            wait_for_interface(namespace, "pl0")
            namespace.run("ip", "link", "set", "pl0", "master", "br0", "up")
            figures = load.wait()
    assert figures["failures"] == 0 and figures["responses"] > 10
    check_bodies(figures, site)


@contextlib.contextmanager
def nginx(namespace, root, tmp):
    (tmp / "conf").write_text(NGINX_CONF.format(tmp=tmp, root=root))
    process = namespace.popen("nginx", "-c", tmp / "conf", stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until("nginx is ready", (tmp / "pid").exists, 10)
    yield
    process.send_signal(signal.SIGTERM)
    process.wait(10)


def run_nginx(driver, site, tmp_path, options, status=0, family=4):
    """pagewire-load on a device whose other end is the kernel's, where nginx listens."""
    harness.need_profile(driver)
    if shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin") is None:
        pytest.skip("nginx is not installed")
    profile = Profile(driver, "pl0", tmp_path, family)
    with Namespace("nginx") as namespace, nginx(namespace, site.root, tmp_path):
        namespace.run_all(profile.before)
        with Load(namespace, profile.eal, profile.ip, options) as load:
            wait_for_interface(namespace, "pl0")
            namespace.run_all(profile.after)
            return load.wait(status)


@pytest.mark.parametrize("driver", ["tap", "af_packet", "af_xdp"])
def test_nginx(driver, family, site, tmp_path):
    """Content-Length, chunked (server-side includes have no length), and a server that closes
    after every seventh request."""
    paths = [*PATHS, "docs/index.html"]
    kernel = {4: "10.77.0.2", 6: "[fd77::2]"}[family]
    figures = run_nginx(driver, site, tmp_path, [*urls(kernel, paths), "--verify",
                                                 "--connections", 8, "--pipeline", 4,
                                                 "--duration", 2], family=family)
    assert figures["failures"] == 0
    assert figures["opened"] > 16 and figures["responses"] > 50
    check_bodies(figures, site)


def test_nginx_has_no_such_file(site, tmp_path):
    figures = run_nginx("tap", site, tmp_path, [*urls("10.77.0.2", ["nothing"]), "--duration", 1],
                        status=1)
    assert figures["errors"]["status"] == figures["status"]["4xx"] == figures["failures"] > 0


def test_nobody_listens(site, tmp_path):
    figures = run_nginx("tap", site, tmp_path, ["--url", "http://10.77.0.2:81/", "--duration", 1,
                                                "--timeout", 5], status=1)
    assert figures["errors"]["refused"] == figures["failures"] > 1


# ---- options ----


@pytest.mark.parametrize("options, named", [
    ("", "--ip --url"),
    ("--ip IP", "--url"),
    ("--ip IP --url https://10.77.0.1/", "--url https://10.77.0.1/"),
    ("--ip IP --url http://10.77.0.2/", "--url own"),
    ("--ip IP --url http://192.0.2.1/", "--url 192.0.2.1 --gateway"),
    ("--ip IP --url URL --url http://10.77.0.9/", "--url 10.77.0.9"),
    ("--ip IP --url URL --connections 70000", "--connections 70000 --source"),
    ("--ip IP --url URL --active 65", "--active 65"),
    ("--ip IP --url URL --source 10.77.0.20-10.77.0.10", "--source 10.77.0.20-10.77.0.10"),
    ("--ip IP --url URL --source 10.77.0.250-10.77.0.255", "--source 10.77.0.250"),
    ("--ip IP --url http://[fd77::1]/", "--url fd77::1"),
    ("--ip fd77::2/64 --url URL", "--url 10.77.0.1"),
    ("--ip fd77::2/64 --url http://[fd77::2]/", "--url own"),
    ("--ip fd77::2/64 --url http://[fd78::1]/", "--url fd78::1 --gateway"),
    ("--ip fd77::2/64 --url http://[fd77::1]/ --source fd77::1:0-fd77::2:0", "--source"),
    ("--ip IP --url URL --pipeline 1000", "--pipeline 1000 256"),
    ("--ip IP --urls /nonexistent", "/nonexistent"),
    ("--ip IP --url URL --expect /nonexistent", "/nonexistent"),
    ("--ip IP --url URL --frobnicate", "--frobnicate"),
])
def test_mistake_gets_status_2(options, named):
    words = options.replace("IP", "10.77.0.2/24").replace("URL", "http://10.77.0.1/").split()
    done = subprocess.run([LOAD, "--", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == (1 if options else 2), done.stderr
    for word in named.split():
        assert word in done.stderr
