# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 the pagewire authors
# shellcheck shell=bash disable=SC2034  # the variables are for those who source this
#
# Shared by scripts/run.sh, the tests and the benchmarks; sourced, never run.
#
#   . scripts/lib.sh                under `set -euo pipefail`
#
# Variables that the caller may set before (the value here when not):
#   PW_BIN     the program                           build/app/pagewire
#   PW_NS      namespace of everything; "" is the host's         ""
#   PW_IF      network interface on the kernel's side            pw0
#   PW_TMP     directory for logs, sockets, captures; removed at the end if made here
#   PW_CPU     lcore of pagewire                                 0
#   PW_MTU     of the device and the kernel's end                1500
#   PW_FAMILIES  of addresses that both ends have: "4", "6", "4 6"   4
#   PW_WAIT    seconds until the ready line must have come       60
#   PW_EXTRA_EAL  array: more EAL arguments
#
# Functions:
#   pw_say TEXT...           a line for the user, on standard output
#   pw_die TEXT...           a line on standard error, then exit 1 (traps run)
#   pw_at_exit COMMAND...    run COMMAND at exit, whatever its reason; last in, first run
#   pw_tmp                   make PW_TMP
#   pw_netns NAME            make a namespace, removed at exit; sets PW_NS
#   pw_in COMMAND...         run COMMAND in PW_NS
#   pw_profile NAME          read drivers-config/NAME.conf (after PW_IF and PW_TMP are set)
#   pw_wants FAMILY          is 4 or 6 among PW_FAMILIES?
#   pw_profile_missing       print what the profile needs and this machine lacks; 1 if anything
#   pw_memory MIB            choose hugepages or --no-huge for MIB of files: sets PW_MEM (EAL
#                            arguments) and PW_MEM_WHY (one line that says what and why)
#   pw_start ROOT [OPTION...]   start pagewire with the profile and wait for its ready line.
#                            Sets PW_PID; its output is in $PW_TMP/pagewire.out and .err.
#                            Returns 1, having shown the output, when it does not become ready.
#   pw_stop                  end pagewire and the peer; returns pagewire's exit status
#   pw_kill PID              end one process and wait until it is gone
#   pw_ledger KEY            a figure of the copy ledger that pagewire printed at its end
#
# drivers-config/NAME.conf is shell; docs/devices.md describes its fields:
#   PROFILE_DRIVER    the PMD, as the ready line names it
#   PROFILE_WHAT      one line: what this device is for
#   PROFILE_NEEDS     what must be there: root tun af_xdp hugepages cmd:PROGRAM kernel:PATH pci
#   PROFILE_EAL       array: EAL arguments that make the device
#   PROFILE_OPTIONS   array: options of pagewire that go with it
#   PROFILE_IP        address of pagewire
#   PROFILE_PEER_IP   address of the kernel at the other end, "" where there is none
#   PROFILE_IP6, PROFILE_PEER_IP6  likewise of IPv6
#   PROFILE_BEFORE    array: commands to run in the namespace before pagewire starts
#   PROFILE_AFTER     array: commands to run there when pagewire is ready
#   PROFILE_AFTER6    array: and behind these, where IPv6 is wanted
#   PROFILE_BRIDGE    array: EAL arguments of the port by which dpdk-testpmd joins this device
#                     to a TAP of the kernel; empty where the kernel is at the other end anyhow
#   PROFILE_BRIDGE_FIRST  yes when the bridge has to be there before pagewire
#   PROFILE_OFFLOADS  what the device does for us
#   PROFILE_COPIES    who copies the payload, and where to
#   PROFILE_OUR_COPIES  none, or the ledger's reason for the copies that pagewire has to make

PW_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${PW_BIN:=$PW_TOP/build/app/pagewire}" "${PW_NS:=}" "${PW_IF:=pw0}" "${PW_TMP:=}"
: "${PW_CPU:=0}" "${PW_MTU:=1500}" "${PW_FAMILIES:=4}" "${PW_WAIT:=60}"
declare -p PW_EXTRA_EAL >/dev/null 2>&1 || PW_EXTRA_EAL=()
PW_PID='' PW_BRIDGE_PID='' PW_MEM=() PW_MEM_WHY=''
PW_EXIT_LIST=()

pw_say() { printf '%s\n' "$*"; }

pw_die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

