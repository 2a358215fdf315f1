# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""
--prove: files are served from memory that pagewire cannot read, every kind of
response; a byte that is read all the same is named; devices that must read are refused.
"""
import contextlib
import json
import os
import pathlib
import re
import subprocess
import tempfile

import pytest

import harness
from harness import Namespace, Pagewire, Profile, wait_until
from test_load import Load, check_bodies, urls

TOUCH = pathlib.Path(os.environ.get("PW_TOUCH", harness.LINKFILTER.parent / "touch.so"))
CTL = harness.PAGEWIRE.parent / "pagewire-ctl"
PATHS = ("size/1", "size/1449", "size/65536", "size/2097153")


@contextlib.contextmanager
def pair(site, options, environment=None, queues=1):
    """pagewire --prove on virtio-user and pagewire-load, its peer: a worker each for a queue."""
    harness.need_profile("virtio-user")
    with contextlib.ExitStack() as stack:
        tmp = stack.enter_context(tempfile.TemporaryDirectory(prefix="pwt."))
        namespace = stack.enter_context(Namespace("prove"))
        profile = Profile("virtio-user", "pw0", tmp)
        profile.after = []  # there is no kernel at the other end
        profile.set_queues(queues)
        lcores = {"lcores": harness.TWO_LCORES} if queues == 2 else {}
        server = Pagewire(namespace, profile, site.root, ["--prove"], **lcores)
        stack.callback(server.discard)
        load = stack.enter_context(
            Load(namespace, ["--no-pci", *profile.bridge], profile.peer_ip, options, **lcores))
        wait_until("the socket is there", lambda: os.path.exists(f"{tmp}/vhost.sock"), 20)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (environment or {}).items():
                patch.setenv(name, value)
            server.start()
        yield server, load


def test_every_byte_is_right_and_none_is_read(site):
    with pair(site, [*urls("10.77.0.1", PATHS), "--verify", "--connections", 8,
                     "--duration", 2]) as (server, load):
        figures = load.wait()
        said = server.stop()
    assert figures["failures"] == 0 and figures["responses"] > len(PATHS)
    check_bodies(figures, site)
    assert "pages are unreadable from here on" in said.err
    for kind in ("copied by pagewire", "read for checksums", "copied by the driver"):
        assert said.ledger[f"file bytes {kind}"] == 0


def test_two_workers_read_nothing(site):
    with pair(site, [*urls("10.77.0.1", PATHS), "--verify", "--connections", 16,
                     "--duration", 2], queues=2) as (server, load):
        figures = load.wait()
        said = server.stop()
    assert figures["failures"] == 0 and figures["responses"] > len(PATHS)
    check_bodies(figures, site)
    workers = said.workers()
    assert len(workers) == 2 and all(worker["responses"] > 0 for worker in workers), workers
    assert said.ledger["file bytes copied by pagewire"] == 0


def test_a_byte_that_another_worker_reads_is_named(site):
    """The fault is caught on whichever thread it is."""
    with pair(site, [*urls("10.77.0.1", ["size/2097153"]), "--connections", 16, "--duration", 3,
                     "--timeout", 1],
              {"LD_PRELOAD": str(TOUCH), "TOUCH": "3", "TOUCH_QUEUE": "1"}, 2) as (server, load):
        said = server.wait()
        load.wait(1)
    assert said.status == 3, said.err
    assert "--prove: VIOLATED: a payload byte was touched" in said.err
    assert "touch.so" in said.err.split("--prove: by\n")[1]


def test_rings_of_virtio_by_every_address(site):
    """Descriptor rings lie in memory of the EAL's there: show memory has them."""
    with pair(site, [*urls("10.77.0.1", PATHS), "--connections", 2, "--duration", 3]) \
            as (server, load):
        done = subprocess.run([CTL, "--file-prefix", server.prefix, "show", "memory", "--json"],
                              stdout=subprocess.PIPE, text=True, timeout=30, check=True)
        load.wait()
        server.stop()
    shown = json.loads(done.stdout)
    assert shown["iova_mode"] == "virtual"
    rings = [place for place in shown["places"] if place["what"].startswith("descriptor ring ")]
    assert len(rings) >= 2, shown["places"]
    for place in shown["places"]:
        assert place["virtual"] == place["iova"], place
    assert {place["page_bytes"] for place in rings} == {2 << 20}


