# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
"""The directory that most tests serve."""
import hashlib
import os
import pathlib

# The sizes at which something changes: nothing, one byte, around a segment with
# and without timestamps, around 64 KiB and around a page of the store.
SIZES = (0, 1, 1447, 1448, 1449, 1459, 1460, 1461, 65535, 65536,
         (2 << 20) - 1, 2 << 20, (2 << 20) + 1)

# Old enough that Last-Modified is a strong validator (RFC 9110 section 8.8.2.2).
MTIME = 1_600_000_000

STYLE = b"body { color: black }\n" * 200


def content(name, size):
    """Bytes that depend on the name and differ in every MiB: the same in every run."""
    parts = []
    for i in range(0, size, 1 << 20):
        seed = f"{name}:{i}".encode()
        parts.append(hashlib.shake_128(seed).digest(min(1 << 20, size - i)))
    return b"".join(parts)


class Site:
    """A directory to serve, and what is in it."""

    def __init__(self, root):
        self.root, self.files = pathlib.Path(root), {}

    def add(self, path, data):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        self.files[path] = hashlib.sha256(data).hexdigest()
        return data

    def add_big(self, path, size):
        """A large file, written piece by piece."""
        digest = hashlib.sha256()
        with open(self.root / path, "wb") as out:
            for i in range(0, size, 1 << 20):
                part = hashlib.shake_128(f"{path}:{i}".encode()).digest(min(1 << 20, size - i))
                digest.update(part)
                out.write(part)
        self.files[path] = digest.hexdigest()

    def add_sparse(self, path, size, tail):
        """A file of zeroes that ends with `tail`."""
        with open(self.root / path, "wb") as out:
            out.truncate(size)
            out.seek(size - len(tail))
            out.write(tail)


def make(scratch):
    """@return the Site below this directory; beside it lies a file that must never be served."""
    site = Site(scratch + "/site")
    for size in SIZES:
        site.add(f"size/{size}", content(f"size{size}", size))
    site.add("middle.bin", content("middle", 20 << 20))
    site.add("index.html", b"<!doctype html><title>pagewire test</title>\n")
    site.add("docs/index.html", b"<!doctype html><title>docs</title>\n")
    site.add("list/one.txt", b"one\n")
    site.add("list/two & <three>.txt", b"two\n")
    site.add("list/sub/deep.txt", b"deep\n")
    site.add("alphabet.txt", b"abcdefghijklmnopqrstuvwxyz")
    site.add("with space/h\xe9llo.txt".encode("latin-1").decode("utf-8", "surrogateescape"),
             b"odd names\n")
    site.add("style.css", STYLE)
    site.add("style.css.gz", b"\x1f\x8b pretended gzip of style.css")
    site.add("style.css.br", b"pretended brotli of style.css")
    site.add("secret/inside.txt", b"inside\n")
    outside = Site(scratch)
    outside.add("outside.txt", b"must never be served\n")
    os.symlink("../outside.txt", site.root / "leak.txt")
    os.symlink("alphabet.txt", site.root / "alias.txt")
    site.files["alias.txt"] = site.files["alphabet.txt"]
    for path in site.root.rglob("*"):
        os.utime(path, (MTIME, MTIME))
    return site
