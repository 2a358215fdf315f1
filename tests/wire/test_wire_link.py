# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Ethernet, ARP, and what neighbour discovery has in common with that: cases C1 to C8 of
docs/conformance, attacks A7 and A25.
"""
import time

import pytest
from scapy.layers.l2 import ARP, Dot1Q

import harness
from peer import BROADCAST


def echo(peer, ether=None, **ip):
    return peer.ip(ether, **ip) / peer.family.echo(1, 1, b"hello")


def test_C01_other_unicast_mac_is_dropped(peer, drops):
    drops["eth_not_ours"] += 1
    peer.silent_on(echo(peer, {"dst": "02:00:00:00:00:77"}))


def test_C02_padding_is_not_data(peer, connect):
    conn = connect().half_open()
    peer.silent_on(bytes(conn.segment("A")) + b"GARBAG")
    assert conn.is_alive()


def test_C03_vlan_tag_is_dropped(peer, drops):
    drops["eth_vlan"] += 1
    frame = echo(peer)
    peer.silent_on(peer.ether() / Dot1Q(vlan=5) / frame.payload)


@harness.IPV4
def test_C04_arp_request_one_reply(peer, server):
    answer = peer.answer_to(peer.ether(dst=BROADCAST) / ARP(
        op="who-has", hwsrc=peer.mac, psrc=peer.address, pdst=server.address))
    arp = answer[ARP]
    assert (answer.dst, answer.src) == (peer.mac, peer.server_mac)
    assert (arp.hwtype, arp.ptype, arp.hwlen, arp.plen, arp.op) == (1, 0x800, 6, 4, 2)
    assert (arp.hwsrc, arp.psrc) == (peer.server_mac, server.address)
    assert (arp.hwdst, arp.pdst) == (peer.mac, peer.address)


@harness.IPV4
def test_C04_arp_probe_is_answered(peer, server):
    """RFC 5227: a probe has no sender address; we own the one it asks for."""
    answer = peer.answer_to(peer.ether(dst=BROADCAST) / ARP(
        op="who-has", hwsrc=peer.mac, psrc="0.0.0.0", pdst=server.address))
    assert answer[ARP].op == 2 and answer[ARP].psrc == server.address


@harness.IPV4
def test_C04_arp_request_for_another_is_ignored(peer, drops):
    drops["arp_not_ours"] += 1
    peer.silent_on(peer.ether(dst=BROADCAST) / ARP(
        op="who-has", hwsrc=peer.mac, psrc=peer.address, pdst="10.77.0.99"))


@harness.IPV4
@pytest.mark.parametrize("fields", [
    {"hwlen": 5}, {"hwlen": 0}, {"hwlen": 255}, {"plen": 16}, {"plen": 0}, {"hwtype": 6},
    {"ptype": 0x86dd}, {"op": 0}, {"op": 3}, {"op": 65535},
    {"hwsrc": "01:00:5e:00:00:01"}, {"hwsrc": BROADCAST}])
def test_C05_arp_with_wrong_fields_is_ignored(peer, server, drops, fields):
    drops["arp_bad"] += 1
    peer.silent_on(peer.ether(dst=BROADCAST) / ARP(**{
        "op": "who-has", "hwsrc": peer.mac, "psrc": peer.address, "pdst": server.address,
        **fields}))


@harness.IPV4
def test_C05_short_arp_is_ignored(peer, server, drops):
    whole = bytes(peer.ether(dst=BROADCAST) / ARP(
        op="who-has", hwsrc=peer.mac, psrc=peer.address, pdst=server.address))
    drops["arp_bad"] += 28
    peer.silent_on(*(whole[:14 + size] for size in range(28)))


def is_question(peer, frame, address):
    return peer.family.asked_for(frame) == address


def answer_for(peer, address, mac=None):
    """`address` is at this host's MAC address, or another."""
    return peer.family.answer(mac or peer.mac, address, peer.server_mac, peer.server.address)


def test_C06_unasked_reply_makes_no_entry(peer, drops, family):
    drops["arp_unasked" if family == 4 else "nd_unasked"] += 1
    stranger = peer.host(50)
    peer.silent_on(answer_for(peer, stranger, "02:00:00:00:00:50"))
    assert is_question(peer, peer.answer_to(echo(peer, src=stranger)), stranger)


