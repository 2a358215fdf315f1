# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
lib/tcp by itself, in process and without a device: cycles of the time stamp
counter for each thing it does, and instructions where valgrind is there.
"""
import bench
from bench import Samples

import inprocess

PROGRAM = inprocess.PROGRAMS / "tcp-bench"
TARGET = 150  # cycles: a data segment and its share of an ACK

# The program's cases, and the figures of each in the words of the table.
CASES = {
    "bulk-46": {"send-46": "data segment sent, 46 a turn",
                "ack-46": "ACK of two segments, 23 a turn"},
    "bulk-10": {"send-10": "data segment sent, 10 a turn",
                "ack-10": "ACK of two segments, 5 a turn"},
    "bulk-paced": {"send-paced": "data segment sent, paced",
                   "ack-paced": "ACK of two segments, paced"},
    "bulk-gso": {"send-gso": "data segment sent, many in one",
                 "ack-gso": "ACK of two segments, 23 a turn"},
    "bulk-cubic": {"send-cubic": "data segment sent, limited by cwnd",
                   "ack-cubic": "ACK of two segments, CUBIC growing"},
    "receive": {"receive": "data segment received, one by one",
                "receive-train": "data segment received, 32 in a train"},
    "sack-1": {"sack-1": "ACK with 3 SACK blocks, 1 hole"},
    "sack-30": {"sack-30": "ACK with 3 SACK blocks, 30 holes",
                "sack-30-new": "the same, each makes a hole, up to 30"},
    "sack-200": {"sack-200": "ACK with 3 SACK blocks, 200 holes",
                 "sack-200-new": "the same, each makes a hole, up to 200"},
    "retransmit": {"retransmit": "segment sent again, 1 a connection"},
    "timers": {"timer-set": "timer set", "timer-expire": "timer expired"},
    "connections": {"connection": "connection: SYN to TIME-WAIT, one request"},
    "lookup-1": {"lookup-1": "connection found, of 1",
                 "ack-of-1": "ACK to one of 1", "ack-ahead-1": "ACK to one of 1, 64 fetched ahead"},
    "lookup-10000": {"lookup-10000": "connection found, of 10,000",
                     "ack-of-10000": "ACK to one of 10,000",
                     "ack-ahead-10000": "ACK to one of 10,000, 64 fetched ahead"},
    "lookup-1000000": {"lookup-1000000": "connection found, of 1,000,000",
                       "ack-of-1000000": "ACK to one of 1,000,000",
                       "ack-ahead-1000000": "ACK to one of 1,000,000, 64 fetched ahead"},
}

# Of which figures instructions are counted, and inside which functions.
COUNTED = (
    ("bulk-46", "send-46", ["pw_tcp_run"]),
    ("bulk-46", "ack-46", ["pw_tcp_input"]),
    ("bulk-gso", "send-gso", ["pw_tcp_run"]),
    ("bulk-paced", "send-paced", ["pw_tcp_run"]),
    ("bulk-paced", "ack-paced", ["pw_tcp_input"]),
    ("receive", "receive", ["pw_tcp_input"]),
    ("receive", "receive-train", ["pw_tcp_input_train"]),
    ("sack-1", "sack-1", ["pw_tcp_input"]),
    ("sack-30", "sack-30", ["pw_tcp_input"]),
    ("sack-200", "sack-200", ["pw_tcp_input"]),
    ("connections", "connection", ["pw_tcp_input", "pw_tcp_run"]),
    ("lookup-1", "lookup-1", ["pw_tcp_icmp_error"]),
)


def add_cycles(results, samples):
    for names in CASES.values():
        for name, words in names.items():
            results.add(words, "cycles", samples[name])
    for kind, words, target in (("gso", "many in one: the bulk path of workers", TARGET),
                                ("46", "46 a turn, one by one", None),
                                ("cubic", "one by one, limited by cwnd", None)):
        both = inprocess.Undisturbed(send + ack / 2 for send, ack in
                       zip(samples[f"send-{kind}"].values, samples[f"ack-{kind}"].values))
        results.add(f"data segment and half an ACK, {words}", "cycles", both, target=target,
                    better="lower")


def command(case, ipv6, *options):
    return [PROGRAM, *options, *(["--ipv6"] if ipv6 else []), case]


def counted(case, ipv6, inside):
    """@return {name of a figure: instructions of an operation}"""
    return inprocess.callgrind(command(case, ipv6, "--batches", inprocess.BATCHES), inside)[0]


def add_instructions(results, ipv6):
    for case, name, inside in COUNTED:
        count = counted(case, ipv6, inside)[name]
        results.add(CASES[case][name], "instructions", Samples([round(count, 1)]))


def main():
    options = bench.arguments(__doc__)
    results = bench.Results("tcp", options.ipv6)
    results.command([PROGRAM, *CASES])
    print(f"bench tcp: {options.runs} runs of each", flush=True)
    add_cycles(results, inprocess.sample(options.runs, [command(case, options.ipv6)
                                                         for case in CASES]))
    if inprocess.has_callgrind() and not options.quick:
        add_instructions(results, options.ipv6)
    results.print_table()
    print("cycles of the time stamp counter, of the least disturbed run")
    results.write()
    print(f"rows in {bench.OUT / 'results.json'}")


if __name__ == "__main__":
    main()
