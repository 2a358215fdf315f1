#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""Write the seeds of the fuzzers, inputs that mean something, into tests/fuzz/corpus.

    tests/fuzz/seeds.py

A file's name says what it is; those that start with regress- once found a bug and
are kept by hand, those with a hash for a name were found by fuzzing and merged.
Numbers are little-endian, as fuzz.h reads them.
"""
import struct
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def u16(n):
    return struct.pack("<H", n & 0xFFFF)


def i8(n):
    return struct.pack("b", n)


def write(target, seeds):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds.items():
        (folder / name).write_bytes(data)


# ---- wire: a byte of options, then a packet ----

MENDED = b"\x03"
ETH = bytes.fromhex("020000000001020000000002")
ADDRS = bytes([10, 0, 0, 2, 10, 0, 0, 1])
QUOTE = bytes([0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0]) + ADDRS + bytes(8)


def ip4(proto, payload, opts=b"", frag=0x4000):
    head = struct.pack(">BBHHHBBH", 0x45 + len(opts) // 4, 0, 20 + len(opts) + len(payload), 1,
                       frag, 64, proto, 0)
    return head + ADDRS + opts + payload


def tcp(flags, opts=b"", payload=b""):
    return struct.pack(">HHIIBBHHH", 40000, 80, 1, 1, (5 + len(opts) // 4) << 4, flags, 65535, 0,
                       0) + opts + payload


SYN_OPTS = bytes.fromhex("020405b40402080a0000000100000000 01030307".replace(" ", ""))
SACK_OPTS = bytes.fromhex("0101080a00000001000000020101050a0000000500000009")


ADDR6 = bytes.fromhex("fd000000000000000000000000000002fd000000000000000000000000000001")
ROUTER6 = bytes.fromhex("fe800000000000000000000000000009ff020000000000000000000000000001")
TARGET6 = ADDR6[16:]


def ip6(nxt, payload, addrs=ADDR6):
    return struct.pack(">IHBB", 6 << 28, len(payload), nxt, 64) + addrs + payload


def ext(nxt, body=bytes(6)):
    """An extension header; what it is, the header before it says."""
    return bytes([nxt, (len(body) - 6) // 8]) + body


def prefix_option(prefix="20010db8000000010000000000000000", valid=7200, flags=0xC0):
    return bytes([3, 4, 64, flags]) + struct.pack(">III", valid, 3600, 0) + bytes.fromhex(prefix)


RA_HEAD = bytes([134, 0, 0, 0, 64, 0]) + struct.pack(">HII", 1800, 30000, 1000)
RA = RA_HEAD + bytes([1, 1]) + ETH[6:] + bytes([5, 1, 0, 0, 0, 0, 5, 0xDC]) + prefix_option()
NS = bytes([135]) + bytes(7) + TARGET6 + bytes([1, 1]) + ETH[6:]
NA = bytes([136, 0, 0, 0, 0x60, 0, 0, 0]) + TARGET6 + bytes([2, 1]) + ETH[6:]


def wire_seeds():
    arp = bytes.fromhex("0001080006040001") + ETH[6:] + ADDRS[:4] + bytes(6) + ADDRS[4:]
    return {
        "ethernet": b"\0" + ETH + b"\x08\0" + ip4(6, tcp(2, SYN_OPTS)),
        "vlan": b"\0" + ETH + b"\x81\0\0\x05\x08\0",
        "arp": b"\0" + arp,
        "ip4-syn": MENDED + ip4(6, tcp(2, SYN_OPTS)),
        "ip4-record-route": MENDED + ip4(1, bytes(8), bytes.fromhex("07070400000000 00".replace(" ", ""))),
        "ip4-timestamps": MENDED + ip4(1, bytes(8), bytes.fromhex("440c050100000000000000 00".replace(" ", ""))),
        "ip4-source-route": MENDED + ip4(6, tcp(2), bytes.fromhex("8307040a00000300")),
        "ip4-fragment": MENDED + ip4(17, bytes(16), frag=0x2001),
        "icmp-echo": b"\x02" + bytes([8, 0, 0, 0, 0, 1, 0, 2]) + b"ping",
        "icmp-too-big": b"\x02" + bytes([3, 4, 0, 0, 0, 0, 2, 0x40]) + QUOTE,
        "tcp-syn": b"\0" + tcp(2, SYN_OPTS),
        "tcp-sack": b"\0" + tcp(16, SACK_OPTS, b"data"),
        "ip6-tcp": b"\0" + ip6(6, tcp(2, SYN_OPTS)),
        "ip6-options": b"\0" + ip6(0, ext(60, b"\1\4\0\0\0\0") + ext(43, b"\xc2\4" + bytes(4))
                                  + ext(6) + tcp(2)),
        "ip6-fragment": b"\0" + ip6(44, bytes([6, 0, 0, 1, 0, 0, 0, 7]) + tcp(16) + bytes(4)),
        "ip6-atomic": b"\0" + ip6(44, bytes([6, 0, 0, 0, 0, 0, 0, 7]) + tcp(16)),
        "ip6-cut": b"\0" + ip6(60, ext(6)[:5]),
        "nd-ra": b"\0" + RA,
        "nd-ns": b"\0" + NS,
        "nd-na": b"\0" + NA,
        "nd-option-empty": b"\0" + RA_HEAD + bytes(8),
        "icmp6-too-big": b"\0" + bytes([2, 0, 0, 0, 0, 0, 5, 0]) + ip6(6, tcp(16)),
        "udp": b"\0" + struct.pack(">HHHH", 67, 68, 16, 0) + bytes(8),
        "tcp-options-bad": b"\0" + tcp(16, bytes.fromhex("02000800080100050300fe03")),
    }


# ---- frags: see the steps of fuzz_frags.c ----

LIE, MARKED, OTHER_PROTO, OTHER_LINK, ODD, LAST, LONG = 1, 2, 4, 8, 16, 32, 64
SIX = 4
A_MINUTE = bytes([0x80, 29 << 3 | 1])


def piece(off, length, how=0, who=0):
    """Bytes from 8 off to 8 (off + length) of a packet; 256 in place of 8 when LONG."""
    return bytes([who, how, off, length])


def frags_seeds():
    three = [piece(0, 4), piece(4, 4), piece(8, 4, LAST | ODD)]
    return {
        "in-order": b"".join(three),
        "backwards": b"".join(reversed(three)),
        "ip6": b"".join(bytes([SIX]) + p[1:] for p in three),
        "twice": three[0] * 2 + three[1] * 2 + three[2],
        "overlap": piece(0, 4) + piece(3, 4) + b"".join(three),
        "same-place-other-bytes": piece(0, 4) + piece(0, 4, LIE) + piece(4, 1, LAST),
        "two-ends": piece(4, 4, LAST) + piece(8, 4, LAST),
        "end-before": piece(4, 4) + piece(0, 4, LAST),
        "marked": piece(0, 4, MARKED) + piece(4, 4, LAST),
        "too-long": piece(63, 2, LONG) + piece(0, 63, LONG),
        "beyond-64k": piece(255, 2, LONG | LAST),
        "odd": piece(0, 4, ODD) + piece(0, 0, LAST),
        "many-pieces": b"".join(piece(2 * n, 1) for n in range(70)),
        "many-packets": b"".join(piece(0, 4, who=n) for n in range(128)),
        "kept-apart": piece(0, 4) + piece(4, 4, LAST | OTHER_PROTO) + piece(4, 4, LAST | OTHER_LINK)
        + piece(4, 4, LAST),
        "late": piece(0, 4) + A_MINUTE + piece(4, 4, LAST) + A_MINUTE,
    }


# ---- dhcp: see the steps of fuzz_dhcp.c ----

D_OFFER, D_ACK, D_NAK, D_OTHER, D_RAW, D_ARP, D_WAIT, D_NEXT, D_SERVE = range(9)
BAD_XID, BAD_CHADDR, NO_MASK, TIMES, TAIL, OVERLOAD, D_CUT, EDIT = (1 << n for n in range(8))
PLAIN = bytes([1, 2, 12])  # mask /24, the router, 4096 s


def server(what, how=0, addr=0, who=0, before=b"", lease=PLAIN, after=b""):
    """before: what an overload and a tail take; lease: mask, router, time."""
    return bytes([what, how, addr << 4 | who]) + before + lease + after


def dhcp(*steps, seed=7):
    return bytes([seed]) + b"".join(s if isinstance(s, bytes) else bytes([s]) for s in steps)


def dhcp_seeds():
    leased = [D_NEXT, server(D_OFFER), server(D_ACK), *[D_NEXT] * 5]
    a_week = bytes([D_WAIT, 255]) * 150
    claim = bytes([D_ARP, 3])
    bad = {f"address-{n}": dhcp(D_NEXT, server(D_OFFER, addr=n), server(D_ACK, addr=n))
           for n in range(2, 10)}
    return bad | {
        "leased": dhcp(*leased),
        "good": dhcp(D_NEXT, D_SERVE, D_SERVE, *[D_NEXT] * 7, D_SERVE, D_NEXT, D_SERVE),
        "renewed": dhcp(*leased, *[D_NEXT] * 2, server(D_ACK), *[D_NEXT] * 2),
        "rebound": dhcp(*leased, *[D_NEXT] * 12, server(D_ACK, who=1)),
        "expires": dhcp(*leased, a_week),
        "taken": dhcp(D_NEXT, server(D_OFFER), server(D_ACK), D_NEXT, claim, D_NEXT),
        "stolen": dhcp(*leased, claim, claim, D_NEXT),
        "two-servers": dhcp(D_NEXT, server(D_OFFER), server(D_OFFER, addr=1, who=1),
                            server(D_ACK, addr=1, who=1), server(D_NAK, who=1), server(D_ACK)),
        "naks": dhcp(*[D_NEXT, server(D_OFFER), server(D_NAK)] * 5),
        "nak-bound": dhcp(*leased, *[D_NEXT] * 2, server(D_NAK), D_NEXT),
        "not-for-us": dhcp(D_NEXT, server(D_OFFER, BAD_XID), server(D_OFFER, BAD_CHADDR)),
        "for-ever": dhcp(D_NEXT, *[server(t, lease=bytes([1, 2, 33])) for t in (D_OFFER, D_ACK)]),
        "lease-of-a-second": dhcp(D_NEXT, server(D_OFFER, lease=bytes([1, 2, 0]))),
        "times": dhcp(D_NEXT, server(D_OFFER, TIMES, after=u16(9) + u16(7)),
                      server(D_ACK, TIMES, after=u16(1) + u16(1)), *[D_NEXT] * 7),
        "overload": dhcp(D_NEXT, server(D_OFFER, OVERLOAD, before=bytes([3, 6, 51, 4, 0, 0, 1, 0]))),
        "overload-cut": dhcp(D_NEXT, server(D_OFFER, OVERLOAD, before=bytes([3, 2, 51, 200]))),
        "option-cut": dhcp(D_NEXT, server(D_OFFER, TAIL, before=bytes([2, 51, 255]))),
        "cut": dhcp(D_NEXT, server(D_OFFER, D_CUT, after=u16(9))),
        "no-mask": dhcp(D_NEXT, server(D_OFFER, NO_MASK, lease=bytes([1, 2, 12]))),
    }


# ---- nd: see the steps of fuzz_nd.c ----

N_RA, N_NS, N_NA, N_MESSAGE, N_SEND, N_WAIT = range(6)
FAR, SHORT, OVERHEAR = 8, 16, 32
N_SECOND = bytes([N_WAIT, 0xB8])


def advertise(who=0, lifetime=1800, prefixes=(), how=0, flags=0, hops=64, reach=0, retrans=0,
              tail=b""):
    n = len(prefixes) << 4 | (0x40 if tail else 0)
    return bytes([N_RA, how, who | n, hops, flags]) + u16(lifetime) + u16(reach) + u16(retrans) \
        + b"".join(prefixes) + (bytes([len(tail)]) + tail if tail else b"")


def made_of(n, flags=0, valid=0xE8, preferred=0xE0):
    return bytes([n, flags, 0, valid, preferred])


def neighbour(what, src, dst, target, how=0, mac=0, flags=b""):
    return bytes([what, how, target << 4 | src, mac << 4 | dst]) + flags


def discovery(*steps, how=0):
    return bytes([how]) + b"".join(steps)


def nd_seeds():
    sol = b"\x60"
    send = [bytes([N_SEND, n]) for n in range(16)]
    return {
        "router": discovery(advertise(prefixes=[made_of(1)]), N_SECOND, N_SECOND, send[11]),
        "two-routers": discovery(advertise(1), advertise(2, flags=8), send[11],
                                 advertise(2, lifetime=0), send[11], bytes([N_WAIT, 0xF0])),
        "five-routers": discovery(*[advertise(n) for n in range(5)], send[11]),
        "many-prefixes": discovery(*[advertise(prefixes=[made_of(k) for k in (n, n + 1, n + 2)])
                                     for n in range(0, 12, 3)], N_SECOND),
        "prefix-ends": discovery(advertise(prefixes=[made_of(1, valid=0xC0)]), bytes([N_WAIT, 0xF8])),
        "prefix-bad": discovery(*[advertise(prefixes=[made_of(0x80 | n)]) for n in (7, 10, 12)]),
        "forwarded": discovery(advertise(how=FAR), advertise(7), advertise(9)),
        "times": discovery(advertise(hops=1, reach=0xFFFF, retrans=1), send[3],
                           advertise(hops=255, reach=1, retrans=0xFFFF), send[4], N_SECOND),
        "mtu": discovery(*[advertise(tail=bytes([5, 1, 0, 0]) + struct.pack(">I", n))
                           for n in (0, 68, 1280, 1400, 9000)]),
        "duplicate": discovery(neighbour(N_NA, 7, 0, 7, flags=b"\x40"), N_SECOND,
                               neighbour(N_NS, 9, 3, 8, mac=8), N_SECOND, how=1),
        "resolve": discovery(send[1], neighbour(N_NA, 1, 1, 1, flags=sol), send[1],
                             bytes([N_WAIT, 0xE8]), send[1], N_SECOND, bytes([N_WAIT, 0xD0])),
        "no-answer": discovery(send[1], send[3], send[4], *[N_SECOND] * 5, send[1]),
        "stolen": discovery(neighbour(N_NS, 1, 1, 7), neighbour(N_NA, 1, 1, 1, mac=1, flags=sol),
                            neighbour(N_NS, 1, 1, 7, mac=2), send[1],
                            neighbour(N_NA, 1, 1, 1, mac=2, flags=sol)),
        "our-own": discovery(neighbour(N_NS, 7, 1, 7), neighbour(N_NA, 7, 0, 7, flags=b"\x60")),
        "query": discovery(bytes([N_MESSAGE, 0, 0x80, 28, 130]) + bytes(27), N_SECOND),
        "redirect": discovery(bytes([N_MESSAGE, 0, 2, 40, 137]) + bytes(39)),
        "overheard": discovery(advertise(prefixes=[made_of(1)], how=OVERHEAR), N_SECOND,
                               neighbour(N_NS, 1, 1, 7, how=OVERHEAR)),
        "flood": discovery(*[neighbour(N_NS, n, 1, 7) for n in (1, 13, 14, 0, 2, 3, 4, 5, 6)]),
    }


# ---- conn: see the steps of fuzz_conn.c ----

(SEGMENT, WAIT, USER, ACK_ALL, DATA, FIN, NEXT, ORDER, WAY, ICMP, OPEN, CONNECT, WEEKS, DRAIN,
 ABORT_ALL) = range(15)
OPTION = 60
SEND, SHUTDOWN, CLOSE, ABORT, RESUME, TIMER, _, DRY, WET, TAKE, LEND, OPEN_NO = range(1, 13)
ACTIVE, TS, SACK, WSCALE, RENO, GSO, RESET_AT_END, CLOSE_AT_END = 1, 2, 4, 8, 16, 32, 64, 128
LINUX = TS | SACK | WSCALE


def conn(how, *steps, size=0, mss=1460, wnd=64000, wscale=7, iss=0):
    return bytes([how, size]) + u16(mss) + u16(wnd) + bytes([wscale, iss]) + b"".join(steps)


def step(what, *args, lane=0):
    return bytes([lane << 6 | what]) + b"".join(a if isinstance(a, bytes) else bytes([a])
                                                for a in args)


def user(what, arg=0):
    return step(USER, what, u16(arg))


def segment(flags=0x10, seq=0, ack=0, wnd=0xFFFF, length=0, how=0, tail=b"\0\0", lane=0):
    """seq and ack are relative; how picks what to; tail: timestamps, SACKs or options."""
    return step(SEGMENT, how, flags ^ 0x10, i8(seq), i8(ack), u16(wnd), u16(length), tail,
                lane=lane)


def wait(ms):
    """About so many milliseconds, as fuzz_ns() counts."""
    ns, shift = ms * 1000000 // 125, 0
    while ns > 15:
        ns, shift = ns >> 1, shift + 1
    return step(WAIT, shift << 3 | (ns & 7))


def sacks(*blocks):
    """SACK blocks from SND.UNA on, after timestamps as they should be."""
    out = b"\0\0" + bytes([len(blocks) - 1])
    for left, right in blocks:
        out += u16(left) + u16(right - left)
    return out


def dup(*blocks):
    return segment(how=0x14, tail=sacks(*blocks))


def conn_seeds():
    big = user(SEND, 60000)
    run = [big] + [step(ACK_ALL)] * 4
    return {
        "download": conn(LINUX | RESET_AT_END, *run),
        "download-reno": conn(RENO | RESET_AT_END, *run),
        "download-gso": conn(LINUX | GSO | CLOSE_AT_END, *run),
        "upload": conn(LINUX | CLOSE_AT_END, *[step(DATA, u16(1400))] * 6, step(FIN), wait(50)),
        "close-both": conn(LINUX | RESET_AT_END, step(FIN), user(SHUTDOWN), step(ACK_ALL), step(FIN)),
        "close-together": conn(LINUX | RESET_AT_END, user(CLOSE), segment(0x11, ack=-1),
                               step(ACK_ALL)),
        "active": conn(LINUX | ACTIVE | CLOSE_AT_END, user(SEND, 5000), step(ACK_ALL), step(FIN)),
        "sack-loss": conn(LINUX | RESET_AT_END, big, wait(10), dup((1448, 2896)),
                          dup((1448, 4344)), dup((1448, 5792)), wait(30), step(ACK_ALL)),
        "sack-two-holes": conn(LINUX | RESET_AT_END, big, wait(10),
                               dup((1448, 2896), (4344, 8688)), wait(5),
                               dup((11584, 14480), (4344, 8688)), step(NEXT), step(ACK_ALL)),
        "reorder": conn(LINUX | RESET_AT_END, big, wait(10), dup((1448, 2896)), step(NEXT),
                        segment(how=0x08), wait(1), step(ACK_ALL)),
        "renege": conn(LINUX | RESET_AT_END, big, wait(10), dup((1448, 14480)), step(NEXT),
                       segment(how=0x04), *[step(NEXT)] * 5, step(ACK_ALL)),
        "dsack-undo": conn(LINUX | RESET_AT_END, big, wait(10), dup((1448, 5792)), step(NEXT),
                           segment(how=0x10, tail=sacks((0, 1448))), step(ACK_ALL)),
        "dup-acks": conn(RENO | RESET_AT_END, big, wait(10),
                         *[segment(how=0x04, tail=b"")] * 4, segment(how=0x08, tail=b""), wait(30),
                         step(ACK_ALL)),
        "rto": conn(LINUX | RESET_AT_END, big, *[step(NEXT)] * 6, step(ACK_ALL)),
        "timeout": conn(LINUX | CLOSE_AT_END, big, *[step(NEXT)] * 30),
        "shut-window": conn(LINUX | RESET_AT_END, big, segment(wnd=0), *[step(NEXT)] * 5,
                            segment(wnd=0, how=4), segment(wnd=100), step(NEXT), step(ACK_ALL)),
        "silly-window": conn(TS | CLOSE_AT_END, user(SEND, 9000), segment(wnd=300), step(NEXT),
                             segment(wnd=300), step(NEXT), step(ACK_ALL)),
        "gaps": conn(LINUX | RESET_AT_END, segment(0x18, seq=100, length=50),
                     segment(0x18, seq=3, length=20, tail=b"\0\0"), segment(0x19, seq=120, length=9),
                     step(DATA, u16(200)), wait(50)),
        "window-edges": conn(LINUX | RESET_AT_END, segment(0x18, how=1, seq=-5, length=10),
                             segment(0x18, how=3, seq=5, length=20), segment(0x10, how=1),
                             segment(0x04, how=1, seq=-1), segment(0x04)),
        "slow-reader": conn(LINUX | RESET_AT_END, user(TAKE, 10), *[step(DATA, u16(1000))] * 4,
                            user(RESUME), user(TAKE, 65535), user(RESUME), wait(50), size=1),
        "blind-attack": conn(LINUX | RESET_AT_END, segment(0x04, seq=9), segment(0x02, seq=9),
                             segment(0x10, ack=100), segment(0x10, how=12, ack=-100), wait(600),
                             segment(0x04, seq=9), segment(0x04)),
        "paws": conn(LINUX | RESET_AT_END, step(DATA, u16(10)),
                     segment(0x18, length=10, tail=i8(-100) + i8(0)), step(WEEKS),
                     segment(0x18, length=10, tail=i8(-100) + i8(0))),
        "no-timestamp": conn(LINUX | RESET_AT_END, segment(0x18, length=10, how=0x40, tail=b""),
                             segment(0x04, how=0x40, tail=b"")),
        "bad-options": conn(LINUX | RESET_AT_END,
                            segment(0x10, how=0x20, tail=b"\x03" + bytes.fromhex(
                                "050a000000010000000208ff"))),
        "sequence-wrap": conn(LINUX | CLOSE_AT_END, *[step(DATA, u16(1000))] * 4,
                              segment(0x18, seq=-100, length=200), step(FIN), iss=1),
        "syn-flood": conn(LINUX | RESET_AT_END, *[segment(0x02, lane=n, how=0x20, tail=b"\0")
                                                  for n in (1, 2, 3)],
                          *[step(OPEN, lane=n) for n in (1, 2, 3)], wait(1000)),
        "simultaneous-open": conn(LINUX | RESET_AT_END, step(CONNECT, lane=1),
                                  segment(0x02, lane=1)),
        "reuse-time-wait": conn(LINUX | RESET_AT_END, user(CLOSE), step(ACK_ALL), step(FIN),
                                step(FIN), segment(0x04), step(OPEN), wait(100)),
        "path-mtu": conn(LINUX | RESET_AT_END, big, step(ICMP, 0, i8(0), u16(1000)),
                         step(ICMP, 0, i8(1), u16(68)), step(ACK_ALL), step(ACK_ALL)),
        "abort-in-callbacks": conn(LINUX | RESET_AT_END, step(ORDER, 3, ABORT), big,
                                   step(OPEN), step(ORDER, 1, ABORT), step(DATA, u16(9)),
                                   step(OPEN), step(ORDER, 4, CLOSE), big, step(ACK_ALL)),
        "refused-by-user": conn(LINUX | RESET_AT_END, user(OPEN_NO), step(OPEN, lane=1)),
        "way-full": conn(LINUX | CLOSE_AT_END, step(WAY, 3), big, wait(300), step(WAY, 255),
                         wait(300), step(ACK_ALL)),
        "dry-source": conn(LINUX | CLOSE_AT_END, user(DRY), big, wait(500), user(WET), wait(500)),
        "few-records": conn(LINUX | CLOSE_AT_END, user(LEND, 100), *run, size=4),
        "tiny-mss": conn(LINUX | CLOSE_AT_END, *run, mss=1),
        "options": conn(LINUX | CLOSE_AT_END, step(OPTION, 5, u16(1)), step(OPTION, 0x16, u16(2000)),
                        step(OPTION, 0x17, u16(5000)), step(OPTION, 0x1F, u16(1)), *run,
                        *[step(NEXT)] * 12),
        "drain": conn(LINUX | CLOSE_AT_END, step(DRAIN), step(OPEN, lane=1), step(ABORT_ALL)),
    }


# ---- pair: delay, two hosts, then the fate of each frame ----

DROP, TWICE, LATE, FLIP, HEADER, PAYLOAD, CUT, CUT_OPENLY, OLD, SLOW = range(6, 16)
SMALL_BUF, FEW_RECORDS, FEW_BLOCKS, NEW_RENO, SHUT_FIRST = 1, 4, 8, 16, 32


def pair(*fates, client=SHUT_FIRST, server=0, up=100, down=10000, delay=4):
    hosts = bytes([client]) + u16(up) + b"\x01" + bytes([server]) + u16(down) + b"\x02"
    return bytes([delay]) + hosts + b"".join(f if isinstance(f, bytes) else bytes([f])
                                             for f in fates)


def fate(what, *args):
    return bytes([what]) + b"".join(a if isinstance(a, bytes) else bytes([a]) for a in args)


def pair_seeds():
    ok = [0] * 6
    return {
        "clean": pair(),
        "both-ways": pair(server=SHUT_FIRST, up=20000, down=20000),
        "lossy": pair(*ok, DROP, 0, 0, DROP, 0, 0, 0, DROP),
        "handshake-lost": pair(DROP, DROP, 0, DROP),
        "late": pair(*ok, fate(LATE, 0x90), 0, 0, fate(LATE, 0xA8), 0, 0),
        "twice": pair(*[fate(TWICE, 3)] * 12),
        "flipped": pair(*ok, fate(FLIP, u16(30), 1), fate(FLIP, u16(13), 4)),
        "ack-forged": pair(*ok, fate(HEADER, 6, 1), 0, 0, fate(HEADER, 5, 0xFF)),
        "window-forged": pair(*ok, fate(HEADER, 10, 0x80), fate(HEADER, 11, 3)),
        "options-forged": pair(fate(HEADER, 17, 200), fate(HEADER, 20, 9), *ok,
                               fate(HEADER, 18, 1)),
        "seq-forged": pair(*ok, fate(HEADER, 2, 1), fate(HEADER, 9, 1)),
        "payload-forged": pair(*ok, fate(PAYLOAD, u16(7), 1)),
        "cut": pair(*ok, fate(CUT, u16(100)), fate(CUT, u16(30)), fate(CUT_OPENLY, u16(50))),
        "old": pair(*[OLD] * 14),
        "slow": pair(*ok, SLOW, 0, SLOW, SLOW, server=SHUT_FIRST | SMALL_BUF, client=SMALL_BUF,
                     up=9000),
        "few-records": pair(client=FEW_RECORDS | FEW_BLOCKS | SHUT_FIRST, up=9000,
                            server=FEW_RECORDS | FEW_BLOCKS | NEW_RENO),
    }


# ---- http: how it is cut, then what a client sends ----

HOST = " HTTP/1.1\r\nHost: h\r\n"


def get(path, *fields, method="GET"):
    return f"{method} {path}{HOST}" + "".join(f + "\r\n" for f in fields) + "\r\n"


def http_seeds():
    date = "Sun, 06 Nov 1994 08:49:37 GMT"
    texts = {
        "get": get("/hello.txt") + get("/empty") + get("/one", "Connection: close"),
        "head": get("/hello.txt", method="HEAD") + get("/list/", method="HEAD"),
        "listing": get("/list") + get("/list/") + get("/list/a&b%3Cc>%22.txt") + get("/sub/"),
        "coded": get("/style.css", "Accept-Encoding: gzip;q=0.5, br;q=0.9, *;q=0")
        + get("/style.css.gz", "Accept-Encoding: identity"),
        "range": get("/big.bin", "Range: bytes=2097000-2099000") + get("/big.bin", "Range: bytes=-7")
        + get("/hello.txt", "Range: bytes=99-"),
        "ranges": get("/big.bin", "Range: bytes=2097100-2097199, 0-9, -5")
        + get("/big.bin", "Range: bytes=0-9,5-20,0-1,1-2,3-4,5-6"),
        "if-range": get("/big.bin", "Range: bytes=0-1", f"If-Range: {date}")
        + get("/big.bin", "Range: bytes=0-1", 'If-Range: W/"x"'),
        "conditions": get("/one", "If-None-Match: *") + get("/one", 'If-Match: "a", W/"b"')
        + get("/one", f"If-Modified-Since: {date}")
        + get("/one", "If-Unmodified-Since: Sunday, 06-Nov-94 08:49:37 GMT")
        + get("/one", "If-Modified-Since: Sun Nov  6 08:49:37 1994"),
        "paths": get("/a/../hello.txt") + get("/%68ello.txt") + get("/sp%20ace%25.txt?q")
        + get("http://h/one") + get("//one") + get("/sub//x"),
        "out-of-root": get("/../../etc/passwd"),
        "percent-nul": get("/one%00"),
        "body": get("/one", "Content-Length: 5", method="POST") + "hello" + get("/one"),
        "chunked": get("/one", "Transfer-Encoding: chunked", method="POST")
        + "5;x=y\r\nhello\r\n0\r\nT: r\r\n\r\n" + get("/one"),
        "two-lengths": get("/one", "Content-Length: 5", "Content-Length: 6"),
        "length-and-chunked": get("/one", "Content-Length: 5", "Transfer-Encoding: chunked"),
        "expect": get("/one", "Expect: 100-continue", "Content-Length: 3", method="PUT") + "abc",
        "expect-other": get("/one", "Expect: wonders"),
        "http10": "GET /one HTTP/1.0\r\n\r\n",
        "http10-keep": "GET /one HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2,
        "version": "GET /one HTTP/2.0\r\nHost: h\r\n\r\n",
        "method": get("/one", method="BREW"),
        "no-host": "GET /one HTTP/1.1\r\n\r\n",
        "two-hosts": get("/one", "Host: i"),
        "bare-lf": "GET /one HTTP/1.1\nHost: h\n\n",
        "bare-cr": get("/one", "X: a\rb"),
        "space-colon": get("/one", "X : a"),
        "folded": get("/one", "X: a", " b"),
        "empty-lines": "\r\n\r\n" + get("/one"),
        "long-target": get("/" + "a" * 1100),
        "many-fields": get("/one", *["X: y"] * 25),
        "pipeline": get("/one") * 12,
        "vanishes": get("/big.bin")[:20],
    }
    seeds = {name: b"\x02" + text.encode("latin-1") for name, text in texts.items()}
    seeds["slowly"] = b"\x01" + get("/one", "X: " + "y" * 400).encode()
    return seeds


# ---- frame: see the steps of fuzz_frame.c ----

(RAW, TCP, ARP, ICMP_STEP, QUOTED, OTHER, GET, ACK, FIN_STEP, OPEN_STEP, WAIT_STEP,
 DEVICE, ND, FRAG) = range(14)
IP6, EXT = 4, 0x80


def frame(*steps, how=0):
    return bytes([how]) + b"".join(steps)


def frame_tcp(flags, seq=0, ack=0, wnd=65535, opts=b"", data=b"", how=0, edits=b"", lane=0):
    return step(TCP, how, flags ^ 0x10, i8(seq), i8(ack), u16(wnd), len(opts) // 4, opts, len(data),
                data, edits, lane=lane)


def raw(data, how=0):
    return step(RAW, how, u16(len(data)), data)


def frame_seeds():
    eth = ETH + b"\x08\0"
    lsrr = bytes.fromhex("8307040a00000300")
    seeds = {f"get-{n}": frame(step(GET, n), *[step(ACK)] * 4, step(FIN_STEP), step(ACK))
             for n in range(8)}
    seeds.update({
        "silent": frame(step(GET, 1)),
        "reset": frame(step(GET, 1), frame_tcp(0x04)),
        "unknown-client": frame(step(OPEN_STEP), step(ARP, 0, 1), step(OPEN_STEP), step(GET, 0),
                                how=2),
        "arp": frame(*[step(ARP, 0, b) for b in (0, 1, 2, 3, 9, 0x11, 0x41, 0xC1)]),
        "echo": frame(step(ICMP_STEP, 0, bytes([8, 0, 0, 0, 0, 1, 0, 2]), 4, b"ping"),
                      step(ICMP_STEP, 0x20, bytes([8, 0, 0, 0, 0, 1, 0, 2]), 0)),
        "too-big": frame(step(GET, 1), step(QUOTED, 0, 4, u16(600)), step(QUOTED, 0, 4, u16(20)),
                         step(ACK), step(ACK)),
        "unreachable": frame(step(GET, 1), step(QUOTED, 0, 3, u16(0)), step(QUOTED, 0, 0xF3, u16(0))),
        "udp": frame(step(OTHER, 0, 17, 8, bytes(8)), *[step(OTHER, 0, 99, 0)] * 3),
        "port-closed": frame(raw(eth + ip4(6, tcp(2, SYN_OPTS).replace(b"\0\x50", b"\0\x51", 1)))),
        "source-route": frame(raw(eth + ip4(6, tcp(2), lsrr))),
        "fragment": frame(raw(eth + ip4(6, tcp(2), frag=0x2000))),
        "land": frame(raw(eth + ip4(6, tcp(2)).replace(ADDRS, ADDRS[4:] * 2))),
        "broadcast-tcp": frame(frame_tcp(0x02, how=0x20)),
        "runt": frame(raw(b"\2\0\0\0\0\1\2")),
        "vlan": frame(raw(ETH + b"\x81\0\0\5\x08\0" + ip4(6, tcp(2)))),
        "ip4-short": frame(raw(eth + ip4(6, tcp(2))[:30], how=4)),
        "sack": frame(step(GET, 1), frame_tcp(0x10, ack=-90, opts=bytes.fromhex(
            "0101050a0000000100000500")), step(ACK)),
        "out-of-order": frame(frame_tcp(0x18, seq=9, data=b"HTTP/1.1\r\n"),
                              frame_tcp(0x18, data=b"GET /one ")),
        "syn-flood": frame(*[frame_tcp(0x02, lane=n, opts=SYN_OPTS) for n in (1, 2, 3)],
                           step(WAIT_STEP, 0xA0), *[step(OPEN_STEP, lane=n) for n in (1, 2, 3)]),
        "device-full": frame(step(DEVICE, 2), step(GET, 1), step(ACK), step(WAIT_STEP, 0xA0),
                             step(DEVICE, 255), step(WAIT_STEP, 0xA0)),
        "pieces": frame(frame_tcp(0x18, data=b"GET /one HTTP/1.1\r\nHost: h\r\n\r\n", how=8)),
        "burst": frame(frame_tcp(0x18, data=b"GET /one HTTP/1.1\r\n", how=0x40),
                       frame_tcp(0x18, data=b"Host: h\r\n\r\n", how=0x40), step(ACK)),
        "padded": frame(frame_tcp(0x10, how=0x10, edits=b"\x06"),
                        frame_tcp(0x10, how=0x10, edits=i8(-6))),
    })
    seeds.update({
        "ip6-get": frame(step(GET, 1), *[step(ACK)] * 4, step(FIN_STEP), step(ACK), how=IP6),
        "ip6-unknown-client": frame(step(OPEN_STEP), step(ND, 0, 0), step(OPEN_STEP), step(GET, 0),
                                    how=IP6 | 2),
        "ip6-nd": frame(*[step(ND, 0, b) for b in (0, 2, 3, 8, 10, 0x14, 0x61, 0x65)], how=IP6),
        "ip6-options": frame(frame_tcp(0x18, data=b"GET /one HTTP/1.1\r\nHost: h\r\n\r\n", how=EXT,
                                       edits=bytes([1, 1]) + b"\1\4\0\0\0\0" + bytes([0])
                                       + b"\1\4\0\0\0\0"), step(ACK), how=IP6),
        "ip6-option-unknown": frame(frame_tcp(0x10, how=EXT, edits=bytes([0, 1]) + b"\x85\4"
                                              + bytes(4)), how=IP6),
        "ip6-routing": frame(frame_tcp(0x10, how=EXT, edits=bytes([0, 2, 0, 1]) + bytes(4)), how=IP6),
        "ip6-echo": frame(step(ICMP_STEP, 0, bytes([128, 0, 0, 0, 0, 1, 0, 2]), 4, b"ping"), how=IP6),
        "ip6-too-big": frame(step(GET, 1), step(QUOTED, 0, 1, u16(1280)), step(QUOTED, 0, 1, u16(20)),
                             step(ACK), step(ACK), how=IP6),
        "ip6-next-unknown": frame(*[step(OTHER, 0, n, 8, bytes(8)) for n in (17, 99, 59)], how=IP6),
        "ip6-fragments": frame(step(FRAG, 0, 0x10, 0x0F), step(ACK), step(FRAG, 0, 0x28, 0x0F),
                               step(ACK), how=IP6),
        "fragments": frame(step(FRAG, 0, 0x10, 0x0F), step(ACK), step(FRAG, 0, 0x28, 0x0F), step(ACK)),
        "fragments-overlap": frame(step(FRAG, 0, 0x10, 0x10), step(FRAG, 0, 0x20, 0x80),
                                   step(WAIT_STEP, 0xE8)),
    })
    return seeds


write("frags", frags_seeds())
write("dhcp", dhcp_seeds())
write("nd", nd_seeds())
write("wire", wire_seeds())
write("conn", conn_seeds())
write("pair", pair_seeds())
write("http", http_seeds())
write("frame", frame_seeds())
