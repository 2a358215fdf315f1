# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""The program: its options, its memory, and how it ends."""
import re
import signal
import subprocess
import time

import pytest

import harness
from harness import Http, fetch, request_bytes, wait_until

# ---- options ----


def run_with(*options):
    return subprocess.run([harness.PAGEWIRE, "--no-pci", "--", *map(str, options)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20)


@pytest.mark.parametrize("options, named", [
    ("--ip IP", "--root"),
    ("--root SITE", "--ip"),
    ("--ip IP --root /nonexistent", "--root /nonexistent"),
    ("--ip IP --root SITE/alphabet.txt", "--root alphabet.txt"),
    ("--root SITE --ip 10.77.0.1", "--ip 10.77.0.1"),
    ("--root SITE --ip 10.77.0.1/33", "--ip 10.77.0.1/33"),
    ("--root SITE --ip 10.77.0.300/24", "--ip 10.77.0.300/24"),
    ("--root SITE --ip 224.0.0.1/24", "--ip 224.0.0.1/24"),
    ("--root SITE --ip 10.77.0.255/24", "--ip 10.77.0.255/24"),
    ("--root SITE --ip 10.77.0.1/24@x", "--ip 10.77.0.1/24@x"),
    ("--root SITE --ip IP --ip IP", "--ip IP twice"),
    ("--root SITE --ip IP --gateway somewhere", "--gateway somewhere"),
    ("--root SITE --ip IP --gateway 192.0.2.1", "--gateway 192.0.2.1"),
    ("--root SITE --ip IP --http 0", "--http 0 65535"),
    ("--root SITE --ip IP --http 65536", "--http 65536"),
    ("--root SITE --ip IP --http 80x", "--http 80x"),
    ("--root SITE --ip IP --store-size 12Q", "--store-size 12Q"),
    ("--root SITE --ip IP --index a/b", "--index a/b"),
    ("--root SITE --ip IP --stats-period -1", "--stats-period -1"),
    ("--root SITE --ip IP --idle nap", "--idle nap sleep"),
    ("--root SITE --ip IP --drain soon", "--drain soon"),
    ("--root SITE --ip IP --config /nonexistent", "--config /nonexistent"),
    ("--root SITE --ip IP --frobnicate", "--frobnicate"),
    ("--root SITE --ip IP stray", "stray"),
    ("--ip IP --root", "--root"),
])
def test_mistake_gets_one_line_and_status_2(site, options, named):
    def meant(text):
        return text.replace("SITE", str(site.root)).replace("IP", "10.77.0.1/24")

    done = run_with(*meant(options).split())
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in meant(named).split():
        assert word in done.stderr


def test_each_mistake_gets_its_line(site):
    done = run_with("--root", "/nonexistent", "--ip", "1.2.3", "--http", "0")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 3, done.stderr


def test_mistake_in_the_config_names_file_and_line(site, tmp_path):
    config = tmp_path / "pagewire.yaml"
    config.write_text(f"root: {site.root}\n# a comment\nhtttp: 80\n")
    done = run_with("--ip", "10.77.0.1/24", "--config", config)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert str(config) in done.stderr and "htttp" in done.stderr and "3" in done.stderr


def test_help_and_version():
    for option, text in (("--help", "--root"), ("--version", "pagewire ")):
        done = run_with(option)
        assert done.returncode == 0 and text in done.stdout


def test_config_file_and_command_line_wins(site, tmp_path):
    config = tmp_path / "pagewire.yaml"
    config.write_text("http: 8080\nautoindex: true\n")
    with harness.serving("tap", site.root, ["--config", config, "--http", "8081"]) as server:
        with Http(server.namespace.connect(server.address, 8081)) as http:
            http.send(request_bytes("/list/"))
            assert http.response().status == 200
        with pytest.raises(ConnectionRefusedError):
            server.namespace.connect(server.address, 8080)


def test_ready_line(tap, site):
    line = next(line for line in tap.output("out").splitlines() if "serving" in line)
    files = [f for f in site.root.rglob("*") if f.is_file() and f.name != "leak.txt"]
    assert line == (f"pagewire: serving {site.root} at {tap.url()} on port 0 (net_tap), "
                    f"1 worker, {len(files)} files, {sum(f.stat().st_size for f in files)} bytes")


def test_statistics_while_it_runs(site):
    with harness.serving("tap", site.root, ["--stats-period", "1"]) as server:
        fetch(server, "/size/65536")
        wait_until("figures are printed", lambda: server.output("out").count("the last 1.") > 1)
        for topic in ("port 0", "tcp", "http", "copies"):
            assert f"\n  {topic} " in server.output("out")


# ---- memory ----


@pytest.fixture
def hugetlbfs(tmp_path):
    """A file system of hugepages for the modes that need one, gone afterwards with its pages."""
    if harness.free_hugepages_mib() < 512:
        pytest.skip("512 MiB of free hugepages cannot be had here")
    subprocess.run(["mount", "-t", "hugetlbfs", "none", tmp_path], check=True)
    yield ["--huge-dir", tmp_path]
    subprocess.run(["umount", tmp_path], check=True)


def assert_serves_from(memory, site):
    with harness.serving("tap", site.root, memory=memory) as server:
        assert fetch(server, "/middle.bin").sha256 == site.files["middle.bin"]


def test_memory_in_hugepage_files(site, hugetlbfs):
    assert_serves_from(hugetlbfs, site)


def test_memory_in_unlinked_hugepage_files(site, hugetlbfs, tmp_path):
    assert_serves_from([*hugetlbfs, "--huge-unlink"], site)
    assert list(tmp_path.iterdir()) == [], "nothing is left in the file system"


def test_memory_in_anonymous_hugepages(site, hugetlbfs):
    assert_serves_from(["--in-memory"], site)


def test_memory_without_hugepages(site):
    assert_serves_from(["--no-huge", "--no-shconf"], site)


def test_store_size_below_the_need_is_refused(site):
    with pytest.raises(harness.CannotStart, match="--store-size"):
        with harness.serving("tap", site.root, ["--store-size", "2M"], check=False):
            pass


# ---- the end ----


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_download_finishes_while_draining(site, number, family, tmp_path):
    with harness.serving("tap", site.root, ["--drain", "20"], family=family) as server:
        target = tmp_path / "got"
        curl = server.namespace.popen("curl", "-sS", "--fail", "--limit-rate", "10M", "-o", target,
                                      server.url("middle.bin"))
        wait_until("curl has some of the file",
                   lambda: target.exists() and target.stat().st_size > 0)
        server.kill(number)
        time.sleep(0.1)
        assert curl.poll() is None, "the download still runs"
        with pytest.raises(ConnectionRefusedError):
            server.namespace.connect(server.address)
        assert curl.wait(30) == 0
        assert harness.hashlib.sha256(target.read_bytes()).hexdigest() == site.files["middle.bin"]
        server.wait()
        server.stop()


def test_idle_connections_do_not_hold_up_draining(site):
    with harness.serving("tap", site.root, ["--drain", "20"]) as server:
        idle = [Http(server.namespace.connect(server.address)) for _ in range(10)]
        idle[0].send(request_bytes("/alphabet.txt"))
        idle[0].response()
        begin = time.monotonic()
        server.stop()
        assert time.monotonic() - begin < 5
        for http in idle:
            http.sock.close()


def test_draining_has_an_end(site):
    with harness.serving("tap", site.root, ["--drain", "1"]) as server:
        with Http(server.namespace.connect(server.address)) as http:
            http.send(request_bytes("/middle.bin"))
            time.sleep(0.2)
            begin = time.monotonic()
            server.stop()
            assert 0.5 < time.monotonic() - begin < 5


def test_second_signal_ends_draining(site):
    with harness.serving("tap", site.root, ["--drain", "60"]) as server:
        with Http(server.namespace.connect(server.address)) as http:
            http.send(request_bytes("/middle.bin"))
            time.sleep(0.2)
            server.kill(signal.SIGTERM)
            time.sleep(0.5)
            assert not server.has_ended()
            begin = time.monotonic()
            server.kill(signal.SIGTERM)
            server.wait()
            server.stop()
            assert time.monotonic() - begin < 5


def test_final_statement(site):
    with harness.serving("tap", site.root) as server:
        fetch(server, "/size/65536")
        statement = server.stop()
    assert statement["requests_get"] == 1
    assert statement.ledger["file bytes sent by reference"] >= 65536
    memory = re.search(r"an idle connection takes (\d+) bytes", statement.err)
    assert memory and int(memory[1]) <= 1024
