# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Do concurrent downloads share a link fairly? 100,000 of them (1,000 when quick), each
of a file of 256 KiB again and again, virtio-user to vhost. The link is the device: its
rate is what the client's core copies out of it, and its queue the device's ring,
which loses nothing, so that nothing but the server decides who sends next. Jain's
index of the bytes that each has received by the end; 1 is equal. (Sharing by loss,
a few flows on a link with a rate: see `compare`.)
"""
import contextlib
import tempfile

import bench
import pair
from bench import Samples

import testsite

FILE_BYTES = 256 << 10
SERVER = ["--timeout-idle", 600, "--drain", 1]


def main():
    options = bench.arguments(__doc__)
    results = bench.Results("fairness", options.ipv6)
    net = pair.Net(options.ipv6)
    cases = {1000: 1} if options.quick else {1000: 5, 100_000: 10}
    print(f"bench fairness: {options.runs} runs of each", flush=True)
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="pwbench-root."))
        testsite.Site(root).add("file", testsite.content("file", FILE_BYTES))
        socket = stack.enter_context(pair.Socket(results, net))

        def share(n):
            return lambda: socket.served(root, [
                "--url", net.url("file"), "--connections", n, *net.sources(n), "--duration",
                cases[n], "--timeout", 60], [*SERVER, "--max-connections", n + 1000])

        lists = bench.take_turns(options.runs, *map(share, cases))
    for n, runs in zip(cases, lists):
        results.add(f"jain-{n}", "index", Samples(run["jain"] for run in runs))
    results.finish()


if __name__ == "__main__":
    main()
