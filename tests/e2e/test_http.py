# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""HTTP as a client sees it (RFC 9110, RFC 9112), good requests and bad ones, on a TAP."""
import calendar
import email.utils
import re
import time

import pytest

import harness
from testsite import MTIME, STYLE
from harness import Http, exchange, fetch, request_bytes

ALPHABET = b"abcdefghijklmnopqrstuvwxyz"
MTIME_TEXT = email.utils.formatdate(MTIME, usegmt=True)
EARLIER = email.utils.formatdate(MTIME - 1, usegmt=True)
LATER = email.utils.formatdate(MTIME + 1, usegmt=True)


@pytest.fixture(scope="module")
def etag(tap):
    return fetch(tap, "/alphabet.txt")["etag"]


# ---- heads ----


def test_C143_header_fields(tap):
    got = fetch(tap, "/alphabet.txt")
    assert got.version == "HTTP/1.1" and got.status == 200 and got.body == ALPHABET
    assert got["content-length"] == "26"
    assert got["content-type"].split(";")[0] == "text/plain"
    assert got["last-modified"] == MTIME_TEXT
    assert got["accept-ranges"] == "bytes"
    assert got["server"].startswith("pagewire")
    assert re.fullmatch(r'"[^"]+"', got["etag"]), "a strong tag"
    date = calendar.timegm(email.utils.parsedate(got["date"]))
    assert abs(date - time.time()) < 3


@pytest.mark.parametrize("path, kind", [
    ("/style.css", "text/css"), ("/", "text/html"), ("/middle.bin", "application/octet-stream")])
def test_content_type(tap, path, kind):
    assert fetch(tap, path, "HEAD")["content-type"].split(";")[0] == kind


def test_C138_http_1_0_closes(tap):
    with Http(tap.namespace.connect(tap.address)) as http:
        http.send(b"GET /alphabet.txt HTTP/1.0\r\n\r\n")
        assert http.response().body == ALPHABET
        assert http.at_end()


def test_C138_connection_close_is_honoured(tap):
    with Http(tap.namespace.connect(tap.address)) as http:
        http.send(request_bytes("/alphabet.txt", headers={"Connection": "close"}))
        got = http.response()
        assert got.body == ALPHABET and got["connection"] == "close"
        assert http.at_end()


# ---- paths ----


@pytest.mark.parametrize("path", [
    "/alphabet.txt", "/alphabet.txt?x=1&y", "/%61lphabet.txt", "/./alphabet.txt",
    "/docs/../alphabet.txt", "/docs/%2e%2e/alphabet.txt", "/alias.txt",
    "http://elsewhere.example/alphabet.txt"])
def test_C150_path_leads_to_the_file(tap, path):
    got = fetch(tap, path)
    assert got.status == 200 and got.body == ALPHABET


def test_path_with_space_and_odd_bytes(tap):
    got = fetch(tap, "/with%20space/h%E9llo.txt")
    assert got.status == 200 and got.body == b"odd names\n"


@pytest.mark.parametrize("path", [
    "/../outside.txt", "/%2e%2e/outside.txt", "/docs/../../outside.txt", "/..%2foutside.txt",
    "/docs/..%2f..%2foutside.txt", "/%2e%2e%2foutside.txt", "/..\\outside.txt", "/leak.txt",
    "/....//outside.txt", "//../outside.txt", "/alphabet.txt%00", "/alphabet.txt%00.html",
    "/alphabet.txt/", "/%", "/%zz", "/%2", "/secret/inside.txt/../../../outside.txt"])
def test_C150_path_stays_inside_the_root(tap, path):
    got = fetch(tap, path)
    assert got.status in (400, 404)
    assert b"never be served" not in got.body


def test_index_file(tap):
    assert b"pagewire test" in fetch(tap, "/").body
    assert b"<title>docs" in fetch(tap, "/docs/").body


def test_directory_without_slash_is_redirected(tap):
    got = fetch(tap, "/docs")
    assert got.status == 301
    assert re.fullmatch(r"(http://pagewire)?/docs/", got["location"])


def test_autoindex_lists_and_escapes(tap):
    got = fetch(tap, "/list/")
    assert got.status == 200 and got["content-type"].startswith("text/html")
    page = got.body.decode()
    assert "one.txt" in page and 'href="sub/"' in page
    assert "two &amp; &lt;three&gt;.txt" in page and "<three>" not in page
    href = re.search(r'href="(two[^"]*)"', page)[1]
    assert fetch(tap, "/list/" + href).body == b"two\n"


