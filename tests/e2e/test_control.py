# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
The control socket under load: pagewire-ctl, the prompt, telemetry, and clients that
are rude. Whoever asks what, files are served meanwhile, and served right.
"""
import contextlib
import hashlib
import json
import os
import pty
import re
import select
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

from harness import (BUILD, Failure, Namespace, Pagewire, Profile, need_profile, serving,
                     url_host, wait_until)

CTL = BUILD / "app" / "pagewire-ctl"
if "PW_BIN" in os.environ:
    CTL = os.path.join(os.path.dirname(os.environ["PW_BIN"]), "pagewire-ctl")
MEGABYTES = 8


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    top = tmp_path_factory.mktemp("site")
    (top / "big").write_bytes(os.urandom(MEGABYTES << 20))
    (top / "index.html").write_text("hello\n")
    return top


@pytest.fixture
def server(root):
    need_profile("tap")
    with serving("tap", root, options=["--idle", "pause"]) as running:
        yield running


@pytest.fixture
def either(root, family):
    """The same over either version of IP."""
    need_profile("tap")
    with serving("tap", root, options=["--idle", "pause"], family=family) as running:
        yield running


def socket_path(server):
    return f"/var/run/dpdk/{server.prefix}/pagewire.sock"


def run_ctl(server, *words, **kw):
    return subprocess.run([CTL, "--file-prefix", server.prefix, *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=30, **kw)


def ctl(server, *words):
    """What pagewire-ctl says; it has to succeed."""
    done = run_ctl(server, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(server, *words):
    return json.loads(ctl(server, *words, "--json"))


class Load:
    """Downloads one after the other, each compared, until the block ends."""

    def __init__(self, server, root):
        self.server = server
        self.want = hashlib.sha256((root / "big").read_bytes()).hexdigest()
        self.n, self.wrong, self.stop = 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stop.is_set():
            got = self.server.namespace.run("curl", "-sS", "--max-time", "30",
                                            self.server.url("big"), text=False)
            self.n += 1
            self.wrong += hashlib.sha256(got.stdout).hexdigest() != self.want

    def __enter__(self):
        self.thread.start()
        wait_until("the first download", lambda: self.n > 0, 30)
        return self

    def __exit__(self, *_):
        begun = self.n
        wait_until("a download after all that", lambda: self.n > begun + 1, 30)
        self.stop.set()
        self.thread.join()
        assert self.wrong == 0 and self.n > 0


SHOWS = ["show capture", "show memory",
         "show port info", "show port stats", "show port xstats", "show port offloads",
         "show worker", "show tcp", "show tcp stats", "show tcp connections", "show tcp metrics",
         "show http",
         "show store", "show copies", "show neigh", "show config"]


def test_every_show_answers_under_load(server, root):
    with Load(server, root):
        for command in SHOWS:
            text = ctl(server, *command.split())
            assert text.endswith("\n")
            assert isinstance(ask(server, *command.split()), dict), command


def test_show_tcp_connections_and_one_of_them(either, root):
    either.namespace.curl(either.url("index.html"))
    socks = [either.namespace.connect(either.address) for _ in range(3)]
    port = socks[0].getsockname()[1]
    every = ask(either, "show", "tcp", "connections", "state", "established")
    assert every["fitting"] == 3 == len(every["connections"])
    one = ask(either, "show", "tcp", "connections", "port", str(port))
    assert one["fitting"] == 1
    found = one["connections"][0]
    assert found["peer"] == f"{url_host(either.profile.peer_address)}:{port}"
    assert found["local"] == f"{url_host(either.address)}:80"
    assert ask(either, "show", "tcp", "connections", "peer", "10.9.0.0/16")["fitting"] == 0
    limited = ask(either, "show", "tcp", "connections", "limit", "2")
    assert limited["fitting"] == 3 and limited["shown"] == 2
    assert limited["cut"] == "1 more fit; allowed: limit N, up to 100000, or another filter"
    assert every["cut"] == "no"
    socks[0].sendall(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
    left = MEGABYTES << 20
    while left > 0:
        left -= len(socks[0].recv(1 << 16))
    wait_until("all is acknowledged", lambda: ask(
        either, "show", "tcp", "connection", found["id"])["flight"] == 0)
    detail = ask(either, "show", "tcp", "connection", found["id"])
    assert detail["acked_bytes"] == detail["sent_bytes"] > MEGABYTES << 20
    # A TAP copies by nature: the ledger of the connection says so.
    assert detail["copies"]["copied_by_driver"] == detail["copies"]["sent_bytes"]
    assert detail["copies"]["copied_by_pagewire_about"] == 0
    for sock in socks:
        sock.close()


def test_c168_metrics_are_shown_and_forgotten(server):
    client = server.namespace
    client.curl(server.url("index.html"))
    wait_until("something is remembered", lambda: ask(
        server, "show", "tcp", "metrics")["fitting"] == 1)
    found = ask(server, "show", "tcp", "metrics")["metrics"][0]
    assert found["local"] == server.address and found["peer"] == server.profile.peer_address
    assert 0 < found["srtt_us"] < 10_000_000 and 0 < found["seconds_left"] <= 600
    assert found["path_mtu"] == 0 and not found["reordered"]
    client.curl(server.url("index.html"))
    assert ask(server, "show", "tcp")["counters"]["metrics_hits"] >= 1
    assert ask(server, "show", "tcp", "metrics", "peer", "10.9.0.0/16")["fitting"] == 0
    assert ctl(server, "clear", "tcp", "metrics") == ""
    assert ask(server, "show", "tcp", "metrics") == {
        "fitting": 0, "shown": 0, "cut": "no", "metrics": []}


def test_the_ledger_of_copies(server, root):
    server.namespace.curl(server.url("big"), "-o", "/dev/null")
    copies = ask(server, "show", "copies")
    assert copies["by_ref_bytes"] >= MEGABYTES << 20
    assert copies["copied_bytes"] == 0 and copies["copied_each"] == 0
    assert copies["driver_copied_bytes"] == copies["sent_bytes"]
    row = copies["by_worker_and_port"][0]
    assert row["driver"] == "net_tap" and row["sent_bytes"] == copies["sent_bytes"]
    ctl(server, "clear", "stats")
    assert ask(server, "show", "copies")["sent_bytes"] == 0
    assert ask(server, "show", "tcp")["counters"]["segs_out"] == 0
    server.namespace.curl(server.url("index.html"))
    assert ask(server, "show", "http")["counters"]["requests_get"] == 1


def test_settings_change_while_serving(server, root):
    with Load(server, root):
        for words in (["idle", "sleep"], ["idle", "spin"], ["idle", "pause"], ["cc", "newreno"],
                      ["mtu", "1000"], ["mtu", "1500"], ["nagle", "true"], ["keepalive", "30"],
                      ["timeout-idle", "1"], ["ecn", "on"], ["log-level", "pagewire.tcp", "debug"]):
            assert ctl(server, "set", *words) == ""
    changed = ask(server, "show", "config")["changed"]
    assert changed["cc"] == "newreno" and changed["timeout-idle"] == "1"
    # The time of an idle connection is that of now: one second.
    sock = server.namespace.connect(server.address)
    begin = time.monotonic()
    sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    while sock.recv(4096):
        pass
    assert 0.5 < time.monotonic() - begin < 5
    sock.close()


SECOND = "10.77.0.9"


@pytest.fixture
def two_addresses(root):
    need_profile("tap")
    with serving("tap", root, options=["--ip", f"{SECOND}/24", "--cc", f"bbr@{SECOND}"]) as running:
        yield running


def ccs_of_connections(server):
    rows = ask(server, "show", "tcp", "connections", "state", "established")["connections"]
    return {row["local"].rpartition(":")[0]: row["cc"] for row in rows}


def test_c169_congestion_control_by_address(two_addresses, root):
    server = two_addresses
    socks = [server.namespace.connect(address) for address in (server.address, SECOND)]
    assert ccs_of_connections(server) == {server.address: "cubic", SECOND: "bbr"}
    # New ones only.
    assert ctl(server, "set", "cc", "newreno", "of", SECOND) == ""
    assert ccs_of_connections(server) == {server.address: "cubic", SECOND: "bbr"}
    # Those that exist as well: of the address, then of all that have none of their own.
    changed = ask(server, "set", "cc", "dctcp", "of", SECOND, "now")
    assert changed == {"changed": 1, "without_place": 0}
    assert ccs_of_connections(server) == {server.address: "cubic", SECOND: "dctcp"}
    assert ask(server, "set", "cc", "bbr", "now")["changed"] == 1
    assert ccs_of_connections(server) == {server.address: "bbr", SECOND: "dctcp"}
    assert ask(server, "set", "cc", "default", "of", SECOND, "now")["changed"] == 1
    assert ccs_of_connections(server) == {server.address: "bbr", SECOND: "bbr"}
    settings = ask(server, "show", "config")
    assert settings["settings"]["cc"] == f"cubic bbr@{SECOND}"
    assert settings["changed"]["cc"] == f"bbr default@{SECOND}"
    done = run_ctl(server, "set", "cc", "bbr", "of", "10.77.0.2")
    assert done.returncode == 1
    assert f"is the address of no --ip; allowed: {server.address}, {SECOND}" in done.stderr
    for sock in socks:
        sock.close()


def test_c169_cc_changes_under_load(two_addresses, root):
    """All of them by turns, while a file goes through: every byte right."""
    with Load(two_addresses, root):
        for _ in range(5):
            for name in ("newreno", "bbr", "dctcp", "cubic"):
                ask(two_addresses, "set", "cc", name, "now")


def test_sleep_that_begins_later(server):
    """Not started with --idle sleep: naps, and files are served between them."""
    def sleeps():
        return ask(server, "show", "worker")["workers"][0]["sleeps"]

    assert sleeps() == 0
    ctl(server, "set", "idle", "sleep")
    wait_until("naps", lambda: sleeps() > 10)
    assert server.namespace.curl(server.url("index.html")).stdout == "hello\n"
    ctl(server, "set", "idle", "pause")
    before = sleeps()
    time.sleep(0.3)
    assert sleeps() == before


def test_mtu_of_new_connections(server):
    ctl(server, "set", "mtu", "700")
    sock = server.namespace.connect(server.address)
    found = ask(server, "show", "tcp", "connections")["connections"][0]
    assert ask(server, "show", "tcp", "connection", found["id"])["mss"] <= 660
    sock.close()


def test_stop_and_start(server):
    ctl(server, "stop")
    with pytest.raises(OSError):
        server.namespace.connect(server.address).close()
    ctl(server, "start")
    assert server.namespace.curl(server.url("index.html")).stdout == "hello\n"


def test_refusals_say_what_is_allowed(server):
    for words, says in ((["foo"], "'foo' is no command; allowed: help"),
                        (["set", "idle", "fast"], "allowed: spin, pause or sleep"),
                        (["set", "mtu", "9000"], "is more than a port has; allowed: 576 to 1500"),
                        (["show", "tcp", "connection", "0.99999999"], "no connection has")):
        done = run_ctl(server, *words)
        assert done.returncode == 1 and says in done.stderr and done.stdout == ""


def test_ctl_reads_commands_from_standard_input(server):
    done = run_ctl(server, input="show worker\n\n# a remark\nshow store\n")
    assert done.returncode == 0 and "workers" in done.stdout and "page_bytes" in done.stdout
    done = run_ctl(server, input="foo\nshow store\n")
    assert done.returncode == 1 and "page_bytes" in done.stdout


def test_ctl_without_pagewire():
    done = subprocess.run([CTL, "--socket", "/nonexistent/sock", "help"], stderr=subprocess.PIPE,
                          text=True)
    assert done.returncode == 2 and "nobody listens at /nonexistent/sock" in done.stderr
    assert subprocess.run([CTL, "--foo", "x"], stderr=subprocess.DEVNULL).returncode == 2
    assert subprocess.run([CTL, "--help"], stdout=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize("words", [["quit"], ["drain", "1"]])
def test_the_end_by_command(root, words):
    need_profile("tap")
    with serving("tap", root, check=False) as server:
        ctl(server, *words)
        server.wait().check()
        assert not os.path.exists(socket_path(server))


# ---- capture ----


def check_by_tshark(file, n):
    """Wireshark reads as many frames, and finds nothing wrong with one of them."""
    read = subprocess.run(["tshark", "-nr", file, "-T", "fields", "-e", "frame.number",
                           "-e", "_ws.malformed"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=True)
    lines = [line.split("\t") for line in read.stdout.splitlines()]
    assert len(lines) == n
    assert not [line for line in lines if "".join(line[1:])]
    assert not re.search("cut short|error|corrupt|damaged", read.stderr, re.I), read.stderr


def test_a_capture_is_read_by_tcpdump(either, root, tmp_path):
    file = tmp_path / "all.pcapng"
    with Load(either, root):
        ctl(either, "capture", "start", str(file))
        assert "already" in run_ctl(either, "capture", "start", str(tmp_path / "b")).stderr
        begun = ask(either, "show", "capture")
        wait_until("frames", lambda: ask(either, "show", "capture")["written"] > 1000, 20)
        done = ask(either, "capture", "stop")
    assert begun["on"] and done["error"] == ""
    assert done["written"] >= 1000 and done["copied_bytes"] > 0
    lines = subprocess.run(["tcpdump", "-nnr", file], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    assert len(lines) == done["written"]
    assert any(f" {either.address}.80 > " in line for line in lines)
    check_by_tshark(file, done["written"])
    # A debugging copy is not in the ledger: nothing else was copied.
    assert ask(either, "show", "copies")["copied_bytes"] == 0


def test_a_capture_of_one_connection_holds_its_file(either, root, tmp_path):
    """Every byte that tcpdump sees of the payload is the file's: chains are copied whole."""
    file = tmp_path / "one.pcapng"
    ctl(either, "capture", "start", str(file), "tcp", "src", "port", "80")
    either.namespace.curl(either.url("index.html"))
    assert ask(either, "capture", "stop")["lost"] == 0
    text = subprocess.run(["tcpdump", "-nnAr", file], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout
    assert b"HTTP/1.1 200 OK" in text and b"hello" in text
    assert f"> {either.address}.80".encode() not in text


@pytest.fixture
def small_disk(tmp_path):
    """Made before pagewire is: its namespace would not see it else."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_capture_to_a_full_disk(small_disk, server, root, tmp_path):
    """The file ends, the reason is told, and files are served meanwhile."""
    file = small_disk / "a.pcapng"
    with Load(server, root):
        ctl(server, "capture", "start", str(file))
        wait_until("the disk is full", lambda: ask(server, "show", "capture")["error"], 20)
        full = ask(server, "show", "capture")
        wait_until("more is lost",
                   lambda: ask(server, "show", "capture")["lost"] > full["lost"], 20)
        done = ask(server, "capture", "stop")
    assert "No space left" in done["error"] and done["written"] == full["written"] > 0
    # What is there can be read, as far as it goes.
    read = subprocess.run(["tcpdump", "-nnr", file], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    assert len(read.stdout.splitlines()) >= done["written"] // 2, read.stderr
    # And the next capture, to another disk, is not harmed by it.
    ctl(server, "capture", "start", str(tmp_path / "b.pcapng"))
    server.namespace.curl(server.url("index.html"))
    done = ask(server, "capture", "stop")
    assert done["error"] == "" and done["written"] > 0


def test_captures_that_cannot_be(server, tmp_path):
    for words, says in ((["start", "/nonexistent/x"], "No such file"),
                        (["start", str(tmp_path / "a"), "tcp", "prot"], "filter"),
                        (["start"], "a word is missing"), (["stop"], "no frames are captured")):
        done = run_ctl(server, "capture", *words)
        assert done.returncode == 1 and says in done.stderr and "allowed:" in done.stderr
    ctl(server, "capture", "start", str(tmp_path / "b"))  # the end of pagewire is its end


def test_memory_by_every_address(server, root):
    socks = [server.namespace.connect(server.address) for _ in range(2)]
    shown = ask(server, "show", "memory")
    page = shown["places"][0]
    assert page["what"] == "store page 0" and page["page_bytes"] == 2 << 20
    assert int(page["virtual"], 16) % (2 << 20) == 0
    if os.geteuid() == 0:
        assert int(page["physical"], 16) % (2 << 20) == 0
    assert any("header mbufs" in place["what"] for place in shown["places"])
    assert any("receive mbufs" in place["what"] for place in shown["places"])
    # Somebody who does not read leaves the page held by his connection.
    socks[0].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    socks[0].sendall(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
    wait_until("a hold", lambda: sum(ask(server, "show", "memory", str(i))["places"][0]
                                     ["connections_hold"] for i in range(4)) > 0)
    for sock in socks:
        sock.close()
    assert "is no page of the store" in run_ctl(server, "show", "memory", "999").stderr


# ---- rude clients ----


def connect(server):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(5)
    sock.connect(socket_path(server))
    return sock


def test_the_socket_is_its_owners(server):
    assert stat.S_IMODE(os.stat(socket_path(server)).st_mode) == 0o600


def test_rude_clients_harm_nobody(server, root):
    with Load(server, root):
        half = connect(server)
        half.sendall(b"show tcp conn")
        silent = [connect(server) for _ in range(8)]
        deaf = connect(server)
        deaf.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            for _ in range(10000):
                deaf.send(b"show tcp --json\n")
        garbage = connect(server)
        with contextlib.suppress(OSError):
            for _ in range(64):
                garbage.sendall(os.urandom(1 << 16).replace(b"\n", b"x"))
        assert "workers" in ctl(server, "show", "worker")
        for sock in [half, deaf, garbage, *silent]:
            sock.close()


def test_a_thousand_clients(server, root):
    with Load(server, root):
        socks = []
        for _ in range(1000):
            sock = socket.socket(socket.AF_UNIX)
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.connect(socket_path(server))
                sock.send(b"show store\n")
            socks.append(sock)
        assert "workers" in ctl(server, "show", "worker")
        for sock in socks:
            sock.close()


# ---- the prompt ----


class Terminal:
    """A process on a pseudo terminal."""

    def __init__(self, start):
        self.master, slave = pty.openpty()
        self.process = start(slave)
        os.close(slave)
        self.text = ""

    def expect(self, what, seconds=10):
        """Read until `what` was said. @return what came since the last time"""
        end = time.monotonic() + seconds
        while what not in self.text:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise Failure(f"the prompt does not say {what!r}: {self.text!r}")
            try:
                self.text += os.read(self.master, 4096).decode(errors="replace")
                self.text = re.sub("\x1b\\[[0-9]*[A-Z]", "", self.text)  # the line editor's
            except OSError:
                raise Failure(f"the prompt has ended before {what!r}: {self.text!r}") from None
        at = self.text.index(what) + len(what)
        came, self.text = self.text[:at], self.text[at:]
        return came

    def type(self, keys):
        os.write(self.master, keys.encode())

    def close(self):
        os.close(self.master)


class Interactive(Pagewire):
    """pagewire -i: its terminal in place of standard input and output."""

    def start(self):
        self.arguments.append("-i")
        self.terminal = Terminal(lambda slave: self.namespace.popen(
            self.program(), *self.arguments, stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True))
        self.process = self.terminal.process
        self.terminal.expect("pagewire: serving ", 60)
        for command in self.profile.after:
            self.namespace.run("bash", "-euc", command)
        return self

    @staticmethod
    def program():
        from harness import PAGEWIRE
        return PAGEWIRE


def test_the_prompt_of_pagewire(root, tmp_path):
    need_profile("tap")
    with Namespace("i") as namespace:
        server = Interactive(namespace, Profile("tap", "pw0", tmp_path), root)
        try:
            terminal = server.start().terminal
            terminal.expect("pagewire> ")
            terminal.type("show wor\t\r")
            terminal.expect("show worker")
            assert "busy_turns" in terminal.expect("pagewire> ")
            terminal.type("show tcp ?")
            shown = terminal.expect("pagewire> show tcp ")
            assert "connections" in shown and "those that fit all filters" in shown
            terminal.type("\x03\x15")  # not the end of pagewire: asked below
            terminal.expect("", 1)
        finally:
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            server.discard()


def test_the_prompt_quits(root, tmp_path):
    need_profile("tap")
    with Namespace("i") as namespace:
        server = Interactive(namespace, Profile("tap", "pw0", tmp_path), root)
        try:
            terminal = server.start().terminal
            terminal.expect("pagewire> ")
            terminal.type("foo\r")
            terminal.expect("'foo' is no command; allowed: help")
            assert namespace.curl(server.url("index.html")).stdout == "hello\n"
            terminal.type("quit\r")
            terminal.expect("all packets, buffers and pages are back", 30)
            assert server.process.wait(30) == 0
            terminal.close()
        finally:
            server.discard()


def test_the_prompt_of_ctl(server):
    def start(slave):
        return subprocess.Popen([CTL, "--file-prefix", server.prefix], stdin=slave, stdout=slave,
                                stderr=slave, start_new_session=True)

    terminal = Terminal(start)
    terminal.expect("pagewire> ")
    terminal.type("sh\tst\t\r")
    terminal.expect("show store")
    assert "page_bytes" in terminal.expect("pagewire> ")
    terminal.type("\x1b[A\r")  # once more, out of the history
    terminal.expect("page_bytes")
    terminal.expect("pagewire> ")
    terminal.type("\x04")
    assert terminal.process.wait(10) == 0
    terminal.close()
    assert not server.has_ended()


# ---- telemetry ----


def telemetry(server, command):
    path = f"/var/run/dpdk/{server.prefix}/dpdk_telemetry.v2"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        sock.settimeout(10)
        sock.connect(path)
        sock.recv(1024)
        sock.send(command.encode())
        return json.loads(sock.recv(1 << 16))


def test_telemetry(server):
    server.namespace.curl(server.url("index.html"))
    known = telemetry(server, "/")["/"]
    for command in SHOWS:
        name = "/pagewire/" + "/".join(command.split()[1:])
        assert name in known
        assert isinstance(telemetry(server, name)[name], dict)
        assert re.search(r"\w", str(telemetry(server, f"/help,{name}")))
    stats = telemetry(server, "/pagewire/tcp/stats")["/pagewire/tcp/stats"]
    assert stats["counters"]["opened_passive"] >= 1
    copies = telemetry(server, "/pagewire/copies")["/pagewire/copies"]
    assert copies["copied_bytes"] == 0 and copies["by_worker_and_port"]["0"]["port"] == 0
    sock = server.namespace.connect(server.address)
    name = "/pagewire/tcp/connections"
    assert telemetry(server, f"{name},state,established")[name]["fitting"] == 1
    assert "is no filter" in telemetry(server, f"{name},foo,bar")[name]["error"]
    sock.close()


def test_statistics_by_command(server):
    ctl(server, "set", "stats-period", "1")
    wait_until("two reports", lambda: server.output("out").count("pagewire: the last ") > 1, 10)
    ctl(server, "set", "stats-period", "0")


# ---- places for the socket ----


def test_a_socket_elsewhere_and_none(root, tmp_path):
    need_profile("tap")
    path = tmp_path / "ctl"
    with serving("tap", root, options=["--control", path]) as server:
        done = subprocess.run([CTL, "--socket", path, "show", "store"], stdout=subprocess.PIPE)
        assert done.returncode == 0 and not os.path.exists(socket_path(server))
    with serving("tap", root, options=["--control", "off"]) as server:
        assert not os.path.exists(socket_path(server))
