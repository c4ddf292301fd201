#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# runc's own integration suite (tests/integration/*.bats), from Debian's source package of runc, against our runtime: what
# Debian's runc passes on this machine, ours passes, except for what skipped.txt lists with a reason.
#
#   tests/conformance/runc-suite.sh [FILE...]      the files named, without .bats; by default QUICK below
#   CONFORMANCE=all                                all of them
#   RUNC_SUITE_REFRESH=1                           ask the archive for a newer source package, run runc anew
#
# Nothing of the suite is kept in this tree. $CACHE/conformance/ has it unpacked, in a directory whose name has its
# version and a hash of all that went in; and what runc did with it, which is good for one version of runc on one kernel.
# Three things of the suite are replaced: its images, which it would download, by Debian's busybox; and two of its
# programs, which are written in Go, by recvtty.c and seccompagent.c beside this file.
set -u
. "$TOP/tests/lib.sh"
export LC_ALL=C
here=$TOP/tools own=$TOP/tests/conformance
CACHE=${SLIPWAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway}
refresh=${RUNC_SUITE_REFRESH:-} work=
RUNC_OF_DEBIAN=/usr/sbin/runc
# bats can limit the time of each test, but some of these wait for all children, and so for its clock as well.
FILE_SECONDS=180
# What is quick and says much: some three minutes where runc has not run yet, half of that afterwards.
QUICK="create start start_hello start_detached state kill delete list run exec ps pause root cwd mask mounts hooks dev spec umask
	no_pivot userns seccomp"

[ "$(id -u)" -eq 0 ] || skip "runc's suite makes containers as root"
need bats jq gawk busybox gcc lsblk script "$RUNC_OF_DEBIAN"

say() { printf '# %s %s\n' "$1" "$2"; }
fail() { printf 'not ok runc-suite: %s\n' "$*"; exit 1; }
leave() { [ -z "$work" ] || rm -rf "$work"; }
trap leave EXIT
. "$TOP/tools/lib-debian.sh"

# --- the suite ---------------------------------------------------------------------------------------

key() { sha256sum | cut -c 1-16; }

# image DIRECTORY: what the suite wants to find in its busybox image; with ldconfig, in its Debian image.
image()
{
	mkdir -p "$1"/{bin,dev,etc,home,lib,proc,root,run,sbin,sys,tmp,usr/bin,usr/sbin,var/tmp,var/run}
	chmod 1777 "$1/tmp" "$1/var/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox"
	"$1/bin/busybox" --list | grep -vx busybox | while read -r name; do ln "$1/bin/busybox" "$1/bin/$name"; done
	printf '%s\n' root:x:0:0:root:/root:/bin/sh daemon:x:1:1:daemon:/usr/sbin:/bin/false \
		nobody:x:65534:65534:nobody:/home:/bin/false >"$1/etc/passwd"
	printf '%s\n' root:x:0: daemon:x:1: tty:x:5: nogroup:x:65534: >"$1/etc/group"
}

images()
{
	image "$work/image"
	tar -C "$work/image" -cf "$1/busybox.tar" .
	cp /sbin/ldconfig "$work/image/sbin/"
	: >"$work/image/etc/ld.so.conf"
	tar -C "$work/image" -cf "$1/debian.tar" .
}

# stand_in PROGRAM [LIBRARY]
stand_in()
{
	mkdir -p "contrib/cmd/$1"
	gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -o "contrib/cmd/$1/$1" "$own/$1.c" ${2:+"$2"}
}

build_suite()
{
	unpack runc
	mkdir -p tests/integration/testdata
	images "$PWD/tests/integration/testdata"
	stand_in recvtty
	stand_in seccompagent -ljansson
	cat >tests/integration/get-images.sh <<-'END'
	#!/bin/sh
	dir=$(dirname "$(readlink -f "$0")")/testdata
	echo "BUSYBOX_IMAGE=$dir/busybox.tar"
	echo "DEBIAN_IMAGE=$dir/debian.tar"
	END
	chmod +x tests/integration/get-images.sh
}

suite_key()
{
	{ cat "$CACHE/sources/runc/SHA256SUMS" "$own/recvtty.c" "$own/seccompagent.c"; declare -f build_suite images image stand_in; } | key
}

