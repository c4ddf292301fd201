#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crun's own tests on this machine, by Debian's crun and by our runtime: see lib-crun-suite.sh. Where crun does not work at all, on a
# machine with both versions of cgroups, every test has to pass that is not left out.
#
#   tests/conformance/crun-suite.sh [FILE...]      the files named, without .py
set -u
. "$TOP/tests/conformance/lib-crun-suite.sh"
[ "$(id -u)" -eq 0 ] || skip "crun's tests make containers as root"
need /usr/bin/python3 gcc script crun

# What crun did with a file; or what it would have done, if it worked here: ours has run already, and the tests know what they need.
reference_file()
{
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		run_crun_file "$suite" /usr/bin/crun "$1" $(crun_test_names "$suite" "$1")
	else
		crun_test_names "$suite" "$1" | while read -r name; do
			grep -qE "^ok [0-9]+ $name # skip" "$logs/$1.tap" && echo "ok 0 $name # skip" || echo "ok 0 $name"
		done
	fi >"$reference/$1.tap"
}

prepare
reference=$work/reference logs=${BUILD:-$TOP/build}/test-logs/crun-suite
mkdir -p "$reference" "$logs"
choose_files "$@"
check_skipped
for file in "${files[@]}"; do
	run_crun_file "$suite" "$RUNTIME" "$file" $(wanted "$file") >"$logs/$file.tap"
	reference_file "$file"
	compare_file "$file"
done
summary "$(crun --version | sed -n '1s/crun version //p')"
finish
