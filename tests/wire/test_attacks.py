# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Attacks, by the numbers of tests/cases.txt, that are not shown in the other files
of this directory. What all have in common is demanded by the fixtures: a healthy
client gets its file after each, pagewire ends well with full pools, and counts
what it dropped.
"""
import contextlib
import errno
import hashlib
import ipaddress
import random
import re
import resource
import shutil
import socket
import struct
import subprocess
import time

import pytest
from scapy.layers.inet import TCP
from scapy.packet import Raw
from scapy.utils import checksum

import harness
from harness import Http, request_bytes
from peer import Conn, Peer, flags, payload

MOD = 1 << 32
BURST = 200  # frames that no queue on the way runs over from


def tcp_frames(template, changes):
    """Many frames like one: `changes` are (source port, sequence number, ACK number)."""
    frame = bytearray(bytes(template))
    tcp = len(frame) - len(template[TCP])
    addresses = 2 * len(ipaddress.ip_address(template.payload.src).packed)
    pseudo = frame[tcp - addresses:tcp] + struct.pack("!II", len(frame) - tcp, 6)
    for sport, seq, ack in changes:
        struct.pack_into("!H", frame, tcp, sport)
        struct.pack_into("!II", frame, tcp + 4, seq % MOD, ack % MOD)
        struct.pack_into("!H", frame, tcp + 16, 0)
        struct.pack_into("!H", frame, tcp + 16, checksum(bytes(pseudo + frame[tcp:])))
        yield bytes(frame)


def flood(peer, frames):
    """Send many, and collect the answers."""
    frames, answers = list(frames), []
    for i in range(0, len(frames), BURST):
        answers += peer.provoke(*map(Raw, frames[i:i + BURST]))
    return answers


def of(conn, frames):
    return [f for f in frames if TCP in f and f[TCP].dport == conn.sport]


@contextlib.contextmanager
def small_server(site, family, *options):
    """pagewire with few connections and short time-outs."""
    options = ("--drain", 1, "--tcp-metrics", 0, *options)
    with harness.serving("tap", site.root, options, family=family) as running:
        peer = Peer(running)
        yield running, peer
        peer.close()


# ---- frames and datagrams ----


def test_A08_runts(peer, connect):
    """Cut at every byte of their headers."""
    frame = bytes(connect().open().segment("PA", b"data"))
    peer.silent_on(*(Raw(frame[:size]) for size in range(14, len(frame) - len(b"data"))))


@pytest.mark.parametrize("options", [
    b"\x05\x0a" + b"\xff" * 8 + b"\x01\x01", b"\x05\x22" + b"\x00" * 32 + b"\x01\x01",
    b"\x05\x02\x01\x01", b"\x05\x09" + b"\x41" * 7 + b"\x01\x01\x01", b"\x08\x0a\xff\xff",
    b"\x08\x02\x01\x01", b"\x08\x0b" + b"\xff" * 9 + b"\x01", b"\x02\x04\x00\x00",
    b"\x03\x03\xff\x01"], ids=lambda o: o[:3].hex())
def test_A08_broken_tcp_options(connect, options):
    conn = connect(options=[("MSS", 1460), ("SAckOK", b"")]).open()
    assert len(conn.peer.provoke(conn.raw_segment("A", options))) <= 1
    assert conn.is_alive()


@harness.IPV4
@pytest.mark.parametrize("ident, fragments, reason", [
    (1, [(0, 1, 24), (1, 0, 24)], "frag_overlap"),
    (2, [(0, 1, 24), (0, 1, 16), (3, 0, 8)], "frag_overlap"),
    (3, [(0, 1, 4)], "frag_bad"), (4, [(0, 1, 0)], "frag_bad"),
    (5, [(8189, 0, 64)], "frag_size"), (6, [(8190, 1, 800)], "frag_size"), (7, [(1, 0, 8)], None)],
    ids=["overlapping", "rewritten", "no-tcp-header", "nothing", "beyond-64K", "far-beyond-64K",
         "at-offset-8"])
def test_A24_fragments(peer, connect, drops, ident, fragments, reason):
    """RFC 1858, 5722: pieces that do not fit together are never looked at."""
    conn = connect()
    data = bytes(conn.syn())[34:].ljust(900, b"\0")
    frames = [peer.ip(proto=6, id=ident, flags=more, frag=offset) / Raw(data[:size])
              for offset, more, size in fragments]
    peer.silent_on(*frames)
    if reason:
        drops[reason] += 1


def test_every_truncation(peer, connect):
    """Good frames cut at every byte: silence."""
    conn = connect().open()
    for frame in (peer.ip() / peer.family.echo(7, 9, b"hello"), connect().syn(),
                  conn.segment("PA", conn.request()),
                  conn.error(peer.family.too_big(1300), conn.iss)):
        whole = bytes(frame)
        peer.silent_on(*(whole[:size] for size in range(14, len(whole))))


def test_every_byte_damaged(peer, connect, seed):
    """Each byte of a good frame set to each of a few values; nothing must follow but silence
    or a well-formed answer."""
    conn = connect().open()
    for frame in (peer.ip() / peer.family.echo(7, 9, b"hello"), connect().syn(),
                  conn.segment("PA", conn.request())):
        whole = bytearray(bytes(frame))
        damaged = []
        for i in range(14, len(whole)):
            for value in (0, 0xff, whole[i] ^ 1, whole[i] ^ 0x80, (seed + i) & 0xff):
                damaged.append(bytes(whole[:i]) + bytes([value]) + bytes(whole[i + 1:]))
        for i in range(0, len(damaged), BURST):
            for answer in of(conn, peer.provoke(*damaged[i:i + BURST])):
                if "R" not in flags(answer):
                    conn.snd_nxt = answer[TCP].ack  # the damage was such as no checksum covers


# ---- secrets ----


def test_A09_ten_thousand_isns(peer, connect):
    """Neighbouring ports: no step between their ISNs is seen twice, none is small."""
    conn = connect()
    ports = range(40000, 50000)
    isns = {}
    for i in range(0, len(ports), BURST):
        some = ports[i:i + BURST]
        answers = flood(peer, tcp_frames(conn.syn(), ((port, 1000, 0) for port in some)))
        isns.update((a[TCP].dport, a[TCP].seq) for a in answers if flags(a) == "SA")
        flood(peer, tcp_frames(conn.segment("R"), ((port, 1001, 0) for port in some)))
    assert len(isns) == len(ports)
    steps = sorted((isns[p + 1] - isns[p]) % MOD for p in ports[:-1])
    assert len(steps) - len(set(steps)) < 3, "a birthday, not a rule"
    for k in range(1, 8):  # spread evenly: an eighth of them in each eighth of the space
        below = sum(step < k * MOD // 8 for step in steps) / len(steps)
        assert abs(below - k / 8) < 0.03, f"{below} below {k}/8"


@harness.IPV4  # nmap does not say it of IPv6
def test_A09_nmap_finds_nothing_to_guess(server):
    if shutil.which("nmap") is None:
        pytest.skip("nmap is not installed")
    found = server.namespace.run(
        "nmap", "-O", "-v", "-n", "-Pn", "-p", "80,81", "--host-timeout", "120s", server.address,
        stdout=subprocess.PIPE, text=True).stdout
    print(found)
    difficulty = re.search(r"TCP Sequence Prediction: Difficulty=(\d+)", found)
    assert difficulty is not None and int(difficulty[1]) > 250
    assert "IP ID Sequence Generation:" in found
    assert not re.search(r"IP ID Sequence Generation:.*[Ii]ncremental", found)


# ---- blind, and nearly so ----


def test_A13_challenges_of_one_connection_are_its_own(peer, connect):
    """CVE-2016-5696: one connection's limit tells nothing about another's."""
    noisy, quiet = connect().open(), connect().open()
    answers = peer.provoke(*(noisy.segment("R", seq=noisy.snd_nxt + 1) for _ in range(200)))
    assert len(answers) == 1, "one challenge in 500 ms"
    assert flags(peer.answer_to(quiet.segment("R", seq=quiet.snd_nxt + 1))) == "A"
    assert noisy.is_alive() and quiet.is_alive()


def test_A18_ack_war_dies_out(peer, connect, drops):
    """Every answer is answered with the next segment out of the window."""
    conn = connect().open()
    drops["tcp_window"] += 100
    said = 0
    for _ in range(100):
        said += len(peer.provoke(conn.segment("A", seq=conn.snd_nxt - 1000)))
    assert said <= 8, f"{said} answers to 100 segments"
    assert conn.is_alive()


def test_A28_future_timestamp_in_an_unacceptable_segment(peer, connect):
    stamp = 1000
    conn = connect(options=[("MSS", 1460), ("Timestamp", (stamp, 0))]).half_open()

    def with_ts(value, **fields):
        return conn.segment(options=[("NOP", None), ("NOP", None), ("Timestamp", (value, 0))],
                            **fields)

    peer.provoke(with_ts(stamp))
    peer.provoke(with_ts(stamp + (1 << 30), seq=conn.snd_nxt + (1 << 30)),
                 with_ts(stamp + (1 << 30), ack=conn.rcv_nxt + 1000))
    answers = peer.provoke(with_ts(stamp + 1, flags="PA", data=conn.request()))
    conn.advance(len(conn.request()))
    assert b"HTTP/1.1 200" in b"".join(map(payload, answers))


# ---- a peer that lies about what it got ----


def downloading(connect, path="/middle.bin", **kw):
    """A connection with a first flight on the way. @return (conn, its frames)"""
    conn = connect(**kw).open()
    frames = of(conn, conn.send(conn.request(path)))
    assert frames
    return conn, frames


def end(conn):
    """Nothing of it may come into the next test."""
    conn.peer.provoke(conn.segment("R"))
    assert conn.is_gone()


def test_A19_optimistic_acks_release_nothing(peer, connect, drops):
    conn, frames = downloading(connect)
    sent = sum(len(payload(f)) for f in frames)
    drops["tcp_ack_bad"] += 50
    answers = peer.provoke(*(conn.segment("A", ack=conn.rcv_nxt + sent + 1000 * (i + 1))
                             for i in range(50)))
    assert sum(len(payload(a)) for a in of(conn, answers)
               if (a[TCP].seq - conn.rcv_nxt) % MOD >= sent) == 0
    end(conn)


def test_A20_divided_acks_earn_no_more(peer, connect):
    """A segment acknowledged in 100 pieces lets out as much as if it were by one."""
    conn, frames = downloading(connect)
    sent = sum(len(payload(f)) for f in frames)
    first = len(payload(frames[0]))
    answers = peer.provoke(*(conn.segment("A", ack=conn.rcv_nxt + first * i // 100)
                             for i in range(1, 101)))
    new = sum(len(payload(a)) for a in of(conn, answers)
              if (a[TCP].seq - conn.rcv_nxt) % MOD >= sent)
    assert new <= 3 * first, f"{new} bytes for {first} acknowledged"
    end(conn)


def test_A20_spoofed_duplicates_release_no_flood(peer, connect):
    """Each says that a segment has left the network; the window is the end of that."""
    conn, frames = downloading(connect)
    sent = sum(len(payload(f)) for f in frames)
    answers = peer.provoke(*(conn.segment("A") for _ in range(500)))
    out = sum(len(payload(a)) for a in of(conn, answers))
    assert out <= conn.window, f"{out} bytes let out by duplicates, {sent} were in flight"
    end(conn)


def sack_of(*blocks):
    return [("NOP", None), ("NOP", None), ("SAck", tuple(edge % MOD for b in blocks for edge in b))]


def test_A10_fine_grained_sacks_cost_little(peer, connect, seed):
    """CVE-2019-11477 to -11479: tiny segments, and SACK that splits them at random."""
    conn, frames = downloading(connect, mss=48, options=[("MSS", 48), ("SAckOK", b"")])
    assert all(len(payload(f)) <= 216 for f in frames)
    assert max(len(payload(f)) for f in frames) > 100, "segments above the floor of MSS"
    rng = random.Random(seed)

    def time_of(acks):
        acks = [bytes(ack) for ack in acks]
        begin = time.monotonic()
        answers = flood(peer, acks)
        return time.monotonic() - begin, len(of(conn, answers))

    def lie():
        edges = sorted(rng.randrange(1, 2000) for _ in range(8))
        return sack_of(*((conn.rcv_nxt + a, conn.rcv_nxt + b + 1)
                         for a, b in zip(edges[::2], edges[1::2])))

    plain, _ = time_of(conn.segment("A") for _ in range(600))
    lies, n_sent = time_of(conn.segment("A", options=lie()) for _ in range(600))
    print(f"600 ACKs: {plain:.2f} s plain, {lies:.2f} s with SACK; {n_sent} segments for them")
    assert lies < 5 * plain + 1
    assert n_sent < 1200, "no two segments for each lie"
    end(conn)


def test_A29_reneging_on_purpose(connect, peer, site):
    """What SACK has promised and never delivers is asked for again: all of it comes."""
    conn, frames = downloading(connect, "/size/65536", options=[("MSS", 1460), ("SAckOK", b"")])
    begin = conn.rcv_nxt
    size = len(payload(frames[0]))
    more = peer.provoke(*(conn.segment("A", options=sack_of((begin + size, begin + i * size)))
                          for i in range(2, len(frames) + 1)))
    assert begin in [f[TCP].seq for f in of(conn, more)], "the hole is filled"
    data = conn.take(of(conn, more))
    while b"\r\n\r\n" not in data:
        data += conn.read(1)
    head, body = data.split(b"\r\n\r\n", 1)
    body += conn.read(65536 - len(body), seconds=20)
    assert hashlib.sha256(body).hexdigest() == site.files["size/65536"]


# ---- many ----


def test_A15_forged_cookies_are_refused(site, seed, family):
    """With the backlog full of strangers, a forged ACK opens nothing and a true one does."""
    rng = random.Random(seed)
    with small_server(site, family, "--max-connections", 64) as (server, peer):
        stranger = Conn(peer)
        ports = range(30000, 30200)
        flood(peer, tcp_frames(stranger.syn(), ((port, 1000, 0) for port in ports)))
        forged = Conn(peer)
        answers = flood(peer, tcp_frames(forged.segment("A", ack=1), (
            (40000 + i, 1001, rng.randrange(MOD)) for i in range(3000))))
        assert {flags(a) for a in answers if TCP in a and a[TCP].dport >= 40000} <= {"R"}
        honest = Conn(peer).open()
        assert honest.is_alive(), "a cookie is as good as a place in the backlog"
        honest.reset()
        flood(peer, tcp_frames(stranger.segment("R"), ((port, 1001, 0) for port in ports)))
        statement = server.stop()
    assert statement["tcp_backlog"] >= 100 and statement["cookies_bad"] >= 2900


def test_A21_window_held_shut(site, family):
    """RFC 6429: progress is waited for, but not for ever."""
    with small_server(site, family, "--timeout-send", 1) as (server, peer):
        for window in (0, 1):
            conn = Conn(peer).open()
            conn.window = window
            conn.send(conn.request("/middle.bin"))
            end = time.monotonic() + 10
            reset = False
            while not reset and time.monotonic() < end:
                frames = of(conn, peer.provoke(conn.segment("A")))
                reset = any("R" in flags(f) for f in frames)
                for f in frames:
                    if f[TCP].seq == conn.rcv_nxt and payload(f) and window:
                        conn.rcv_nxt += 1  # a byte at a time is not enough either
            assert reset, f"window {window}: the connection still stands after 10 s"
        assert server.stop()["timeouts_stall"] >= 2


def test_A27_flood_of_fins_and_half_open_churn(peer, connect):
    conn = connect()
    answers = flood(peer, tcp_frames(conn.segment("FA"), (
        (40000 + i, i * 7919, i) for i in range(2000))))
    assert {flags(a) for a in answers} <= {"R"} and len(answers) == 2000
    for _ in range(4):
        syns = list(tcp_frames(conn.syn(), ((40000 + i, 1000, 0) for i in range(500))))
        rsts = list(tcp_frames(conn.segment("R"), ((40000 + i, 1001, 0) for i in range(500))))
        peer_answers = flood(peer, [f for pair in zip(syns, rsts) for f in pair])
        assert {flags(a) for a in peer_answers if TCP in a} <= {"SA"}


def test_A30_ten_thousand_idle_connections(server, site):
    number = 10_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number + 1000, max(hard, number + 1000)))
    try:
        with contextlib.ExitStack() as stack:
            idle = [stack.enter_context(Http(server.namespace.connect(server.address)))
                    for _ in range(number)]
            assert harness.fetch(server, "/size/1449").sha256 == site.files["size/1449"]
            for http in idle[::500]:
                http.send(request_bytes("/size/1449"))
                assert http.response().sha256 == site.files["size/1449"]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect_from(server, port):
    """A connection from this port; while the kernel's last one has its FIN unanswered, it waits."""
    end = time.monotonic() + 2
    while True:
        sock = server.namespace.socket(server.address)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.settimeout(5)
        sock.bind(("", port))
        try:
            sock.connect((server.address, 80))
            return sock
        except OSError as error:
            sock.close()
            if error.errno != errno.EADDRNOTAVAIL or time.monotonic() > end:
                raise