pw_run_exit_list() {
	local status=$? i
	trap - EXIT
	for ((i = ${#PW_EXIT_LIST[@]} - 1; i >= 0; i--)); do
		eval "${PW_EXIT_LIST[i]}" || true
	done
	exit "$status"
}

pw_at_exit() {
	local cmd
	printf -v cmd '%q ' "$@"
	PW_EXIT_LIST+=("$cmd")
	trap pw_run_exit_list EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

pw_tmp() {
	[ -z "$PW_TMP" ] || return 0
	PW_TMP=$(mktemp -d /tmp/pagewire.XXXXXX)
	chmod 755 "$PW_TMP"
	pw_at_exit rm -rf "$PW_TMP"
}

pw_netns() {
	ip netns add "$1"
	pw_at_exit ip netns del "$1"
	PW_NS=$1
	pw_in ip link set lo up
	# Router and multicast chatter would blur what the tests count.
	pw_in sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 \
		2>/dev/null || true
}

pw_in() {
	if [ -n "$PW_NS" ]; then
		ip netns exec "$PW_NS" "$@"
	else
		"$@"
	fi
}

# For a process in the background: $! is then that process, not a shell around it.
pw_exec_in() {
	[ -z "$PW_NS" ] || exec ip netns exec "$PW_NS" "$@"
	exec "$@"
}

pw_kill() {
	kill "$1" 2>/dev/null || return 0
	wait "$1" 2>/dev/null || true
}

# The names of all profiles, in one line.
pw_profiles() {
	local conf names=()

	for conf in "$PW_TOP"/drivers-config/*.conf; do
		names+=("$(basename "$conf" .conf)")
	done
	echo "${names[*]}"
}

pw_profile() {
	local conf=$PW_TOP/drivers-config/$1.conf

	if [ ! -r "$conf" ]; then
		pw_die "no profile '$1'; there are:" "$(pw_profiles)"
	fi
	PROFILE_NAME=$1 PROFILE_DRIVER='' PROFILE_WHAT='' PROFILE_NEEDS=''
	PROFILE_IP=10.77.0.1/24 PROFILE_PEER_IP=10.77.0.2/24
	PROFILE_IP6=fd77::1/64 PROFILE_PEER_IP6=fd77::2/64
	PROFILE_EAL=() PROFILE_OPTIONS=() PROFILE_BEFORE=() PROFILE_AFTER=() PROFILE_AFTER6=()
	PROFILE_BRIDGE=() PROFILE_BRIDGE_FIRST=no
	PROFILE_OFFLOADS='' PROFILE_COPIES='' PROFILE_OUR_COPIES=none
	# shellcheck disable=SC1090
	. "$conf"
	[ -z "$PROFILE_PEER_IP6" ] || PROFILE_AFTER6+=(
		# That address alone, of use at once.
		"sysctl -qw net.ipv6.conf.$PW_IF.addr_gen_mode=1 net.ipv6.conf.$PW_IF.accept_ra=0 \
			net.ipv6.conf.$PW_IF.disable_ipv6=0"
		"ip addr add $PROFILE_PEER_IP6 dev $PW_IF nodad"
	)
	[ "$PW_MTU" = 1500 ] || PROFILE_OPTIONS+=(--mtu "$PW_MTU")
}

pw_wants() { [[ " $PW_FAMILIES " == *" $1 "* ]]; }

pw_profile_missing() {
	local need missing=()

	for need in $PROFILE_NEEDS; do
		case $need in
		root) [ "$(id -u)" = 0 ] || missing+=("root's rights (use sudo)") ;;
		tun) [ -c /dev/net/tun ] || missing+=("/dev/net/tun (modprobe tun)") ;;
		af_xdp) grep -q '^XDP ' /proc/net/protocols ||
			missing+=("sockets of the kind AF_XDP (this kernel does not offer them)") ;;
		hugepages) [ "$(pw_free_mib)" -ge 64 ] ||
			missing+=("64 MiB of free 2 MiB hugepages (sysctl vm.nr_hugepages=N)") ;;
		cmd:*) command -v "${need#cmd:}" >/dev/null ||
			missing+=("the program ${need#cmd:} (scripts/setup.sh installs it)") ;;
		kernel:*) [ -e "${need#kernel:}" ] ||
			missing+=("${need#kernel:} (this kernel does not offer it)") ;;
		pci) [ -n "${PW_PCI:-}" ] ||
			missing+=("PW_PCI=0000:xx:yy.z, the address of a NIC bound to vfio-pci") ;;
		*) pw_die "$PROFILE_NAME.conf: PROFILE_NEEDS names '$need', which nobody knows" ;;
		esac
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	printf '%s\n' "${missing[@]}"
	return 1
}

# MiB in free 2 MiB hugepages.
pw_free_mib() {
	local pages

	pages=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages 2>/dev/null || echo 0)
	echo $((pages * 2))
}

PW_POOLS_MIB=192 # what pagewire takes beside the files

pw_memory() {
	local want=$(($1 + PW_POOLS_MIB)) have

	have=$(pw_free_mib)
	if [ "$have" -ge "$want" ]; then
		PW_MEM=(--in-memory)
		PW_MEM_WHY="memory: 2 MiB hugepages ($want MiB wanted, $have MiB free)"
	else
		PW_MEM=(--no-huge --no-shconf)
		PW_MEM_WHY="memory: ordinary pages, by --no-huge ($want MiB of hugepages wanted, $have MiB free)"
	fi
}

# Run each line of an array in the namespace.
pw_commands() {
	local cmd

	for cmd in "$@"; do
		pw_in bash -euc "$cmd" || pw_die "$PROFILE_NAME.conf: failed: $cmd"
	done
}

# dpdk-testpmd between the other side of the device and a TAP of the kernel's.
pw_bridge_start() {
	local log=$PW_TMP/bridge.log prefix=pwbr$$ i

	[ ${#PROFILE_BRIDGE[@]} -gt 0 ] || return 0
	: >"$log"
	pw_exec_in stdbuf -oL dpdk-testpmd --lcores "(0,1)@(0-$(($(nproc) - 1)))" --no-pci --no-huge --no-shconf -m 256 \
		--file-prefix "$prefix" "${PROFILE_BRIDGE[@]}" --vdev "net_tap9,iface=$PW_IF" -- \
		--forward-mode=io --auto-start --no-flush-rx --disable-link-check \
		--total-num-mbufs=16384 --stats-period 3600 >"$log" 2>&1 </dev/null &
	PW_BRIDGE_PID=$!
	pw_at_exit rm -rf "/var/run/dpdk/$prefix"
	pw_at_exit pw_kill "$PW_BRIDGE_PID"
	for ((i = 0; i < 100; i++)); do
		! grep -q 'TX RS bit threshold' "$log" || return 0
		kill -0 "$PW_BRIDGE_PID" 2>/dev/null || break
		sleep 0.1
	done
	cat "$log" >&2
	return 1
}

pw_start() {
	local root=$1 i tenths=$((PW_WAIT * 10))
	local prefix=pw$$ ips=()
	shift

	[ ${#PW_MEM[@]} -gt 0 ] || pw_memory "$(du -smL "$root" | cut -f1)"
	pw_commands "${PROFILE_BEFORE[@]}"
	[ "$PROFILE_BRIDGE_FIRST" != yes ] || pw_bridge_start || return 1
	! pw_wants 4 || ips+=(--ip "$PROFILE_IP")
	! pw_wants 6 || ips+=(--ip "$PROFILE_IP6")
	PW_COMMAND=("$PW_BIN" --lcores "0@$PW_CPU" "${PW_MEM[@]}" --file-prefix "$prefix"
		"${PW_EXTRA_EAL[@]}" "${PROFILE_EAL[@]}" -- --root "$root" "${ips[@]}"
		"${PROFILE_OPTIONS[@]}" "$@")
	: >"$PW_TMP/pagewire.out" # an older run's ready line must not be found
	pw_exec_in "${PW_COMMAND[@]}" >"$PW_TMP/pagewire.out" 2>"$PW_TMP/pagewire.err" </dev/null &
	PW_PID=$!
	pw_at_exit rm -rf "/var/run/dpdk/$prefix"
	pw_at_exit pw_kill "$PW_PID"
	for ((i = 0; i < tenths; i++)); do
		if grep -q '^pagewire: serving ' "$PW_TMP/pagewire.out"; then
			[ "$PROFILE_BRIDGE_FIRST" = yes ] || pw_bridge_start || return 1
			pw_commands "${PROFILE_AFTER[@]}"
			! pw_wants 6 || pw_commands "${PROFILE_AFTER6[@]}"
			return 0
		fi
		kill -0 "$PW_PID" 2>/dev/null || break
		sleep 0.1
	done
	cat "$PW_TMP/pagewire.out" "$PW_TMP/pagewire.err" >&2
	return 1
}

pw_stop() {
	local status=0

	[ -n "$PW_PID" ] || return 0
	kill -TERM "$PW_PID" 2>/dev/null || true
	wait "$PW_PID" || status=$?
	PW_PID=
	[ -z "$PW_BRIDGE_PID" ] || pw_kill "$PW_BRIDGE_PID"
	PW_BRIDGE_PID=
	return "$status"
}

pw_ledger() {
	sed -n "s/^ *$1: *\([0-9]*\).*/\1/p" "$PW_TMP/pagewire.out" | tail -1
}
