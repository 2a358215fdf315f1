# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""IPv4 and ICMP: cases C9 to C28 of docs/conformance, attacks A1 to A4, A8, A23."""
import struct

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

import harness
from peer import BROADCAST, flags

pytestmark = harness.IPV4


def echo(peer, data=b"hello", **ip):
    return peer.ip(**ip) / ICMP(type="echo-request", id=7, seq=9) / data


def is_reply(frame, data=b"hello"):
    return (ICMP in frame and frame[ICMP].type == 0 and (frame[ICMP].id, frame[ICMP].seq) == (7, 9)
            and bytes(frame[ICMP].payload) == data)


def raw_options(peer, options, **ip):
    """An echo request with these bytes as IPv4 options; the header checksum is right."""
    options += bytes(-len(options) % 4)
    header = IP(src=peer.address, dst=peer.server.address, ihl=5 + len(options) // 4, proto=1, **ip)
    body = bytes(ICMP(type="echo-request", id=7, seq=9) / b"hello")
    head = bytearray(bytes(header)[:20] + options)
    head[2:4] = struct.pack("!H", len(head) + len(body))
    head[10:12] = b"\0\0"
    total = sum(struct.unpack(f"!{len(head) // 2}H", head))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    head[10:12] = struct.pack("!H", ~total & 0xffff)
    return bytes(peer.ether(type=0x800)) + bytes(head) + body


# ---- IPv4 ----


@pytest.mark.parametrize("fields, reason", [
    ({"version": 6}, "ip4_hdr"), ({"version": 0}, "ip4_hdr"), ({"ihl": 4}, "ip4_hdr"),
    ({"ihl": 0}, "ip4_hdr"), ({"chksum": 0x1234}, "ip4_cksum")])
def test_C09_bad_header_is_dropped(peer, drops, fields, reason):
    drops[reason] += 1
    peer.silent_on(echo(peer, **fields))


@pytest.mark.parametrize("length", [2000, 65535, 34])
def test_C10_total_length_beyond_the_frame(peer, drops, length):
    drops["ip4_len"] += length > 33
    peer.silent_on(echo(peer, len=length))


def test_C10_bytes_behind_the_total_length_are_ignored(peer):
    frame = bytes(echo(peer)) + b"trailer" * 10
    assert is_reply(peer.answer_to(frame))


@pytest.mark.parametrize("length", [0, 1, 19])
def test_A01_total_length_below_the_header(peer, drops, length):
    drops["ip4_len"] += 1
    peer.silent_on(echo(peer, len=length))


def test_A01_length_20_with_tcp(peer, connect):
    """Nothing is left for TCP: no underflow."""
    peer.silent_on(connect().syn(ip={"len": 20}))


@pytest.mark.parametrize("length", [21, 27, 39])
def test_A01_tcp_header_cut(peer, connect, drops, length):
    drops["tcp_hdr"] += 1
    peer.silent_on(connect().syn(ip={"len": length}))


@pytest.mark.parametrize("dst", ["10.77.0.77", "192.0.2.1", "127.0.0.1", "0.0.0.0"])
def test_C11_not_ours_is_never_forwarded(peer, drops, dst):
    drops["ip4_not_ours"] += 1
    peer.silent_on(echo(peer, dst=dst))


@pytest.mark.parametrize("dst", ["10.77.0.255", "255.255.255.255", "224.0.0.1"])
def test_C12_tcp_to_a_group_gets_no_reset(peer, connect, dst):
    for port in (80, 81):
        peer.silent_on(connect(dport=port).syn(ip={"dst": dst, "ether": {"dst": BROADCAST}}))
        peer.silent_on(connect(dport=port).syn(ip={"dst": dst}))


@pytest.mark.parametrize("src", ["224.0.0.1", "255.255.255.255", "10.77.0.255", "127.0.0.1",
                                 "0.0.0.0", "240.0.0.1"])
def test_C12_from_a_source_that_no_host_has(peer, connect, drops, src):
    drops["ip4_src"] += 2
    peer.silent_on(connect().syn(ip={"src": src}), connect(dport=81).syn(ip={"src": src}))


def test_C13_unknown_protocol_is_unreachable(peer):
    packet = peer.ip(proto=253) / Raw(b"what is this?")
    answer = peer.answer_to(packet)
    assert (answer[ICMP].type, answer[ICMP].code) == (3, 2)
    assert bytes(answer[ICMP].payload)[:28] == bytes(packet[IP])[:28], "quotes header and 8 bytes"


def test_C13_udp_is_unreachable(peer):
    answer = peer.answer_to(peer.ip() / UDP(sport=1000, dport=2000) / b"hello")
    assert answer[ICMP].type == 3 and answer[ICMP].code in (2, 3)


@pytest.mark.parametrize("dst, ether", [("10.77.0.255", BROADCAST), ("255.255.255.255", BROADCAST),
                                        ("224.0.0.1", "01:00:5e:00:00:01")])
def test_C13_no_unreachable_for_a_group(peer, dst, ether):
    peer.silent_on(peer.ip({"dst": ether}, dst=dst, proto=253) / Raw(b"what is this?"))


def test_C13_unreachables_are_rate_limited(peer, drops):
    drops["icmp_rate"] += 100
    answers = peer.provoke(*[peer.ip(proto=253) / Raw(b"?")] * 300)
    assert 0 < len(answers) < 200


@pytest.mark.parametrize("options", [
    b"\x01\x01\x01\x01", b"\x00\x00\x00\x00", b"\x94\x04\x00\x00", b"\x07\x07\x04\0\0\0\0\0",
    b"\x44\x0c\x05\x00" + bytes(8), b"\x01" * 40, b"\xde\x04\x00\x00"],
    ids=["nops", "end", "router-alert", "record-route", "timestamp", "40-nops", "unknown"])
def test_C14_well_formed_options_are_accepted(peer, options):
    assert is_reply(peer.answer_to(raw_options(peer, options)))


def test_C14_header_length_is_honoured_by_tcp(peer, connect):
    conn = connect()
    syn = conn.syn(ip={"options": [b"\x01\x01\x01\x01"]})
    assert flags(peer.answer_to(syn)) == "SA"


@pytest.mark.parametrize("options", [
    b"\x94\x00\x00\x00", b"\x94\x01\x00\x00", b"\x01\x01\x01\x94", b"\x94\x05\x00\x00",
    b"\x07\x02\x00\x00", b"\x07\xff\x04\x00", b"\xde\x29" + bytes(38)],
    ids=["length-0", "length-1", "type-alone", "past-the-end", "rr-too-short", "rr-255",
         "41-of-40"])
def test_C14_A02_malformed_options_are_dropped(peer, drops, options):
    drops["ip4_options"] += 1
    peer.silent_on(raw_options(peer, options))


@pytest.mark.parametrize("pointer", [0, 1, 3, 5, 255])
@pytest.mark.parametrize("kind", [0x83, 0x89])
def test_C15_A02_A03_source_route_is_dropped(peer, drops, kind, pointer):
    """Never answered along the route, wherever its pointer points."""
    drops["ip4_source_route"] += 1
    peer.silent_on(raw_options(peer, bytes([kind, 7, pointer, 192, 0, 2, 1, 0])))


@pytest.mark.parametrize("kind", [0x07, 0x44])
@pytest.mark.parametrize("pointer", [0, 1, 2, 3, 200, 255])
def test_A02_wild_pointers(peer, kind, pointer):
    """Record route and timestamp: dropped, or answered to the sender and nobody else."""
    for answer in peer.provoke(raw_options(peer, bytes([kind, 8, pointer, 0, 0, 0, 0, 0]))):
        assert is_reply(answer) and answer[IP].dst == peer.address


def fragments(packet, size, ident):
    """The packet (from IP on) in pieces of `size` bytes."""
    ip, data = packet[IP], bytes(packet[IP].payload)
    for at in range(0, len(data), size):
        more = "MF" if at + size < len(data) else 0
        yield Ether(src=packet.src, dst=packet.dst) / IP(
            src=ip.src, dst=ip.dst, id=ident, flags=more, frag=at // 8, proto=ip.proto) / Raw(
                data[at:at + size])


@pytest.mark.parametrize("order", [1, -1], ids=["in-order", "last-first"])
def test_C16_fragments_become_one_packet(peer, order):
    data = bytes(range(256)) * 4
    pieces = list(fragments(echo(peer, data), 200, 0x1600 + order))[::order]
    assert is_reply(peer.answer_to(*pieces), data)


@pytest.mark.parametrize("order", [1, -1], ids=["in-order", "last-first"])
def test_C16_a_request_in_fragments(peer, connect, order):
    conn = connect().open()
    frame = conn.segment("PA", conn.request())
    conn.advance(len(conn.request()))
    pieces = list(fragments(frame, 24, 0x1610 + order))[::order]
    got = conn.take(peer.provoke(*pieces))
    assert got.endswith(b"abcdefghijklmnopqrstuvwxyz")


@pytest.mark.parametrize("fields, reason", [
    ({"flags": "MF", "len": 20 + 71}, "frag_bad"), ({"frag": 8191}, "frag_size"),
    ({"flags": "MF", "frag": 2100}, "frag_size")])
def test_C18_impossible_fragments(peer, drops, fields, reason):
    drops[reason] += 1
    peer.silent_on(echo(peer, data=bytes(64), src="10.77.0.98", id=len(reason), **fields))


def test_A11_many_fragments(peer, drops):
    """One sender has his share; the rest is refused, and others have theirs."""
    drops["frag_full"] += 1900
    frames = [bytes(echo(peer, data=bytes(8), flags="MF", frag=i, id=i, src="10.77.0.99"))
              for i in range(2000)]
    for i in range(0, 2000, 200):
        peer.silent_on(*frames[i:i + 200])


def test_C20_sent_tcp_has_df_and_a_ttl(peer, connect):
    conn = connect().open()
    frames = [conn.syn_ack] + conn.send(conn.request("/size/65536"))
    assert len(frames) > 2
    for frame in frames:
        ip = frame[IP]
        assert ip.flags == "DF" and ip.ttl >= 64 and ip.frag == 0
        again = IP(bytes(ip)[:20])
        del again.chksum
        assert ip.chksum == IP(bytes(again)).chksum, "checksum, by independent code"


# ---- ICMP ----


@pytest.mark.parametrize("size", [0, 1, 2, 55, 56, 1471, 1472])
def test_C21_echo(peer, server, size):
    data = bytes(i & 0xff for i in range(size))
    answer = peer.answer_to(echo(peer, data))
    assert answer[IP].src == server.address and answer[IP].dst == peer.address
    assert bytes(answer[IP])[:answer[IP].len][28:] == data
    assert (answer[ICMP].type, answer[ICMP].code, answer[ICMP].id, answer[ICMP].seq) == (0, 0, 7, 9)


def test_C21_echo_with_a_bad_checksum(peer, drops):
    drops["icmp_cksum"] += 1
    frame = echo(peer)
    frame[ICMP].chksum = 0x1234
    peer.silent_on(frame)


@pytest.mark.parametrize("dst", ["10.77.0.255", "255.255.255.255", "224.0.0.1"])
def test_C21_echo_to_a_group_is_silent(peer, dst):
    frame = echo(peer, dst=dst)
    frame.dst = BROADCAST
    peer.silent_on(frame)


@pytest.mark.parametrize("size", [0, 1, 4, 7])
def test_A04_echo_shorter_than_its_header(peer, drops, size):
    drops["icmp_short"] += 1
    body = bytes(ICMP(type="echo-request", id=7, seq=9))[:size]
    peer.silent_on(peer.ip(proto=1) / Raw(body))


def test_C22_no_error_about_an_error_or_a_fragment(peer):
    quoted = bytes(IP(src=peer.server.address, dst=peer.address, proto=253) / Raw(bytes(8)))
    peer.silent_on(peer.ip() / ICMP(type=3, code=2) / Raw(quoted))
    peer.silent_on(peer.ip(proto=253, frag=10) / Raw(bytes(64)))


@pytest.mark.parametrize("kind", [0, 5, 9, 10, 13, 15, 17, 30, 255])
def test_C22_other_icmp_is_silent(peer, drops, kind):
    drops["icmp_type"] += 1
    peer.silent_on(peer.ip() / ICMP(type=kind, code=0) / Raw(bytes(32)))


def test_C28_source_quench_is_ignored(peer, connect):
    conn = connect().open()
    frames = conn.send(conn.request("/size/65536"))
    peer.silent_on(conn.error(ICMP(type=4, code=0), frames[0][TCP].seq))
    assert len(conn.read(65536, frames)) >= 65536


# ---- attacks ----


def test_A08_ip_in_ip_is_not_unwrapped(peer):
    inner = IP(src=peer.address, dst=peer.server.address) / ICMP(type="echo-request", id=7, seq=9)
    for answer in peer.provoke(peer.ip(proto=4) / Raw(bytes(inner))):
        assert (answer[ICMP].type, answer[ICMP].code) == (3, 2)


def test_A23_land(peer, server, drops):
    """Source and destination are the same host, or even the same port."""
    drops["ip_land"] += 3
    for sport, dport in ((80, 80), (1000, 80)):
        peer.silent_on(peer.ip(src=server.address) / TCP(sport=sport, dport=dport, flags="S"))
    peer.silent_on(echo(peer, src=server.address))
