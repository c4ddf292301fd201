/* SPDX-License-Identifier: Apache-2.0 */
/* One boot of a machine that is a test, or stands beside one, and what came of it. */
#ifndef SLIPWAY_TEST_RUN_H
#define SLIPWAY_TEST_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "tools/slipway/qemu.h"

#define TEST_TAIL_MAX 16384		/* bytes of output that are kept for a report */

struct test_run {
	const char *machine;		/* of several, its name; NULL: it is alone */
	bool aside;			/* it is no test: it stands beside others that are, until it is asked to power off */
	bool critical;			/* and they have no result when it dies */
	const char *prefix;		/* in front of each line of the output; NULL: it comes byte for byte */
	int poweroff_signal;		/* as in struct qemu_run */
	struct qemu_vm vm;		/* without its lines, which each boot makes */
	unsigned int timeout;		/* seconds; 0: none */
	const char *artifacts;		/* directory of the host; NULL: they are not wanted */
	uint64_t artifacts_max;		/* bytes */
	int output;			/* where the output of the service goes */
	int log;			/* the console goes there, too; -1: nowhere */
};

enum test_outcome {
	TEST_NOT_RUN,
	TEST_PASSED,			/* status 0; one that stands aside has powered off by itself */
	TEST_FAILED,			/* another status, or another result than the run before */
	TEST_TIMEOUT,
	TEST_BROKEN,			/* QEMU, the machine or its output: there is no result */
	TEST_INTERRUPTED,
};

/* All in here, for it is written by one process and read by another. */
struct test_result {
	enum test_outcome outcome;
	int status;			/* what to leave with */
	double seconds;
	char message[ERROR_MESSAGE_MAX];	/* what is wrong; "" where nothing is */
	struct digest output;		/* of all of it */
	uint64_t instructions;		/* of a deterministic machine; 0: not known */
	size_t tail_length;
	char tail[TEST_TAIL_MAX];	/* the end of the output */
};

/*
 * Boots it, brings output and artifacts out, and fills the result; tells on standard error what went wrong, with the end of the
 * console where that may say why. `result` is all zero.
 */
void test_run(const struct test_run *run, struct test_result *result);

/* There is none, and this is why. */
void test_result_broken(struct test_result *result, const char *why);

/* Likewise of a process that has ended without one; `wait_status` is that of waitpid(). */
void test_result_lost(struct test_result *result, int wait_status);

#endif
