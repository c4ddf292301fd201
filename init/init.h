/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PID 1 of the machine: the stages of a boot in order, then one event loop.
 *
 * Promises: it never exits, never blocks on a service, a console or a disk, and
 * allocates only while it reads the plan.
 */
#ifndef INIT_INIT_H
#define INIT_INIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "init/loop.h"
#include "plan/plan.h"

#define IMAGE_DIRECTORY "/run/slipway/image"	/* the read-only root image; bundles are started from here */
#define STATE_DIRECTORY "/run/slipway/state"	/* the state partition: volumes/NAME, log/, and what PID 1 keeps */

/* What the machine does at the end of a shutdown. */
enum machine_end { END_POWEROFF, END_REBOOT };

/* The output of one container, standard output and standard error; -1 where there is no pipe. */
struct log_pipes {
	int read_end[2], write_end[2];
};

struct machine {
	struct plan plan;
	struct service *services;	/* one for each of plan.containers, same order; behind them the network */
	struct log_pipes *pipes;	/* the same */
	struct loop_timer *timers;	/* loop.c's lists */
	struct loop_child *children;
	struct loop_source signals, clock, uevents, host;
	const char *failure_policy;	/* of the step that failed, in place of the plan's on_failure; NULL: it has none */
	bool has_state;			/* the state partition is mounted at STATE_DIRECTORY */
	int epoll_fd, console_fd, null_fd, cgroup_fd;	/* -1 while not open, as in the sources */
	int log_fd, log_progress_fd;	/* the memory of the logs, and an eventfd: logs.h */
};

/* Writes the first error of a boot to every console and to the host, then does what the plan's on_failure says. */
void boot_failed(struct machine *machine, const char *stage, const struct error *err);

/* A critical service has failed for good: the same, with its cause. */
void critical_failed(struct machine *machine, const struct error *err);

/* Writes out what is left for the console, syncs, unmounts and ends the machine. Where the kernel refuses, it waits for ever. */
void machine_end(struct machine *machine, enum machine_end end) __attribute__((noreturn));

#endif
