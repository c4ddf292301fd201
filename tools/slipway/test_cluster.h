/* SPDX-License-Identifier: Apache-2.0 */
/* One boot of several machines on a network of their own, of which some are tests, and what came of each. */
#ifndef SLIPWAY_TEST_CLUSTER_H
#define SLIPWAY_TEST_CLUSTER_H

#include "tools/slipway/test_run.h"

/*
 * Boots all at once, each in a process of its own, and waits for those that are tests; then has the others power off. A critical
 * one that dies before ends all of it. `results`, one for each, are all zero, and in memory that is shared with children. `who` is
 * what messages begin with.
 */
void test_cluster_run(const struct test_run *runs, size_t count, const char *who, struct test_result *results);

#endif
