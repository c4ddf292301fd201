/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time of day: from the hardware clock, where the kernel has not taken it from there itself, never before the
 * image and the kernel were built, and written back at the end. PID 1's own timers are monotonic, and do not mind.
 */
#ifndef INIT_CLOCK_H
#define INIT_CLOCK_H

#include <stdint.h>

#include "base/error.h"
#include "init/init.h"

/* A stage of the boot. A machine without a hardware clock is fine. */
int clock_set(struct machine *machine, struct error *err);

/* In a worker, `machine` being the machine: the hardware clock shows what the system's does. */
int clock_save(void *machine, struct error *err);

/*
 * The day that uname(2) says the kernel was built, as seconds since the epoch: "#1 SMP Debian 6.1.192-2 (2026-11-05)",
 * "#1 SMP Thu Nov  5 12:00:00 UTC 2026". 0 where the text has no date.
 */
int64_t clock_built(const char *version);

/* "+01:00" as seconds, 0 for "utc". */
int clock_offset(const char *rtc);

#endif
