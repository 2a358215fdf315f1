# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""Files come whole over a link that loses, reorders, doubles and damages frames."""
import concurrent.futures
import time

import pytest

import harness
from harness import BadLink, fetch

# What the link does, and a file that takes a second or two there.
LINKS = {
    "loses_1_percent_and_reorders": ("middle.bin", ["--both", "loss=1,reorder=1:1ms"]),
    "loses_1_percent_with_20_ms": ("size/2097153", ["--both", "loss=1,delay=10ms"]),
    "loses_acknowledgements": ("middle.bin", ["--ab", "loss=20"]),
    "loses_in_bursts": ("middle.bin", ["--both", "burst=0.2:50"]),
    "damages_and_doubles": ("middle.bin", ["--both", "corrupt=0.5,dup=1"]),
    "reorders_much": ("middle.bin", ["--both", "reorder=20:300us"]),
    "has_a_short_queue": ("middle.bin", ["--both", "rate=200M:64K,delay=2ms"]),
}

# When the link is taken away a client's last words may be lost: do not wait for them.
OPTIONS = ("--drain", 1)


@pytest.mark.parametrize("name", LINKS)
def test_link(site, seed, family, name):
    path, rules = LINKS[name]
    with harness.serving("tap", site.root, OPTIONS, family=family) as server:
        with BadLink(server, rules, seed) as link:
            begin = time.monotonic()
            got = fetch(server, f"/{path}", namespace=link.client, timeout=60)
            print(f"{len(got.body) >> 20} MiB in {time.monotonic() - begin:.2f} s")
            assert got.sha256 == site.files[path]
            done = link.close()
        statement = server.stop()
    lost = done["b->a"]["lost"] + done["b->a"]["burst_lost"] + done["b->a"]["queue_full"]
    if lost > 5:
        assert statement["rtx_segs"] > 0, "what was lost was sent again"


def test_many_downloads_share_a_lossy_link(site, seed, family):
    with harness.serving("tap", site.root, OPTIONS, family=family) as server, \
            BadLink(server, ["--both", "loss=1,reorder=1:1ms,delay=1ms"], seed) as link:
        def one(size):
            return size, fetch(server, f"/size/{size}", namespace=link.client, timeout=60)

        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            for size, got in pool.map(one, [2097151, 65536, 1448, 1] * 10):
                assert got.sha256 == site.files[f"size/{size}"]
