/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hardware watchdog (watchdog-api.rst of the kernel): it resets the machine when PID 1 gives no sign of life.
 * PID 1 gives one at half of the timeout, by a timer of the loop, while the machine is healthy: the loop
 * runs, and no critical service has failed or is unhealthy.
 */
#ifndef INIT_WATCHDOG_H
#define INIT_WATCHDOG_H

#include "init/init.h"

/* A stage of the boot. Without a watchdog in the plan it does nothing. */
int watchdog_open(struct machine *machine, struct error *err);

/* From here on it counts: the shutdown has the time that the plan gives it, and no sign of life makes it longer. */
void watchdog_shutdown(struct machine *machine);

/* The machine is ending in order: the watchdog is told not to mind. */
void watchdog_close(void);

#endif
