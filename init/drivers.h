/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drivers for the devices that there are: the modules whose aliases (plan/aliases.h) match what a device says
 * of itself in MODALIAS. At boot for all of them, later for each that comes; and what the kernel itself asks for
 * by name, as of a file system or a protocol. Where the plan does not say `hotplug`, none of it is done.
 */
#ifndef INIT_DRIVERS_H
#define INIT_DRIVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct machine;

/* A stage of the boot: loads what the devices that are there want, and waits for that, DRIVERS_TIMEOUT at the most. */
int drivers_coldplug(struct machine *machine, struct error *err);

#define DRIVERS_TIMEOUT 30000u		/* milliseconds */

/* In the loop: a device came. Its drivers are loaded by a worker, some at a time; nothing waits. */
void drivers_want(struct machine *machine, const char *modalias);

/* Events were lost: all devices are looked at again. */
void drivers_want_all(struct machine *machine);

/* What the kernel runs for request_module(): `modprobe -q -- NAME`. The exit status. */
int drivers_modprobe(int argc, char **argv);

#define MODPROBE_PATH "/usr/lib/slipway/modprobe"	/* a link to PID 1's program, which mkimage makes */

#endif
