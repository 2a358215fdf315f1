#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
#
# What the ways of sending a file cost on this machine: the figures of docs/zero-copy.md.
#
#   sudo scripts/paths.sh [--no-setup] [OPTION...]
#
#   --no-setup   the machine is ready: leave packages and hugepages alone
#   OPTION       of build/app/pagewire-paths, such as --quick; see its --help
#
# Leaves build/bench/paths.txt (also printed), paths.json and paths.svg.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

setup=yes options=()
while [ $# -gt 0 ]; do
	case $1 in
	--no-setup) setup=no ;;
	--help | -h)
		sed -n '/^#   sudo/,/^# Leaves/s/^# \{0,1\}//p' "$0"
		exit 0
		;;
	*) options+=("$1") ;;
	esac
	shift
done

[ "$(id -u)" = 0 ] || pw_die "makes network namespaces: run it with sudo"
[ "$setup" = no ] || scripts/setup.sh run
mkdir -p build/bench
[ -e build/build.ninja ] || meson setup build >/dev/null
ninja -C build app/pagewire app/pagewire-load app/pagewire-paths >build/bench/paths-build.log || {
	cat build/bench/paths-build.log
	exit 1
}
build/app/pagewire-paths --json build/bench/paths.json --svg build/bench/paths.svg \
	"${options[@]}" | tee build/bench/paths.txt
