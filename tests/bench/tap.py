# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
One core a side over a TAP: how near pagewire comes to the device, and what a
byte costs beside nginx.

The reference is dpdk-testpmd, which floods a TAP with chains of the same form, a
header of 54 bytes and a payload, one writev a frame as pagewire has it. It and
the download take turns in one run: the one that has none is stopped or idle. The
flood is the device's limit and more than TCP can have here: its frames are for
nobody and dropped early.

The kernel runs the client's receive path inside each write to the TAP, on the
server's core, unless it is told to do the client's work on the client's core
(receive packet steering). One core a side means the latter; the rows "unsteered"
show the former. The flood is never steered: it would only overrun the backlog.
"""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import bench
from bench import Samples, core_busy_s, cpu_ns

import harness
import testsite

SERVER_CORE, CLIENT_CORE = 0, 1
MTUS = (1500, 9000, 65000)
# net_tap of DPDK 22.11 takes no frame beyond 1522 bytes: long ones on a packet socket.
LONG = (("af_packet", 9000), ("af_packet", 61360))
FILE_BYTES = 1 << 30
HEADERS = 54            # Ethernet, IPv4 and TCP without options, as the flood always has them
FLOOD_SETTLE_S, FLOOD_S = 0.2, 1.0
TARGET = {1500: 0.5}

NGINX_CONF = """
daemon off; pid {tmp}/pid; error_log {tmp}/error; worker_processes 1; user root;
worker_cpu_affinity {mask}; events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
 open_file_cache max=1000; types {{ }} default_type x/y;
 client_body_temp_path {tmp}/a; proxy_temp_path {tmp}/b; fastcgi_temp_path {tmp}/c;
 uwsgi_temp_path {tmp}/d; scgi_temp_path {tmp}/e;
 server {{ listen 80; listen [::]:80; root {root}; }} }}
"""


def link_packets(namespace, interface):
    """Frames that the kernel has taken from an interface."""
    shown = namespace.run("ip", "-json", "-stats", "link", "show", "dev", interface).stdout
    return json.loads(shown)[0]["stats64"]["rx"]["packets"]


def steer(namespace, interface, steered):
    """Where the kernel receives from a TAP: on the client's core, or inside each write."""
    cores = 1 << CLIENT_CORE if steered else 0
    namespace.run("sh", "-c", f"echo {cores:x} > /sys/class/net/{interface}/queues/rx-0/rps_cpus")


def curl(namespace, url):
    """Download on the client's core. @return seconds"""
    done = namespace.run("taskset", "-c", CLIENT_CORE, "curl", "-sS", "--fail", "-o", "/dev/null",
                         "--write-out", "%{time_total} %{size_download}", url)
    seconds, size = done.stdout.split()
    assert int(size) == FILE_BYTES, done.stdout
    return float(seconds)


