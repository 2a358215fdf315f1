# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
A host made of a script: it lives on pagewire's TAP beside the kernel, under
addresses that the kernel does not own, and sends whatever a test wants, over
the version of IP that pagewire's address has.
"""
import contextlib
import ipaddress
import itertools
import select
import socket
import time

from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, ICMPv6PacketTooBig, IPv6, in6_getnsma, in6_getnsmac)
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from harness import Failure

BROADCAST = "ff:ff:ff:ff:ff:ff"
ETH_P_ALL = 3
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
SECONDS = 5.0  # the longest that an answer which must come may take
OUR_PING = 0x7777


def decode(data):
    return Ether(data)


class Family4:
    """What is IPv4's: headers, ARP, ICMP."""

    header_len = 20
    default_mss = 536
    group = BROADCAST  # where questions for an address go to
    min_mtu = 552  # nothing below is believed
    soft_codes = (0, 1, 2, 3, 9, 10, 13)  # of unreachables that end nothing

    @staticmethod
    def packet(tos=0, **fields):
        return IP(tos=tos, **fields)

    @staticmethod
    def tos(frame):
        return frame[IP].tos

    @staticmethod
    def tcp_bytes(frame):
        """Of the segment, by the lengths in the headers: padding is left out."""
        return frame[IP].len - frame[IP].ihl * 4

    @staticmethod
    def echo(ident, seq, data=b""):
        return ICMP(type="echo-request", id=ident, seq=seq) / data

    @staticmethod
    def echo_reply(frame):
        """@return (id, sequence number, data), None when it is none"""
        if ICMP not in frame or frame[ICMP].type != 0:
            return None
        return frame[ICMP].id, frame[ICMP].seq, bytes(frame[ICMP].payload)

    @staticmethod
    def too_big(mtu):
        return ICMP(type=3, code=4, nexthopmtu=mtu)

    @staticmethod
    def unreachable(code):
        return ICMP(type=3, code=code)

    @staticmethod
    def question(mac, src, target):
        """Who has `target`?"""
        return Ether(src=mac, dst=BROADCAST) / ARP(op="who-has", hwsrc=mac, psrc=src, pdst=target)

    @staticmethod
    def asked_for(frame):
        """The address that the frame asks for, None when it asks for none."""
        return frame[ARP].pdst if ARP in frame and frame[ARP].op == 1 else None

    @staticmethod
    def answer(mac, address, to_mac, to):
        """`address` is at `mac`."""
        return Ether(src=mac, dst=to_mac) / ARP(op="is-at", hwsrc=mac, psrc=address, hwdst=to_mac,
                                                pdst=to)

    @staticmethod
    def told(frame):
        """(address, MAC address) that the frame answers with, None when it is no answer."""
        arp = frame[ARP] if ARP in frame else None
        return (arp.psrc, arp.hwsrc) if arp and arp.op == 2 else None

    @staticmethod
    def is_about_itself(frame):
        """pagewire announces itself: that answers nothing."""
        return ARP in frame and frame[ARP].psrc == frame[ARP].pdst


class Family6:
    """The same of IPv6: neighbour discovery stands for ARP, ICMPv6 for ICMP."""

    header_len = 40
    default_mss = 1220
    group = "33:33:ff:"  # solicited-node groups begin so
    min_mtu = 1280
    soft_codes = (0, 1, 2, 3, 4, 5, 6)

    @staticmethod
    def packet(tos=0, **fields):
        return IPv6(tc=tos, **fields)

    @staticmethod
    def tos(frame):
        return frame[IPv6].tc

    @staticmethod
    def tcp_bytes(frame):
        return frame[IPv6].plen

    @staticmethod
    def echo(ident, seq, data=b""):
        return ICMPv6EchoRequest(id=ident, seq=seq, data=data)

    @staticmethod
    def echo_reply(frame):
        if ICMPv6EchoReply not in frame:
            return None
        reply = frame[ICMPv6EchoReply]
        return reply.id, reply.seq, bytes(reply.data)

    @staticmethod
    def too_big(mtu):
        return ICMPv6PacketTooBig(mtu=mtu)

    @staticmethod
    def unreachable(code):
        return ICMPv6DestUnreach(code=code)

    @staticmethod
    def question(mac, src, target):
        group = in6_getnsma(socket.inet_pton(socket.AF_INET6, target))
        return Ether(src=mac, dst=in6_getnsmac(group)) \
            / IPv6(src=src, dst=socket.inet_ntop(socket.AF_INET6, group), hlim=255) \
            / ICMPv6ND_NS(tgt=target) / ICMPv6NDOptSrcLLAddr(lladdr=mac)

    @staticmethod
    def asked_for(frame):
        return frame[ICMPv6ND_NS].tgt if ICMPv6ND_NS in frame else None

    @staticmethod
    def answer(mac, address, to_mac, to):
        return Ether(src=mac, dst=to_mac) / IPv6(src=address, dst=to, hlim=255) \
            / ICMPv6ND_NA(tgt=address, R=0, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=mac)

    @staticmethod
    def told(frame):
        if ICMPv6ND_NA not in frame or ICMPv6NDOptDstLLAddr not in frame:
            return None
        return frame[ICMPv6ND_NA].tgt, frame[ICMPv6NDOptDstLLAddr].lladdr

    @staticmethod
    def is_about_itself(frame):
        """A question from nobody (RFC 4862 section 5.4.2)."""
        return ICMPv6ND_NS in frame and frame[IPv6].src == "::"


