# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
What the benchmarks on a vhost-user socket share: pagewire on virtio-user, and
pagewire-load (or a bare sink) on vhost, a core each. The back end makes the
socket and comes first. Both ends are new in every run.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import tempfile

from bench import Samples

import harness
import testsite

SERVER_CORE, CLIENT_CORE = 0, 1
LOAD = harness.PAGEWIRE.with_name("pagewire-load")
FLOOD = harness.BUILD / "tests" / "bench" / "flood"
WHOLE = 62 << 10  # receive buffers that take a segment which nobody cuts
WAIT_S = 20
DISTURBED = 3  # per cent


class Net:
    """The two ends of a vhost-user socket, in IPv4 or IPv6."""

    def __init__(self, ipv6=False):
        self.ipv6 = ipv6
        self.server, self.client, self.bits, self.more = (
            ("fd77::1", "fd77::2", 64, "fd77::1:") if ipv6 else
            ("10.77.0.1", "10.77.0.2", 16, "10.77.1."))
        # Of a frame, with timestamps and without.
        self.headers = {"pagewire": 86 if ipv6 else 66, "testpmd": 54}

    def url(self, path):
        return f"http://{harness.url_host(self.server)}/{path}"

    def addresses(self, n):
        """Of pagewire-load: ask from so many, 254 at most."""
        last = f"{n:x}" if self.ipv6 else n
        return ["--source", f"{self.more}1-{self.more}{last}"]

    def sources(self, n):
        """Likewise: from as many as n connections need, and a few more."""
        return self.addresses(min(4 + n // 10000, 254))


class FileSet:
    """
    A directory of files of 1 MiB. Whoever asks for them asks by chance: connections that
    went through one file side by side would read each other's bytes out of the cache.
    """

    def __init__(self, root, mib):
        self.mib, self.root = mib, pathlib.Path(root) / f"{mib}MB"
        self.root.mkdir()
        site = testsite.Site(self.root)
        self.names = [f"f{i}" for i in range(mib)]
        for name in self.names:
            site.add(name, testsite.content(name, 1 << 20))

    def options(self, net):
        """Of pagewire-load."""
        urls = self.root.with_name(f"{self.mib}MB-{net.server}.urls")
        urls.write_text("".join(f"{net.url(name)}\n" for name in self.names))
        return ["--urls", urls]


class Socket:
    """A vhost-user socket, in a directory and a namespace of its own."""

    count = 0

    def __init__(self, results, net, tso=False):
        self.results, self.net, self.tso = results, net, tso
        self.stack = contextlib.ExitStack()
        self.tmp = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="pwbench."))
        self.namespace = self.stack.enter_context(harness.Namespace("b"))
        self.profile = harness.Profile("virtio-user", "pw0", self.tmp)
        self.profile.after = []  # the kernel is not at the other end
        self.profile.ip = f"{net.server}/{net.bits}"
        self.path = f"{self.tmp}/vhost.sock"
        self.told = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def tell(self, command):
        """Each command line once, whatever changes from run to run."""
        words = [word for word in map(str, command) if not word.startswith("pwb")]
        if tuple(words) not in self.told:
            self.told.add(tuple(words))
            self.results.command(words)

    def eal(self, core, memory_mib, device):
        Socket.count += 1
        return ["--lcores", f"0@{core}", *harness.memory_arguments(memory_mib), "--no-telemetry",
                "--file-prefix", f"pwb{os.getpid()}-{Socket.count}", *device]

    def back_end(self):
        device = f"net_vhost0,iface={self.path},queues=1" + (",tso=1" if self.tso else "")
        return ["--no-pci", "--log-level=lib.vhost.config:warning", "--vdev", device]

    @contextlib.contextmanager
    def process(self, *command, **kw):
        """A program with its output in a file; ended when the block is left."""
        self.tell(command)
        with tempfile.TemporaryFile("w+") as log:
            child = self.namespace.popen(*command, stdin=subprocess.DEVNULL, stdout=log,
                                         stderr=subprocess.STDOUT, **kw)
            child.log = log
            try:
                yield child
            finally:
                if child.poll() is None:
                    child.send_signal(signal.SIGTERM)
                    end(child)
                prefix = next((word for word in command if str(word).startswith("pwb")), None)
                if prefix:
                    shutil.rmtree(f"/var/run/dpdk/{prefix}", ignore_errors=True)

    def wait_for_socket(self, child):
        harness.wait_until("the back end has made its socket",
                           lambda: os.path.exists(self.path) or child.poll() is not None, WAIT_S)
        if child.poll() is not None:
            raise harness.Failure(said(child))

    # ---- what may stand at the two ends ----

    def sink(self, seconds):
        """The bare one. @return a context of its process"""
        room = ["--rx-room", WHOLE] if self.tso else []
        return self.process(FLOOD, *self.eal(CLIENT_CORE, 128, self.back_end()), "--", "--sink",
                            "--seconds", seconds, *room)

    def flood(self, root):
        return self.process(FLOOD, *self.eal(SERVER_CORE, mib_of(root), self.profile.eal), "--",
                            *(["--ipv6"] if self.net.ipv6 else []), root)

    def testpmd(self):
        return self.process(
            "dpdk-testpmd", "--lcores", f"0@{CLIENT_CORE},1@{SERVER_CORE}",
            *self.eal(0, 128, self.profile.eal)[2:], "--", "--forward-mode=txonly",
            "--txpkts=54,1460", "--burst=64", "--txd=1024", "--rxd=1024", "--auto-start",
            "--stats-period=3600", "--no-flush-rx", "--total-num-mbufs=16384")

    def flooded(self, front_end, seconds, who="pagewire"):
        """@return payload in bits per second of what a front end floods the sink with"""
        with self.sink(seconds) as sink:
            self.wait_for_socket(sink)
            with front_end:
                if end(sink) != 0:
                    raise harness.Failure(said(sink))
            text = said(sink)
        counted = json.loads(next(line for line in text.splitlines() if line.startswith("{")))
        payload = counted["bytes"] - self.net.headers[who] * counted["packets"]
        return 8 * payload / counted["seconds"]

    def served(self, root, load, server=(), back_end=None):
        """
        One run of pagewire-load against pagewire. @return its figures as JSON has them,
        "server" beside them: the counters that pagewire printed at its end.
        """
        with tempfile.TemporaryDirectory(prefix="pwbench.") as tmp, contextlib.ExitStack() as stack:
            room = ["--rx-buffer", WHOLE] if self.tso else []
            child = stack.enter_context(self.process(
                LOAD, *self.eal(CLIENT_CORE, 128, self.back_end()), "--", "--ip",
                f"{self.net.client}/{self.net.bits}", "--idle", "spin", "--json", f"{tmp}/json", *room, *load))
            self.wait_for_socket(child)
            pagewire = harness.Pagewire(self.namespace, self.profile, root,
                                        ["--idle", "spin", *server],
                                        harness.memory_arguments(mib_of(root)),
                                        f"0@{SERVER_CORE}")
            stack.callback(pagewire.discard)
            pagewire.start()
            self.tell([harness.PAGEWIRE, *(word for word in pagewire.arguments
                                           if word != pagewire.prefix)])
            status = end(child, 600)
            waited = waited_percent(pagewire.pid())
            memory = memory_bytes(pagewire.pid())
            if status != 0:
                raise harness.Failure(f"pagewire-load: exit {status}\n{said(child)}")
            figures = json.loads(pathlib.Path(f"{tmp}/json").read_text())
            statement = pagewire.stop()
            figures["server"] = {**statement.counters, "memory": memory,
                                 "seconds": busiest_seconds(statement.out)}
            if waited > DISTURBED:
                print(f"  disturbed: the server waited {waited:.0f} % of its time for its core",
                      flush=True)
            return figures


