#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
#
# The one command for tests: sets up, builds and runs everything.
#
#   sudo scripts/test.sh [--quick] [--no-setup] [STAGE...]
#
#   --quick      units only
#   --no-setup   the machine is ready: leave packages and hugepages alone
#
# Stages, in this order:
#   style   clang-format and shellcheck
#   lint    cppcheck, and clang-tidy on the modules that need no device
#   units   the CUnit suites, with assertions
#   asan    the same under AddressSanitizer and UndefinedBehaviorSanitizer
#   sim     the simulator: seeds, every loss pattern, the same trace from all compilers
#   fuzz    the fuzzers of tests/fuzz: the kept corpus, then 45 s each
#   e2e     curl, wget and the kernel's TCP against pagewire, in namespaces
#   wire    frames made by scapy against pagewire under the sanitizers
#   run     scripts/run.sh --once with the release build, on every device of drivers-config
#   cases   every case of tests/cases.txt has a test, and docs/conformance.md says which
#
# Full logs are in build/test-logs. The last line is "N passed, N failed, N
# skipped"; the exit status is 0 when none failed and something ran.
# shellcheck disable=SC2317  # stages are called by their names
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

STAGES=(style lint units asan sim fuzz e2e wire run cases)
LOGS=build/test-logs
TMP=build/test-tmp
PYTHON=/usr/bin/python3 # Debian's, where pytest and scapy are
FAILED_LINES=120        # of a failing log to show
SIM_SECONDS=60          # of seeds
SIM_MASK_BITS=12        # every loss pattern of so many packets
SIM_TRACES=1-300        # seeds whose traces compilers must agree on

usage() {
	sed -n '/^#   sudo/,/^# skipped/s/^# \{0,1\}//p' "$0"
}

passed=0 failed=0 skipped=0 skip_list=() setup=yes wanted=()
while [ $# -gt 0 ]; do
	case $1 in
	--quick) wanted=(units) ;;
	--no-setup) setup=no ;;
	--help | -h)
		usage
		exit 0
		;;
	*)
		[[ " ${STAGES[*]} " == *" $1 "* ]] || pw_die "no stage '$1'; there are: ${STAGES[*]}"
		wanted+=("$1")
		;;
	esac
	shift
