# SPDX-License-Identifier: Apache-2.0
# Runs one file of crun's own tests, on this machine or in a guest: . lib-crun-tests.sh. Needs Debian's python3, and
# TEST_TMP.
# shellcheck shell=bash

: "${FILE_SECONDS:=90}"

# crun_test_names SUITE FILE: the tests of it.
crun_test_names() { sed -n '/^all_tests = {/,/^}/s/^ *"\([^"]*\)" *:.*/\1/p' "$1/tests/$2.py"; }

# pretender RUNTIME FILE: a program that is the runtime, and has the words in its version by which the tests know that it passes on
# what a service manager is told.
pretender()
{
	printf '%s\n' '#!/bin/sh' "\"$1\" \"\$@\" || exit" 'case " $* " in *" --version "*) echo "+SYSTEMD +SECCOMP" ;; esac' >"$2"
	chmod +x "$2"
}

# run_crun_file SUITE RUNTIME FILE TEST...: TAP on standard output. With a terminal, which some tests ask for; what a test leaves is gone
# with the namespaces around it. /proc/1 is a process of ours there.
run_crun_file()
{
	local suite=$1 runtime=$2 file=$3
	shift 3
	# For tests in user namespaces.
	chmod a+x "$TEST_TMP"
	pretender "$runtime" "$TEST_TMP/runtime"
	(
		cd "$suite" || exit
		export OCI_RUNTIME=$TEST_TMP/runtime INIT=$suite/tests/init RUN_TESTS="$*" PYTHONDONTWRITEBYTECODE=1 TMPDIR=$TEST_TMP
		unset NOTIFY_SOCKET LISTEN_FDS XDG_RUNTIME_DIR
		# One test takes numbers of processes to have five digits.
		timeout -k 5 "$FILE_SECONDS" unshare --mount --pid --fork --kill-child --mount-proc \
			bash -c 'echo 20000 >/proc/sys/kernel/ns_last_pid; script -qec "$0" /dev/null; exit' \
			"exec /usr/bin/python3 tests/$file.py 2>'$TEST_TMP/stderr'" </dev/null
		sed 's/^/# /' "$TEST_TMP/stderr"
		rm -rf --one-file-system .testsuite-run-*
	) | sed -e 's/\r$//' -e 's/^\(\(not \)\?ok [0-9]*\) - /\1 /' -e 's/ #SKIP$/ # skip/'
}
