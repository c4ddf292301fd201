/* SPDX-License-Identifier: Apache-2.0 */
/* The machines of a test as a shell script, by hand. */
#ifndef SLIPWAY_TEST_RECORD_H
#define SLIPWAY_TEST_RECORD_H

#include "tools/slipway/test_run.h"

/* Writes it. Of several machines the script boots the one that its argument names. */
int test_record(const char *path, const struct test_run *machines, size_t count, struct error *err);

#endif
