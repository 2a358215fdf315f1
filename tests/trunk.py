# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
A switch with a trunk, for kernels without 802.1Q: frames of a VLAN go to and come from an
interface of their own, without the tag.

    pagewire === pw0 - Trunk - t100 === v100 (10.78.0.2)
                             - t200 === v200 (10.79.0.2)
                             - t0   === v0, for frames without a tag
"""
import contextlib
import os
import select
import socket
import struct
import threading

import harness

ETH_P_ALL = 3
SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23
TP_STATUS_VLAN_VALID = 0x10
AUXDATA = struct.Struct("=IIIHHHH")
FRAME_MAX = 1 << 16
BURST = 64


def _open(interface):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind((interface, 0))
    return sock


def _receive(sock):
    """@return (VLAN or 0, frame without a tag): the kernel takes tags off, or leaves them in"""
    frame, extra, _, _ = sock.recvmsg(FRAME_MAX, 256, socket.MSG_DONTWAIT)
    for level, kind, data in extra:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, *_, tci, _ = AUXDATA.unpack(data[:AUXDATA.size])
            if status & TP_STATUS_VLAN_VALID:
                return tci & 0xfff, frame
    if frame[12:14] == b"\x81\x00":
        return int.from_bytes(frame[14:16], "big") & 0xfff, frame[:12] + frame[16:]
    return 0, frame


class Trunk:
    """`vlans`: addresses of the kernel by VLAN, such as {0: "10.77.0.2/24", 100: ...}."""

    def __init__(self, server, vlans):
        self.namespace, self.trunk_name = server.namespace, server.profile.interface
        self.vlans = vlans
        self.stop_fd = None

    def __enter__(self):
        run = self.namespace.run
        self.namespace.take_addresses(self.trunk_name)
        for vlan, address in self.vlans.items():
            ours, theirs = f"t{vlan}", f"v{vlan}"
            run("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs)
            self.namespace.run_all(harness.commands_for_address(theirs, address))
            for name in (ours, theirs):
                run("ethtool", "-K", name, "tx", "off", "tso", "off", "gso", "off", "gro", "off")
                run("ip", "link", "set", name, "up")
            run("ip", "link", "set", ours, "arp", "off")
        with self.namespace.entered():
            self.trunk = _open(self.trunk_name)
            self.access = {vlan: _open(f"t{vlan}") for vlan in self.vlans}
        self.stop_fd = os.pipe()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        os.write(self.stop_fd[1], b"x")
        self.thread.join()
        for sock in (self.trunk, *self.access.values()):
            sock.close()
        for fd in self.stop_fd:
            os.close(fd)

    def _to_access(self):
        vlan, frame = _receive(self.trunk)
        if vlan in self.access:
            self.access[vlan].send(frame)

    def _to_trunk(self, vlan):
        _, frame = _receive(self.access[vlan])
        if vlan:
            frame = frame[:12] + b"\x81\x00" + vlan.to_bytes(2, "big") + frame[12:]
        self.trunk.send(frame)

    def _run(self):
        moves = {self.trunk: self._to_access}
        for vlan, sock in self.access.items():
            moves[sock] = lambda v=vlan: self._to_trunk(v)
        while True:
            ready, _, _ = select.select([self.stop_fd[0], *moves], [], [])
            if self.stop_fd[0] in ready:
                return
            for sock in ready:
                with contextlib.suppress(BlockingIOError, OSError):
                    for _ in range(BURST):
                        moves[sock]()