# Sets suite, version.
prepare()
{
	mkdir -p "$CACHE/conformance" || fail "cannot make '$CACHE/conformance': set CACHE to a directory that can be written"
	# Also, because cgroups of the suite have names that two of it at a time would share.
	exec 9>"$CACHE/conformance/lock"
	flock -n 9 || { say WAIT "another run of the suite"; flock 9; }
	rm -rf "$CACHE"/conformance/work.*
	work=$(mktemp -d "$CACHE/conformance/work.XXXXXX")
	fetch_source runc
	version=$(source_version "$CACHE/sources/runc")
	suite=$CACHE/conformance/runc-$version-$(suite_key)
	[ ! -d "$suite" ] || return 0
	mkdir "$work/suite"
	(set -e; cd "$work/suite"; build_suite) >"$work/log" 2>&1 || { sed 's/^/# /' "$work/log"; fail "cannot unpack or build runc's suite"; }
	mv "$work/suite" "$suite"
}

# --- running -----------------------------------------------------------------------------------------

# empty_cgroup DIRECTORY: ends what is in it and below, also where that is frozen, and removes it.
empty_cgroup()
{
	local dir pid
	find "$1" -depth -type d 2>/dev/null | while read -r dir; do
		echo THAWED 2>/dev/null >"$dir/freezer.state"
		echo 0 2>/dev/null >"$dir/cgroup.freeze"
		while read -r pid; do [ "$pid" = 0 ] || kill -9 "$pid"; done <"$dir/cgroup.procs"
		rmdir "$dir" || { sleep 0.2; rmdir "$dir"; }
	done 2>/dev/null
}

