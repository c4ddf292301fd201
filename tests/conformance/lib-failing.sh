# SPDX-License-Identifier: Apache-2.0
# For tests that make system calls fail: . "$TOP/tests/conformance/lib-failing.sh"
# shellcheck shell=bash

# failing_program NAME: compiles NAME.c with failing.c to $TEST_TMP/NAME, or ends the test.
failing_program()
{
	local names
	names=$(echo '#include <sys/syscall.h>' | gcc -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/[\2] = "\1",/p' | tr '\n' ' ')
	gcc -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -I "$TOP" -DCALL_NAMES="$names" -o "$TEST_TMP/$1" \
		"$TOP/tests/conformance/$1.c" "$TOP/tests/conformance/failing.c" || exit 1
}
