# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
A host made of a script: it lives on pagewire's TAP beside the kernel, under
addresses that the kernel does not own, and sends whatever a test wants.
"""
import contextlib
import itertools
import select
import socket
import time

from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.l2 import ARP, Ether

from harness import Failure

BROADCAST = "ff:ff:ff:ff:ff:ff"
ETH_P_ALL = 3
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
SECONDS = 5.0  # the longest that an answer which must come may take


def decode(data):
    return Ether(data)


class Peer:
    def __init__(self, server, address="10.77.0.9", mac="02:00:00:00:00:09"):
        self.server, self.address, self.mac = server, address, mac
        self.addresses = {address}  # those that it answers ARP for
        self.ports = itertools.count(20000)
        self.pings = itertools.count(1)
        with server.namespace.entered():
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            self.sock.bind((server.profile.interface, 0))
        self.sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.server_mac = BROADCAST
        self.server_mac = self.introduce()

    def close(self):
        self.sock.close()

    # ---- frames ----

    def send(self, frame):
        self.sock.send(bytes(frame))

    def forget(self):
        """Throw away what came meanwhile: a socket that is full takes nothing new."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.sock.recv(1 << 16, socket.MSG_DONTWAIT)

    def introduce(self):
        """An ARP request, by which both learn each other's MAC address."""
        self.forget()
        self.send(self.ether(dst=BROADCAST) / ARP(op="who-has", hwsrc=self.mac, psrc=self.address,
                                                  pdst=self.server.address))
        answer = self.wait_for(lambda f: ARP in f and f[ARP].op == 2, "an ARP reply")
        return answer[ARP].hwsrc

    def ether(self, **fields):
        return Ether(**{"src": self.mac, "dst": self.server_mac, **fields})

    def ip(self, ether=None, **fields):
        return self.ether(**(ether or {})) / IP(
            **{"src": self.address, "dst": self.server.address, **fields})

    def frames(self, seconds):
        """What comes for this host, until the time is over."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.sock], [], [], left)[0]:
                return
            frame = decode(self.sock.recv(65536))
            if frame.dst not in (self.mac, BROADCAST):
                continue
            if ARP in frame and frame[ARP].psrc == frame[ARP].pdst:
                continue  # pagewire announces itself: it answers nothing
            if ARP in frame and frame[ARP].op == 1 and frame[ARP].pdst in self.addresses:
                self.send(self.ether() / ARP(op="is-at", hwsrc=self.mac, psrc=frame[ARP].pdst,
                                             hwdst=frame.src, pdst=frame[ARP].psrc))
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
        seq = next(self.pings)
        self.send(self.ip() / ICMP(type="echo-request", id=0x7777, seq=seq & 0xffff) / b"there?")
        answers = []
        for frame in self.frames(SECONDS):
            if ICMP in frame and frame[ICMP].type == 0 and frame[ICMP].id == 0x7777:
                if frame[ICMP].seq == seq & 0xffff:
                    return answers
                continue
            answers.append(frame)
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

    def __init__(self, peer, dport=80, isn=1000, window=65535, mss=1460, options=None, src=None):
        self.peer, self.dport, self.window = peer, dport, window
        self.src = src or peer.address
        self.sport = next(peer.ports)
        self.snd_nxt, self.rcv_nxt = isn, 0
        self.options = options if options is not None else [("MSS", mss)]
        self.iss = None

    # ---- segments ----

    def segment(self, flags="A", data=b"", ip=None, **fields):
        fields = {"seq": self.snd_nxt, "ack": self.rcv_nxt if "A" in flags else 0,
                  "window": self.window, **fields}
        fields["seq"] &= 0xffffffff
        fields["ack"] &= 0xffffffff
        return self.peer.ip(**{"src": self.src, **(ip or {})}) / TCP(sport=self.sport, dport=self.dport, flags=flags,
                                                **fields) / data

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
    """TCP payload, by the lengths in the headers: padding is left out."""
    ip, tcp = frame[IP], frame[TCP]
    size = ip.len - ip.ihl * 4 - tcp.dataofs * 4
    return bytes(tcp.payload)[:size] if size > 0 else b""
