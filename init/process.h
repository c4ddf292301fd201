/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes of PID 1's own: children that are the same program and do what may block, allocate or crash. Those that are
 * to be there as long as the machine is started again whenever they end.
 */
#ifndef INIT_PROCESS_H
#define INIT_PROCESS_H

#include <stddef.h>

#include "init/init.h"

/* A helper is started again after its end, not more often than once in so many milliseconds. */
#define PROCESS_PAUSE 100

/*
 * fork(2), and in the child: default signals, a session of its own, the name `name`, no descriptors but the standard ones
 * and those of `keep` (`keep` NULL: all stay). In PID 1 the process's number, or -1.
 */
pid_t process_make(const char *name, const int *keep, size_t keep_count);

/* All zero but for the first two. */
struct helper {
	const char *name;		/* of the process: at most 15 characters */
	/* Makes the process by process_make(), and in it does not return. -1 with the error; 0 without a process: not now. */
	pid_t (*start)(struct machine *machine, struct helper *helper, struct error *err);
	unsigned int starts;		/* so often it was started */
	struct loop_child child;
	struct loop_timer again;
	int64_t started;		/* when it was last */
};

/* Once, before the first start. */
void helper_open(struct machine *machine, struct helper *helper);

/* Starts it where it does not run. An error is tried again by itself. */
int helper_start(struct machine *machine, struct helper *helper, struct error *err);

#endif
