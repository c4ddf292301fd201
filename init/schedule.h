/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services that are started at their times: each so many milliseconds, or by the clock on the wall. A run that finds the last
 * one still there is left out, and counted.
 */
#ifndef INIT_SCHEDULE_H
#define INIT_SCHEDULE_H

#include "base/arena.h"
#include "init/init.h"

/* Once, after loop_open(); what it makes is in the arena. */
int schedule_open(struct machine *machine, struct arena *arena, struct error *err);

/* From here on it counts: the first run is one interval away. Once. */
void schedule_start(struct machine *machine);

#endif