def waited_percent(pid):
    """The part of its time that the worker wanted its core while others had it."""
    ran, waited = map(int, pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[:2])
    return 100 * waited / (ran + waited)


def memory_bytes(pid):
    """All that a process has: hugepages and ordinary ones of its own."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return sum(int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) << 10
               for name in ("HugetlbPages", "RssAnon"))


def busiest_seconds(out):
    """
    Of the reports of --stats-period 1, those of seconds in which the server answered
    as usual: (busy part, responses a second).
    """
    factor = {"": 1, "k": 1e3, "M": 1e6}
    seconds = [(float(busy) / 100, float(count) * factor[prefix]) for count, prefix, busy in
               re.findall(r"http +([\d.]+) (k|M|)responses/s.*?busy ([\d.]+) %", out, re.S)]
    most = max((rate for _, rate in seconds), default=0)
    return [second for second in seconds if second[1] > 0.8 * most and most > 0]


def mib_of(root):
    return sum(f.stat().st_size for f in pathlib.Path(root).rglob("*") if f.is_file()) // 2**20 + 96


def end(child, seconds=WAIT_S):
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        raise harness.Failure(f"{child.args} did not end\n{said(child)}") from None


def said(child):
    child.log.seek(0)
    return child.log.read()


# ---- figures of runs ----


def gbit_per_s(runs):
    return Samples(run["body_bits_per_s"] / 1e9 for run in runs)


def per_s(runs, what="responses"):
    return Samples(run[f"{what}_per_s"] for run in runs)


def cycles_per_byte(runs):
    """Busy cycles of the server, of all it did in its life, by payload byte."""
    return Samples(run["server"]["busy_cycles"] / run["server"]["bytes_out"] for run in runs)


def cycles_per_request(runs):
    return Samples(run["server"]["busy_cycles"] / run["server"]["responses_done"] for run in runs)


def cycles_per_request_now(runs):
    """Of the seconds in which it answered as usual, whatever came before; needs --stats-period."""
    return Samples(statistics.median(
        busy * run["server"]["tsc_hz"] / rate for busy, rate in run["server"]["seconds"])
        for run in runs)


def latency_us(runs, quantile):
    return Samples(run["latency_ns"][quantile] / 1000 for run in runs)
