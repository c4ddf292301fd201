/* SPDX-License-Identifier: Apache-2.0 */
/* A process for each of several machines, and one that looks after these. */
#ifndef SLIPWAY_MEMBERS_H
#define SLIPWAY_MEMBERS_H

#include <signal.h>
#include <stdbool.h>
#include <time.h>

#include "base/arena.h"
#include "base/error.h"

/* Asks a member to have its machine power off; blocked in all of them, for qemu_run.poweroff_signal. */
#define MEMBERS_POWEROFF SIGUSR1

struct members {
	pid_t *pids;			/* 0: not started, or it has ended */
	size_t count, running;
	sigset_t signals, mask;		/* what is waited for; what was blocked before */
	bool limited;
	struct timespec deadline;
};

enum members_event {
	MEMBERS_ENDED,			/* one has */
	MEMBERS_SIGNAL,			/* we are to end */
	MEMBERS_LATE,			/* the deadline is over; it is told once */
};

/* From here on the signals that end a program are events. */
void members_open(struct members *members, size_t count, struct arena *arena);

/* `main` runs in the process, with the signals as they were, and ends it. The process ends with this one at the latest. */
typedef void members_main(void *context, size_t index);
int members_start(struct members *members, size_t index, members_main *main, void *context, struct error *err);

/* Waits for the next event; of a member that has ended gives which, and its status as waitpid() does. */
enum members_event members_wait(struct members *members, size_t *index, int *wait_status);

void members_limit(struct members *members, unsigned int seconds);
void members_send(const struct members *members, int signal);
void members_close(const struct members *members);

#endif
