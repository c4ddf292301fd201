/* SPDX-License-Identifier: Apache-2.0 */
/* One boot of a machine that is a test, and what came of it. */
#ifndef SLIPWAY_TEST_RUN_H
#define SLIPWAY_TEST_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "tools/slipway/qemu.h"

#define TEST_TAIL_MAX 16384		/* bytes of output that are kept for a report */

struct test_run {
	struct qemu_vm vm;		/* without its lines, which each boot makes */
	unsigned int timeout;		/* seconds */
	const char *artifacts;		/* directory of the host; NULL: they are not wanted */
	uint64_t artifacts_max;		/* bytes */
	int output;			/* where the output of the service goes */
	int log;			/* the console goes there, too; -1: nowhere */
};

enum test_outcome {
	TEST_NOT_RUN,
	TEST_PASSED,			/* status 0 */
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

#endif
