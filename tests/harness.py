# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
What the tests on real interfaces are made of: namespaces, device profiles,
pagewire itself, the bad link, and a plain HTTP client.

Everything that is known about a device stands in drivers-config/NAME.conf and
is read through scripts/lib.sh: nothing of it is repeated here.
"""
import contextlib
import ctypes
import functools
import hashlib
import itertools
import logging
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent
LIB_SH = TOP / "scripts" / "lib.sh"
BUILD = pathlib.Path(os.environ.get("PW_BUILD", TOP / "build"))
PAGEWIRE = pathlib.Path(os.environ.get("PW_BIN", BUILD / "app" / "pagewire"))
LINKFILTER = pathlib.Path(os.environ.get("PW_LINKFILTER", BUILD / "tests" / "tools" / "linkfilter"))

# Two workers, for --lcores: both may run on every core, so that one is enough for the tests.
TWO_LCORES = f"(0,1)@(0-{(os.cpu_count() or 1) - 1})"

READY_SECONDS = 60
EXIT_SECONDS = 30

# Marks of tests that run over one version of IP alone; see the fixture `family`.
IPV4, IPV6 = (pytest.mark.parametrize("family", [n], ids=[f"ipv{n}"], indirect=True)
              for n in (4, 6))

log = logging.getLogger("pagewire")
_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000


class Failure(AssertionError):
    """Something that the harness demands did not happen."""


class CannotStart(Failure):
    """pagewire ended before it was ready; `last_line` is what it said."""

    def __init__(self, status, command, out, err):
        super().__init__(f"pagewire did not start: exit {status}\n{command}\n{out}{err}")
        self.last_line = (err.strip().splitlines() or [f"exit {status}"])[-1]


def wait_until(what, condition, seconds=5.0, step=0.01):
    """Wait for condition() to be true and return it; `what` names it when it is not."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(step)


# ---- namespaces ----


class Namespace:
    """A network namespace, with the processes started in it."""

    numbers = itertools.count(1)

    def __init__(self, label):
        self.name = f"pwt{os.getpid()}-{next(Namespace.numbers)}{label}"
        self.children = []
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.run("ip", "link", "set", "lo", "up")
        for scope in ("all", "default"):
            self.run("sysctl", "-qw", f"net.ipv6.conf.{scope}.disable_ipv6=1", check=False)

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait()
        subprocess.run(["ip", "netns", "del", self.name], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def command(self, *args):
        return ["ip", "netns", "exec", self.name, *map(str, args)]

    def run(self, *args, check=True, **kw):
        kw.setdefault("stdout", subprocess.PIPE)
        kw.setdefault("stderr", subprocess.PIPE)
        kw.setdefault("text", True)
        done = subprocess.run(self.command(*args), **kw)
        if check and done.returncode != 0:
            raise Failure(f"{' '.join(map(str, args))}: exit {done.returncode}: {done.stderr}")
        return done

    def popen(self, *args, **kw):
        child = subprocess.Popen(self.command(*args), **kw)
        self.children.append(child)
        return child

    @contextlib.contextmanager
    def entered(self):
        """This thread's sockets are made in the namespace, and stay there."""
        with open("/proc/self/ns/net") as home, open(f"/run/netns/{self.name}") as there:
            self._set(there)
            try:
                yield
            finally:
                self._set(home)

    @staticmethod
    def _set(handle):
        if _libc.setns(handle.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def run_all(self, commands):
        """Lines of shell, one after the other."""
        for command in commands:
            self.run("bash", "-euc", command)

    def take_addresses(self, interface):
        self.run("ip", "addr", "flush", "dev", interface)
        self.run("sysctl", "-qw", f"net.ipv6.conf.{interface}.disable_ipv6=1", check=False)

    def socket(self, address):
        """A TCP socket of the kernel in this namespace, for an address of this version."""
        with self.entered():
            return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                                 socket.SOCK_STREAM)

    def connect(self, address, port=80, timeout=10, receive_buffer=None, mss=None):
        """A connected TCP socket of the kernel in this namespace."""
        sock = self.socket(address)
        sock.settimeout(timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if mss:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, mss)
        try:
            sock.connect((address, port))
        except OSError:
            sock.close()
            raise
        return sock

    def curl(self, *args, check=True, **kw):
        return self.run("curl", "-sS", "--max-time", "30", *args, check=check, **kw)


def url_host(address):
    return f"[{address}]" if ":" in address else address


def commands_for_address(interface, address):
    """They give it to the kernel; of IPv6 that one alone, of use at once, and it stays."""
    if ":" not in address:
        return [f"ip addr add {address} dev {interface}"]
    settings = ("addr_gen_mode=1", "accept_ra=0", "keep_addr_on_down=1", "disable_ipv6=0")
    return ["sysctl -qw " + " ".join(f"net.ipv6.conf.{interface}.{word}" for word in settings),
            f"ip addr add {address} dev {interface} nodad"]


# ---- what scripts/lib.sh knows ----


def lib_sh(script, arrays, **env):
    """Run `script` after sourcing lib.sh. @return the named arrays, as lists of strings."""
    show = "".join(f'printf "%s\\0" {name} "${{#{name}[@]}}" "${{{name}[@]}}"\n' for name in arrays)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f". {LIB_SH}\n{script}\nset +u\n{show}"],
        env={**os.environ, **env}, stdout=subprocess.PIPE, check=True)
    words = iter(done.stdout.decode().split("\0"))
    found = {}
    for name in words:
        if name:
            found[name] = [next(words) for _ in range(int(next(words)))]
    return found