class Peer:
    def __init__(self, server, number=9):
        self.server = server
        self.network = ipaddress.ip_interface(server.profile.ip).network
        self.family = Family4 if self.network.version == 4 else Family6
        self.address, self.mac = self.host(number), f"02:00:00:00:00:{number:02x}"
        self.mss = 1500 - self.family.header_len - 20
        self.addresses = {self.address}  # those that it answers for when it is asked
        self.ports = itertools.count(20000)
        self.pings = itertools.count(1)
        with server.namespace.entered():
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            self.sock.bind((server.profile.interface, 0))
        self.sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.server_mac = self.introduce()

    def close(self):
        self.sock.close()

    def host(self, number):
        """An address of pagewire's network."""
        return str(self.network[number])

    # ---- frames ----

    def send(self, frame):
        self.sock.send(bytes(frame))

    def forget(self):
        """Throw away what came meanwhile: a socket that is full takes nothing new."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.sock.recv(1 << 16, socket.MSG_DONTWAIT)

    def introduce(self):
        """
        A question, by which both learn each other's MAC address. Of IPv6 pagewire has
        its address a second after its start.
        """
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            self.forget()
            self.send(self.family.question(self.mac, self.address, self.server.address))
            for frame in self.frames(0.2):
                told = self.family.told(frame)
                if told and told[0] == self.server.address:
                    return told[1]
        raise Failure(f"pagewire does not say within {SECONDS} s what its MAC address is")

    def ether(self, **fields):
        return Ether(**{"src": self.mac, "dst": self.server_mac, **fields})

    def ip(self, ether=None, **fields):
        return self.ether(**(ether or {})) / self.family.packet(
            **{"src": self.address, "dst": self.server.address, **fields})

    def frames(self, seconds):
        """What comes for this host, until the time is over."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.sock], [], [], left)[0]:
                return
            frame = decode(self.sock.recv(65536))
            if frame.dst != self.mac and not frame.dst.startswith(self.family.group):
                continue
            if self.family.is_about_itself(frame):
                continue
            target = self.family.asked_for(frame)
            if target in self.addresses:
                self.send(self.family.answer(self.mac, target, frame.src, self.server.address))
                continue
            yield frame

    def wait_for(self, wanted, what, seconds=SECONDS):
        for frame in self.frames(seconds):
            if wanted(frame):
                return frame
        raise Failure(f"not within {seconds} s: {what}")

    # ---- stimulus and answer ----

    def provoke(self, *stimuli):
        """
        Send frames and return all that comes back at once.

        Instead of sleeping it sends two echo requests, one after the other: by
        the second reply pagewire has been through the stimuli and through a
        turn after them.
        """
        for stimulus in stimuli:
            self.send(stimulus)
        return self.answers_until_ping() + self.answers_until_ping()

    def answers_until_ping(self):
        seq = next(self.pings) & 0xffff
        self.send(self.ip() / self.family.echo(OUR_PING, seq, b"there?"))
        answers = []
        for frame in self.frames(SECONDS):
            ident, answered, _ = self.family.echo_reply(frame) or (None, None, None)
            if ident != OUR_PING:
                answers.append(frame)
            elif answered == seq:
                return answers
        raise Failure(f"pagewire does not answer an echo request; came before: {answers}")

    def silent_on(self, *stimuli):
        answers = self.provoke(*stimuli)
        assert answers == [], [a.summary() for a in answers]

    def answer_to(self, *stimuli):
        """The one frame that must come back."""
        answers = self.provoke(*stimuli)
        assert len(answers) == 1, [a.summary() for a in answers]
        return answers[0]


def flags(frame):
    return str(frame[TCP].flags)


