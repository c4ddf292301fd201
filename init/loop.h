/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one event loop of PID 1. A part of PID 1 that waits for something embeds a source, a timer or a
 * child in its own state and hands it over once; nothing else wakes PID 1. All of them are
 * static or in the plan's arena: the loop keeps pointers and allocates nothing.
 */
#ifndef INIT_LOOP_H
#define INIT_LOOP_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct machine;

/* A descriptor that is listened on. */
struct loop_source {
	int fd;				/* -1: not open, and then `ready` is not called */
	void (*ready)(struct machine *machine, struct loop_source *source);
};

/* A moment at which something is to be done. */
struct loop_timer {
	int64_t deadline;		/* milliseconds of loop_now(); 0 is never. To be set and cleared at any time */
	void (*due)(struct machine *machine, struct loop_timer *timer);	/* `deadline` is 0 when it is called */
	struct loop_timer *next;	/* the loop's */
};

/* A child of PID 1 that is not a service's. */
struct loop_child {
	pid_t pid;			/* 0: there is none. To be set by who made the process */
	void (*reaped)(struct machine *machine, struct loop_child *child, int wait_status);	/* `pid` is 0 by then */
	struct loop_child *next;	/* the loop's */
};

/* Opens what the loop waits for. Signals are blocked from here on. */
int loop_open(struct machine *machine, struct error *err);

/* `events` as for epoll_ctl(2). */
int loop_watch(struct machine *machine, struct loop_source *source, uint32_t events, struct error *err);

/* Of one that is watched; 0 is none for now. */
void loop_listen(struct machine *machine, struct loop_source *source, uint32_t events);

/*
 * Listens no more, and closes the descriptor. By hand and not by close(2) alone: children that are still setting up
 * hold copies, which would keep it in the epoll set.
 */
void loop_forget(struct machine *machine, struct loop_source *source);

/* Each once; there is no way back, but a deadline of 0 and a pid of 0 cost nothing. */
void loop_add_timer(struct machine *machine, struct loop_timer *timer);
void loop_add_child(struct machine *machine, struct loop_child *child);

/* Milliseconds and microseconds, CLOCK_MONOTONIC. */
int64_t loop_now(void);
int64_t loop_now_us(void);

/* Runs until the machine ends. */
void loop_run(struct machine *machine) __attribute__((noreturn));

#endif
