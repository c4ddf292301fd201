/* SPDX-License-Identifier: Apache-2.0 */
/* For programs that trace another one and make a system call of it fail: fail_nth.c, fail_nth_init.c. x86-64. */
#ifndef CONFORMANCE_FAILING_H
#define CONFORMANCE_FAILING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * False for the calls of the C library's own start, which has no way to tell; for what cannot fail; and for close(2), which
 * closes also when it fails: skipping it is not what a failure is.
 */
bool failing_is_possible(long number);

/* "openat"; a static buffer with the number where the headers had no name for it. */
const char *failing_name(long number);

/* At the entry of a call: the kernel is not to do it. */
int failing_skip(pid_t pid);

/* At its exit: `result` is what the program sees; an error is negative. */
int failing_set_result(pid_t pid, long result);

/*
 * In the program that is to be traced, as root: these calls, at most 32, are not done, and are seen to work. Its children have that as
 * well: it is a filter, whose error of 0 is success.
 */
int failing_pretend(const long *numbers, size_t count);

#endif
