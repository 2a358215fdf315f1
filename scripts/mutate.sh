#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
#
# Are the tests worth anything? Turn off one rule at a time, as tests/mutants/list.txt says, in
# a copy of the tree, and demand that a unit of the module notices.
#
#   scripts/mutate.sh [--list] [PATTERN]
#
#   PATTERN  only mutants whose text or file contains it (a regular expression)
#
# A mutant passes when a test fails. It fails when none does, when it does not compile, and
# when it is out of date. The last line is "N passed, N failed, N skipped"; exit status 1
# when one failed.
set -euo pipefail
cd "$(dirname "$0")/.."

LIST=tests/mutants/list.txt
LIMIT=60 # seconds for the units of a module; a mutant that hangs them is noticed

usage() {
	sed -n '/^#   scripts/,/^# when one/s/^# \{0,1\}//p' "$0"
}

# The mutants as lines TEXT|FILE|OLD|NEW, with tabs between.
read_list() {
	awk '
	function put() {
		if (text != "")
			printf "%s\t%s\t%s\t%s\n", text, file, old, new
		text = old = new = ""
	}
	/^= / { put(); text = substr($0, 3) }
	/^@ / { file = substr($0, 3) }
	/^- / { old = old " " substr($0, 3) }
	/^\+ / { new = new " " substr($0, 3) }
	END { put() }' "$LIST"
}

# change FILE OLD NEW: replace the only place that reads OLD, whatever its white space.
change() {
	OLD=$2 NEW=$3 perl -0777 -i -pe '
		BEGIN { $old = join "\\s*", map { quotemeta } $ENV{OLD} =~ /\w+|[^\w\s]/g }
		$n = s/$old/$ENV{NEW}/g;
		END { exit($n == 1 ? 0 : 1) }' "$1"
}

module_of() { echo "$1" | cut -d/ -f2; }

# One mutant, in the tree TREE. Sets `verdict`; empty: a test noticed.
try() {
	local tree=$1 file=$2 old=$3 new=$4 unit status=0
	unit=tests/unit/unit-$(module_of "$file")
	verdict=
	cp -p "$tree/$file" "$tree/kept"
	if ! change "$tree/$file" "$old" "$new"; then
		verdict="out of date: its code is not there, or not once"
	elif ! ninja -C "$tree/build" "$unit" >"$tree/log" 2>&1; then
		verdict="does not compile: $(grep -m1 -E 'error|FAILED' "$tree/log")"
	else
		(cd "$tree/build" && timeout "$LIMIT" "$unit") >"$tree/log" 2>&1 </dev/null || status=$?
		[ "$status" != 0 ] || verdict="no test noticed"
	fi
	mv "$tree/kept" "$tree/$file"
	touch "$tree/$file" # ninja goes by time
}

# The mutants on standard input, in the tree TREE: one line of the table each.
work() {
	local tree=$1 text file old new result
	while IFS=$'\t' read -r text file old new; do
		try "$tree" "$file" "$old" "$new"
		result=passed
		[ -z "$verdict" ] || result=failed
		printf '%-7s %-22s %s%s\n' "$result" "$file" "$text" "${verdict:+  ($verdict)}"
	done
}

# The copy that is mutated: built with assertions, and without anything of it failing.
make_tree() {
	local tree=$1 unit
	shift
	mkdir "$tree"
	# Files that git knows, or would: what is not committed yet is there as well.
	git ls-files -z --cached --others --exclude-standard |
		tar --null --ignore-failed-read -cf - -T - 2>/dev/null | tar -C "$tree" -xf -
	if ! meson setup "$tree/build" "$tree" -Dasserts=true -Dwerror=false -Doptimization=1 \
		-Ddebug=false >"$tree/log" 2>&1 || ! ninja -C "$tree/build" "$@" >"$tree/log" 2>&1; then
		tail -n 20 "$tree/log"
		echo "mutate: the tree does not build" >&2
		exit 1
	fi
	for unit in "$@"; do
		(cd "$tree/build" && "$unit") >"$tree/log" 2>&1 </dev/null || {
			tail -n 20 "$tree/log"
			echo "mutate: $unit fails already without a mutant" >&2
			exit 1
		}
	done
}

pattern=
case ${1-} in
--help | -h)
	usage
	exit 0
	;;
--list)
	read_list | cut -f1,2
	exit 0
	;;
?*) pattern=$1 ;;
esac

TMP=$(mktemp -d "${TMPDIR:-/tmp}/pw-mutate.XXXXXX")
trap 'rm -rf "$TMP"' EXIT
read_list | awk -F '\t' -v p="$pattern" 'p == "" || $1 ~ p || $2 ~ p' >"$TMP/mutants"
mapfile -t units < <(cut -f2 "$TMP/mutants" | cut -d/ -f2 | sort -u | sed 's,^,tests/unit/unit-,')
[ ${#units[@]} -gt 0 ] || {
	echo "mutate: no mutant matches '$pattern'" >&2
	exit 2
}

# Trees that are built in parallel: a mutant is compiling and running one file.
make_tree "$TMP/0" "${units[@]}"
n=$(nproc)
[ "$n" -le 4 ] || n=4
pids=()
for ((i = 0; i < n; i++)); do
	[ "$i" = 0 ] || cp -a "$TMP/0" "$TMP/$i"
done
for ((i = 0; i < n; i++)); do
	awk -v i="$i" -v n="$n" 'NR % n == i' "$TMP/mutants" | work "$TMP/$i" >"$TMP/table.$i" 2>/dev/null &
	pids+=($!)
done
wait "${pids[@]}"
sort -k2,2 -k1,1 "$TMP"/table.* | tee "$TMP/table"
passed=$(grep -c '^passed ' "$TMP/table" || true)
failed=$(grep -c '^failed ' "$TMP/table" || true)
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