# ---- precompressed ----


@pytest.mark.parametrize("accept, coding", [
    (None, None), ("gzip", "gzip"), ("br", "br"), ("gzip, br", "br"),
    ("gzip;q=1, br;q=0.5", "gzip"),
    ("gzip;q=0", None), ("identity", None), ("deflate", None), ("GZIP", "gzip"),
    ("br;q=0, gzip", "gzip")])
def test_precompressed_by_accept_encoding(tap, accept, coding):
    got = fetch(tap, "/style.css", headers={"Accept-Encoding": accept} if accept else {})
    body = {None: STYLE, "gzip": b"\x1f\x8b pretended gzip of style.css",
            "br": b"pretended brotli of style.css"}[coding]
    assert got.status == 200 and got["content-encoding"] == coding and got.body == body
    assert got["content-type"].split(";")[0] == "text/css"
    assert "accept-encoding" in got["vary"].lower()


def test_codings_have_tags_of_their_own(tap):
    tags = {fetch(tap, "/style.css", headers={"Accept-Encoding": coding})["etag"]
            for coding in ("identity", "gzip", "br")}
    assert len(tags) == 3


# ---- conditions (RFC 9110 section 13.2.2) ----


@pytest.mark.parametrize("headers, status", [
    ({"If-None-Match": "TAG"}, 304),
    ({"If-None-Match": "*"}, 304),
    ({"If-None-Match": 'W/TAG'}, 304),
    ({"If-None-Match": '"other", TAG'}, 304),
    ({"If-None-Match": '"other"'}, 200),
    ({"If-Modified-Since": MTIME_TEXT}, 304),
    ({"If-Modified-Since": LATER}, 304),
    ({"If-Modified-Since": EARLIER}, 200),
    ({"If-Modified-Since": "no date"}, 200),
    ({"If-None-Match": '"other"', "If-Modified-Since": LATER}, 200),
    ({"If-None-Match": "TAG", "If-Modified-Since": EARLIER}, 304),
    ({"If-Match": "TAG"}, 200),
    ({"If-Match": "*"}, 200),
    ({"If-Match": '"other"'}, 412),
    ({"If-Match": "W/TAG"}, 412),
    ({"If-Unmodified-Since": MTIME_TEXT}, 200),
    ({"If-Unmodified-Since": EARLIER}, 412),
    ({"If-Match": "TAG", "If-Unmodified-Since": EARLIER}, 200),
    ({"If-Match": '"other"', "If-None-Match": "TAG"}, 412),
    ({"If-Match": "TAG", "If-None-Match": "TAG"}, 304),
])
def test_C144_C145_condition(tap, etag, headers, status):
    headers = {name: value.replace("TAG", etag) for name, value in headers.items()}
    got = fetch(tap, "/alphabet.txt", headers=headers)
    assert got.status == status
    if status == 304:
        assert got["etag"] == etag and got.body == b""


def test_C145_304_keeps_the_connection(tap, etag):
    with Http(tap.namespace.connect(tap.address)) as http:
        http.send(request_bytes("/alphabet.txt", headers={"If-None-Match": etag}) +
                  request_bytes("/alphabet.txt"))
        assert [http.response().status, http.response().status] == [304, 200]


# ---- ranges (RFC 9110 section 14) ----


@pytest.mark.parametrize("spec, part", [
    ("bytes=0-0", "0-0"), ("bytes=5-", "5-25"), ("bytes=-5", "21-25"), ("bytes=0-999", "0-25"),
    ("bytes=-999", "0-25"), ("bytes=25-25", "25-25"), ("BYTES=1-2", "1-2"),
    ("bytes=1-2,99-", "1-2")])
def test_C146_single_range(tap, spec, part):
    got = fetch(tap, "/alphabet.txt", headers={"Range": spec})
    first, last = map(int, part.split("-"))
    assert got.status == 206 and got["content-range"] == f"bytes {part}/26"
    assert got.body == ALPHABET[first:last + 1]


