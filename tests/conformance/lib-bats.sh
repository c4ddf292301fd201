# SPDX-License-Identifier: Apache-2.0
# Runs one file of runc's suite, on this machine or in a guest: . lib-bats.sh. Needs bats, and TEST_TMP for what tests write.
# shellcheck shell=bash

# bats can limit the time of each test, but some of these wait for all children, and so for its clock as well.
: "${FILE_SECONDS:=180}"

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

# run_file SUITE RUNTIME FILE: TAP on standard output. Tests in user namespaces have to pass through all directories above them.
# runc wants a controlling terminal, which script(1) makes; it types nothing, for the fifo has no other end. Processes and
# mounts that a test leaves are gone with the namespaces around it. A shell is process 1 there: script would wait for orphans
# without end, and without sleeping.
run_file()
{
	mkdir -p "$TEST_TMP/t"
	chmod a+x "$TEST_TMP" "$TEST_TMP/t"
	mkfifo "$TEST_TMP/t/stdin"
	(
		cd "$1/tests/integration" || exit
		export RUNC=$2 TMPDIR=$TEST_TMP/t
		unset BATS_TEST_TIMEOUT RUNC_USE_SYSTEMD ROOTLESS_FEATURES XDG_RUNTIME_DIR
		exec 9>&-
		unshare --mount --pid --fork --kill-child --mount-proc bash -c 'script -qec "$0" /dev/null; exit' \
			"exec bats --formatter tap --timing '$3.bats' >'$TEST_TMP/t/tap' 2>&1" \
			<>"$TEST_TMP/t/stdin" >/dev/null 2>&1 &
		end=$((SECONDS + FILE_SECONDS))
		# bats waits for whoever has its output open, also for what a test that failed has left.
		while kill -0 $! 2>/dev/null && ! all_reported "$TEST_TMP/t/tap" && [ "$SECONDS" -lt "$end" ]; do sleep "${FILE_POLL:-0.2}"; done
		sleep 0.2
		{ kill -9 $! && wait; } 2>/dev/null
		cat "$TEST_TMP/t/tap"
	)
	clean_up
}