class Flood:
    """dpdk-testpmd on a device of its own; stopped unless it is measured."""

    def __init__(self, stack, results, driver, mtu):
        self.namespace = stack.enter_context(harness.Namespace("flood"))
        self.prefix = f"pwflood{os.getpid()}-{driver}-{mtu}"
        stack.callback(shutil.rmtree, f"/var/run/dpdk/{self.prefix}", ignore_errors=True)
        profile = harness.Profile(driver, "pw0", "/nonexistent")
        for prepare in profile.before:
            self.namespace.run("bash", "-euc", prepare)
        payload = mtu - 40
        buffer = 2176 if mtu <= 1500 else -(-(mtu + 66) // 4096) * 4096 + 256  # whole pages
        command = [
            "dpdk-testpmd", "--lcores", f"0@{CLIENT_CORE},1@{SERVER_CORE}", *profile.eal,
            *harness.memory_arguments(64 + 1500 * buffer // 1_000_000), "--file-prefix", self.prefix,
            "--", "--forward-mode=txonly", f"--mbuf-size={buffer}",
            f"--txpkts={HEADERS},{payload}", "--total-num-mbufs=1400", "--burst=32", "--mbcache=64", "--txd=256", "--rxd=256",
            "--auto-start", "--stats-period=3600", "--no-flush-rx"]
        results.command(command)
        self.log = tempfile.TemporaryFile()
        self.process = self.namespace.popen(*command, stdin=subprocess.DEVNULL, stdout=self.log,
                                            stderr=self.log)
        harness.wait_until("testpmd floods its device", self.floods, 20, 0.2)
        self.process.send_signal(signal.SIGSTOP)

    def floods(self):
        if self.process.poll() is not None:
            self.log.seek(0)
            raise harness.Failure(f"testpmd ended: {self.log.read().decode()[-2000:]}")
        shown = self.namespace.run("ip", "link", "show", "dev", "pw0", check=False)
        return shown.returncode == 0 and link_packets(self.namespace, "pw0") > 1000

    def frames_per_s(self):
        self.process.send_signal(signal.SIGCONT)
        time.sleep(FLOOD_SETTLE_S)
        begin, before = time.monotonic(), link_packets(self.namespace, "pw0")
        time.sleep(FLOOD_S)
        after, end = link_packets(self.namespace, "pw0"), time.monotonic()
        self.process.send_signal(signal.SIGSTOP)
        return (after - before) / (end - begin)


class Pagewire:
    """pagewire on a device; each download gives one sample of everything."""

    def __init__(self, stack, results, root, driver, mtu, ipv6):
        options = ["--idle", "sleep", "--mtu", mtu]
        self.server = stack.enter_context(harness.serving(driver, root, options,
                                                          family=6 if ipv6 else 4))
        self.server.namespace.run("ip", "link", "set", "dev", "pw0", "mtu", str(mtu))
        results.command([harness.PAGEWIRE, *self.server.arguments])
        curl(self.server.namespace, self.server.url("1g"))

    def download(self, steered=True):
        namespace, pid = self.server.namespace, self.server.pid()
        steer(namespace, "pw0", steered)
        frames, cpu, busy = link_packets(namespace, "pw0"), cpu_ns(pid), core_busy_s(SERVER_CORE)
        seconds = curl(namespace, self.server.url("1g"))
        cpu, busy = cpu_ns(pid) - cpu, core_busy_s(SERVER_CORE) - busy
        frames = link_packets(namespace, "pw0") - frames
        return {"frames_per_s": frames / seconds, "gbit_per_s": FILE_BYTES * 8e-9 / seconds,
                "cpu_s_per_gb": cpu / FILE_BYTES, "core_s_per_gb": busy / FILE_BYTES * 1e9}


class Nginx:
    """nginx with sendfile at one end of a veth pair, the client at the other."""

    warm = False

    def __init__(self, stack, results, root, gso, ipv6):
        self.server, self.peer, bits = (("fd78::1", "fd78::2/64", 64) if ipv6 else
                                        ("10.78.0.1", "10.78.0.2/24", 24))
        self.client = stack.enter_context(harness.Namespace("c"))
        self.namespace = stack.enter_context(harness.Namespace("n"))
        self.namespace.run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns",
                           self.client.name)
        for namespace, link, address in ((self.namespace, "v0", f"{self.server}/{bits}"),
                                         (self.client, "v1", self.peer)):
            onoff = "on" if gso else "off"
            namespace.run("ethtool", "-K", link, "tso", onoff, "gso", onoff, "gro", onoff)
            namespace.run_all(harness.commands_for_address(link, address))
            namespace.run("ip", "link", "set", link, "up")
        tmp = tempfile.mkdtemp(prefix="pwbench.")
        stack.callback(shutil.rmtree, tmp, ignore_errors=True)
        conf = f"{tmp}/nginx.conf"
        with open(conf, "w") as out:
            out.write(NGINX_CONF.format(tmp=tmp, root=root, mask=f"{1 << SERVER_CORE:b}"))
        results.command(["nginx", "-c", conf, f"(gso {gso})"])
        self.master = self.namespace.popen("nginx", "-c", conf, stderr=subprocess.DEVNULL)
        stack.callback(self.master.wait)
        stack.callback(self.master.send_signal, signal.SIGTERM)
        self.worker = harness.wait_until("nginx has a worker", self.find_worker)

    def url(self, path):
        return f"http://{harness.url_host(self.server)}/{path}"

    def find_worker(self):
        with contextlib.suppress(OSError):
            with open(f"/proc/{self.master.pid}/task/{self.master.pid}/children") as children:
                return int((children.read().split() or ["0"])[0])

    def download(self):
        if not self.warm:
            curl(self.client, self.url("1g"))
            self.warm = True
        cpu, busy = cpu_ns(self.worker), core_busy_s(SERVER_CORE)
        seconds = curl(self.client, self.url("1g"))
        cpu, busy = cpu_ns(self.worker) - cpu, core_busy_s(SERVER_CORE) - busy
        return {"gbit_per_s": FILE_BYTES * 8e-9 / seconds, "cpu_s_per_gb": cpu / FILE_BYTES,
                "core_s_per_gb": busy / FILE_BYTES * 1e9}


# ---- where the time goes ----


# The first that fits takes a sample: name, pattern of the object, pattern of the symbol.
PARTS = (
    ("pagewire", r"pagewire", r"."),
    ("DPDK, C library: TAP driver, mbufs", r"^(?!\[kernel)", r"."),
    ("kernel: copy of the frame", r"", r"copy_from_iter|copy_from_user|rep_movs|skb_copy_data"),
    ("kernel: system call, TUN, frame built", r"", r"entry_|syscall|writev|vfs_|fdget|import_iovec|"
     r"tun_|alloc_skb|build_skb|kmalloc|kmem_cache_alloc|alloc_pages|page_frag|eth_type_trans"),
    ("kernel: its TCP/IP receives", r"", r"."),
)


def profile(server):
    """@return share of pagewire's time by part, in per cent, kernel on its behalf included"""
    with tempfile.NamedTemporaryFile(suffix=".perf") as data:
        recorded = server.namespace.run(
            "perf", "record", "-q", "-o", data.name, "-p", server.pid(), "-e", "cpu-clock", "-F",
            "4999", "--", "taskset", "-c", CLIENT_CORE, "curl", "-sS", "-o", "/dev/null",
            server.url("1g"), check=False)
        if recorded.returncode != 0:
            return None
        shown = subprocess.run(
            ["perf", "report", "-i", data.name, "--stdio", "--sort", "dso,sym", "-F",
             "overhead,dso,sym"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            check=True).stdout
    (bench.OUT / "tap-profile.txt").write_text(shown)
    shares = dict.fromkeys((part[0] for part in PARTS), 0.0)
    for share, dso, symbol in re.findall(r"^ +([\d.]+)% +(\S+) +\[.\] (\S+)", shown, re.M):
        name = next(name for name, in_dso, in_symbol in PARTS
                    if re.search(in_dso, dso) and re.search(in_symbol, symbol))
        shares[name] += float(share)
    return shares


# ---- the benchmark ----


def field(samples, name):
    return Samples(sample[name] for sample in samples)


def run_mtu(results, root, mtu, runs, ipv6):
    with contextlib.ExitStack() as stack:
        ours = Pagewire(stack, results, root, "tap", mtu, ipv6)
        flood = Flood(stack, results, "tap", mtu)
        sources = [flood.frames_per_s, ours.download, lambda: ours.download(False)]
        if mtu == 1500:
            sources += [Nginx(stack, results, root, gso, ipv6).download for gso in (True, False)]
        floods, downloads, unsteered, *nginxes = bench.take_turns(runs, *sources)
        results.add(f"mtu-{mtu}", "frames/s", field(downloads, "frames_per_s"), Samples(floods),
                    TARGET.get(mtu))
        results.add(f"mtu-{mtu}-throughput", "Gbit/s", field(downloads, "gbit_per_s"))
        results.add(f"mtu-{mtu}-cpu", "s/GB", field(downloads, "cpu_s_per_gb"),
                    field(nginxes[0], "cpu_s_per_gb") if nginxes else None)
        results.add(f"mtu-{mtu}-core", "s/GB", field(downloads, "core_s_per_gb"),
                    field(nginxes[0], "core_s_per_gb") if nginxes else None)
        results.add(f"mtu-{mtu}-unsteered", "frames/s", field(unsteered, "frames_per_s"),
                    Samples(floods))
        results.add(f"mtu-{mtu}-unsteered-cpu", "s/GB", field(unsteered, "cpu_s_per_gb"))
        for samples, gso in zip(nginxes, ("gso", "no-gso")):
            for name, unit in (("gbit_per_s", "Gbit/s"), ("cpu_s_per_gb", "s/GB"),
                               ("core_s_per_gb", "s/GB")):
                results.add(f"nginx-veth-{gso}-{name.split('_')[0]}", unit, field(samples, name))
        return profile(ours.server) if mtu == 1500 and shutil.which("perf") else None


def run_long(results, root, driver, mtu, runs, ipv6):
    """The same on a device that has this MTU."""
    os.environ["PW_MTU"] = str(mtu)
    name = f"mtu-{mtu}-{driver}"
    with contextlib.ExitStack() as stack:
        stack.callback(os.environ.pop, "PW_MTU")
        ours = Pagewire(stack, results, root, driver, mtu, ipv6)
        flood = Flood(stack, results, driver, mtu)
        floods, downloads = bench.take_turns(runs, flood.frames_per_s, ours.download)
        results.add(name, "frames/s", field(downloads, "frames_per_s"), Samples(floods))
        results.add(f"{name}-throughput", "Gbit/s", field(downloads, "gbit_per_s"))
        results.add(f"{name}-cpu", "s/GB", field(downloads, "cpu_s_per_gb"))


def main():
    options = bench.arguments(__doc__)
    results = bench.Results("tap", options.ipv6)
    missing = harness.Profile.missing("tap")
    if missing:
        sys.exit(f"bench tap: this machine lacks {missing}")
    shares = None
    with tempfile.TemporaryDirectory(prefix="pwbench-root.") as root:
        testsite.Site(root).add_big("1g", FILE_BYTES)
        for mtu in MTUS[:1] if options.quick else MTUS:
            print(f"bench tap: MTU {mtu}, {options.runs} runs of each", flush=True)
            try:
                shares = run_mtu(results, root, mtu, options.runs, options.ipv6) or shares
            except harness.CannotStart as why:
                results.add_impossible(f"mtu-{mtu}", "frames/s", why.last_line)
        for driver, mtu in LONG[:1] if options.quick else LONG:
            print(f"bench tap: MTU {mtu} on {driver}, {options.runs} runs of each", flush=True)
            run_long(results, root, driver, mtu, options.runs, options.ipv6)
    results.print_table()
    if shares:
        print("where pagewire's core spends its time, MTU 1500 unsteered (perf, cpu-clock):")
        for name, share in shares.items():
            print(f"  {share:5.1f} %  {name}")
            results.add(f"split: {name}", "%", Samples([share]))
    results.write()
    print(f"rows in {bench.OUT / 'results.json'}")


if __name__ == "__main__":
    main()
