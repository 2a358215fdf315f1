# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""Files come whole over a link that loses, reorders, doubles and damages frames."""
import concurrent.futures
import time

import pytest

import harness
from harness import BadLink, fetch

RULES = {
    "loses_1_percent_and_reorders": ["--both", "loss=1,reorder=1:1ms"],
    "loses_1_percent_with_20_ms": ["--both", "loss=1,delay=10ms"],
    "loses_acknowledgements": ["--ab", "loss=20"],
    "loses_in_bursts": ["--both", "burst=0.2:30"],
    "damages_and_doubles": ["--both", "corrupt=0.5,dup=1"],
    "reorders_much": ["--both", "reorder=20:300us"],
    "has_a_short_queue": ["--both", "rate=200M:64K,delay=2ms"],
}


@pytest.mark.parametrize("name", RULES)
def test_link(site, seed, name):
    with harness.serving("tap", site.root) as server:
        with BadLink(server, RULES[name], seed) as link:
            begin = time.monotonic()
            got = fetch(server, "/middle.bin", namespace=link.client)
            print(f"20 MiB in {time.monotonic() - begin:.2f} s")
            assert got.sha256 == site.files["middle.bin"]
            done = link.close()
        statement = server.stop()
    lost = done["b->a"]["lost"] + done["b->a"]["burst_lost"] + done["b->a"]["queue_full"]
    if lost > 5:
        assert statement["rtx_segs"] > 0, "what was lost was sent again"


def test_many_downloads_share_a_lossy_link(site, seed):
    with harness.serving("tap", site.root) as server, \
            BadLink(server, ["--both", "loss=1,reorder=1:1ms,delay=1ms"], seed) as link:
        def one(size):
            return size, fetch(server, f"/size/{size}", namespace=link.client)

        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            for size, got in pool.map(one, [2097151, 65536, 1448, 1] * 10):
                assert got.sha256 == site.files[f"size/{size}"]
