/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that may block, allocate or crash, such as looking at a disk or asking a service how it is: done in a child
 * of PID 1, which is the same program at the same place. What it mounts stays, what it allocates goes with it, and a time
 * limit ends it. It tells by its exit status whether it worked, and by a pipe why not.
 */
#ifndef INIT_WORKER_H
#define INIT_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "init/loop.h"

#define WORKER_MESSAGE_MAX 512

struct worker_job {
	const char *name;		/* for messages: "storage"; "" where who asks has said it */
	int (*run)(void *context, struct error *err);	/* in the child */
	void *context;			/* the child has a copy */
	unsigned int timeout;		/* milliseconds, then it is killed; 0 is never */
};

/*
 * For stages of the boot, before the loop runs: waits for the end of the work. Its error is the error, with the number ETIMEDOUT
 * where it took too long.
 */
int worker_wait(const struct worker_job *job, struct error *err);

/* The same beside everything else. All zero but for `done` before worker_open(). */
struct worker {
	/* `failure` is NULL where it worked; the worker can be started again from here. */
	void (*done)(struct machine *machine, struct worker *worker, const struct error *failure);
	struct loop_child child;
	struct loop_timer limit;
	struct loop_source pipe;
	const char *name;
	bool late;			/* it was killed for its time */
	size_t length;
	char message[WORKER_MESSAGE_MAX];
};

/* Once, before the first start. */
void worker_open(struct machine *machine, struct worker *worker);

/* An assertion fails where it is running already. */
int worker_start(struct machine *machine, struct worker *worker, const struct worker_job *job, struct error *err);

bool worker_runs(const struct worker *worker);

/* Kills it; `done` is called once it is reaped. */
void worker_cancel(struct worker *worker);

#endif
