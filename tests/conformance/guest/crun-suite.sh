#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crun's own tests in a machine with cgroup v2 alone and every capability, by Debian's crun and by the runtime of the image: see
# tests/conformance/lib-crun-suite.sh. Each runtime has a machine of its own, at the same time.
#
#   tests/conformance/guest/crun-suite.sh [FILE...]     the files named, without .py; by default all
set -u
. "$TOP/tests/conformance/lib-crun-suite.sh"
. "$TOP/tests/qemu/lib-debian.sh"
need gcc
# Without KVM a test takes seconds.
GUEST_SECONDS=${GUEST_SECONDS:-1500}

guest_script()
{
	cat <<-'END'
	. /job/lib-crun-tests.sh
	FILE_SECONDS=400
	while read -r file tests; do
		run_crun_file /job/suite "$(cat /job/runtime)" "$file" $tests > "/job/results/$file.tap"
	done < /job/files
	END
}

# run_guest RUNTIME RESULTS LIST: LIST FILE says which tests.
run_guest()
{
	local name=${1##*/} job=$TEST_TMP/job-${1##*/} file
	mkdir -p "$job/suite" "$2"
	cp -r "$suite/tests" "$job/suite/"
	cp "$own/lib-crun-tests.sh" "$job/"
	guest_script > "$job/guest.sh"
	echo "$1" > "$job/runtime"
	for file in "${files[@]}"; do echo "$file" $("$3" "$file"); done > "$job/files"
	debian_run suite "$job" "$2" --timeout "$GUEST_SECONDS" || { tail -n 20 "$2.log"; return 1; }
}

all_of() { crun_test_names "$suite" "$1"; }

prepare
choose_files "$@"
check "the image of the suite builds" debian_image suite
reference=$TEST_TMP/reference logs=${BUILD:-$TOP/build}/test-logs/crun-suite-guest
rm -rf "$logs"
run_guest /usr/bin/crun "$reference" all_of &
check "the machine of our runtime ends in order" run_guest /usr/bin/slipway-runtime "$logs" wanted
check "the machine of crun ends in order" wait $!
check_skipped
for file in "${files[@]}"; do compare_file "$file"; done
summary "of the guest"
finish