done
[ ${#wanted[@]} -gt 0 ] || wanted=("${STAGES[@]}")

wants() { [[ " ${wanted[*]} " == *" $1 "* ]]; }

# ---- counting ----

# count NAME PASSED FAILED SKIPPED SECONDS: add to the sums, show a line.
count() {
	passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
	printf '  %-24s %5d passed %3d failed %3d skipped %6.1f s\n' "$@"
	[ "$3" = 0 ] || show_log "$1"
}

# skip NAME REASON
skip() {
	skip_list+=("$1: $2")
	count "$1" 0 0 1 0
}

log_of() { echo "$LOGS/${1//[ \/]/-}.log"; }

show_log() {
	printf -- '---- %s\n' "$(log_of "$1")"
	tail -n "$FAILED_LINES" "$(log_of "$1")"
	printf -- '----\n'
}

# logged NAME COMMAND...: run it with its output in the log; sets `seconds`.
logged() {
	local name=$1 begin=$EPOCHREALTIME status=0
	shift
	"$@" >"$(log_of "$name")" 2>&1 </dev/null || status=$?
	seconds=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
	return "$status"
}

# check NAME COMMAND...: one test that passes when the command does.
check() {
	local name=$1
	if logged "$@"; then
		count "$name" 1 0 0 "$seconds"
	else
		count "$name" 0 1 0 "$seconds"
	fi
}

# ---- building ----

# build DIR MESON-OPTION...: a build that fails ends everything.
build() {
	local dir=$1 name="build $1"
	shift
	if ! logged "$name" compile "$dir" "$@"; then
		show_log "$name"
		failed=$((failed + 1))
		finish
	fi
	printf '  %-24s built %45.1f s\n' "$dir" "$seconds"
}

compile() {
	local dir=$1
	shift
	if [ ! -e "$dir/build.ninja" ]; then
		meson setup "$dir" "$@"
	fi
	ninja -C "$dir"
}

build_release() { build build; }
build_debug() { build build-debug -Dasserts=true; }
build_asan() { build build-asan -Dasserts=true -Db_sanitize=address,undefined; }

# ---- stages ----

format_check() {
	git ls-files -z '*.c' '*.h' | xargs -0 clang-format --dry-run --Werror
}

shell_check() {
	git ls-files -z '*.sh' 'drivers-config/*.conf' '.ci/run' | xargs -0 shellcheck -x
}

stage_style() {
	check 'style/clang-format' format_check
	if command -v shellcheck >/dev/null; then
		check 'style/shellcheck' shell_check
	else
		skip 'style/shellcheck' 'shellcheck is not installed'
	fi
}

# readdir_r is obsolete, whatever portability may say; each directory is read by one thread.
cpp_check() {
	cppcheck -j "$(nproc)" --project=build-debug/compile_commands.json --quiet \
		--enable=warning,performance,portability --suppress=readdirCalled \
		--suppress='*:/usr/*' --inline-suppr --error-exitcode=1
}

# Where DPDK's headers are read it takes two minutes of processor more.
tidy_check() {
	find lib/base lib/wire lib/tcp lib/http lib/sim -name '*.c' -print0 |
		xargs -0 -n 4 -P "$(nproc)" clang-tidy -p build-debug --quiet
}

stage_lint() {
	build_debug
	check 'lint/cppcheck' cpp_check
	check 'lint/clang-tidy' tidy_check
}

# A runner that crashes, leaks or is stopped has no failed test in its summary.
units_of() {
	local dir=$1 stage=$2 runner name results status ran bad
	for runner in "$dir"/tests/unit/unit-*; do
		if [ -d "$runner" ]; then
			continue # meson keeps object files beside it
		fi
		name=$stage/${runner##*/unit-} results=$LOGS/$stage-${runner##*/unit-}.results status=0
		rm -f "$results"
		logged "$name" timeout 300 "$runner" -o "$results" || status=$?
		read -r ran bad < <(awk '$1 == "tests" { print $3, $5 }' "$(log_of "$name")") ||
			ran=0 bad=0
		if [ "$status" != 0 ] && [ "$bad" = 0 ]; then
			echo "exit status $status" >>"$(log_of "$name")"
			ran=$((ran + 1)) bad=1
		fi
		count "$name" $((ran - bad)) "$bad" 0 "$seconds"
	done
}

stage_units() {
	build_debug
	units_of build-debug units
}

stage_asan() {
	build_asan
	ASAN_OPTIONS=abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
		units_of build-asan asan
}

# The build of one compiler at one level, with nothing in it but what the simulator needs.
trace_build() {
	local dir=build-trace-$1-O$2
	[ -e "$dir/build.ninja" ] || CC=$1 meson setup "$dir" -Doptimization="$2" -Ddebug=false
	ninja -C "$dir" app/pagewire-sim
}

# same_traces COMPILER...: the runs of SIM_TRACES are the same to the bit, whoever compiled them.
same_traces() {
	local cc level first='' hashes
	for cc in "$@"; do
		for level in 0 3; do
			trace_build "$cc" "$level"
			hashes=$LOGS/traces-$cc-O$level.txt
			"build-trace-$cc-O$level/app/pagewire-sim" --hash "$SIM_TRACES" >"$hashes"
			first=${first:-$hashes}
			diff "$first" "$hashes"
		done
	done
}

# A commit that changes the table says why.
same_table() {
	trace_build gcc 3
	build-trace-gcc-O3/app/pagewire-sim --table | diff tests/sim/goodput.txt -
}

# Two jobs at a time: seeds on one core, all else on the other.
stage_sim() {
	local begin=$EPOCHREALTIME status=0 pid first compilers=(gcc)
	build_debug
	build_asan
	first=${PW_SEED:-1} # the same each time; pagewire-sim --seeds goes where nobody was
	printf '  seeds from %s on, for %s s\n' "$first" "$SIM_SECONDS"
	build-asan/app/pagewire-sim --seeds 0 --seconds "$SIM_SECONDS" --first "$first" \
		>"$(log_of sim/seeds)" 2>&1 </dev/null &
	pid=$!
	check 'sim/masks' build-debug/app/pagewire-sim --masks "$SIM_MASK_BITS"
	check 'sim/example' build-asan/tests/examples/exchange README.md
	if command -v clang >/dev/null; then
		compilers+=(clang)
	else
		skip 'sim/traces of clang' 'clang is not installed'
	fi
	check 'sim/traces' same_traces "${compilers[@]}"
	check 'sim/table' same_table
	wait "$pid" || status=$?
	seconds=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
	count 'sim/seeds' $((status == 0)) $((status != 0)) 0 "$seconds"
}

# The fuzzers count themselves; what they found is in the log, input and all.
stage_fuzz() {
	local n bad
	logged fuzz scripts/fuzz.sh || true
	read -r n bad < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$(log_of fuzz)") ||
		n=0 bad=1 # it does not build
	count fuzz "$n" "$bad" 0 "$seconds"
}

# pytest_run DIR CPU STAGE NAME[:FAMILY]: tests/STAGE/test_NAME.py, or its tests over one version
# of IP. Output and seconds go to the log of STAGE/NAME-FAMILY, results beside it.
pytest_run() {
	local dir=$1 cpu=$2 name=$3/${4/:/-} file=tests/$3/test_${4%:*}.py only=() status=0
	[[ $4 != *:* ]] || only=(-k "${4#*:}")
	PW_BIN=$PWD/$dir/app/pagewire PW_LINKFILTER=$PWD/$dir/tests/tools/linkfilter PW_CPU=$cpu \
		logged "$name" timeout -s INT 300 "$PYTHON" -m pytest -q --tb=short \
		--junitxml="$(log_of "$name" | sed 's/log$/xml/')" \
		--basetemp="$PWD/$TMP/$cpu" "$file" "${only[@]}" || status=$?
	rm -rf "${TMP:?}/$cpu"
	echo "$status $seconds" >"$(log_of "$name").ended"
}

# pytest_count NAME: conftest.py ends its report with a line of counts and the skipped tests.
pytest_count() {
	local name=$1 status line row
	read -r status seconds <"$(log_of "$name").ended"
	rm -f "$(log_of "$name").ended"
	line=$(sed -n 's/^pagewire-tests: //p' "$(log_of "$name")")
	if [ -z "$line" ] || { [ "$status" != 0 ] && [[ $line == *" 0 failed"* ]]; }; then
		echo "exit status $status" >>"$(log_of "$name")"
		line="0 passed 1 failed 0 skipped"
	fi
	while IFS= read -r row; do
		skip_list+=("$row")
	done < <(sed -n 's/^pagewire-skipped: //p' "$(log_of "$name")")
	# shellcheck disable=SC2086
	set -- $line
	count "$name" "$1" "$3" "$5" "$seconds"
}

# pytest_files DIR STAGE LANE [NAME...]: the files that are named, or their tests over one version
# of IP (NAME:ipv6), have a lane of their own beside LANE (words), each with a pagewire on another
# processor; the others, which measure time or need both processors, run alone. "" and nothing:
# every one runs alone.
pytest_files() {
	local dir=$1 stage=$2 one=$3 file name cpu=0 pids=() lane
	shift 3
	mkdir -p "$TMP"
	[ "$(nproc)" -ge 2 ] || { one='' && set --; } # no second lane without a second processor
	for lane in "$one" "$*"; do
		for name in $lane; do
			pytest_run "$dir" "$cpu" "$stage" "$name"
		done &
		pids+=($!)
		cpu=1
	done
	wait "${pids[@]}"
	for name in $one "$@"; do
		pytest_count "$stage/${name/:/-}"
	done
	for file in "tests/$stage"/test_*.py; do
		name=${file##*/test_} name=${name%.py}
		if [[ " $one $* " != *" $name"[\ :]* ]]; then
			pytest_run "$dir" 0 "$stage" "$name"
			pytest_count "$stage/$name"
		fi
	done
	rm -rf "$TMP"
}

# need_root STAGE: namespaces and TAPs are root's.
need_root() {
	[ "$(id -u)" != 0 ] || return 0
	skip "$1" "needs root's rights: sudo scripts/test.sh"
	return 1
}

stage_e2e() {
	need_root e2e || return 0
	build_debug
	pytest_files build-debug e2e 'big clients' control download http process
}

stage_wire() {
	need_root wire || return 0
	build_asan
	pytest_files build-asan wire 'wire_tcp:ipv4 wire_link' wire_tcp:ipv6 wire_ip wire_ip6
}

stage_run() {
	local profile lacking args
	need_root run || return 0
	build_release
	for profile in $(pw_profiles); do
		if lacking=$(pw_profile "$profile" && pw_profile_missing); then
			# The main job with its sample; another device shows that its profile holds.
			args=(--driver "$profile" scripts/site)
			[ "$profile" != tap ] || args=()
			check "run/$profile" timeout 300 scripts/run.sh --once "${args[@]}"
		else
			skip "run/$profile" "this machine lacks ${lacking//$'\n'/, }"
		fi
	done
}

stage_cases() {
	check 'cases/conformance' scripts/conformance.py --check --logs "$LOGS"
}

finish() {
	local row
	if [ ${#skip_list[@]} -gt 0 ]; then
		echo "skipped:"
		for row in "${skip_list[@]}"; do
			echo "  $row"
		done
	fi
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ] || exit 1
	exit 0
}

mkdir -p "$LOGS"
rm -f "$LOGS"/*.log
if [ "$setup" = yes ]; then
	echo "setup"
	scripts/setup.sh test
fi
for stage in "${STAGES[@]}"; do
	wants "$stage" || continue
	echo "$stage"
	"stage_$stage"
done
finish