class Profile:
    """drivers-config/NAME.conf, for an interface, a scratch directory and a version of IP."""

    def __init__(self, name, interface, tmp, family=4):
        self.name, self.interface = name, interface
        scalars = ("DRIVER", "NEEDS", "IP", "PEER_IP", "IP6", "PEER_IP6", "OUR_COPIES",
                   "BRIDGE_FIRST")
        fields = scalars + ("EAL", "OPTIONS", "BEFORE", "AFTER", "AFTER6", "BRIDGE")
        found = lib_sh(f"pw_profile {name}", [f"PROFILE_{f}" for f in fields],
                       PW_IF=interface, PW_TMP=str(tmp))
        for field in fields:
            value = found[f"PROFILE_{field}"]
            setattr(self, field.lower(), value[0] if field in scalars else value)
        if family == 6:
            self.ip, self.peer_ip = self.ip6, self.peer_ip6
            self.after += self.after6
        self.address = self.ip.split("/")[0]
        self.peer_address = self.peer_ip.split("/")[0]

    def set_queues(self, n):
        """Queue pairs of the device, where it has to be told."""
        for words in (self.eal, self.bridge):
            for i, word in enumerate(words):
                words[i] = re.sub(r"\b(qpairs|queues)=1\b", rf"\1={n}", word)

    @staticmethod
    @functools.lru_cache(maxsize=None)
    def missing(name):
        """What this machine lacks for the profile, in words; '' when nothing."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c",
             f". {LIB_SH}; PW_TMP=/nonexistent; pw_profile {name}; pw_profile_missing"],
            stdout=subprocess.PIPE, text=True)
        return ", ".join(done.stdout.splitlines())


def need_profile(name):
    """Skip the test, and say why, where this machine cannot have the device."""
    missing = Profile.missing(name)
    if missing:
        pytest.skip(f"{name}: this machine lacks {missing}")


@contextlib.contextmanager
def bridge(namespace, profile, tmp):
    """dpdk-testpmd between the other side of the device and a TAP of the kernel's."""
    with subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", f". {LIB_SH}; pw_profile {profile.name}; "
             "pw_bridge_start; echo ready; read -r || true"],
            env={**os.environ, "PW_NS": namespace.name, "PW_IF": profile.interface,
                 "PW_TMP": str(tmp)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        if shell.stdout.readline() != b"ready\n":
            raise Failure(f"no bridge to {profile.name}")
        yield  # the end of its input is the shell's, and the bridge's


def memory_arguments(mib):
    """EAL arguments for this much of files: hugepages where the machine has them."""
    return lib_sh(f"pw_memory {mib}", ["PW_MEM"])["PW_MEM"]


def free_hugepages_mib():
    """MiB in free hugepages of 2 MiB."""
    done = subprocess.run(["bash", "-euc", f". {LIB_SH}; pw_free_mib"], stdout=subprocess.PIPE,
                          text=True, check=True)
    return int(done.stdout)


# ---- pagewire ----


class Statement:
    """What pagewire said at its end."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err
        counters = re.findall(r"^  (\w+) +(\d+)  ", out, re.M)
        ledger = re.findall(r"^  ([a-z].*?): (\d+) bytes", out, re.M)
        self.counters = {name: int(value) for name, value in counters}
        self.ledger = {name: int(value) for name, value in ledger}

    def workers(self):
        """Of each of several workers, what it did: {"connections": 12, ...}."""
        lines = re.findall(r"^worker \d+: (.*)$", self.out, re.M)
        return [{what: int(n) for n, what in re.findall(r"(\d+) ([a-z ]+)", line)} for line in lines]

    def __getitem__(self, name):
        """A counter; one that is 0 is not printed."""
        return self.counters.get(name, 0)

    def check(self, copies="none"):
        """Exit 0, nothing kept, and a ledger without copies other than the device's."""
        shown = f"\n--- output\n{self.out[-4000:]}\n--- errors\n{self.err[-4000:]}"
        if self.status != 0:
            raise Failure(f"pagewire: exit status {self.status}{shown}")
        if "pagewire: all packets, buffers and pages are back\n" not in self.out:
            raise Failure(f"pagewire did not say that its pools are full{shown}")
        if copies == "none" and self.ledger["file bytes copied by pagewire"] != 0:
            raise Failure(f"bytes were copied by pagewire{shown}")
        for word in ("AddressSanitizer", "runtime error:", "LeakSanitizer"):
            if word in self.err:
                raise Failure(f"{word} report{shown}")


class Pagewire:
    """A running pagewire. Every run is checked at its end: see Statement.check()."""

    numbers = itertools.count(1)

    def __init__(self, namespace, profile, root, options=(), memory=None, lcores=None, ip=None):
        self.namespace, self.profile, self.root = namespace, profile, pathlib.Path(root)
        self.address = profile.address
        self.prefix = f"pwt{os.getpid()}-{next(Pagewire.numbers)}"
        mib = sum(f.stat().st_blocks for f in self.root.rglob("*") if f.is_file()) * 512 >> 20
        workers = 1 if lcores == "0@0" else 2
        memory = memory_arguments(mib + 8 + 64 * (workers - 1)) if memory is None else memory
        options = list(map(str, options))
        lcores = lcores or "0@" + os.environ.get("PW_CPU", "0")
        if "--idle" not in options:
            options += ["--idle", "sleep"]
        self.arguments = ["--lcores", lcores, *map(str, memory), "--file-prefix", self.prefix, *profile.eal,
                          "--", "--root", str(root), "--ip", ip or profile.ip, *profile.options,
                          *options]
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix="pwt-out."))
        self.process = self.statement = None

    def start(self):
        self.namespace.run_all(self.profile.before)
        with open(self.tmp / "out", "wb") as out, open(self.tmp / "err", "wb") as err:
            self.process = self.namespace.popen(
                PAGEWIRE, *self.arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        wait_until("pagewire is ready", lambda: self.is_ready() or self.has_ended(),
                   READY_SECONDS)
        if not self.is_ready():
            raise CannotStart(self.process.returncode, self.process.args, self.output("out"),
                              self.output("err"))
        self.namespace.run_all(self.profile.after)
        return self

    def output(self, which):
        return (self.tmp / which).read_text(errors="replace")

    def is_ready(self):
        out = self.output("out")
        return "pagewire: serving " in out or "pagewire: waiting " in out

    def has_ended(self):
        return self.process.poll() is not None

    def pid(self):
        return self.process.pid

    def url(self, path=""):
        return f"http://{url_host(self.address)}/{path.lstrip('/')}"

    def kill(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=EXIT_SECONDS):
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure(f"pagewire did not end within {seconds} s\n"
                          f"{self.output('out')[-3000:]}{self.output('err')[-3000:]}") from None
        self.statement = Statement(status, self.output("out"), self.output("err"))
        log.info("%s", self.statement.out)  # pytest shows it beside a failure
        return self.statement

    def stop(self, number=signal.SIGTERM, seconds=EXIT_SECONDS):
        """End it, check how it ended, and return its statement."""
        if self.statement is None:
            self.kill(number)
            self.wait(seconds)
        self.statement.check(self.profile.our_copies)
        return self.statement

    def discard(self):
        """Whatever happened: no process and no file is left."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.tmp, ignore_errors=True)
        shutil.rmtree(f"/var/run/dpdk/{self.prefix}", ignore_errors=True)


@contextlib.contextmanager
def serving(driver, root, options=(), memory=None, check=True, lcores="0@0", queues=1, ip=None,
            family=4):
    """
    pagewire on a device of its own, in a namespace of its own, until the block ends. One
    of IPv6 has its address a second after it is ready (RFC 4862): a client's SYN waits for it.
    """
    with contextlib.ExitStack() as stack:
        tmp = tempfile.mkdtemp(prefix="pwt.")
        stack.callback(shutil.rmtree, tmp, ignore_errors=True)
        namespace = stack.enter_context(Namespace(driver))
        profile = Profile(driver, "pw0", tmp, family)
        profile.set_queues(queues)
        if profile.bridge_first == "yes":
            stack.enter_context(bridge(namespace, profile, tmp))
        server = Pagewire(namespace, profile, root, options, memory, lcores, ip)
        stack.callback(server.discard)
        yield server.start()
        if check:
            server.stop()


class BadLink:
    """
    A client namespace that reaches pagewire's TAP through the link filter:

        client: c0 (10.77.0.2) === f0 - linkfilter - pw0 === pagewire
    """

    def __init__(self, server, rules, seed):
        self.server, self.rules, self.seed = server, rules, seed
        self.client = Namespace("c")
        self.filter = None

    def __enter__(self):
        middle, profile = self.server.namespace, self.server.profile
        middle.take_addresses(profile.interface)
        middle.run("ip", "link", "add", "f0", "type", "veth", "peer", "name", "c0", "netns",
                   self.client.name)
        self.client.run_all(commands_for_address("c0", profile.peer_ip))
        for namespace, name in ((middle, "f0"), (self.client, "c0")):
            namespace.run("ethtool", "-K", name, "tx", "off", "tso", "off", "gso", "off", "gro",
                          "off")
            namespace.run("ip", "link", "set", name, "up")
        self.filter = middle.popen(LINKFILTER, "--seed", self.seed, *self.rules, "f0",
                                   profile.interface, stdout=subprocess.PIPE, text=True)
        print(self.filter.stdout.readline().strip(), *self.rules)
        return self

    def close(self):
        """@return what the filter did, by direction ('a->b' is towards pagewire)."""
        self.filter.send_signal(signal.SIGTERM)
        out, _ = self.filter.communicate(timeout=5)
        done = {}
        for line in out.splitlines():
            _, direction, *pairs = line.split()
            done[direction] = {k: int(v) for k, v in (p.split("=") for p in pairs)}
        print(out)
        return done

    def __exit__(self, *_):
        if self.filter is not None and self.filter.poll() is None:
            self.filter.kill()
            self.filter.wait()
        self.client.close()


# ---- HTTP, as bytes ----


class Response:
    """One response: status, headers (names in lower case), body."""

    def __init__(self, version, status, headers, body):
        self.version, self.status, self.headers, self.body = version, status, headers, body

    def __getitem__(self, name):
        return self.headers.get(name.lower())

    def __repr__(self):
        return f"<{self.version} {self.status} {self.headers} {len(self.body)} bytes>"

    @property
    def sha256(self):
        return hashlib.sha256(self.body).hexdigest()


class Http:
    """A connection that writes what it is told and reads responses one by one."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def _more(self):
        data = self.sock.recv(1 << 16)
        self.buffer += data
        return len(data) > 0

    def head(self):
        """Read a response head; the body is left. @return (version, status, headers)"""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                raise Failure(f"connection closed inside a head: {self.buffer[:200]!r}")
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status, _ = (first + " ").split(" ", 2)
        headers = {}
        for line in lines:
            name, value = line.split(":", 1)
            if name.lower() in headers:
                raise Failure(f"header {name} twice:\n{head.decode('latin-1')}")
            headers[name.lower()] = value.strip()
        return version, int(status), headers

    def response(self, method="GET"):
        version, status, headers = self.head()
        if method == "HEAD" or status in (204, 304) or status < 200:
            return Response(version, status, headers, b"")
        if "content-length" not in headers:
            return Response(version, status, headers, self.rest())
        want = int(headers["content-length"])
        parts, have = [self.buffer], len(self.buffer)
        while have < want:
            data = self.sock.recv(1 << 20)
            if not data:
                raise Failure(f"connection closed after {have} of {want} bytes")
            parts.append(data)
            have += len(data)
        body = b"".join(parts)
        self.buffer = body[want:]
        return Response(version, status, headers, body[:want])

    def rest(self):
        """Everything up to the end of the stream."""
        while self._more():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def at_end(self):
        """Has the server closed, with nothing left to read?"""
        return self.buffer == b"" and self.sock.recv(1) == b""


def request_bytes(path, method="GET", headers=None, version="HTTP/1.1", host="pagewire"):
    lines = [f"{method} {path} {version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def fetch(server, path, method="GET", headers=None, namespace=None, timeout=10, **kw):
    """One request on a connection of its own. @return the Response"""
    with Http((namespace or server.namespace).connect(server.address, timeout=timeout)) as http:
        http.send(request_bytes(path, method, headers, **kw))
        return http.response(method)


def exchange(server, data, timeout=10):
    """Send bytes as they are, close our direction, and return everything that comes back."""
    with Http(server.namespace.connect(server.address, timeout=timeout)) as http:
        http.send(data)
        http.sock.shutdown(socket.SHUT_WR)
        return http.rest()
