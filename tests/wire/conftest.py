# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
Wire tests: a scripted host on the TAP. After each test a healthy client must
still get its file; after each module pagewire must end well, and have counted
every drop under the name that a test expected.
"""
import collections

import pytest

import harness
from peer import Conn, Peer


@pytest.fixture(scope="module")
def drops(family):
    """Drop reasons by name, and how often tests have made them happen."""
    return collections.Counter()


@pytest.fixture(scope="module")
def server(site, drops, family):
    harness.need_profile("tap")
    # Some tests leave half of a connection behind: draining need not wait for it. And what a
    # test makes of the path to us is no business of the next one.
    options = ("--drain", 1, "--tcp-metrics", 0)
    with harness.serving("tap", site.root, options, family=family) as running:
        yield running
        statement = running.stop()
    for name, count in drops.items():
        assert statement[name] >= count, f"drops counted as {name}"


@pytest.fixture(scope="module")
def module_peer(server):
    peer = Peer(server)
    yield peer
    peer.close()


@pytest.fixture
def peer(module_peer, server, site):
    module_peer.introduce()
    yield module_peer
    assert harness.fetch(server, "/size/1449").sha256 == site.files["size/1449"], \
        "a healthy client still gets its file"


@pytest.fixture
def connect(peer):
    """Make scripted connections; what is left of them is reset after the test."""
    made = []

    def make(**kw):
        made.append(Conn(peer, **kw))
        return made[-1]

    yield make
    for conn in made:
        conn.reset()
