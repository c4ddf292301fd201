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

#include "base/error.h"
#include "plan/plan.h"

#define IMAGE_DIRECTORY "/run/slipway/image"	/* the read-only root image; bundles are started from here */

/* What the machine does at the end of a shutdown. */
enum machine_end { END_POWEROFF, END_REBOOT };

struct machine {
	struct plan plan;
	struct service *services;	/* one for each of plan.containers, same order */
	int epoll_fd, signal_fd, timer_fd, uevent_fd, host_fd;	/* -1 while not open */
	int console_fd, null_fd, cgroup_fd;
};

int init_main(void) __attribute__((noreturn));

/* Writes the first error of a boot to every console and to the host, then does what the plan's on_failure says. */
void boot_failed(struct machine *machine, const char *stage, const struct error *err);

/* Syncs, unmounts and ends the machine. Returns only where the kernel refuses; then there is nothing left to do but wait. */
void machine_end(enum machine_end end) __attribute__((noreturn));

#endif
