/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JUnit XML, as what runs tests for people reads it (Jenkins' junit-10.xsd, and all that followed it): a test case for each machine that is a
 * test, of each run.
 */
#ifndef SLIPWAY_TEST_REPORT_H
#define SLIPWAY_TEST_REPORT_H

#include "base/buffer.h"
#include "tools/slipway/test_run.h"

struct test_case {
	const char *machine;		/* by the manifest's name; of several "cluster.db" */
	const char *service;		/* NULL: it is no test, and not told of */
};

struct test_suite {
	const char *name;		/* the manifest's */
	const struct test_case *cases;
	size_t cases_count;
	const struct test_result *const *results;	/* of all cases of each run; those that did not run are not told of */
	size_t runs;
	double seconds;			/* of all, side by side */
};

/* Appends the document. What a machine has written is any bytes: those that XML cannot have become U+FFFD. */
void test_report(const struct test_suite *suite, struct buffer *out);

#endif