@pytest.mark.parametrize("spec", ["bytes=26-", "bytes=-0", "bytes=99-100", "bytes=30-,40-50"])
def test_C146_range_beyond_the_end_is_416(tap, spec):
    got = fetch(tap, "/alphabet.txt", headers={"Range": spec})
    assert got.status == 416 and got["content-range"] == "bytes */26"


def test_C146_range_of_an_empty_file_is_416(tap):
    assert fetch(tap, "/size/0", headers={"Range": "bytes=0-"}).status == 416


@pytest.mark.parametrize("spec", [
    "bytes=5-3", "bytes=x-y", "bytes=", "bytes", "lines=0-1", "bytes=-", "bytes=1-2-3",
    "bytes=" + ",".join(f"{i}-{i}" for i in range(0, 26)), "bytes=" + ",".join(["0-"] * 200)],
    ids=["reversed", "letters", "empty", "no-set", "unit", "dash", "three", "26-ranges",
         "200-ranges"])
def test_C146_C147_range_not_honoured_gives_the_whole_file(tap, spec):
    got = fetch(tap, "/alphabet.txt", headers={"Range": spec})
    assert got.status == 200 and got.body == ALPHABET


def test_C149_range_is_ignored_by_head(tap):
    got = fetch(tap, "/alphabet.txt", "HEAD", {"Range": "bytes=0-0"})
    assert got.status == 200 and got["content-length"] == "26"


@pytest.mark.parametrize("condition, status", [
    ("TAG", 206), ('"other"', 200), ("W/TAG", 200), (MTIME_TEXT, 206), (EARLIER, 200),
    (LATER, 200)])
def test_C148_if_range(tap, etag, condition, status):
    got = fetch(tap, "/alphabet.txt",
                headers={"Range": "bytes=3-4", "If-Range": condition.replace("TAG", etag)})
    assert got.status == status
    assert got.body == (ALPHABET[3:5] if status == 206 else ALPHABET)


# ---- pipelining ----


PIPELINE = (request_bytes("/alphabet.txt", headers={"X-Long": "y" * 20}) +
            request_bytes("/size/1449", "HEAD") + request_bytes("/size/1448"))


def read_pipeline(http, site):
    assert http.response().body == ALPHABET
    assert http.response("HEAD")["content-length"] == "1449"
    assert http.response().sha256 == site.files["size/1448"]


def test_C139_pipeline_cut_at_every_byte(tap, site):
    for cut in range(1, len(PIPELINE)):
        with Http(tap.namespace.connect(tap.address)) as http:
            http.send(PIPELINE[:cut])
            http.send(PIPELINE[cut:])
            read_pipeline(http, site)


def test_C139_pipeline_byte_by_byte(tap, site):
    with Http(tap.namespace.connect(tap.address)) as http:
        for i in range(len(PIPELINE)):
            http.send(PIPELINE[i:i + 1])
        read_pipeline(http, site)


def test_C139_long_pipeline_is_answered_in_order(tap):
    n = 300
    with Http(tap.namespace.connect(tap.address)) as http:
        http.send(b"".join(
            request_bytes("/alphabet.txt", headers={"Range": f"bytes={i % 26}-{i % 26}"})
            for i in range(n)))
        for i in range(n):
            assert http.response().body == ALPHABET[i % 26:i % 26 + 1]


# ---- requests that are refused ----


def lines(*rows, end=b"\r\n"):
    return end.join(rows) + end + end


HOST = b"Host: pagewire"
GET = b"GET /alphabet.txt HTTP/1.1"
POST = b"POST /alphabet.txt HTTP/1.1"


