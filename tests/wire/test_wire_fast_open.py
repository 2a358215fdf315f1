# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""Fast Open, option by option (RFC 7413): cases C170 to C174, with a server that has it on."""
import pytest
from scapy.layers.inet import TCP

import harness
from peer import flags, payload

FAST_OPEN = 34
MOD = 1 << 32


@pytest.fixture(scope="module")
def server(site, family):
    """As in conftest.py, with Fast Open."""
    harness.need_profile("tap")
    options = ("--drain", 1, "--fast-open", "--tcp-metrics", 0)
    with harness.serving("tap", site.root, options, family=family) as running:
        yield running
        statement = running.stop()
    assert statement["fast_opens"] >= 4 and statement["fast_open_bad"] >= 4
    assert statement["fast_open_early"] >= 4 * 100


def option(cookie=b"", length=None):
    """As bytes on the wire, padded to words."""
    text = bytes([FAST_OPEN, len(cookie) + 2 if length is None else length]) + cookie
    return text + bytes(-len(text) % 4)


def syn(conn, options, data=b""):
    frame = conn.segment("S", options + data)
    frame[TCP].dataofs = 5 + len(options) // 4
    return frame


def open_with(conn, options, data=b""):
    """Send the SYN. @return (the SYN-ACK, what came behind it)"""
    syn_ack, *others = conn.own(syn(conn, options, data))
    assert flags(syn_ack) == "SA"
    conn.rcv_nxt = (syn_ack[TCP].seq + 1) % MOD
    conn.iss = syn_ack[TCP].seq
    conn.advance(1)
    return syn_ack, others


def cookie_of(syn_ack):
    """The cookie that a SYN-ACK gives, or None."""
    for kind, value in syn_ack[TCP].options:
        if kind == "TFO":
            # scapy knows the option as two words
            return b"".join(v.to_bytes(4, "big") for v in value)
    return None


def acked(conn, syn_ack):
    """Bytes behind the SYN that it acknowledges."""
    return (syn_ack[TCP].ack - conn.snd_nxt) % MOD


@pytest.fixture
def cookie(connect):
    conn = connect()
    syn_ack, _ = open_with(conn, option())
    conn.reset()
    cookie = cookie_of(syn_ack)
    assert len(cookie) == 8
    return cookie


def assert_refused(conn, options, gives_cookie=True):
    """The SYN alone is acknowledged, and the request is answered when it comes again."""
    request = conn.request()
    syn_ack, others = open_with(conn, options, request)
    assert acked(conn, syn_ack) == 0 and others == []
    assert (cookie_of(syn_ack) is not None) == gives_cookie
    assert conn.is_alive()


def test_C170_the_same_cookie_for_the_same_address(connect, cookie):
    syn_ack, _ = open_with(connect(), option())
    assert cookie_of(syn_ack) == cookie


def test_C171_the_answer_leaves_with_the_syn_ack(connect, cookie):
    conn = connect()
    request = conn.request()
    syn_ack, others = open_with(conn, option(cookie), request)
    assert acked(conn, syn_ack) == len(request) and cookie_of(syn_ack) is None
    conn.advance(len(request))
    answer = conn.take(others)
    assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"xyz")
    assert conn.is_alive(), "and the connection goes on as any other"


def test_C171_no_more_than_ten_segments_before_the_ack(connect, cookie):
    conn = connect()
    request = conn.request("/size/2097153")
    _, others = open_with(conn, option(cookie), request)
    conn.advance(len(request))
    assert len(others) == 10 and sum(len(payload(f)) for f in others) <= 14600
    have = conn.take(others)
    assert len(conn.read(100_000)) >= 100_000 and have.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("length", [4, 6, 8, 10, 16])
def test_C172_a_wrong_cookie_is_replaced(connect, cookie, length):
    wrong = bytes(b ^ 0x55 for b in cookie + cookie)[:length]
    assert_refused(connect(), option(wrong))


def test_C172_the_cookie_of_another_address(peer, connect, cookie):
    other = peer.host(10)
    peer.addresses.add(other)
    assert_refused(connect(src=other), option(cookie))


@pytest.mark.parametrize("text", [
    bytes([FAST_OPEN, 3, 1, 0]), bytes([FAST_OPEN, 4, 1, 2]), bytes([FAST_OPEN, 5, 1, 2, 3, 0, 0, 0]),
    bytes([FAST_OPEN, 11]) + bytes(10), bytes([FAST_OPEN, 20]) + bytes(18)])
def test_C170_a_cookie_of_no_length_is_no_option(connect, text):
    assert_refused(connect(), text, gives_cookie=False)


@pytest.mark.parametrize("text", [
    bytes([FAST_OPEN, 0, 0, 0]), bytes([FAST_OPEN, 1, 0, 0]), bytes([FAST_OPEN, 255, 0, 0]),
    bytes([1, 1, 1, FAST_OPEN])])
def test_C170_an_option_past_the_header_is_none(connect, text):
    assert_refused(connect(), text, gives_cookie=False)


def test_C173_a_syn_sent_again_is_answered_again(peer, connect, cookie):
    conn = connect()
    request = conn.request()
    syn_ack, _ = open_with(conn, option(cookie), request)
    conn.advance(-1)
    for again in (conn.segment("S"), syn(conn, option(cookie), request)):
        repeated = conn.own(again)[0]
        assert flags(repeated) == "SA" and repeated[TCP].seq == conn.iss
        assert repeated[TCP].ack == syn_ack[TCP].ack
    conn.advance(1 + len(request))
    answer = conn.read(20)
    assert answer.count(b"HTTP/1.1 200") == 1


def test_C174_a_reset_ends_it(peer, connect, cookie):
    conn = connect()
    request = conn.request()
    open_with(conn, option(cookie), request)
    conn.advance(len(request))
    peer.silent_on(conn.segment("R"))
    assert conn.is_gone()


def test_C170_a_syn_that_says_nothing_gets_nothing(connect):
    syn_ack, _ = open_with(connect(), b"")
    assert cookie_of(syn_ack) is None