def test_A31_storm_on_the_same_ports(server, site):
    """Connections from 16 ports, closed in every way and opened again at once."""
    ports = range(3000, 3016)
    end = time.monotonic() + 5
    done = 0
    while time.monotonic() < end:
        for port in ports:
            with Http(connect_from(server, port)) as http:
                sock = http.sock
                http.send(request_bytes("/size/1449", headers={"Connection": "close"}))
                if done % 3:
                    assert http.response().sha256 == site.files["size/1449"]
                    assert http.at_end(), "TIME-WAIT is the server's"
                else:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            done += 1
    print(f"{done} connections in 5 s")
    assert done > 100


# ---- congestion is not signalled where it was not agreed on ----


def syn_ack_to(peer, conn, syn_flags):
    """Open the connection by a SYN with these flags. @return the answer to it"""
    syn = conn.syn()
    syn[TCP].flags = syn_flags
    answer = peer.answer_to(syn)
    conn.advance(1)
    conn.iss, conn.rcv_nxt = answer[TCP].seq, (answer[TCP].seq + 1) % MOD
    return answer


@pytest.mark.parametrize("asks", ["S", "SE", "SC"])
def test_C110_no_ecn_unless_agreed(peer, connect, asks):
    conn = connect()
    answer = syn_ack_to(peer, conn, asks)
    assert flags(answer) == "SA" and peer.family.tos(answer) == 0, "not agreed on"
    frames = conn.send(conn.request(), ip={"tos": 3})  # congestion experienced
    frames += peer.provoke(conn.segment("A", ip={"tos": 3}))
    assert frames and all(peer.family.tos(f) & 3 == 0 and not f[TCP].flags & 0xc0 for f in of(conn, frames))


def test_C159_C160_ecn_when_the_peer_asks(peer, connect):
    conn = connect()
    answer = syn_ack_to(peer, conn, "SEC")
    assert flags(answer) == "SAE" and peer.family.tos(answer) == 0, "agreed on, in a SYN-ACK that is not marked"
    frames = of(conn, conn.send(conn.request()))
    assert any(payload(f) for f in frames)
    assert all(peer.family.tos(f) & 3 == (2 if payload(f) else 0) for f in frames), "ECT(0) on data alone"
    assert not any(f[TCP].flags & 0xc0 for f in frames)


def test_C161_C162_marks_are_echoed_and_obeyed(peer, connect):
    conn = connect()
    syn_ack_to(peer, conn, "SEC")
    frames = of(conn, conn.send(conn.request(), ip={"tos": 3}))
    assert frames and all(flags(f).endswith("E") for f in frames), "the mark comes back"
    conn.take(frames)
    frames = of(conn, conn.send(conn.request(), flags="PAEC"))  # CWR; and our mark, echoed
    assert any(payload(f) for f in frames)
    assert not any("E" in flags(f) for f in frames), "CWR ends it"
    assert "C" in flags(next(f for f in frames if payload(f))), "and it tells of its own reduction"

