# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
IPv6, ICMPv6 and neighbour discovery: cases C30 to C43 of docs/conformance, attacks A1, A4, A6,
A23 to A25.
"""
import socket

import pytest
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA,
    ICMPv6NDOptDstLLAddr, ICMPv6NDOptPrefixInfo, ICMPv6NDOptSrcLLAddr, ICMPv6PacketTooBig,
    ICMPv6ParamProblem, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting, HBHOptUnknown, in6_getnsma, in6_getnsmac)
from scapy.packet import Raw

import harness
from peer import decode

US, PEER, PREFIX = "fd77::1", "fd77::9", "2001:db8:77::"

pytestmark = harness.IPV6


@pytest.fixture(scope="module")
def server(site, drops, family):
    """With an address of IPv4 besides, and those that routers make."""
    harness.need_profile("tap")
    options = ("--drain", 1, "--ip", "10.77.0.1/24", "--ip", "auto", "--tcp-metrics", 0)
    with harness.serving("tap", site.root, options, family=family) as running:
        yield running
        statement = running.stop()
    for name, count in drops.items():
        assert statement[name] >= count, f"drops counted as {name}"


def solicit(peer, target=US, **fields):
    group = in6_getnsma(socket.inet_pton(socket.AF_INET6, target))
    return peer.ip({"dst": in6_getnsmac(group)},
                   **{"dst": socket.inet_ntop(socket.AF_INET6, group), "hlim": 255, **fields})


def echo(peer, data=b"hello", **ip):
    return peer.ip(**ip) / ICMPv6EchoRequest(id=7, seq=9, data=data)


def problem(answers, code, pointer):
    answer, = answers
    assert ICMPv6ParamProblem in answer, answer.summary()
    assert (answer[ICMPv6ParamProblem].code, answer[ICMPv6ParamProblem].ptr) == (code, pointer)
    assert len(bytes(answer)) <= 14 + 1280


def test_C42_echo(peer):
    for size in (0, 1, 56, 1452):
        answer, = peer.provoke(echo(peer, bytes(size)))
        assert ICMPv6EchoReply in answer and answer[ICMPv6EchoReply].data == bytes(size)
        assert (answer[IPv6].src, answer[IPv6].dst) == (US, PEER)


def test_C42_echo_to_all_nodes_comes_from_one_of_ours(peer):
    answer, = peer.provoke(echo(peer, dst="ff02::1", ether={"dst": "33:33:00:00:00:01"}))
    assert ICMPv6EchoReply in answer and answer[IPv6].src == US


@pytest.mark.parametrize("src", ["::", "ff02::1", "::1"])
def test_C42_A23_echo_from_nobody(peer, drops, src):
    drops["ip6_src"] += 1
    assert peer.provoke(echo(peer, src=src)) == []


def test_C30_A01_payload_beyond_the_frame(peer, drops):
    drops["ip6_len"] += 1
    assert peer.provoke(echo(peer, plen=100)) == []


def test_A04_echo_shorter_than_its_header(peer, drops):
    for size in range(8):
        drops["icmp_short"] += 1
        assert peer.provoke(peer.ip(nh=58) / Raw(bytes(size))) == []


def test_C31_hop_by_hop_behind_another(peer):
    frame = peer.ip() / IPv6ExtHdrDestOpt() / IPv6ExtHdrHopByHop() / ICMPv6EchoRequest()
    problem(peer.provoke(frame), 1, 40)


@pytest.mark.parametrize("kind, answered, told", [
    (0x1e, True, False), (0x5e, False, False), (0x9e, False, True), (0xde, False, True)])
def test_C32_unknown_options(peer, kind, answered, told):
    for header in (IPv6ExtHdrHopByHop, IPv6ExtHdrDestOpt):
        frame = peer.ip() / header(options=[HBHOptUnknown(otype=kind, optlen=4, optdata=b"1234")]) \
            / ICMPv6EchoRequest()
        answers = peer.provoke(frame)
        assert any(ICMPv6EchoReply in a for a in answers) == answered
        if told:
            problem(answers, 2, 42)
        elif not answered:
            assert answers == []


def test_C33_A06_long_chains(peer, drops):
    drops["ip6_ext_limit"] += 1
    frame = peer.ip()
    for _ in range(30):
        frame /= IPv6ExtHdrDestOpt()
    assert peer.provoke(frame / ICMPv6EchoRequest()) == []


@pytest.mark.parametrize("length", [1, 20, 255])
def test_C33_A06_headers_that_run_past_the_end(peer, drops, length):
    drops["ip6_chain"] += 1
    assert peer.provoke(peer.ip(nh=60) / Raw(bytes([58, length, 1, 4, 0, 0, 0, 0]))) == []


@pytest.mark.parametrize("kind", [0, 2, 3, 4])
def test_C34_routing_header_with_segments_left(peer, kind):
    frame = peer.ip() / IPv6ExtHdrRouting(type=kind, addresses=["fd77::5"], segleft=1) \
        / ICMPv6EchoRequest()
    problem(peer.provoke(frame), 0, 42)


def fragment(peer, data, off, more, ident, proto=58):
    return peer.ip() / IPv6ExtHdrFragment(nh=proto, offset=off // 8, m=more, id=ident) / Raw(data)


def echo_bytes(data):
    whole = IPv6(src=PEER, dst=US) / ICMPv6EchoRequest(id=7, seq=9, data=data)
    return bytes(whole)[40:]


@pytest.mark.parametrize("order", [1, -1], ids=["in-order", "last-first"])
def test_C16_fragments_become_one_packet(peer, order):
    data = echo_bytes(bytes(range(256)) * 5)
    pieces = [fragment(peer, data[i:i + 400], i, i + 400 < len(data), 16 + order)
              for i in range(0, len(data), 400)]
    answer, = peer.provoke(*pieces[::order])
    assert ICMPv6EchoReply in answer and answer[ICMPv6EchoReply].data == bytes(range(256)) * 5


def test_C35_A24_overlap_drops_all_of_them(peer, drops):
    drops["frag_overlap"] += 2
    data = echo_bytes(bytes(80))
    assert peer.provoke(fragment(peer, data[:48], 0, 1, 35), fragment(peer, data[40:], 40, 0, 35),
                     fragment(peer, data[48:], 48, 0, 35)) == []


def test_C36_atomic_fragment(peer):
    answer, = peer.provoke(fragment(peer, echo_bytes(b"atom"), 0, 0, 36))
    assert answer[ICMPv6EchoReply].data == b"atom"


def test_C37_first_fragment_without_its_headers(peer, drops):
    drops["ip6_chain"] += 1
    assert peer.provoke(fragment(peer, bytes(8), 0, 1, 37, proto=6)) == []


def test_A11_A24_fragments_by_the_thousand(peer, drops):
    drops["frag_full"] += 1900
    frames = [bytes(peer.ip(src="fd77::66") / IPv6ExtHdrFragment(nh=58, offset=1, m=1, id=i)
                    / Raw(bytes(8))) for i in range(2000)]
    for i in range(0, 2000, 200):
        assert peer.provoke(*frames[i:i + 200]) == []


@pytest.mark.parametrize("proto", [132, 41, 50])
def test_C13_A08_unknown_next_header(peer, proto):
    problem(peer.provoke(peer.ip(nh=proto) / Raw(bytes(40))), 1, 6)


def test_C13_udp_is_unreachable(peer):
    answer, = peer.provoke(peer.ip() / UDP(dport=9))
    assert (answer[IPv6].payload.type, answer[IPv6].payload.code) == (1, 4)


def test_C39_solicitation(peer):
    ns = solicit(peer) / ICMPv6ND_NS(tgt=US) / ICMPv6NDOptSrcLLAddr(lladdr=peer.mac)
    answer, = peer.provoke(ns)
    na = answer[ICMPv6ND_NA]
    assert (na.tgt, na.R, na.S, na.O) == (US, 0, 1, 1) and answer[IPv6].hlim == 255
    assert answer[ICMPv6NDOptDstLLAddr].lladdr == peer.server_mac


@pytest.mark.parametrize("change", ["hop limit", "code", "option length"])
def test_C38_invalid_solicitations(peer, drops, change):
    drops["nd_bad"] += 1
    ns = solicit(peer, hlim=254 if change == "hop limit" else 255)
    ns /= ICMPv6ND_NS(tgt=US, code=1 if change == "code" else 0)
    ns /= ICMPv6NDOptSrcLLAddr(lladdr=peer.mac, len=0 if change == "option length" else 1)
    assert peer.provoke(ns) == []


def test_C40_who_asks_for_our_address_is_told(peer):
    peer.send(solicit(peer, src="::") / ICMPv6ND_NS(tgt=US))
    answers = peer.provoke()
    assert all(ICMPv6ND_NA not in a or a[ICMPv6ND_NA].tgt == US for a in answers)


def test_A25_unasked_advertisement(peer, drops):
    drops["nd_unasked"] += 1
    na = peer.ip(src="fd77::2", hlim=255) / ICMPv6ND_NA(tgt="fd77::2", S=1, O=1) \
        / ICMPv6NDOptDstLLAddr(lladdr="02:00:00:00:00:66")
    assert peer.provoke(na) == []


def test_A25_a_thousand_neighbours(peer):
    """The table is bounded; who is in use stays."""
    for i in range(2000):
        peer.send(solicit(peer, src=f"fd77::1:{i:x}") / ICMPv6ND_NS(tgt=US)
                  / ICMPv6NDOptSrcLLAddr(lladdr="02:00:00:00:00:66"))
        if i % 100 == 0:
            peer.provoke()


def test_C41_too_big_never_goes_below_1280(peer):
    """A kernel's connection, of which the scripted host says that it does not get through."""
    size = 1 << 16
    with harness.Http(peer.server.namespace.connect(US)) as http:
        peer.forget()
        http.send(harness.request_bytes(f"/size/{size}"))
        frame = sniff_segment(peer)
        quote = bytes(frame[IPv6])[:1232 - 8]
        peer.send(peer.ip() / ICMPv6PacketTooBig(mtu=600) / Raw(quote))
        assert len(http.response().body) == size


