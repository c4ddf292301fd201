/* SPDX-License-Identifier: Apache-2.0 */
/* A test run several times, some of them side by side; each in a process of its own. */
#ifndef SLIPWAY_TEST_REPEAT_H
#define SLIPWAY_TEST_REPEAT_H

#include "tools/slipway/test_run.h"

#define TEST_REPEAT_MAX 10000		/* machines of all runs */
#define TEST_PARALLEL_MAX 256

struct test_repeat {
	const struct test_run *machines;	/* of each run, side by side; `output` and `log` are not looked at */
	size_t machines_count;
	const char *log;		/* the file for the console; NULL: none. Of several runs FILE.1, FILE.2, ..., and of machines FILE.NAME */
	unsigned int count, parallel;
	bool until_failure;		/* none is begun when one has not passed */
};

/*
 * Runs them. The output comes on standard output: at once, or run by run where several are side by side. The results, one for each
 * machine of each run, are in memory of their own that stays to the end of the process. Also where a signal ends all of it there is nothing left.
 * -1 with the error where nothing could be run.
 */
int test_repeat(const struct test_repeat *repeat, const struct test_result ***results, double *seconds, struct arena *arena,
		struct error *err);

#endif
