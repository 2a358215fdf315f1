#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
#
# The proof that pagewire does not copy, nor even look: it serves from memory that is
# unreadable in its process, while the peer of a vhost-user socket, another process, reads
# that memory through a mapping of its own and hashes what arrives.
#
#   sudo scripts/prove.sh [--quick] [--no-setup]
#
#   --quick      1 GB instead of 10
#   --no-setup   the machine is ready: leave packages and hugepages alone
#
# Counts the system calls that the worker's thread makes meanwhile (strace). The last line
# is the verdict; exit status 0 when it is PROVEN.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

GB=10 SECONDS_OF_A_RUN=8 RUNS_MAX=12
BIG_FILES=16

usage() {
	sed -n '/^#   sudo/,/^# is the verdict/s/^# \{0,1\}//p' "$0"
}

setup=yes
while [ $# -gt 0 ]; do
	case $1 in
	--quick) GB=1 SECONDS_OF_A_RUN=2 ;;
	--no-setup) setup=no ;;
	--help | -h)
		usage
		exit 0
		;;
	*)
		pw_say "prove.sh: unknown option '$1'; allowed: --quick, --no-setup" >&2
		exit 2
		;;
	esac
	shift
done

verdict() {
	pw_say "prove: $*"
	[[ $1 == PROVEN:* ]] || exit 1
	exit 0
}

# Files of several sizes, and what the receiver must find in them by the disk's account. Bodies
# count when they are complete: the large ones are not so large that a run ends in each of them.
make_files() {
	local file size i

	root=$PW_TMP/root expect=$PW_TMP/expect
	mkdir "$root"
	for size in 1 1448 65536 3000000; do
		head -c "$size" /dev/urandom >"$root/$size"
	done
	for ((i = 1; i <= BIG_FILES; i++)); do
		head -c 16M /dev/urandom >"$root/big-$i"
	done
	for file in "$root"/*; do
		printf 'http://10.77.0.1/%s %s %s\n' "${file##*/}" "$(hash_of "$file")" \
			"$(stat -c %s "$file")"
	done >"$expect"
	sed 's/ .*//' "$expect" >"$PW_TMP/urls"
}

hash_of() { xxhsum -H3 <"$1" | sed 's/.* = //'; }

start_load() {
	rm -f "$PW_TMP/vhost.sock"
	pw_exec_in build/app/pagewire-load --lcores "0@$(($(nproc) - 1))" --no-pci "${PW_MEM[@]}" \
		--file-prefix "pwprove$$" --vdev "net_vhost0,iface=$PW_TMP/vhost.sock,queues=1,tso=1" -- \
		--ip 10.77.0.2/24 --urls "$PW_TMP/urls" --expect "$expect" --connections 8 \
		--duration "$SECONDS_OF_A_RUN" --rx-buffer 62K --json "$PW_TMP/json" \
		>"$PW_TMP/load.out" 2>&1 </dev/null &
	load=$!
	pw_at_exit pw_kill "$load"
	pw_at_exit rm -rf "/var/run/dpdk/pwprove$$"
	for ((i = 0; i < 200; i++)); do
		[ ! -S "$PW_TMP/vhost.sock" ] || return 0
		kill -0 "$load" 2>/dev/null || break
		sleep 0.1
	done
	cat "$PW_TMP/load.out" >&2
	verdict "FAILED: the receiver did not start"
}

# System calls of the worker's thread, which is the process's first, until stop_counting.
start_counting() {
	strace -c -o "$PW_TMP/strace" -p "$PW_PID" 2>"$PW_TMP/strace.err" &
	tracer=$!
	for ((i = 0; i < 50; i++)); do
		! grep -q attached "$PW_TMP/strace.err" || return 0
		sleep 0.1
	done
	cat "$PW_TMP/strace.err" >&2
	verdict "FAILED: strace cannot look at pagewire"
}

stop_counting() {
	kill -INT "$tracer" 2>/dev/null || true
	wait "$tracer" || true
	awk '$NF == "total" { n = $4 } END { print n + 0 }' "$PW_TMP/strace"
}

figure() { sed -n "s/^ *\"$1\": \([0-9]*\).*/\1/p" "$PW_TMP/json" | head -1; }
counter() { sed -n "s/^  $1  *\([0-9]*\)  .*/\1/p" "$PW_TMP/pagewire.out" | tail -1; }

# Both programs, once. Adds to bytes, packets and calls.
run() {
	local status=0 kind

	start_load
	pw_start "$root" --prove --idle spin ||
		verdict "FAILED: pagewire did not start"
	start_counting
	wait "$load" || status=$?
	calls=$((calls + $(stop_counting)))
	if ! kill -0 "$PW_PID" 2>/dev/null; then
		cat "$PW_TMP/pagewire.err" >&2
		verdict "FAILED: pagewire ended; what it said is above"
	fi
	if [ "$status" != 0 ]; then
		cat "$PW_TMP/load.out" >&2
		verdict "FAILED: the receiver found errors; they are above"
	fi
	pw_stop || verdict "FAILED: pagewire ended with status $?"
	for kind in "copied by pagewire" "read for checksums"; do
		[ "$(pw_ledger "file bytes $kind")" = 0 ] ||
			verdict "FAILED: by its own ledger, bytes were $kind"
	done
	bytes=$((bytes + $(figure body_bytes)))
	answers=$((answers + $(figure responses)))
	packets=$((packets + $(counter tx_packets)))
}

[ "$(id -u)" = 0 ] || pw_die "makes devices and attaches to a process: run it with sudo"
[ "$setup" = no ] || scripts/setup.sh test
pw_tmp
[ -e build/build.ninja ] || meson setup build >/dev/null
ninja -C build app/pagewire app/pagewire-load >"$PW_TMP/build.log" || {
	cat "$PW_TMP/build.log"
	exit 1
}
make_files
pw_profile virtio-user
PROFILE_AFTER=() # no kernel is at the other end
PROFILE_BRIDGE=()
PROFILE_BRIDGE_FIRST=no
pw_memory $((BIG_FILES * 16 + 512))
pw_say "$PW_MEM_WHY"

bytes=0 packets=0 calls=0 answers=0
for ((turn = 0; bytes < GB * 1000000000 && turn < RUNS_MAX; turn++)); do
	run
done
sed -n '/unreadable from here on/p' "$PW_TMP/pagewire.err"
sed -n '/^copy ledger/,$p' "$PW_TMP/pagewire.out"
sed -n '/xxh3\|^  *http:/p' "$PW_TMP/load.out"
pw_say "$answers answers, every body hashed by the receiver and compared with the disk's hash"
per_million=$(awk -v c="$calls" -v p="$packets" 'BEGIN { printf "%.2f", c * 1e6 / p }')
pw_say "$packets packets sent; system calls of the worker's thread: $calls, $per_million a million packets"
[ "$bytes" -ge $((GB * 1000000000)) ] ||
	verdict "FAILED: only $bytes bytes in $turn runs"
awk -v c="$calls" -v p="$packets" 'BEGIN { exit !(c * 1000 < p) }' ||
	verdict "FAILED: more than one system call in a thousand packets"
verdict "PROVEN: $bytes bytes, right by their hashes, out of memory that pagewire could not read;" \
	"$per_million system calls a million packets"
