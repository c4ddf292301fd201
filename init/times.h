/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the boot did what: a table of fixed size, which is written once and costs a look at the clock for each step. What
 * services do is in their own structs (`reached`). Microseconds of CLOCK_MONOTONIC, whose zero is the beginning of the kernel.
 */
#ifndef INIT_TIMES_H
#define INIT_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMES_STEPS_MAX 32

struct times_step {
	const char *name;		/* static */
	int64_t start, end;
	bool failed;
};

struct times {
	int64_t init;			/* PID 1's first instruction */
	int64_t services;		/* onboot was through; 0: not yet */
	size_t count;
	struct times_step steps[TIMES_STEPS_MAX];
};

extern struct times times;

/* The step has ended now; it began where the one before it ended. One for which there is no room is left out. */
void times_add(const char *name, bool failed);

#endif