def test_C07_packet_waits_for_its_neighbour(peer):
    stranger = peer.host(51)
    asked = peer.answer_to(*(echo(peer, src=stranger) for _ in range(5)))
    assert is_question(peer, asked, stranger), "asked once, not five times"
    assert asked.dst.startswith(peer.family.group)
    answers = peer.provoke(answer_for(peer, stranger))
    assert answers and peer.family.echo_reply(answers[-1]) == (1, 1, b"hello")
    assert answers[-1].payload.dst == stranger


def test_C07_requests_come_once_a_second_at_most(peer):
    stranger = peer.host(52)
    peer.send(echo(peer, src=stranger))
    begin, asked = time.monotonic(), []
    while time.monotonic() - begin < 2.5:
        peer.send(echo(peer, src=stranger))
        asked += [f for f in peer.frames(0.1) if is_question(peer, f, stranger)]
    assert 2 <= len(asked) <= 3


def test_C08_a_neighbour_may_move(peer, server):
    """A new MAC address is not taken from a mere request, but when the old one does not answer."""
    mover, old_mac = peer.host(53), "02:00:00:00:00:0a"
    for mac in (old_mac, peer.mac):
        peer.send(peer.family.question(mac, mover, server.address))
    peer.wait_for(lambda f: is_question(peer, f, mover) and f.dst.startswith(peer.family.group),
                  "the neighbour is looked for")
    peer.provoke(answer_for(peer, mover))
    answer = peer.answer_to(echo(peer, src=mover))
    assert answer.dst == peer.mac and peer.family.echo_reply(answer)


def test_C12_unicast_packet_in_a_broadcast_frame(peer, connect):
    """RFC 1122 section 3.3.6: silently dropped."""
    peer.silent_on(connect().syn(ip={"ether": {"dst": BROADCAST}}))


def test_A07_own_mac_as_source_skips_no_check(peer):
    peer.silent_on(bytes(echo(peer, {"src": peer.server_mac}))[:-1] + b"!")


def test_A25_poisoned_reply(peer, server):
    """The kernel's address is claimed by a reply that nobody asked for: it still gets its file."""
    for _ in range(50):
        peer.send(answer_for(peer, server.profile.peer_address, "02:00:00:00:00:66"))
    peer.silent_on()


@harness.IPV4
def test_claim_of_our_own_address_is_not_believed(peer, server, drops):
    drops["arp_conflict"] += 1
    peer.provoke(peer.ether(dst=BROADCAST) / ARP(op="who-has", hwsrc=peer.mac, psrc=server.address,
                                                 pdst=server.address))
    peer.silent_on()


@harness.IPV4
@pytest.mark.parametrize("frame, reason", [
    (lambda peer: peer.ether(type=0x86dd) / (b"\x60" + bytes(60)), "ip6_not_ours"),
    (lambda peer: peer.ether(type=0x88cc) / bytes(60), "eth_type"),
    (lambda peer: peer.ether(type=46) / bytes(46), "eth_type"),
    (lambda peer: echo(peer, {"src": "01:00:5e:00:00:09"}), "eth_src_multicast"),
    (lambda peer: peer.ether(type=0x800), "ip4_hdr"),
    (lambda peer: peer.ether(type=0x806), "arp_bad"),
])
def test_odd_frame_is_dropped_by_name(peer, drops, frame, reason):
    drops[reason] += 1
    peer.silent_on(frame(peer))


def test_known_neighbour_is_answered_at_once(peer, connect):
    answer = connect().half_open().syn_ack
    assert answer.dst == peer.mac


def test_A25_flood_of_strangers(peer, server):
    """
    More strangers than the neighbour table has places; the known ones stay. The last
    test here: pagewire goes on looking for some of them.
    """
    for i in range(3000):
        mac = f"02:00:00:01:{i >> 8:02x}:{i & 255:02x}"
        peer.send(peer.family.question(mac, peer.host(i % 200 + 20), server.address))
        if i % 100 == 0:
            peer.answers_until_ping()
    peer.answers_until_ping()
