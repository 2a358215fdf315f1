#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
#
# Builds and runs the fuzzers, under AddressSanitizer and UndefinedBehaviorSanitizer.
#
#   scripts/fuzz.sh [--seconds N] [TARGET...]
#
#   --seconds N  for each target (60)
#   TARGET       wire conn pair http frame (all)
#
# Each starts from tests/fuzz/corpus/TARGET and what earlier runs found, in
# build-fuzz/corpus/TARGET. An input that fails is kept in build-fuzz/findings. The
# last line is "N passed, N failed"; the exit status is 0 when none failed.
# docs/fuzzing.md says what each target does and how to replay.
set -euo pipefail
cd "$(dirname "$0")/.."

BUILD=build-fuzz
ALL=(wire conn pair http frame)
seconds=60 targets=() passed=0 failed=0

die() {
	printf 'fuzz.sh: %s\n' "$*" >&2
	exit 2
}

while [ $# -gt 0 ]; do
	case $1 in
	--seconds)
		[[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "--seconds '${2:-}': allowed: 1 and up"
		seconds=$2
		shift
		;;
	-h | --help)
		sed -n '6,17s/^# \{0,1\}//p' "$0"
		exit 0
		;;
	*)
		[[ " ${ALL[*]} " == *" $1 "* ]] || die "no target '$1'; there are: ${ALL[*]}"
		targets+=("$1")
		;;
	esac
	shift
done
[ ${#targets[@]} -gt 0 ] || targets=("${ALL[@]}")

clang=$(command -v clang || command -v clang-14 || true)
[ -n "$clang" ] || die 'clang is not installed (scripts/setup.sh installs it)'

mkdir -p "$BUILD"
if ! {
	[ -e "$BUILD/build.ninja" ] ||
		CC=$clang meson setup "$BUILD" -Dfuzzers=true -Dasserts=true \
			-Db_sanitize=address,undefined -Db_lundef=false
	ninja -C "$BUILD" fuzz
} >"$BUILD/build.log" 2>&1; then
	cat "$BUILD/build.log" >&2
	die "the fuzzers do not build"
fi

# The longest input of a target: more does not reach further, only slower.
longest() {
	case $1 in
	wire) echo 256 ;;
	http) echo 1500 ;;
	*) echo 600 ;;
	esac
}

# stat LOG NAME: one of libFuzzer's final figures.
stat() { sed -n "s/^stat::$2: *//p" "$1"; }

fuzz() {
	local target=$1 log=$BUILD/$1.log new=$BUILD/corpus/$1 findings=$BUILD/findings/$1
	local status=0 options=() cov input
	mkdir -p "$new" "$findings"
	[ ! -e "tests/fuzz/$target.dict" ] || options+=("-dict=tests/fuzz/$target.dict")
	ASAN_OPTIONS=${ASAN_OPTIONS:-} UBSAN_OPTIONS=print_stacktrace=1 \
		"$BUILD/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=25 \
		-rss_limit_mb=2048 -max_len="$(longest "$target")" -len_control=0 \
		-print_final_stats=1 -artifact_prefix="$findings/" "${options[@]}" \
		"$new" "tests/fuzz/corpus/$target" >"$log" 2>&1 </dev/null || status=$?
	cov=$(sed -n 's/^#.*cov: \([0-9]*\).*/\1/p' "$log" | tail -1)
	printf '  %-8s %9s execs %7s/s %6s edges  %s\n' "$target" \
		"$(stat "$log" number_of_executed_units)" "$(stat "$log" average_exec_per_sec)" \
		"${cov:-?}" "$([ "$status" = 0 ] && echo ok || echo FAILED)"
	if [ "$status" = 0 ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	grep -aE 'does not hold|broken invariant|runtime error|^==.*ERROR|^SUMMARY' "$log" |
		sed 's/^/    /' || true
	input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
	if [ -n "$input" ]; then
		echo "    input:  $input"
		echo "    replay: $BUILD/tests/fuzz/fuzz_$target $input"
	else
		echo "    log:    $log"
	fi
}

for target in "${targets[@]}"; do
	fuzz "$target"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