REFUSED = {
    "odd-method": (lines(b"GE(T / HTTP/1.1", HOST), {400}),
    "http-2.0": (lines(b"GET / HTTP/2.0", HOST), {505}),
    "http-9.9": (lines(b"GET / HTTP/9.9", HOST), {505, 400}),
    "http-x.y": (lines(b"GET / HTTP/x.y", HOST), {400}),
    "lower-case-http": (lines(b"GET / http/1.1", HOST), {400}),
    "no-version": (lines(b"GET /", HOST), {400, 505}),
    "two-spaces": (lines(b"GET  / HTTP/1.1", HOST), {400}),
    "space-at-the-end": (lines(b"GET / HTTP/1.1 ", HOST), {400}),
    "bare-lf": (lines(GET, HOST, end=b"\n"), {400}),
    "one-bare-lf": (GET + b"\r\n" + HOST + b"\n\r\n", {400}),
    "C152-bare-cr": (GET + b"\r\n" + HOST + b"\r\nX: a\rb\r\n\r\n", {400}),
    "C135-space-before-colon": (lines(GET, b"Host : pagewire"), {400}),
    "C136-folded-host": (lines(GET, HOST, b" folded"), {400}),
    "C136-folded-field": (lines(GET, HOST, b"X: a", b"\tfolded"), {400}),
    "C152-nul-in-field": (lines(GET, HOST, b"X: a\x00b"), {400}),
    "nul-in-target": (lines(b"GET /\x00 HTTP/1.1", HOST), {400}),
    "no-field-name": (lines(GET, HOST, b": no name"), {400}),
    "no-colon": (lines(GET, HOST, b"no colon"), {400}),
    "C134-no-host": (lines(GET), {400}),
    "C134-two-hosts": (lines(GET, HOST, HOST), {400}),
    "C134-bad-host": (lines(GET, b"Host: a b"), {400}),
    "C137-two-lengths": (lines(GET, HOST, b"Content-Length: 3", b"Content-Length: 4") + b"abc", {400}),
    "C137-length-list": (lines(GET, HOST, b"Content-Length: 3, 4") + b"abc", {400}),
    "negative-length": (lines(GET, HOST, b"Content-Length: -1"), {400}),
    "signed-length": (lines(GET, HOST, b"Content-Length: +3") + b"abc", {400}),
    "hex-length": (lines(GET, HOST, b"Content-Length: 0x3") + b"abc", {400}),
    "endless-length": (lines(GET, HOST, b"Content-Length: 99999999999999999999999"), {400, 413}),
    "C137-length-and-chunked": (
        lines(POST, HOST, b"Content-Length: 3", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
        {400}),
    "C137-chunked-not-last": (lines(POST, HOST, b"Transfer-Encoding: chunked, gzip") + b"abc", {400}),
    "unknown-coding": (lines(POST, HOST, b"Transfer-Encoding: gzip") + b"abc", {400, 501}),
    "bad-chunk-size": (
        lines(POST, HOST, b"Transfer-Encoding: chunked") + b"zz\r\nabc\r\n0\r\n\r\n", {400}),
    "chunk-too-long": (
        lines(POST, HOST, b"Transfer-Encoding: chunked") + b"3\r\nabcd\r\n0\r\n\r\n", {400}),
    "C142-long-target": (lines(b"GET /" + b"a" * 40000 + b" HTTP/1.1", HOST), {414}),
    "C142-long-field": (lines(GET, HOST, b"X: " + b"a" * 40000), {431}),
    "C142-many-fields": (lines(GET, HOST, *[b"X: a"] * 300), {431}),
    "body-beyond-the-bound": (lines(GET, HOST, b"Content-Length: 10000000") + b"a" * 100, {413}),
    "tls-hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 300, {400}),
    "zeroes": (b"\x00" * 100, {400}),
    "ones": (b"\xff" * 100 + b"\r\n\r\n", {400}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_closed(tap, name):
    request_, statuses = REFUSED[name]
    with Http(tap.namespace.connect(tap.address)) as http:
        http.send(request_)
        got = http.response()
        assert got.status in statuses
        assert http.at_end(), "the connection is closed after a malformed request"


@pytest.mark.parametrize("method", ["FROBNICATE", "get", "GETS", "G"])
def test_C141_unknown_method_is_501(tap, method):
    assert fetch(tap, "/alphabet.txt", method).status == 501


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_C141_known_method_is_405_with_allow(tap, method):
    got = fetch(tap, "/alphabet.txt", method)
    assert got.status == 405
    assert {word.strip() for word in got["allow"].split(",")} == {"GET", "HEAD"}


@pytest.mark.parametrize("body", [
    [b"Content-Length: 5", b"", b"hello"],
    [b"Transfer-Encoding: chunked", b"", b"5\r\nhello\r\n0\r\n"],
    [b"Transfer-Encoding: chunked", b"", b"5;ext=1\r\nhello\r\n0\r\nTrailer: x\r\n"],
])
def test_body_is_drained_then_answered(tap, body):
    for first, status in ((POST, 405), (GET, 200)):
        data = b"\r\n".join([first, HOST, *body])
        data += b"\r\n" if body[0].startswith(b"Transfer") else b""
        with Http(tap.namespace.connect(tap.address)) as http:
            http.send(data + request_bytes("/alphabet.txt"))
            assert http.response().status == status
            assert http.response().body == ALPHABET, "the next request is read from its start"


def test_body_on_head(tap):
    with Http(tap.namespace.connect(tap.address)) as http:
        http.send(lines(b"HEAD /alphabet.txt HTTP/1.1", HOST, b"Content-Length: 4") + b"body" +
                  request_bytes("/alphabet.txt"))
        assert http.response("HEAD").status == 200
        assert http.response().body == ALPHABET


def test_C151_expectation(tap):
    with Http(tap.namespace.connect(tap.address)) as http:
        http.send(lines(POST, HOST, b"Content-Length: 2", b"Expect: 100-continue"))
        assert http.response().status in (100, 405)
    assert fetch(tap, "/", headers={"Expect": "miracles"}).status == 417


def test_empty_lines_before_a_request(tap):
    got = exchange(tap, b"\r\n" + request_bytes("/alphabet.txt"))
    assert got.startswith(b"HTTP/1.1 200 ") and got.endswith(ALPHABET)


def test_nothing_or_half_a_head_then_close(tap):
    assert exchange(tap, b"") == b""
    assert exchange(tap, GET[:10])[:12] in (b"", b"HTTP/1.1 400")


def test_good_requests_before_a_bad_one_are_answered(tap):
    got = exchange(tap, request_bytes("/alphabet.txt") * 2 + b"NONSENSE\r\n\r\n")
    assert got.count(b"HTTP/1.1 200 ") == 2 and got.count(ALPHABET) == 2
    assert got.count(b"HTTP/1.1 400 ") == 1


def test_error_page_has_a_body_that_says_what(tap):
    got = fetch(tap, "/none")
    assert got.status == 404 and b"404" in got.body
    assert got["content-type"].startswith("text/html")


# ---- time-outs ----


@pytest.fixture(scope="module")
def hasty(site):
    options = ("--timeout-head", 1, "--timeout-idle", 1, "--timeout-body", 1, "--timeout-send", 1)
    with harness.serving("tap", site.root, options) as server:
        yield server
        statement = server.stop()
    assert statement["timeouts_head"] >= 1 and statement["timeouts_idle"] >= 1
    assert statement["timeouts_body"] >= 1 and statement["timeouts_stall"] >= 1


@pytest.mark.parametrize("begun", [
    b"G", b"GET / HTTP/1.1\r\nHost: pagewire\r\nX-Slow: ", b"GET / HTTP/1.1\r\nHost: pagewire\r\n"])
def test_A22_unfinished_head_is_408(hasty, begun):
    with Http(hasty.namespace.connect(hasty.address)) as http:
        http.send(begun)
        assert http.response().status == 408
        assert http.at_end()


def test_A22_head_byte_by_byte_gets_no_more_time(hasty):
    with Http(hasty.namespace.connect(hasty.address)) as http:
        begin = time.monotonic()
        http.send(b"GET / HTTP/1.1\r\nX: ")
        with pytest.raises(OSError):
            while time.monotonic() - begin < 5:
                http.send(b"x")
                time.sleep(0.05)
        assert 0.9 < time.monotonic() - begin < 4


def test_idle_connection_is_closed(hasty):
    with Http(hasty.namespace.connect(hasty.address)) as http:
        begin = time.monotonic()
        assert http.at_end()
        assert 0.9 < time.monotonic() - begin < 4


def test_A22_unfinished_body_ends_the_connection(hasty):
    with Http(hasty.namespace.connect(hasty.address)) as http:
        http.send(lines(POST, HOST, b"Content-Length: 100") + b"some")
        assert http.rest()[:12] in (b"", b"HTTP/1.1 408", b"HTTP/1.1 405")


def test_A21_A22_peer_that_does_not_read_is_reset(hasty):
    sock = hasty.namespace.connect(hasty.address, receive_buffer=4096)
    with Http(sock) as http:
        http.send(request_bytes("/middle.bin"))
        time.sleep(4)
        with pytest.raises(ConnectionResetError):
            while http.sock.recv(1 << 20):
                pass