@pytest.mark.parametrize("nth", [0, 7])
def test_a_byte_that_is_read_is_named(site, nth):
    """The first window of a large file begins in its response head, others lie in its body."""
    with pair(site, [*urls("10.77.0.1", ["size/2097153"]), "--connections", 1, "--duration", 1,
                     "--timeout", 1],
              {"LD_PRELOAD": str(TOUCH), "TOUCH": str(nth)}) as (server, load):
        said = server.wait()
        load.wait(1)
    assert said.status == 3, said.err
    told = re.search(r"--prove: VIOLATED: a payload byte was touched at address 0x([0-9a-f]+), "
                     r"byte (\d+) of (.*)\n", said.err)
    assert told, said.err
    size = (site.root / "size/2097153").stat().st_size
    if nth == 0:
        assert told[2] == "0"
        assert told[3] == "the response head in front of the file 'size/2097153'"
    else:
        assert 1000 < int(told[2]) < size
        assert told[3] == "the file 'size/2097153'"
    assert "touch.so" in said.err.split("--prove: by\n")[1], "the backtrace names the culprit"


KINDS = r"""
pw_tmp
PW_IF=pwprove
pw_profile virtio-user
pw_netns "pwt-prove-$$"
pw_start "$ROOT" --prove --autoindex --idle sleep
url=http://${PROFILE_IP%/*}
get() { pw_in curl -sS --max-time 20 "$@"; }
get $url/size/2097153 | cmp - "$ROOT/size/2097153"
get -r 100-200,5000-90000 $url/size/2097153 >/dev/null
get -r 77777-99999 $url/size/2097153 | cmp - <(tail -c +77778 "$ROOT/size/2097153" | head -c 22223)
get -I $url/size/2097153
tag=$(get -I $url/size/2097153 | tr -d '\r' | sed -n 's/^ETag: //Ip')
[ "$(get -o /dev/null -w '%{http_code}' -H "If-None-Match: $tag" $url/size/2097153)" = 304 ]
[ "$(get -o /dev/null -w '%{http_code}' $url/nothing)" = 404 ]
[ "$(get -o /dev/null -w '%{http_code}' -X POST -d x $url/size/2097153)" = 405 ]
get $url/ >/dev/null
get $url/docs >/dev/null
get --compressed $url/docs/ >/dev/null
pw_stop
cat "$PW_TMP/pagewire.out" "$PW_TMP/pagewire.err"
"""


def test_every_kind_of_response(site):
    """By curl, through testpmd and a TAP: ranges, HEAD, 304, errors, listings, redirects."""
    harness.need_profile("virtio-user")
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", f". {harness.LIB_SH}\n{KINDS}"],
                          env={**os.environ, "PW_BIN": str(harness.PAGEWIRE),
                               "ROOT": str(site.root)},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "all packets, buffers and pages are back" in done.stdout
    assert "file bytes copied by pagewire: 0 bytes" in done.stdout


@pytest.mark.parametrize("driver, why", [
    ("tap", "has a driver that copies every payload byte"),
    ("af_packet", "has a driver that copies every payload byte"),
    ("af_xdp", "has a driver that copies every payload byte"),
    ("memif", "has a driver that copies every payload byte"),
    ("ring", "leaves TCP checksums to pagewire"),
    ("null", "takes no chains, so that pagewire has to copy"),
])
def test_devices_that_must_read_are_refused(site, driver, why):
    harness.need_profile(driver)
    with Namespace(driver) as namespace, tempfile.TemporaryDirectory(prefix="pwt.") as tmp:
        server = Pagewire(namespace, Profile(driver, "pw0", tmp), site.root, ["--prove"])
        try:
            with pytest.raises(harness.CannotStart) as refused:
                server.start()
            assert server.process.returncode == 2
            assert "--prove is refused: port 0" in str(refused.value)
            assert why in str(refused.value)
        finally:
            server.discard()
