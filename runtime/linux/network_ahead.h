/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new network namespace takes the kernel longer than all else that a container has. It is needed late: so
 * a helper makes it, on another processor, while this process goes on.
 */
#ifndef RUNTIME_LINUX_NETWORK_AHEAD_H
#define RUNTIME_LINUX_NETWORK_AHEAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct network_ahead {
	pid_t helper;			/* 0 where none works */
	int fd, number;			/* what it leaves: the namespace, or the number of its error */
};

/* Starts, once in a process at a time. `ahead` stays where it is until the end. False: to be made in the usual way. */
bool network_ahead_start(struct network_ahead *ahead);

/* Waits for it. Returns the descriptor of the namespace, which the caller closes; -1 with the error. */
int network_ahead_finish(struct network_ahead *ahead, struct error *err);

#endif