# clean_up: what a test that was ended has left.
clean_up()
{
	local dir
	for dir in /sys/fs/cgroup/runc-cgroups-integration-test /sys/fs/cgroup/*/runc-cgroups-integration-test; do
		[ ! -d "$dir" ] || empty_cgroup "$dir"
	done
	rm -rf --one-file-system "$TEST_TMP/t"
}

all_reported() { awk '/^1\.\.[0-9]+/ { plan = substr($0, 4) } /^(not )?ok / { n++ } END { exit !(plan && n == plan) }' "$1" 2>/dev/null; }

# run_file RUNTIME FILE: TAP on standard output. Tests in user namespaces have to pass through all directories above them.
# runc wants a controlling terminal, which script(1) makes; it types nothing, for the fifo has no other end. Processes and
# mounts that a test leaves are gone with the namespaces around it.
run_file()
{
	mkdir -p "$TEST_TMP/t"
	chmod a+x "$TEST_TMP" "$TEST_TMP/t"
	mkfifo "$TEST_TMP/t/stdin"
	(
		cd "$suite/tests/integration" || exit
		export RUNC=$1 TMPDIR=$TEST_TMP/t
		unset BATS_TEST_TIMEOUT RUNC_USE_SYSTEMD ROOTLESS_FEATURES XDG_RUNTIME_DIR
		exec 9>&-
		unshare --mount --pid --fork --kill-child --mount-proc \
			script -qec "exec bats --formatter tap --timing '$2.bats' >'$TEST_TMP/t/tap' 2>&1" /dev/null \
			<>"$TEST_TMP/t/stdin" >/dev/null 2>&1 &
		end=$((SECONDS + FILE_SECONDS))
		# bats waits for whoever has its output open, also for what a test that failed has left.
		while kill -0 $! 2>/dev/null && ! all_reported "$TEST_TMP/t/tap" && [ "$SECONDS" -lt "$end" ]; do sleep 0.2; done
		sleep 0.2
		{ kill -9 $! && wait; } 2>/dev/null
		cat "$TEST_TMP/t/tap"
	)
	clean_up
}

# results: reads TAP, prints STATUS, a tab, NAME; status is pass, fail or skip.
results()
{
	awk '
		/^(not )?ok [0-9]+ / {
			status = /^not/ ? "fail" : "pass"; sub(/^(not )?ok [0-9]+ /, "")
			if (match($0, / # skip/)) { status = "skip"; $0 = substr($0, 1, RSTART - 1) }
			sub(/ # (timeout|in|bats).*$/, ""); sub(/ in [0-9]+ms$/, "")
			print status "\t" $0
		}'
}

# What runc can do depends on the kernel, the hierarchies of cgroups and the capabilities that we have.
reference_dir()
{
	local id
	id=$({ "$RUNC_OF_DEBIAN" --version; uname -r; grep ^Cap /proc/self/status; echo "$suite"
		awk '$3 ~ /^cgroup/ { print $2, $3 }' /proc/mounts; declare -f run_file; } 2>/dev/null | key)
	echo "$CACHE/conformance/results/$id"
}

reference_file()
{
	local log=$reference/$1.tap
	[ -s "$log" ] && [ -z "$refresh" ] && return 0
	run_file "$RUNC_OF_DEBIAN" "$1" >"$work/reference.tap"
	mv "$work/reference.tap" "$log"
}

# --- comparing ---------------------------------------------------------------------------------------

# reason FILE NAME: why skipped.txt leaves this test out; fails where it does not.
reason()
{
	awk -F '\t+' -v file="$1" -v name="$2" '!/^#/ && $1 == file && $2 == name { print $3; found = 1; exit } END { exit !found }' \
		"$own/skipped.txt"
}

# What bats has to say about a test that failed.
diagnosis()
{
	awk -v name="$2" '/^(not )?ok [0-9]+ / { on = index($0, name) && /^not/; next } on' "$1" | head -n 60
}

runc_passed=0 we_passed=0 left_out=0 failing=0 neither=0 more=0 not_run=0

compare_test()
{
	local file=$1 name=$2 runc=$3 us=$4 log=$5 why
	case $runc in pass) runc_passed=$((runc_passed + 1)) ;; esac
	if why=$(reason "$file" "$name"); then
		[ "$runc" != pass ] || left_out=$((left_out + 1))
		[ "$us" != pass ] || say NOTE "$file: $name: is in skipped.txt, but passes"
		ok "runc $file: $name # SKIP $why"
	elif [ "$us" = pass ] && [ "$runc" != skip ]; then
		if [ "$runc" = pass ]; then we_passed=$((we_passed + 1)); else more=$((more + 1)); fi
		ok "runc $file: $name"
	elif [ "$runc" = pass ]; then
		failing=$((failing + 1))
		not_ok "runc $file: $name" "runc passes it; here it is '$us'"
		diagnosis "$log" "$name"
	elif [ "$runc" = skip ]; then
		not_run=$((not_run + 1))
	else
		neither=$((neither + 1))
	fi
}

compare_file()
{
	local file=$1 log=$logs/$1.tap runc us name
	reference_file "$file"
	run_file "$RUNTIME" "$file" >"$log"
	while IFS=$'\t' read -r runc name; do
		us=$(results <"$log" | awk -F '\t' -v name="$name" '$2 == name { print $1; exit }')
		compare_test "$file" "$name" "$runc" "${us:-not reported}" "$log"
	done < <(results <"$reference/$file.tap")
	[ -n "$(results <"$reference/$file.tap")" ] || not_ok "runc $file" "runc's own run of it reported nothing: $reference/$file.tap"
}

# A line about a test that no longer exists would hide nothing, but says something that is not so.
check_skipped()
{
	local file name why
	while IFS=$'\t' read -r file name why; do
		case $file in ''|'#'*) continue ;; esac
		[ ${#why} -ge 10 ] || not_ok "skipped.txt: $file: $name" "no reason is given"
		grep -qF "@test \"$name\"" "$suite/tests/integration/$file.bats" 2>/dev/null || not_ok "skipped.txt: $file: $name" "no such test"
	done <"$own/skipped.txt"
}

prepare
reference=$(reference_dir)
logs=${BUILD:-$TOP/build}/test-logs/runc-suite
mkdir -p "$reference" "$logs"
if [ $# -gt 0 ]; then
	files=("$@")
elif [ "${CONFORMANCE:-}" = all ]; then
	mapfile -t files < <(cd "$suite/tests/integration" && ls -- *.bats | sed 's/\.bats$//')
else
	read -ra files <<<"${QUICK//$'\n'/ }"
fi
check_skipped
for file in "${files[@]}"; do compare_file "$file"; done
echo "# suite of runc $version, compared with $("$RUNC_OF_DEBIAN" --version | head -n 1), ${#files[@]} files"
echo "# passed by runc $runc_passed, of these by us $we_passed, left out with a reason $left_out, failing $failing"
echo "# failed by runc on this machine $((neither + more)), of these passed by us $more; not for this machine, says the suite: $not_run"
finish
