# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""A DHCP server by hand, which can say anything, and the ARP of a host that claims addresses."""
import collections
import contextlib
import socket
import struct
import time

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK = range(1, 7)
MASK, ROUTER, REQUESTED, LEASE, OVERLOAD, TYPE, SERVER, T1, T2, END = 1, 3, 50, 51, 52, 53, 54, 58, 59, 255
MAGIC = 0x63825363
MAC = b"\x02\x00\x00\x00\x00\x66"
PACKET_IGNORE_OUTGOING, SOL_PACKET = 23, 263
FIXED = struct.Struct(">BBBBIHH4s4s4s4s6s10s64s128sI")

Message = collections.namedtuple("Message", "type xid mac ciaddr requested server")


def option(code, value):
    return bytes([code, len(value)]) + value


def address(code, text):
    return option(code, socket.inet_aton(text))


def seconds(code, n):
    return option(code, struct.pack(">I", n))


def _sum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _read(frame):
    """The client's message in a frame, or None."""
    if len(frame) < 14 + 28 + FIXED.size or frame[23] != 17 or frame[36:38] != b"\x00\x43":
        return None
    _, _, _, _, xid, _, _, ciaddr, _, _, _, mac, *_ = FIXED.unpack_from(frame, 42)
    options, at = {}, 42 + FIXED.size
    while at < len(frame) and frame[at] != END:
        options[frame[at]] = frame[at + 2:at + 2 + frame[at + 1]]
        at += 2 + frame[at + 1]
    return Message(options[TYPE][0], xid, mac, socket.inet_ntoa(ciaddr),
                   *(socket.inet_ntoa(options[c]) if c in options else None
                     for c in (REQUESTED, SERVER)))


class DhcpServer:
    """On an interface of a namespace; beside it the kernel lives on."""

    def __init__(self, namespace, interface, ours="10.77.0.2"):
        self.ours = ours
        with namespace.entered():
            self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.raw.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.raw.bind((interface, 0))

    def close(self):
        self.raw.close()

    def frames(self, wait):
        """What arrives, for so many seconds."""
        end = time.monotonic() + wait
        while (left := end - time.monotonic()) > 0:
            self.raw.settimeout(left)
            with contextlib.suppress(TimeoutError):
                yield self.raw.recv(2000)

    def hear(self, wait):
        """The client's next message; None: it is silent for so many seconds."""
        for frame in self.frames(wait):
            if frame[12:14] == b"\x08\x00" and (message := _read(frame)):
                return message
        return None

    def expect(self, kind, wait=30):
        message = self.hear(wait)
        assert message and message.type == kind, f"{message} is not of type {kind}"
        return message

    def hear_probe(self, target, wait=10):
        """Somebody asks from 0.0.0.0 who has `target`. @return his MAC address"""
        for frame in self.frames(wait):
            if frame[12:14] == b"\x08\x06" and frame[28:32] == bytes(4) \
                    and frame[38:42] == socket.inet_aton(target):
                return frame[6:12]
        raise AssertionError(f"{target} is not probed for")

    def say(self, kind, to, yours, *options, server=None, xid=None, mac=None, op=2, file=b"", cut=0):
        """A message to the client that has sent `to`; the options come behind type and server."""
        fixed = FIXED.pack(op, 1, 6, 0, to.xid if xid is None else xid, 0, 0, bytes(4),
                           socket.inet_aton(yours), bytes(4), bytes(4), mac or to.mac, b"", b"", file,
                           MAGIC)
        body = fixed + option(TYPE, bytes([kind])) + address(SERVER, server or self.ours) + \
            b"".join(options) + bytes([END])
        body = body[:len(body) - cut]
        udp = struct.pack(">HHHH", 67, 68, 8 + len(body), 0)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(body), 0, 0, 64, 17, 0,
                         socket.inet_aton(self.ours), b"\xff" * 4)
        ip = ip[:10] + struct.pack(">H", _sum(ip)) + ip[12:]
        self.raw.send(b"\xff" * 6 + MAC + b"\x08\x00" + ip + udp + body)

    def lease(self, kind, to, yours, time_s=3600, more=(), **fields):
        """What a server says that means well."""
        self.say(kind, to, yours, address(MASK, "255.255.255.0"), address(ROUTER, "10.77.0.2"),
                 seconds(LEASE, time_s), *more, **fields)

    def claim(self, whose):
        """A gratuitous reply: it is ours, says another host."""
        self.raw.send(arp(2, MAC, whose, whose))


def arp(op, mac, sender, target):
    """A whole frame, to all."""
    return (b"\xff" * 6 + mac + b"\x08\x06" + b"\x00\x01\x08\x00\x06\x04" + op.to_bytes(2, "big")
            + mac + socket.inet_aton(sender) + bytes(6) + socket.inet_aton(target))
