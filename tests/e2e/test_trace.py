# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""What happened to a connection: told while it lives, kept when it was in trouble, drawn."""
import json
import socket
import struct
import subprocess
import time
import xml.etree.ElementTree

import pytest

import harness
from harness import BadLink, fetch, wait_until

CTL = harness.PAGEWIRE.parent / "pagewire-ctl"
OPTIONS = ("--drain", 1)


def run_ctl(server, *words):
    return subprocess.run([CTL, "--file-prefix", server.prefix, *map(str, words)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30,
                          check=False)


def ask(server, *words):
    done = run_ctl(server, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows_of(trace, event):
    return [row for row in trace["timeline"] if row["event"] == event]


def kept(server, trouble):
    """The traces that were kept for that reason, latest first."""
    return [row for row in ask(server, "show", "traces")["traces"] if trouble in row["trouble"]]


def check_order(trace):
    times = [row["ms"] for row in trace["timeline"]]
    assert times == sorted(times)


def test_a_request_with_its_segments(site, family):
    """curl holds the connection while its trace is read: request, segments, the end."""
    with harness.serving("tap", site.root, OPTIONS, family=family) as server:
        with server.namespace.connect(server.address) as sock:
            port = sock.getsockname()[1]
            with harness.Http(sock) as http:
                for path in ("/middle.bin", "/size/1448"):
                    http.send(harness.request_bytes(path))
                    assert http.response().sha256 == site.files[path[1:]]
                one = ask(server, "show", "tcp", "connections", "port", port)["connections"][0]
                wait_until("all is acknowledged", lambda: len(rows_of(
                    ask(server, "trace", "connection", one["id"]), "done")) > 0)
                trace = ask(server, "trace", "connection", one["id"])
                text = run_ctl(server, "trace", "connection", one["id"]).stdout
        assert trace["connection"] == one["id"] and trace["trouble"] == ""
        check_order(trace)
        says = [row["says"] for row in rows_of(trace, "request")]
        assert says[-1] == "GET /size/1448: 200 OK"
        assert "GET /size/1448: 200 OK" in text and "timeline" in text
        done = rows_of(trace, "done")[-1]
        assert "acknowledged after" in done["says"]
        assert rows_of(trace, "out") and rows_of(trace, "ack")
        assert max(row["offset"] + row["bytes"] for row in rows_of(trace, "out")) == \
            trace["sent_bytes"]
        assert not kept(server, "reset")


def test_a_loss_is_kept_and_drawn(site, seed, tmp_path):
    with harness.serving("tap", site.root, (*OPTIONS, "--trace-events", 1024)) as server, \
            BadLink(server, ["--both", "loss=1,delay=5ms"], seed) as link:
        got = fetch(server, "/size/2097153", namespace=link.client, timeout=60)
        assert got.sha256 == site.files["size/2097153"]
        found = kept(server, "fast-recovery") + kept(server, "rto")
        assert found, ask(server, "show", "traces")
        trace = ask(server, "trace", "kept", found[0]["id"])
        check_order(trace)
        assert rows_of(trace, "again") and trace["rtx_segs"] > 0
        assert rows_of(trace, "recovered") or rows_of(trace, "undone")
        assert trace["timeline"][0]["event"] == "open"
        assert "GET /size/2097153: 200 OK" in rows_of(trace, "request")[0]["says"]
        plot = tmp_path / "trace.svg"
        done = run_ctl(server, "trace", "kept", found[0]["id"], "--plot", plot)
        assert done.returncode == 0 and done.stdout == "", done.stderr
        drawn = xml.etree.ElementTree.parse(plot).getroot()
        assert drawn.tag.endswith("svg")
        assert "GET /size/2097153" in plot.read_text()


@pytest.mark.parametrize("how", ["reset", "silence"])
def test_a_bad_end_is_kept(site, how):
    """A client that resets in the middle, and one that reads no more."""
    options = (*OPTIONS, "--timeout-send", 1)
    with harness.serving("tap", site.root, options) as server:
        sock = server.namespace.connect(server.address, receive_buffer=4096)
        sock.sendall(harness.request_bytes("/middle.bin"))
        sock.recv(1000)
        port = sock.getsockname()[1]
        if how == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        else:
            time.sleep(1.5)
        trouble = "reset" if how == "reset" else "aborted"
        wait_until("the trace is kept", lambda: kept(server, trouble))
        row = kept(server, trouble)[0]
        assert row["peer"].endswith(f":{port}")
        trace = ask(server, "trace", "kept", row["id"])
        end = trace["timeline"][-1]
        assert end["event"] == "end"
        assert ("by the peer" if how == "reset" else "by us") in end["says"]
        # By its place it is found as well, as long as nobody else has that.
        assert ask(server, "trace", "connection", row["connection"])["kept_as"] == row["id"]
        sock.close()


def test_refusals(site, tmp_path):
    with harness.serving("tap", site.root, (*OPTIONS, "--trace", 0)) as server:
        for words, says in (
                (("trace",), "a word is missing"),
                (("trace", "connection"), "is no connection"),
                (("trace", "connection", "0.77"), "no trace of one was kept"),
                (("trace", "kept", "0.1"), "'show traces' lists them"),
                (("show", "neigh", "--plot", tmp_path / "x.svg"), "draws nothing"),
                (("trace", "kept", "0.1", "--plot"), "--plot lacks its value")):
            done = run_ctl(server, *words)
            assert done.returncode != 0
            assert says in done.stderr, (words, done.stderr)
        assert not (tmp_path / "x.svg").exists()
        with server.namespace.connect(server.address) as sock:
            port = sock.getsockname()[1]
            one = ask(server, "show", "tcp", "connections", "port", port)["connections"][0]
            done = run_ctl(server, "trace", "connection", one["id"])
            assert done.returncode == 1 and "is not traced" in done.stderr
