# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
TCP, segment by segment, over either version of IP: cases C23 to C29 and C44 to C129 of
docs/conformance, attacks A5, A10, A12, A16, A17, A23.
"""
import time

import pytest
from scapy.layers.inet import TCP

from peer import flags, payload

MOD = 1 << 32


def is_ack(conn, frame):
    """An ACK without data that says where both sides are."""
    return (flags(frame) == "A" and payload(frame) == b"" and frame[TCP].ack == conn.snd_nxt)


# ---- format ----


def test_C44_bad_checksum_is_silent(peer, connect, drops):
    drops["tcp_cksum"] += 2
    peer.silent_on(connect().syn(chksum=0x1234), connect(dport=81).syn(chksum=0x1234))


@pytest.mark.parametrize("dataofs", [0, 1, 4, 6, 15])
def test_C45_A05_data_offset_beyond_reason(peer, connect, drops, dataofs):
    drops["tcp_hdr"] += 1
    peer.silent_on(connect().raw_segment("S", dataofs=dataofs))


def test_C46_reserved_bits_are_ignored_and_ours_are_0(peer, connect):
    answer = peer.answer_to(connect().syn(reserved=7))
    assert flags(answer) == "SA" and answer[TCP].reserved == 0


@pytest.mark.parametrize("options", [
    b"\xfd\x04\xab\xcd", b"\x45\x06\0\0\0\0", b"\x02\x04\x05\xb4\xfe\x08\x01\x02\x03\x04\x05\x06"])
def test_C47_unknown_options_are_skipped(peer, connect, options):
    assert flags(peer.answer_to(connect().raw_segment("S", options))) == "SA"


@pytest.mark.parametrize("options", [
    b"\x02\x00\x05\xb4", b"\x02\x01\x05\xb4", b"\x08\x00", b"\x05\x00", b"\x05\x01", b"\xff\x00"])
def test_C48_option_of_length_0_or_1(peer, connect, options):
    assert flags(peer.answer_to(connect().raw_segment("S", options))) == "SA"


@pytest.mark.parametrize("options", [
    b"\x02\x05\x05\xb4", b"\x02\xff\x05\xb4", b"\x01\x01\x01\x02", b"\x08\x0a\0\0", b"\x05\x22\0\0",
    b"\x03\x03", b"\x01\x01\x01\x08"])
def test_C49_option_past_the_header(peer, connect, options):
    assert flags(peer.answer_to(connect().raw_segment("S", options))) == "SA"


def test_C50_bytes_after_the_end_of_options(peer, connect):
    """An MSS of 100 behind end-of-list is not believed."""
    conn = connect()
    conn.iss = peer.answer_to(conn.raw_segment("S", b"\x00\x02\x04\x00\x64\x00\x00\x00"))[TCP].seq
    conn.advance(1)
    conn.rcv_nxt = conn.iss + 1
    peer.provoke(conn.segment("A"))
    frames = conn.send(conn.request("/size/65536"))
    assert max(len(payload(f)) for f in frames) == peer.family.default_mss


def test_C51_our_mss_is_the_mtu_less_headers(peer, connect):
    """40 bytes of IPv4 and TCP, 60 of IPv6 and TCP."""
    conn = connect(options=[("MSS", peer.mss), ("SAckOK", b""), ("Timestamp", (1, 0)),
                            ("NOP", None), ("WScale", 7)]).half_open()
    assert dict(conn.syn_ack[TCP].options)["MSS"] == peer.mss, "not lowered for options"


@pytest.mark.parametrize("mss, biggest", [
    (None, lambda peer: peer.family.default_mss), (1460, lambda peer: peer.mss),
    (1000, lambda peer: 1000), (65535, lambda peer: peer.mss)],
    ids=["C52-no-mss", "C53-ours", "C53-theirs", "C53-huge"])
def test_C52_C53_segment_size(peer, connect, mss, biggest):
    conn = connect(options=[("MSS", mss)] if mss else []).open()
    frames = conn.send(conn.request("/size/65536"))
    assert max(len(payload(f)) for f in frames) == biggest(peer)


def test_C53_timestamps_take_12_bytes_of_the_mss(connect, peer):
    conn = connect(options=[("MSS", peer.mss), ("Timestamp", (1000, 0))]).half_open()
    echoed = dict(conn.syn_ack[TCP].options)["Timestamp"]
    assert echoed[1] == 1000
    stamp = [("NOP", None), ("NOP", None), ("Timestamp", (1001, echoed[0]))]
    peer.provoke(conn.segment("A", options=stamp))
    frames = conn.send(conn.request("/size/65536"), options=stamp)
    assert max(len(payload(f)) for f in frames) == peer.mss - 12
    assert all(dict(f[TCP].options)["Timestamp"][1] == 1001 for f in frames)


@pytest.mark.parametrize("mss", [0, 1, 7, 48])
def test_C54_A10_tiny_mss(connect, peer, mss):
    """A floor is kept, nothing divides by zero, and bytes per segment do not explode."""
    conn = connect(mss=mss).open()
    frames = conn.send(conn.request("/size/1449"))
    assert max(len(payload(f)) for f in frames) >= 48


def test_C55_mss_on_a_non_syn_has_no_effect(connect, peer):
    conn = connect().open()
    frames = conn.send(conn.request("/size/65536"), options=[("MSS", 100)])
    assert max(len(payload(f)) for f in frames) == peer.mss


def test_C56_urgent_data_is_delivered_in_order(connect):
    conn = connect().open()
    answers = conn.send(conn.request("/size/1"), "PAU", urgptr=5)
    assert conn.take(answers).startswith(b"HTTP/1.1 200")
    answers = conn.send(conn.request("/size/1"), "PAU", urgptr=65535)
    assert conn.take(answers).startswith(b"HTTP/1.1 200")


def test_C20_C43_checksums_are_right_by_independent_code(peer, connect):
    conn = connect().open()
    frames = [conn.syn_ack] + conn.send(conn.request("/size/65536"))
    assert len(frames) > 2
    for frame in frames:
        again = frame.copy()
        del again[TCP].chksum
        assert frame[TCP].chksum == type(frame)(bytes(again))[TCP].chksum


# ---- CLOSED, LISTEN, SYN-RCVD ----


@pytest.mark.parametrize("data", [b"", b"12345"])
def test_C57_syn_to_a_closed_port(peer, connect, data):
    conn = connect(dport=81)
    answer = peer.answer_to(conn.segment("S", data))
    assert flags(answer) == "RA" and answer[TCP].seq == 0
    assert answer[TCP].ack == conn.snd_nxt + 1 + len(data)


@pytest.mark.parametrize("how", ["A", "PA", "FA", "SA"])
def test_C58_ack_to_a_closed_port(peer, connect, drops, how):
    drops["tcp_closed"] += 1
    answer = peer.answer_to(connect(dport=81).segment(how, ack=777))
    assert flags(answer) == "R" and answer[TCP].seq == 777


@pytest.mark.parametrize("how", ["R", "RA", "RSA"])
def test_C59_reset_to_a_closed_port_is_silent(peer, connect, drops, how):
    drops["tcp_closed_rst"] += 1
    peer.silent_on(connect(dport=81).segment(how, ack=777 if "A" in how else 0))


def test_C60_listen_ignores_reset(peer, connect):
    peer.silent_on(connect().segment("R"), connect().segment("RA", ack=5))


@pytest.mark.parametrize("how", ["A", "SA", "FA", "PA"])
def test_C60_listen_resets_an_ack(peer, connect, how):
    answer = peer.answer_to(connect().segment(how, ack=4242))
    assert flags(answer) == "R" and answer[TCP].seq == 4242


@pytest.mark.parametrize("how", ["F", "", "P", "U", "FPU"])
def test_C60_listen_drops_what_is_nothing(peer, connect, drops, how):
    drops["tcp_listen"] += 1
    peer.silent_on(connect().segment(how))


def test_C61_repeated_syn_gets_the_same_isn(peer, connect):
    conn = connect().half_open()
    conn.advance(-1)
    again = peer.answer_to(conn.syn())
    assert flags(again) == "SA" and again[TCP].seq == conn.iss
    conn.advance(1)


def test_C62_data_on_the_syn_is_not_lost(peer, connect):
    conn = connect()
    data = conn.request("/size/1")
    answer = peer.answer_to(conn.segment("S", data, options=conn.options))
    conn.rcv_nxt = (answer[TCP].seq + 1) % MOD
    taken = (answer[TCP].ack - conn.snd_nxt - 1) % MOD
    assert taken in (0, len(data))
    conn.advance(1 + taken)
    answers = conn.send(data[taken:]) if taken < len(data) else peer.provoke(conn.segment("A"))
    assert conn.take(answers).count(b"HTTP/1.1 200") == 1, "delivered once, after the handshake"


@pytest.mark.parametrize("how", ["SF", "SFA", "SFPU"])
def test_C63_syn_with_fin_opens_nothing(peer, connect, how):
    conn = connect()
    for answer in peer.provoke(conn.segment(how)):
        assert flags(answer).startswith("R")
    assert conn.is_gone()


def test_C64_syn_ack_is_resent_with_doubling(peer, connect):
    conn = connect().half_open()
    times = [time.monotonic()]
    for _ in range(2):
        again = peer.wait_for(lambda f: TCP in f and f[TCP].dport == conn.sport, "SYN-ACK again")
        assert flags(again) == "SA" and again[TCP].seq == conn.iss
        times.append(time.monotonic())
    first, second = times[1] - times[0], times[2] - times[1]
    assert 0.9 < first < 1.3 and 1.8 < second < 2.5


def test_C65_reset_of_a_half_open_connection(peer, connect):
    conn = connect().half_open()
    peer.silent_on(conn.segment("R", seq=conn.snd_nxt - 1000))
    peer.silent_on(conn.segment("R"))
    assert conn.is_gone()


def test_C65_reset_in_window_is_challenged(peer, connect, drops):
    drops["tcp_rst_window"] += 1
    conn = connect().half_open()
    answer = peer.answer_to(conn.segment("R", seq=conn.snd_nxt + 1))
    assert is_ack(conn, answer)
    peer.silent_on(conn.segment("A"))
    assert conn.is_alive()


def test_C66_unacceptable_ack_of_a_half_open_connection(peer, connect):
    conn = connect().half_open()
    answer = peer.answer_to(conn.segment("A", ack=conn.iss + 1000))
    assert flags(answer) == "R" and answer[TCP].seq == (conn.iss + 1000) % MOD


def test_C67_data_instead_of_the_third_ack(connect):
    assert connect().half_open().is_alive()


# ---- synchronised states ----


def test_C71_C72_beyond_the_right_edge(peer, connect, drops):
    drops["tcp_window"] += 1
    conn = connect().open()
    answer = peer.answer_to(conn.segment("PA", b"xyz", seq=conn.snd_nxt + 200_000))
    assert is_ack(conn, answer)
    assert conn.is_alive()


def test_C73_old_bytes_are_trimmed(peer, connect):
    conn = connect().open()
    data = conn.request("/size/1")
    assert conn.send(data[:10]) is not None
    answers = peer.provoke(conn.segment("PA", data, seq=conn.snd_nxt - 10))
    conn.advance(len(data) - 10)
    taken = conn.take(answers)
    assert taken.startswith(b"HTTP/1.1 200") and taken.count(b"HTTP/1.1") == 1


def test_C76_old_duplicate_is_acknowledged_again(peer, connect, drops):
    drops["tcp_window"] += 1
    conn = connect().open()
    conn.send(b"GET ")
    answer = peer.answer_to(conn.segment("PA", b"GET ", seq=conn.snd_nxt - 4))
    assert is_ack(conn, answer)
    assert conn.take(conn.send(conn.request("/size/1")[4:])).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("isn", [MOD - 1, MOD - 2, MOD - 20, (1 << 31) - 5])
def test_C77_sequence_numbers_wrap(connect, isn):
    conn = connect(isn=isn).open()
    for _ in range(3):
        assert conn.is_alive()


def test_C78_A12_exact_reset_ends_it(peer, connect, drops):
    drops["tcp_rst"] += 1
    conn = connect().open()
    peer.silent_on(conn.segment("R"))
    assert conn.is_gone()


@pytest.mark.parametrize("distance", [1, 1000, 30000])
def test_C78_A12_reset_in_the_window_is_challenged(peer, connect, drops, distance):
    drops["tcp_rst_window"] += 1
    conn = connect().open()
    answer = peer.answer_to(conn.segment("R", seq=conn.snd_nxt + distance))
    assert is_ack(conn, answer)
    assert conn.is_alive()


@pytest.mark.parametrize("distance", [-1, -1000, 1 << 20, 1 << 31])
def test_C78_A12_reset_outside_the_window_is_silent(peer, connect, distance):
    conn = connect().open()
    peer.silent_on(conn.segment("R", seq=conn.snd_nxt + distance))
    assert conn.is_alive()


@pytest.mark.parametrize("distance", [-1000, 0, 1000, 1 << 30])
@pytest.mark.parametrize("how", ["S", "SA"])
def test_C79_A12_syn_is_challenged(peer, connect, drops, how, distance):
    drops["tcp_syn"] += 1
    conn = connect().open()
    answer = peer.answer_to(conn.segment(how, seq=conn.snd_nxt + distance))
    assert is_ack(conn, answer)
    assert conn.is_alive()


def test_C80_ack_of_what_was_not_sent(peer, connect, drops):
    drops["tcp_ack_bad"] += 1
    conn = connect().open()
    answer = peer.answer_to(conn.segment("PA", b"not taken", ack=conn.rcv_nxt + 5000))
    assert is_ack(conn, answer)
    assert conn.is_alive()


def test_C81_A12_ack_from_before_the_window(peer, connect, drops):
    drops["tcp_ack_old"] += 1
    conn = connect().open()
    assert conn.is_alive()
    answer = peer.answer_to(conn.segment("PA", b"not taken", ack=conn.rcv_nxt - (1 << 28)))
    assert is_ack(conn, answer)
    assert conn.is_alive()


def test_C82_no_ack_bit_is_dropped(peer, connect, drops):
    drops["tcp_no_ack"] += 1
    conn = connect().open()
    peer.silent_on(conn.segment("P", b"xyz"))
    assert conn.is_alive()


def test_C83_second_segment_outside_the_window_in_500_ms(peer, connect):
    conn = connect().open()
    outside = conn.segment("A", b"x", seq=conn.snd_nxt + 500_000)
    assert is_ack(conn, peer.answer_to(outside))
    peer.silent_on(outside)
    assert conn.is_alive()


# ---- what ICMP says of a connection ----


def in_flight(conn):
    """Ask for a file and acknowledge nothing. @return its first segments"""
    frames = conn.send(conn.request("/size/65536"))
    assert len(payload(frames[0])) == conn.peer.mss
    return frames


def sizes(frames):
    return [len(payload(f)) for f in frames]


def test_C23_too_big_lowers_the_segment_size(peer, connect):
    conn = connect().open()
    first = in_flight(conn)[0][TCP].seq
    fits = 1300 - peer.family.header_len - 20
    resent = peer.provoke(conn.error(peer.family.too_big(1300), first))
    assert resent and max(sizes(resent)) <= fits
    assert resent[0][TCP].seq == first
    more = peer.provoke(conn.segment("A", ack=first + len(payload(resent[0]))))
    assert max(sizes(more), default=0) <= fits


def test_C24_too_big_out_of_the_blue_is_ignored(peer, connect, drops):
    drops["icmp_stray"] += 3
    conn = connect().open()
    frames = in_flight(conn)
    first = frames[0][TCP].seq
    message = peer.family.too_big(1300)
    peer.silent_on(conn.error(message, first - 5000), conn.error(message, first + 10_000_000),
                   conn.error(message, first, sport=19999))
    conn.take(frames)
    assert max(sizes(peer.provoke(conn.segment("A")))) == peer.mss


@pytest.mark.parametrize("mtu", [0, 1, 68, 300])
def test_C25_C41_A17_a_floor_is_kept(peer, connect, mtu):
    """No next-hop MTU or a tiny one must not shrink segments without end."""
    conn = connect().open()
    first = in_flight(conn)[0][TCP].seq
    resent = peer.provoke(conn.error(peer.family.too_big(mtu), first))
    floor = peer.family.min_mtu - peer.family.header_len - 20
    assert min(sizes(resent[:-1])) >= floor, "all but the rest"
    assert conn.read(65536)


def test_C26_A16_unreachable_is_soft(peer, connect):
    for code in peer.family.soft_codes:
        conn = connect().open()
        frames = in_flight(conn)
        peer.provoke(conn.error(peer.family.unreachable(code), frames[0][TCP].seq))
        assert len(conn.read(65536, frames)) >= 65536, f"code {code}"


def test_C29_quotation_cut_short_is_ignored(peer, connect, drops):
    """Of the quoted packet a byte is missing, or its header, or all."""
    conn = connect().open()
    frames = in_flight(conn)
    header = peer.family.header_len
    cuts = (0, 1, header - 1, header, header + 7)
    drops["icmp_short"] += len(cuts)
    peer.silent_on(*(conn.error(peer.family.too_big(1300), frames[0][TCP].seq, cut)
                     for cut in cuts))
    conn.take(frames)
    assert max(sizes(peer.provoke(conn.segment("A")))) == peer.mss


# ---- window ----


def test_C85_old_segment_cannot_shrink_the_window(peer, connect):
    conn = connect().open()
    data = conn.request("/size/65536")
    conn.send(data[:2])
    peer.provoke(conn.segment("PA", data[:2], seq=conn.snd_nxt - 2, window=0))
    assert sum(len(payload(f)) for f in conn.send(data[2:])) > 5000


def test_C86_window_shrinks_under_data_in_flight(peer, connect):
    conn = connect().open()
    frames = conn.send(conn.request("/size/65536"))
    first = conn.rcv_nxt
    sent = sum(len(payload(f)) for f in frames)
    acked = first + len(payload(frames[0]))
    more = peer.provoke(conn.segment("A", ack=acked, window=1460))
    assert all((f[TCP].seq - first) % MOD + len(payload(f)) <= sent for f in more), "nothing new"
    assert len(conn.read(65536, frames)) >= 65536


def test_C87_zero_window_is_probed(peer, connect):
    conn = connect().open()
    assert [payload(f) for f in conn.send(conn.request("/size/65536"), window=0)] in ([b""], [])
    times = [time.monotonic()]
    for _ in range(3):
        probe = peer.wait_for(lambda f: TCP in f and f[TCP].dport == conn.sport, "a probe")
        times.append(time.monotonic())
        assert len(payload(probe)) <= 1
        peer.send(conn.segment("A", window=0))
    gaps = [b - a for a, b in zip(times, times[1:])]
    assert gaps[2] > 1.5 * gaps[1] > 2 * gaps[0], f"probes back off: {gaps}"
    opened = peer.provoke(conn.segment("A"))
    assert sum(len(payload(f)) for f in opened) > 1000, "sends at once when the window opens"


def test_C88_no_silly_segments(peer, connect):
    conn = connect().open()
    answers = conn.send(conn.request("/size/65536"), window=100)
    assert all(payload(f) == b"" for f in answers), "waits for a full segment's worth of window"
    assert len(conn.read(65536)) >= 65536


def test_C92_a_gap_is_reported_at_once(peer, connect):
    conn = connect().open()
    data = conn.request("/size/1")
    answer = peer.answer_to(conn.segment("PA", data[10:], seq=conn.snd_nxt + 10))
    assert is_ack(conn, answer)
    answers = peer.provoke(conn.segment("PA", data[:10]))
    conn.advance(len(data))
    assert conn.take(answers).startswith(b"HTTP/1.1 200")


def test_C98_first_flight_is_10_segments_at_most(connect):
    conn = connect().open()
    frames = conn.send(conn.request("/size/65536"))
    assert 2 <= len(frames) <= 10


def test_C100_third_duplicate_ack_resends_the_first(peer, connect):
    conn = connect().open()
    frames = conn.send(conn.request("/size/65536"))
    first = conn.rcv_nxt
    again = [f for _ in range(3) for f in peer.provoke(conn.segment("A"))]
    assert [f[TCP].seq for f in again].count(first) == 1
    assert payload(next(f for f in again if f[TCP].seq == first)) == payload(frames[0])


# ---- close ----


def test_C121_fin_in_order(peer, connect):
    conn = connect().open()
    answers = conn.send(b"", "FA")
    assert any(f[TCP].ack == conn.snd_nxt for f in answers), "the FIN is acknowledged"
    conn.take(answers)
    fin = answers[-1] if "F" in flags(answers[-1]) else None
    assert fin is not None, "an idle HTTP connection is closed in turn"
    peer.silent_on(conn.segment("A"))
    assert conn.is_gone()


def test_C122_fin_ahead_of_a_gap_waits(peer, connect):
    conn = connect().open()
    data = conn.request("/size/1")
    answer = peer.answer_to(conn.segment("FA", seq=conn.snd_nxt + len(data)))
    assert is_ack(conn, answer)
    answers = peer.provoke(conn.segment("PA", data))
    conn.advance(len(data) + 1)
    assert conn.take(answers).startswith(b"HTTP/1.1 200")
    assert answers[-1][TCP].ack == conn.snd_nxt


def test_C123_half_close_after_get(connect):
    conn = connect().open()
    answers = conn.send(conn.request("/size/65536"), "FPA")
    assert len(conn.read(65536, answers)) >= 65536


def closed_by_server(connect):
    """The server has closed first: it is in TIME-WAIT. @return conn"""
    conn = connect().open()
    request = b"GET /size/1 HTTP/1.1\r\nHost: pagewire\r\nConnection: close\r\n\r\n"
    answers = conn.send(request)
    assert conn.take(answers).startswith(b"HTTP/1.1 200") and "F" in flags(answers[-1])
    conn.peer.provoke(conn.segment("A"))
    answers = conn.send(b"", "FA")
    assert len(answers) == 1 and is_ack(conn, answers[0])
    return conn


def test_C126_A26_time_wait(peer, connect, drops):
    drops["tcp_time_wait"] += 1
    conn = closed_by_server(connect)
    again = peer.answer_to(conn.segment("FA", seq=conn.snd_nxt - 1))
    assert is_ack(conn, again), "a repeated FIN is acknowledged again"
    peer.silent_on(conn.segment("R"))
    again = peer.answer_to(conn.segment("FA", seq=conn.snd_nxt - 1))
    assert is_ack(conn, again), "a reset does not assassinate TIME-WAIT (RFC 1337)"


def test_C126_A27_time_wait_takes_a_new_syn(peer, connect):
    conn = closed_by_server(connect)
    conn.advance(100_000)
    answer = peer.answer_to(conn.syn())
    assert flags(answer) == "SA" and (answer[TCP].seq - conn.rcv_nxt) % MOD < 1 << 31
    conn.advance(1)
    conn.rcv_nxt = (answer[TCP].seq + 1) % MOD
    peer.silent_on(conn.segment("A"))
    assert conn.is_alive()


def test_C128_data_after_full_close_is_reset(peer, connect):
    conn = closed_by_server(connect)
    answers = peer.provoke(conn.segment("PA", b"more"))
    assert all(payload(f) == b"" for f in answers)


def test_C124_simultaneous_close(peer, connect):
    conn = connect().open()
    request = b"GET /size/1 HTTP/1.1\r\nHost: pagewire\r\nConnection: close\r\n\r\n"
    answers = conn.send(request)
    before = conn.rcv_nxt
    conn.take(answers)
    assert "F" in flags(answers[-1])
    crossing = peer.provoke(conn.segment("FA", ack=before))
    conn.advance(1)
    assert any(f[TCP].ack == conn.snd_nxt for f in crossing), "CLOSING: our FIN is acknowledged"
    peer.silent_on(conn.segment("A"))
    assert is_ack(conn, peer.answer_to(conn.segment("FA", seq=conn.snd_nxt - 1))), "TIME-WAIT"


# ---- many ----


def test_C131_A09_isns_show_no_relation(peer, connect):
    """RFC 6528: the differences between neighbours are spread over the whole space."""
    isns = []
    for _ in range(200):
        conn = connect().half_open()
        isns.append(conn.iss)
        conn.reset()  # before the SYN-ACK is sent again
    steps = sorted((b - a) % MOD for a, b in zip(isns, isns[1:]))
    assert len(set(steps)) == len(steps)
    assert steps[20] < MOD // 4 and steps[-20] > 3 * (MOD // 4)


def test_C133_timestamp_offsets_differ_between_peers(peer, connect):
    stamps = []
    for i in range(60, 70):
        address = peer.host(i)
        peer.addresses.add(address)
        peer.send(peer.ip(src=address) / peer.family.echo(i, 1))
        peer.wait_for(lambda f, i=i: peer.family.echo_reply(f) == (i, 1, b""),
                      "to be a known neighbour")
        conn = connect(src=address, options=[("MSS", peer.mss), ("Timestamp", (1, 0))]).half_open()
        stamps.append(dict(conn.syn_ack[TCP].options)["Timestamp"][0])
    assert min(abs(b - a) for a, b in zip(stamps, stamps[1:])) > 10_000


def test_A11_one_byte_segments_out_of_order(peer, connect):
    """Thousands of one-byte islands: bounded memory, and the stream is still whole."""
    conn = connect().open()
    data = conn.request("/size/1").replace(b"\r\n\r\n", b"\r\nX-Fill: " + b"y" * 4000 + b"\r\n\r\n")
    islands = [bytes(conn.segment("A", data[i:i + 1], seq=conn.snd_nxt + i))
               for i in range(1, len(data), 2)]
    for i in range(0, len(islands), 200):
        peer.provoke(*islands[i:i + 200])
    begin = conn.snd_nxt
    for i in range(0, len(data), 1000):
        answers = peer.provoke(conn.segment("PA", data[i:i + 1000], seq=begin + i))
    conn.advance(len(data))
    assert conn.take(answers[-1:]).startswith(b"HTTP/1.1 200")


def test_A12_blind_data_with_a_wild_ack(peer, connect):
    conn = connect().open()
    peer.provoke(*(conn.segment("PA", b"EVIL", ack=(conn.rcv_nxt + (k << 28)))
                   for k in range(1, 15)))
    assert conn.is_alive()


def test_A14_syn_flood_leaves_room(peer, connect, server, site):
    """More half-open connections than there is room for; the fixture's client is served."""
    frames = [bytes(connect().syn(ip={"src": peer.host(100 + i % 100)})) for i in range(3000)]
    for i in range(0, len(frames), 100):
        for frame in frames[i:i + 100]:
            peer.send(frame)
        peer.answers_until_ping()


def test_A23_same_port_both_ends(peer, connect):
    """Port 80 to port 80 from another host is odd, but no land attack."""
    conn = connect()
    conn.sport = 80
    assert flags(peer.answer_to(conn.syn())) == "SA"


def test_port_0_is_dropped(peer, connect, drops):
    drops["tcp_port_zero"] += 2
    conn = connect()
    conn.sport = 0
    peer.silent_on(conn.syn())
    peer.silent_on(connect(dport=0).syn())
