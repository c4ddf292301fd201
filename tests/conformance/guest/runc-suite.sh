#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# runc's own integration suite in a machine with cgroup v2 alone and every capability, by Debian's runc and by the runtime of
# the image: see tests/conformance/lib-runc-suite.sh. Each runtime has a machine of its own, at the same time.
#
#   tests/conformance/guest/runc-suite.sh [FILE...]     the files named, without .bats; by default those below
set -u
. "$TOP/tests/conformance/lib-runc-suite.sh"
. "$TOP/tests/qemu/lib-debian.sh"
need gcc busybox
# What differs most from a machine with the older hierarchies.
QUICK="cgroups update events"
# Without KVM a test takes seconds, most of them bats's own.
GUEST_SECONDS=${GUEST_SECONDS:-3000}

# What the guest does: run_file of lib-bats.sh for each file, with the runtime that `runtime` names.
guest_script()
{
	cat <<-'END'
	. /job/lib-bats.sh
	FILE_POLL=2 FILE_SECONDS=900
	while read -r file; do
		begin=$SECONDS
		run_file /job/suite "$(cat /job/runtime)" "$file" > "/job/results/$file.tap" 2> "/job/results/$file.err"
		echo "$file: $((SECONDS - begin)) s"
	done < /job/files
	END
}

# work_for RUNTIME DIRECTORY FILE...: what the guest gets.
work_for()
{
	local runtime=$1 directory=$2
	shift 2
	mkdir -p "$directory/suite"
	# Not the sources of runc.
	tar -C "$suite" -c $(cd "$suite" && ls -d tests contrib 2>/dev/null) | tar -C "$directory/suite" -x
	cp "$own/lib-bats.sh" "$directory/"
	guest_script > "$directory/guest.sh"
	echo "$runtime" > "$directory/runtime"
	printf '%s\n' "$@" > "$directory/files"
}

# What runc can do depends on the image and on all that is said here.
reference_dir()
{
	local id
	id=$({ "$SLIPWAY" image ls --store "$PACKAGE_STORE" | grep -E '/(debian|kernel-debian):'; echo "$suite"
		declare -f run_file guest_script debian_run debian_image; } | key)
	echo "$CACHE/conformance/results/guest-$id"
}

# run_guest RUNTIME RESULTS FILE...
run_guest()
{
	local name=${1##*/}
	work_for "$1" "$TEST_TMP/job-$name" "${@:3}"
	debian_run suite "$TEST_TMP/job-$name" "$TEST_TMP/out-$name" --timeout "$GUEST_SECONDS" ||
		{ tail -n 20 "$TEST_TMP/out-$name.log"; return 1; }
	cp "$TEST_TMP/out-$name"/*.tap "$2/"
}

# The files that runc has not run in this guest yet.
missing_references()
{
	local file
	for file in "${files[@]}"; do
		[ -s "$reference/$file.tap" ] && [ -z "$refresh" ] || echo "$file"
	done
}

prepare
choose_files "$QUICK" "$@"
check "the image of the suite builds" debian_image suite
reference=$(reference_dir)
logs=${BUILD:-$TOP/build}/test-logs/runc-suite-guest
mkdir -p "$reference" "$logs"
rm -f "$logs"/*.tap
mapfile -t missing < <(missing_references)
reference_machine=
if [ ${#missing[@]} -gt 0 ]; then
	run_guest /usr/sbin/runc "$reference" "${missing[@]}" &
	reference_machine=$!
fi
check "the machine of our runtime ends in order" run_guest /usr/bin/slipway-runtime "$logs" "${files[@]}"
[ -z "$reference_machine" ] || check "the machine of runc ends in order" wait "$reference_machine"
check_skipped
for file in "${files[@]}"; do compare_file "$file"; done
summary "of the guest"
finish