class Conn:
    """One TCP connection of the scripted host; nothing happens by itself."""

    def __init__(self, peer, dport=80, isn=1000, window=65535, mss=None, options=None, src=None):
        self.peer, self.dport, self.window = peer, dport, window
        self.src = src or peer.address
        self.sport = next(peer.ports)
        self.snd_nxt, self.rcv_nxt = isn, 0
        self.options = options if options is not None else [("MSS", peer.mss if mss is None else mss)]
        self.iss = None

    # ---- segments ----

    def segment(self, flags="A", data=b"", ip=None, **fields):
        fields = {"seq": self.snd_nxt, "ack": self.rcv_nxt if "A" in flags else 0,
                  "window": self.window, **fields}
        fields["seq"] &= 0xffffffff
        fields["ack"] &= 0xffffffff
        return self.peer.ip(**{"src": self.src, **(ip or {})}) / TCP(
            sport=self.sport, dport=self.dport, flags=flags, **fields) / data

    def raw_segment(self, flags_, options=b"", dataofs=None, **fields):
        """A segment with these bytes as options, whatever they mean; its checksum is right."""
        options += bytes(-len(options) % 4) if dataofs is None else b""
        frame = self.segment(flags_, options, **fields)
        frame[TCP].dataofs = 5 + len(options) // 4 if dataofs is None else dataofs
        return frame

    def error(self, message, seq, cut=None, sport=None):
        """An ICMP error that quotes a segment which pagewire sent on this connection."""
        family = self.peer.family
        quoted = bytes(family.packet(src=self.peer.server.address, dst=self.src)
                       / TCP(sport=self.dport, dport=sport or self.sport, seq=seq & 0xffffffff,
                             flags="A") / bytes(self.peer.mss))
        return self.peer.ip() / message / Raw(quoted[:family.header_len + 8][:cut])

    def syn(self, **fields):
        return self.segment("S", options=self.options, **fields)

    def advance(self, n):
        self.snd_nxt = (self.snd_nxt + n) & 0xffffffff

    # ---- a well-behaved client ----

    def own(self, frame):
        """The answers to this connection; others may repeat a SYN-ACK meanwhile."""
        port = frame[TCP].sport
        return [a for a in self.peer.provoke(frame) if TCP in a and a[TCP].dport == port]

    def open(self):
        self.half_open()
        assert self.own(self.segment("A")) == []
        return self

    def half_open(self):
        answer, = self.own(self.syn())
        assert flags(answer) == "SA" and answer[TCP].ack == (self.snd_nxt + 1) & 0xffffffff
        self.advance(1)
        self.iss = answer[TCP].seq
        self.rcv_nxt = (self.iss + 1) & 0xffffffff
        self.syn_ack = answer
        return self

    def send(self, data, flags="PA", **fields):
        """Send new data. @return the answers"""
        frame = self.segment(flags, data, **fields)
        self.advance(len(data) + ("F" in flags))
        return self.peer.provoke(frame)

    def take(self, frames):
        """The bytes that arrive in order in these frames, which are for this connection."""
        taken = b""
        for frame in frames:
            assert TCP in frame and frame[TCP].dport == self.sport, frame.summary()
            assert "R" not in flags(frame), "connection reset"
            data = payload(frame)
            if frame[TCP].seq == self.rcv_nxt:
                taken += data
                self.rcv_nxt = (self.rcv_nxt + len(data) + ("F" in flags(frame))) & 0xffffffff
        return taken

    def read(self, size, frames=(), seconds=SECONDS):
        """Acknowledge and read until there are `size` bytes. @return them"""
        have = self.take(frames)
        end = time.monotonic() + seconds
        while len(have) < size:
            if time.monotonic() > end:
                raise Failure(f"{len(have)} of {size} bytes after {seconds} s")
            have += self.take(self.peer.provoke(self.segment("A")))
        self.peer.send(self.segment("A"))
        return have

    def request(self, path="/alphabet.txt"):
        return f"GET {path} HTTP/1.1\r\nHost: pagewire\r\n\r\n".encode()

    def get(self, path="/alphabet.txt"):
        """A whole response. @return (head, body)"""
        have = self.take(self.send(self.request(path)))
        while b"\r\n\r\n" not in have:
            have += self.read(1)
        head, body = have.split(b"\r\n\r\n", 1)
        want = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        if len(body) < want:
            body += self.read(want - len(body))
        return head, body

    def is_alive(self):
        head, body = self.get("/alphabet.txt")
        return head.startswith(b"HTTP/1.1 200 ") and body == b"abcdefghijklmnopqrstuvwxyz"

    def is_gone(self):
        """Nobody knows the connection: an ACK is answered by RST (RFC 9293 3.10.7.1)."""
        answers = self.peer.provoke(self.segment("A"))
        return len(answers) == 1 and flags(answers[0]) == "R"

    def reset(self):
        """At the sequence number that is expected, also when only the SYN was sent."""
        self.peer.send(self.segment("R"))
        if self.iss is None:
            self.peer.send(self.segment("R", seq=self.snd_nxt + 1))


def payload(frame):
    """TCP payload: padding is left out."""
    family = Family6 if IPv6 in frame else Family4
    size = family.tcp_bytes(frame) - frame[TCP].dataofs * 4
    return bytes(frame[TCP].payload)[:size] if size > 0 else b""
