#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
	cat <<END
usage: scripts/run.sh [--once] [--host] [--driver NAME] [DIR]

Build pagewire, serve DIR with it over IPv4 and IPv6, and fetch a file by each to
see that it works.
Without DIR it serves a small site that explains pagewire.

  --once          end after the downloads, having compared and counted
  --host          put the interface into the host's network, not into a namespace
  --driver NAME   the device, one of: $(pw_profiles) [tap]

Everything that is made here is removed at the end.
END
}

once=no host=no driver=tap dir=''
while [ $# -gt 0 ]; do
	case $1 in
	--help | -h)
		usage
		exit 0
		;;
	--once) once=yes ;;
	--host) host=yes ;;
	--driver)
		[ $# -gt 1 ] || pw_die "--driver lacks its value; allowed: $(pw_profiles)"
		driver=$2
		shift
		;;
	-*)
		pw_say "run.sh: unknown option '$1'; allowed: --once, --host, --driver NAME" >&2
		exit 2
		;;
	*)
		[ -d "$1" ] || pw_die "'$1' is not a directory; allowed: a directory to serve"
		dir=$(cd "$1" && pwd)
		;;
	esac
	shift
done

SAMPLE_MIB=256

build() {
	local log=$PW_TMP/build.log

	pw_say "== build"
	{
		[ -f "$PW_TOP/build/build.ninja" ] || meson setup "$PW_TOP/build" "$PW_TOP"
		ninja -C "$PW_TOP/build" app/pagewire
	} >"$log" 2>&1 || {
		cat "$log" >&2
		pw_die "the build failed"
	}
	pw_say "build/app/pagewire is up to date"
}

# The sample: the site, a compressed neighbour, and something large enough to time.
make_sample() {
	dir=$PW_TMP/site
	cp -r "$PW_TOP/scripts/site" "$dir"
	gzip -9nk "$dir/style.css"
	head -c "${SAMPLE_MIB}M" /dev/urandom >"$dir/random-$SAMPLE_MIB-MiB.bin"
}

largest_file() {
	(cd "$dir" && find . -type f -printf '%s %P\n' | LC_ALL=C grep -v ' .*[^A-Za-z0-9._/~-]' |
		sort -rn | head -1 | cut -d' ' -f2-)
}

# Where the site is, a line for each family of addresses.
urls() {
	! pw_wants 4 || echo "http://${PROFILE_IP%/*}/"
	! pw_wants 6 || echo "http://[${PROFILE_IP6%/*}]/"
}

# One download, compared with the file it came from.
fetch() {
	local url=$1 file=$2 took wire disk
	local fetched=$PW_TMP/fetched

	pw_say "== download $url$file"
	took=$(pw_in curl -sS --fail --max-time 600 -o "$fetched" \
		-w '%{size_download} bytes in %{time_total} s, %{speed_download}' "$url$file") ||
		pw_die "the download failed"
	wire=$(sha256sum <"$fetched")
	disk=$(sha256sum <"$dir/$file")
	rm -f "$fetched"
	awk -v l="$took" 'BEGIN { n = split(l, w, " ")
		printf "%s bytes in %.2f s: %.2f Gbit/s\n", w[1], w[4], w[n] * 8 / 1e9 }'
	pw_say "sha256 from the wire  ${wire%% *}"
	pw_say "sha256 on the disk    ${disk%% *}"
	[ "$wire" = "$disk" ] || pw_die "the hashes differ"
	pw_say "the hashes match"
}

finish() {
	local status=0 copied

	pw_say "== end"
	pw_stop || status=$?
	sed -n '/^copy ledger/,$p' "$PW_TMP/pagewire.out"
	if [ $status -ne 0 ]; then
		cat "$PW_TMP/pagewire.err" >&2
		pw_die "pagewire ended with status $status"
	fi
	copied=$(pw_ledger "file bytes copied by pagewire")
	if [ "$PROFILE_OUR_COPIES" = none ] && [ "$copied" != 0 ]; then
		pw_die "pagewire copied '$copied' bytes, and this device asks for none"
	fi
}

pw_tmp
# A kernel may have been built without.
[ ! -d /proc/sys/net/ipv6 ] || PW_FAMILIES="4 6"
pw_profile "$driver"
pw_say "== set-up"
"$PW_TOP/scripts/setup.sh" run
lacking=$(pw_profile_missing) || pw_die "the device '$driver' cannot be used here; missing: $lacking"
build
[ -n "$dir" ] || make_sample

pw_say "== start on $PROFILE_DRIVER: $PROFILE_WHAT"
[ "$host" = yes ] || pw_netns "pagewire-$$"
pw_memory "$(du -smL "$dir" | cut -f1)"
pw_say "$PW_MEM_WHY"
pw_start "$dir" --autoindex --idle sleep || pw_die "pagewire did not start"
pw_say "offloads: $PROFILE_OFFLOADS"
pw_say "copies: $PROFILE_COPIES"
cat "$PW_TMP/pagewire.out"

file=$(largest_file)
if [ -z "$PROFILE_PEER_IP" ]; then
	pw_say "nobody is at the other end of this device: nothing to download"
elif [ -z "$file" ]; then
	pw_say "there is no file to download in $dir"
else
	for url in $(urls); do
		fetch "$url" "$file"
	done
fi

if [ "$once" = no ]; then
	pw_say "== it stays up; try, from another terminal, or end it with Ctrl-C:"
	for url in $(urls); do
		if [ "$host" = yes ]; then
			pw_say "  curl -v $url"
		else
			pw_say "  sudo ip netns exec $PW_NS curl -v $url"
		fi
	done
	trap 'true' INT TERM # Ctrl-C reaches pagewire too, and it drains
	wait "$PW_PID" || true
fi
finish