def sniff_segment(peer):
    """A segment with data that pagewire sent, to whomever."""
    while True:
        frame = decode(peer.sock.recv(65536))
        if IPv6 in frame and TCP in frame and frame[IPv6].src == US and len(frame[TCP].payload):
            return frame


def test_advertised_prefix_makes_an_address(peer):
    """RFC 4862, and a router that goes again."""
    ra = peer.ip({"dst": "33:33:00:00:00:01"}, src="fe80::19", dst="ff02::1", hlim=255) \
        / ICMPv6ND_RA(routerlifetime=60) \
        / ICMPv6NDOptPrefixInfo(prefix=PREFIX, prefixlen=64, validlifetime=7200, preferredlifetime=60)
    assert peer.provoke(ra) == []
    peer.server.namespace.run("ip", "addr", "add", PREFIX + "1/64", "dev", "pw0", "nodad")
    made = made_of(PREFIX, peer.server_mac)
    body = peer.server.namespace.curl("--retry", 5, "--retry-all-errors", f"http://[{made}]/alphabet.txt").stdout
    assert body == "abcdefghijklmnopqrstuvwxyz"


def test_A25_ten_thousand_prefixes(peer):
    for i in range(1, 500):
        options = ICMPv6NDOptPrefixInfo(prefix=f"2001:db8:{i:x}:0::", prefixlen=64)
        for k in range(1, 20):
            options /= ICMPv6NDOptPrefixInfo(prefix=f"2001:db8:{i:x}:{k:x}::", prefixlen=64)
        peer.send(peer.ip({"dst": "33:33:00:00:00:01"}, src=f"fe80::{i:x}", dst="ff02::1", hlim=255)
                  / ICMPv6ND_RA(routerlifetime=9000) / options)
        if i % 50 == 0:
            peer.provoke()


def made_of(prefix, mac):
    octets = [int(x, 16) for x in mac.split(":")]
    low = bytes([octets[0] ^ 2, *octets[1:3], 0xff, 0xfe, *octets[3:]])
    return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, prefix)[:8] + low)
