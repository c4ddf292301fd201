#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The OCI runtime beside crun and runc, and beside a program that asks the kernel for the same container and does nothing
# else (bench/floor.c). All run the same bundles, one after the other in each round, in an order shuffled anew (bench/rounds.c).
#
# crun refuses hosts with version 1 of cgroups. There, all contestants get a mount namespace in which /sys/fs/cgroup is version 2.
set -eu
. "$(dirname "$0")/lib.sh"
ROUNDS=${ROUNDS:-150}
RUNTIME=${RUNTIME:-$BUILD/bin/slipway-runtime}
KERNEL_HEADERS=$BUILD/target-libs/kernel-headers
PROFILE=${PROFILE:-/usr/share/containers/seccomp.json}
LIMITS="64 128 256 512 1024 2048 4096 8192 16384 32768"

[ "$(id -u)" = 0 ] || die "containers are made as root"
[ -x "$RUNTIME" ] || die "'$RUNTIME' is not built; run 'make'"
need crun crun
need runc runc
need strace strace
need jq jq
need musl-gcc musl-tools
[ -f "$PROFILE" ] || die "'$PROFILE' is missing; install the package 'golang-github-containers-common'"

declare -A PROGRAM=([us]=$RUNTIME [crun]=$(command -v crun) [runc]=$(command -v runc))

# --- what is run ---------------------------------------------------------------------------------

compile() { # NAME
	musl-gcc -std=gnu11 -D_GNU_SOURCE -O2 -static -isystem "$KERNEL_HEADERS" -o "$WORK/$1" "$TOP/bench/$1.c"
}

# bundle NAME JQ-FILTER: what `spec` gives, without a terminal, and changed by the filter. crun 1.8 knows versions 1.0.x only.
bundle() {
	mkdir -p "$WORK/$1"
	[ -f "$WORK/$1/config.json" ] || "$RUNTIME" spec --bundle "$WORK/$1"
	jq --arg root "$WORK/plain/rootfs" ".ociVersion = \"1.0.2\" | .process.terminal = false | .process.args = [\"/bin/true\"] |
		.root.path = \$root | $2" "$WORK/$1/config.json" > "$WORK/$1/new"
	mv "$WORK/$1/new" "$WORK/$1/config.json"
}

