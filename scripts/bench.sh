#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
#
# Benchmarks: each in one run with its reference, as tables and JSON.
#
#   sudo scripts/bench.sh [--quick] [--ipv6] [--no-setup] [NAME...]
#
#   --quick      3 runs of each case instead of 5, shorter, and of fewer cases
#   --ipv6       over IPv6 instead of IPv4, all but compare; rows are named bulk-ipv6 and so on
#   --no-setup   the machine is ready: leave packages and hugepages alone
#
# Names (all when none is given):
#   roofline     the device's limit against pagewire, virtio-user to vhost: floods of
#                the same chains, without TCP, over the same files; with TSO and without
#   bulk         downloads over 1 to 1,000 connections, cached and not
#   small        files of 64 bytes to 64 KiB over 256 keep-alive connections
#   connections  opened, served 64 bytes and closed
#   idle         what 1 to 1,000,000 idle connections cost those that ask, and in memory
#   fairness     100,000 downloads at once: Jain's index
#   latency      of one connection, and at half of the full load
#   scaling      two workers against one, on ports that acknowledge in process
#   kernel       nginx with sendfile over a veth pair: cycles a byte, requests a second
#   tap          a TAP, one core a side: dpdk-testpmd's flood, a download from
#                pagewire, and nginx with sendfile over a veth pair
#   tcp          lib/tcp by itself, in process: cycles and instructions an operation
#   path         a whole worker on a port without a device: cycles a segment
#   family       IPv6 beside IPv4: instructions, and but when quick, throughput
#   trace        what copy ledger and trace cost: instructions with them and without
#   compare      our CUBIC and BBR beside the kernel's on a link with loss and delay,
#                and through one queue with the kernel's
#   matrix       the same with losses up to 10 %, round trips from 0.1 to 300 ms, queues from
#                a tenth of the bandwidth-delay product to four of them, more flows, other
#                distances; takes half an hour and has to be named
#
# Results go to build/bench: results.json holds the rows of the last run.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

BENCHES=(roofline bulk small connections idle fairness latency scaling kernel tap tcp path family
	trace compare)

options=() wanted=() setup=yes ipv6=no
while [ $# -gt 0 ]; do
	case $1 in
	--quick) options+=(--quick) ;;
	--ipv6) ipv6=yes ;;
	--no-setup) setup=no ;;
	--help | -h)
		sed -n '/^#   sudo/,/^# Results/s/^# \{0,1\}//p' "$0"
		exit 0
		;;
	*)
		[[ " ${BENCHES[*]} matrix " == *" $1 "* ]] ||
			pw_die "no benchmark '$1'; there are: ${BENCHES[*]} matrix"
		wanted+=("$1")
		;;
	esac
	shift
done
if [ ${#wanted[@]} = 0 ]; then
	for name in "${BENCHES[@]}"; do
		# Of these, one is about the kernel's CUBIC, and one about both families.
		[[ $ipv6 = yes && $name =~ ^(compare|family)$ ]] || wanted+=("$name")
	done
fi
[ "$ipv6" = no ] || options+=(--ipv6)

[ "$(id -u)" = 0 ] || pw_die "benchmarks make network namespaces: run it with sudo"
[ "$setup" = no ] || scripts/setup.sh --hugepages 2048 bench
[ -e build/build.ninja ] || meson setup build >/dev/null
ninja -C build >build/bench-build.log || {
	cat build/bench-build.log
	exit 1
}
SECONDS=0 # the build does not count
mkdir -p build/bench
rm -f build/bench/results.json
failed=()
for name in "${wanted[@]}"; do
	began=$SECONDS
	program=("$name.py" "${options[@]}")
	[ "$name" != matrix ] || program=(compare.py --matrix)
	/usr/bin/python3 "tests/bench/${program[0]}" "${program[@]:1}" || failed+=("$name")
	pw_say "$name took $((SECONDS - began)) s"
done
/usr/bin/python3 tests/bench/summary.py
pw_say "benchmarks took $((SECONDS / 60)) min $((SECONDS % 60)) s; plots and figures are in build/bench"
[ ${#failed[@]} = 0 ] || pw_die "not run to their end: ${failed[*]}"
