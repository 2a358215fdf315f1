#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
#
# Builds and runs the fuzzers, under AddressSanitizer and UndefinedBehaviorSanitizer.
#
#   scripts/fuzz.sh [--seconds N] [--jobs N] [TARGET...]
#
#   --seconds N  for each target (45); 0: replay the kept corpus, and no more
#   --jobs N     targets at a time (one a core, two at most)
#   TARGET       wire frags dhcp nd conn pair http frame (all)
#
# First every file of tests/fuzz/corpus/TARGET is run once. Then each target goes on from
# there, and from what earlier runs found, in build-fuzz/corpus/TARGET. An input that fails
# is kept in build-fuzz/findings, and printed. Each target counts twice in the last line,
# "N passed, N failed": for the replay, and for what is new; the exit status is 0 when none
# failed. docs/fuzzing.md says what each target does and how to replay.
set -euo pipefail
cd "$(dirname "$0")/.."

BUILD=build-fuzz
ALL=(wire frags dhcp nd conn pair http frame)
seconds=45 jobs=$(nproc) targets=()
[ "$jobs" -le 2 ] || jobs=2

die() {
	printf 'fuzz.sh: %s\n' "$*" >&2
	exit 2
}

while [ $# -gt 0 ]; do
	case $1 in
	--seconds)
		[[ ${2:-} =~ ^[0-9]+$ ]] || die "--seconds '${2:-}': allowed: 0 and up"
		seconds=$2
		shift
		;;
	--jobs)
		[[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "--jobs '${2:-}': allowed: 1 and up"
		jobs=$2
		shift
		;;
	-h | --help)
		sed -n '/^# Builds/,/^# failed/s/^# \{0,1\}//p' "$0"
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

# run TARGET LOG ARGUMENT...: the fuzzer, with what every run of it has in common.
run() {
	local target=$1 log=$2
	shift 2
	ASAN_OPTIONS=${ASAN_OPTIONS:-} UBSAN_OPTIONS=print_stacktrace=1 \
		"$BUILD/tests/fuzz/fuzz_$target" -timeout=60 -rss_limit_mb=2048 \
		-artifact_prefix="$BUILD/findings/$target/" "$@" >"$log" 2>&1 </dev/null
}

# A finding: what does not hold, and the input, so that the printed page is enough.
show_finding() {
	local target=$1 log=$2 input
	grep -aE 'does not hold|broken invariant|runtime error|^==.*ERROR|^SUMMARY' "$log" |
		sed 's/^/    /' || true
	echo "    log:    $log"
	input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
	[ -n "$input" ] || return 0
	echo "    input:  $input, $(wc -c <"$input") bytes, in base64:"
	echo "            $(base64 -w0 "$input")"
	echo "    replay: base64 -d <<<'...' >FILE; $BUILD/tests/fuzz/fuzz_$target FILE"
}

# Each file of the kept corpus once.
replay() {
	local target=$1 log=$BUILD/$1-replay.log status=0
	run "$target" "$log" -runs=0 "tests/fuzz/corpus/$target" || status=$?
	printf '  %-8s replay %9s inputs  %s\n' "$target" \
		"$(find "tests/fuzz/corpus/$target" -type f | wc -l)" \
		"$([ "$status" = 0 ] && echo ok || echo FAILED)"
	[ "$status" = 0 ] || show_finding "$target" "$log"
}

fuzz() {
	local target=$1 log=$BUILD/$1.log new=$BUILD/corpus/$1
	local status=0 options=() cov
	[ ! -e "tests/fuzz/$target.dict" ] || options+=("-dict=tests/fuzz/$target.dict")
	run "$target" "$log" -max_total_time="$seconds" -max_len="$(longest "$target")" \
		-len_control=0 -print_final_stats=1 "${options[@]}" \
		"$new" "tests/fuzz/corpus/$target" || status=$?
	cov=$(sed -n 's/^#.*cov: \([0-9]*\).*/\1/p' "$log" | tail -1)
	printf '  %-8s fuzz   %9s execs   %6s/s %6s edges  %s\n' "$target" \
		"$(stat "$log" number_of_executed_units)" "$(stat "$log" average_exec_per_sec)" \
		"${cov:-?}" "$([ "$status" = 0 ] && echo ok || echo FAILED)"
	[ "$status" = 0 ] || show_finding "$target" "$log"
}

# each FUNCTION: for all targets, some at a time; the report of each in one piece.
each() {
	local target
	for target in "${targets[@]}"; do
		while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
			wait -n || true
		done
		{ "$1" "$target" >"$BUILD/$target.$1"; } &
	done
	wait
	for target in "${targets[@]}"; do
		cat "$BUILD/$target.$1"
	done | tee -a "$BUILD/report"
}

for target in "${targets[@]}"; do
	mkdir -p "$BUILD/corpus/$target" "$BUILD/findings/$target"
done
: >"$BUILD/report"
each replay
[ "$seconds" = 0 ] || each fuzz
passed=$(grep -cE '^  [a-z]+ .* ok$' "$BUILD/report" || true)
# One that ended without a word failed as well.
[ "$seconds" = 0 ] && wanted=${#targets[@]} || wanted=$((2 * ${#targets[@]}))
failed=$((wanted - passed))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