# The profile as podman writes it into config.json for a container with its default capabilities.
podman_profile() {
	jq '["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",
		"CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"] as $caps |
		{ defaultAction, architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], syscalls: [ .syscalls[] |
			select((.includes.arches // ["amd64"]) | index("amd64")) |
			select((.excludes.arches // []) | index("amd64") | not) |
			select(((.includes.caps // []) - $caps) == []) |
			select(((.excludes.caps // []) - $caps) == (.excludes.caps // [])) |
			{ names, action } + (if .args then { args } else {} end) +
			(if .errnoRet then { errnoRet } else {} end) ] } +
		(if .defaultErrnoRet then { defaultErrnoRet } else {} end)' "$PROFILE"
}

make_bundles() {
	mkdir -p "$WORK"/plain/rootfs/{bin,proc,sys,dev,tmp}
	echo 'int main(void) { return 0; }' > "$WORK/true.c"
	musl-gcc -static -Os -o "$WORK/plain/rootfs/bin/true" "$WORK/true.c"
	bundle plain .
	podman_profile > "$WORK/profile.json"
	bundle seccomp ".linux.seccomp = $(cat "$WORK/profile.json")"
}

# --- how it is told ------------------------------------------------------------------------------

# judge WHAT VALUE LIMIT: a figure beside its target.
judge() {
	awk -v what="$1" -v value="$2" -v limit="$3" 'BEGIN {
		printf "    %-24s %9.2f   target %8s   %s\n", what, value, limit, value <= limit ? "met" : "missed" }'
}

time_of() { # FILE NAME
	awk -v n="$2" '$1 == n { print $2 }' "$1"
}

# compare TITLE FILE [CONTESTANT RATIO]...: times, and how ours stand to those of others.
compare() {
	local title=$1 file=$2
	shift 2
	echo "$title"
	awk '{ printf "    %-8s median %8.3f ms   p90 %8.3f ms   least %8.3f ms\n", $1, $2 / 1000, $3 / 1000, $4 / 1000 }' "$file"
	while [ $# -gt 0 ]; do
		judge "us / $1" "$(awk -v a="$(time_of "$file" us)" -v b="$(time_of "$file" "$1")" 'BEGIN { print a / b }')" "$2"
		shift 2
	done
}

rounds() { # FILE-OF-CONTESTANTS RESULT
	"$WORK/rounds" "$ROUNDS" < "$1" > "$2" || die "a contestant failed"
}

# each COMMANDS: a line of contestants for each runtime; $R is the program with its --root, $ID the container.
each() {
	local name words
	for name in us crun runc; do
		words=${1//\$R/${PROGRAM[$name]} --root $WORK/state/$name}
		echo "$name ${words//\$ID/bench-$name}"
	done
}

# --- the figures ---------------------------------------------------------------------------------

bench_times() {
	{ echo "floor $WORK/floor $WORK/plain /sys/fs/cgroup/bench-floor /bin/true"; each "\$R run -b $WORK/plain \$ID"; } > "$WORK/in"
	rounds "$WORK/in" "$WORK/run"
	compare "run /bin/true" "$WORK/run" floor 1.3 crun 0.6 runc 1

	each "\$R run -b $WORK/seccomp \$ID" > "$WORK/in"
	rounds "$WORK/in" "$WORK/out"
	compare "run /bin/true with podman's seccomp profile" "$WORK/out" crun 0.7 runc 1

	each "\$R create -b $WORK/plain \$ID ; \$R start \$ID ; \$R delete --force \$ID" > "$WORK/in"
	rounds "$WORK/in" "$WORK/out"
	compare "create, start and delete" "$WORK/out" crun 0.6 runc 1

	each "\$R create -b $WORK/plain \$ID" | "$WORK/rounds" 0
	each "\$R state \$ID" > "$WORK/in"
	rounds "$WORK/in" "$WORK/out"
	compare "state" "$WORK/out" crun 0.5 runc 1
	each "\$R list" > "$WORK/in"
	rounds "$WORK/in" "$WORK/out"
	compare "list, of one container" "$WORK/out" crun 1 runc 1
	each "\$R delete --force \$ID" | "$WORK/rounds" 0
}

# crun's RLIMIT_MEMLOCK: see bench/rounds.c. Here its prlimit64 does nothing, and is counted.
count_calls() { # COMMAND...
	local inject=()
	[ "${1##*/}" != crun ] || inject=(-e inject=prlimit64:retval=0)
	strace -f -c -U calls,name "${inject[@]}" -o "$WORK/calls" "$@" < /dev/null > /dev/null 2> "$WORK/stderr" ||
		die "$1 under strace: $(tail -n 1 "$WORK/stderr")"
	awk '$2 == "total" { print $1 }' "$WORK/calls"
}

bench_calls() {
	local name calls
	echo "system calls of run /bin/true"
	printf '    %-8s %6d\n' floor "$(count_calls "$WORK/floor" "$WORK/plain" /sys/fs/cgroup/bench-floor /bin/true)"
	for name in us crun runc; do
		calls=$(count_calls "${PROGRAM[$name]}" --root "$WORK/state/$name" run -b "$WORK/plain" "bench-$name")
		printf '    %-8s %6d\n' "$name" "$calls"
		[ "$name" != us ] || ours=$calls
	done
	judge us "$ours" 300
}

bench_size() {
	echo "peak RSS of the largest process of run /bin/true"
	awk '{ printf "    %-8s %6d KiB\n", $1, $5 }' "$WORK/run"
	judge 'us, MB' "$(awk '$1 == "us" { print $5 * 1024 / 1e6 }' "$WORK/run")" 1.5
	echo "size of the program, stripped"
	for name in us crun runc; do
		cp "${PROGRAM[$name]}" "$WORK/stripped"
		strip "$WORK/stripped" 2> /dev/null || true
		printf '    %-8s %6d kB\n' "$name" $(($(stat -c %s "$WORK/stripped") / 1000))
		[ "$name" != us ] || ours=$(($(stat -c %s "$WORK/stripped") / 1000))
	done
	judge 'us, kB' "$ours" 500
}

# The host's own cgroups: the version 2 that we mount has no memory controller where version 1 holds it.
bench_memory() {
	local name limit least
	echo "smallest memory limit at which a container runs"
	for name in us crun runc; do
		least=
		for limit in $LIMITS; do
			bundle limit ".linux.resources.memory = { limit: $((limit * 1024)) }"
			if "${PROGRAM[$name]}" --root "$WORK/state/$name" run -b "$WORK/limit" "bench-$name" < /dev/null > "$WORK/stderr" 2>&1; then
				least=$limit
				break
			fi
			"${PROGRAM[$name]}" --root "$WORK/state/$name" delete --force "bench-$name" > /dev/null 2>&1 || true
		done
		printf '    %-8s %6s%s\n' "$name" "${least:-none}" "${least:+ KiB}"
		[ "$name" != us ] || ours=${least:-99999}
	done
	judge 'us, KiB' "$ours" 256
}

if [ "${1:-}" = --inside ]; then
	rmdir "$WORK"
	WORK=$2
	trap - EXIT
	if [ ! -f /sys/fs/cgroup/cgroup.controllers ]; then
		umount -R /sys/fs/cgroup
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
	fi
	# /run is a tmpfs where containers are at home.
	mkdir -p "$WORK/state"
	mount -t tmpfs tmpfs "$WORK/state"
	bench_times
	bench_calls
	bench_size
	exit
fi

echo "$(uname -r), $(nproc) CPUs, load $(cut -d' ' -f1 /proc/loadavg), $ROUNDS rounds; crun $(crun --version | awk 'NR == 1 { print $3 }'), runc $(runc --version | awk 'NR == 1 { print $3 }')"
compile floor
compile rounds
make_bundles
unshare --mount --propagation private bash "$0" --inside "$WORK"
mkdir -p "$WORK/state"
bench_memory
