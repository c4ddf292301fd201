#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# runc's own integration suite on this machine, by Debian's runc and by our runtime: see lib-runc-suite.sh.
#
#   tests/conformance/runc-suite.sh [FILE...]      the files named, without .bats; by default QUICK below
set -u
. "$TOP/tests/conformance/lib-runc-suite.sh"
# What is quick and says much: some three minutes where runc has not run yet, half of that afterwards.
QUICK="create start start_hello start_detached state kill delete list run exec ps pause root cwd mask mounts hooks dev spec umask
	no_pivot userns seccomp"

[ "$(id -u)" -eq 0 ] || skip "runc's suite makes containers as root"
need bats jq gawk busybox gcc lsblk script runc

# What runc can do depends on the kernel, the hierarchies of cgroups and the capabilities that we have.
reference_dir()
{
	local id
	id=$({ "$runc_of_debian" --version; uname -r; grep ^Cap /proc/self/status; echo "$suite"
		awk '$3 ~ /^cgroup/ { print $2, $3 }' /proc/mounts; declare -f run_file; } 2>/dev/null | key)
	echo "$CACHE/conformance/results/$id"
}

reference_file()
{
	local log=$reference/$1.tap
	[ -s "$log" ] && [ -z "$refresh" ] && return 0
	run_file "$suite" "$runc_of_debian" "$1" >"$work/reference.tap"
	mv "$work/reference.tap" "$log"
}

prepare
reference=$(reference_dir)
logs=${BUILD:-$TOP/build}/test-logs/runc-suite
mkdir -p "$reference" "$logs"
choose_files "$QUICK" "$@"
check_skipped
for file in "${files[@]}"; do
	reference_file "$file"
	run_file "$suite" "$RUNTIME" "$file" >"$logs/$file.tap"
	compare_file "$file"
done
summary "$("$runc_of_debian" --version | sed -n '1s/runc version //p')"
finish
