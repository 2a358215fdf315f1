#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
set -euo pipefail

usage() {
	cat <<'END'
usage: scripts/setup.sh [--hugepages N] [run|test|bench]

Make this machine (Debian 12) ready for pagewire. Harmless when repeated.

  run      what building and running needs (the default)
  test     that, and what scripts/test.sh needs
  bench    that, and what scripts/bench.sh compares with

  --hugepages N   2 MiB hugepages to reserve, if there are fewer [1024]; 0: leave alone

What cannot be had is said by name, and is no failure where pagewire can do
without (hugepages, /dev/net/tun). Exit status: 0 ready, 1 not, 2 a wrong option.
END
}

RUN=(gcc libc6-dev meson ninja-build pkg-config libdpdk-dev dpdk libcunit1-dev libbpf-dev liburing-dev
	libsodium-dev libxxhash-dev libcyaml-dev libyaml-dev libcjson-dev libpcap-dev node-llhttp libhugetlbfs-dev
	media-types curl ethtool gzip iproute2 kmod procps)
TEST=(git dpdk-dev wget nginx-light python3 python3-pytest python3-scapy dnsmasq-base radvd strace tcpdump tshark nmap xxhash
	clang libclang-rt-dev clang-format clang-tidy cppcheck shellcheck)
BENCH=(linux-perf gnuplot-nox wrk)

say() { printf 'setup: %s\n' "$*"; }

die() {
	printf 'setup: %s\n' "$*" >&2
	exit 1
}

install_packages() {
	local p missing=()

	for p in "$@"; do
		dpkg-query -W -f='${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed ||
			missing+=("$p")
	done
	if [ ${#missing[@]} -eq 0 ]; then
		say "packages: all $# are there"
		return
	fi
	say "packages: installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq || say "packages: apt-get update failed, going on with the lists there are"
	apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
		die "packages: apt-get could not install: ${missing[*]}"
}

reserve_hugepages() {
	local want=$1 have got
	local knob=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages

	if [ ! -e "$knob" ]; then
		say "hugepages: this kernel has none of 2 MiB; pagewire will run with --no-huge"
		return
	fi
	have=$(cat "$knob")
	if [ "$have" -ge "$want" ]; then
		say "hugepages: $have of 2 MiB are reserved"
		return
	fi
	# A read-only /sys (containers) or scarce memory: both end here, neither is fatal.
	(echo "$want" >"$knob") 2>/dev/null || true
	got=$(cat "$knob")
	if [ "$got" -ge "$want" ]; then
		say "hugepages: reserved $want of 2 MiB (there were $have)"
	else
		say "hugepages: $want of 2 MiB wanted, the kernel gives $got;" \
			"where they do not suffice pagewire runs with --no-huge"
	fi
}

check_tun() {
	[ -c /dev/net/tun ] || modprobe tun 2>/dev/null || true
	if [ -c /dev/net/tun ]; then
		say "tun: /dev/net/tun is there"
	else
		say "tun: /dev/net/tun is missing and cannot be loaded: no TAP devices here"
	fi
}

hugepages=1024
set_name=run
while [ $# -gt 0 ]; do
	case $1 in
	--help | -h)
		usage
		exit 0
		;;
	--hugepages)
		[[ ${2:-} =~ ^[0-9]+$ ]] || {
			say "--hugepages '${2:-}' is not a number; allowed: 0 and more" >&2
			exit 2
		}
		hugepages=$2
		shift
		;;
	run | test | bench) set_name=$1 ;;
	*)
		say "unknown word '$1'; allowed: --help, --hugepages N, run, test, bench" >&2
		exit 2
		;;
	esac
	shift
done

[ "$(id -u)" = 0 ] || die "needs root's rights to install packages and reserve memory: use sudo"

packages=("${RUN[@]}")
[ "$set_name" = run ] || packages+=("${TEST[@]}")
[ "$set_name" != bench ] || packages+=("${BENCH[@]}")
install_packages "${packages[@]}"
reserve_hugepages "$hugepages"
check_tun
