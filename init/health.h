/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services that PID 1 asks how they are: whether they are ready yet (`ready`), and from then on whether they are well
 * (`health`). A worker asks; here is when, and what comes of it.
 */
#ifndef INIT_HEALTH_H
#define INIT_HEALTH_H

#include "base/arena.h"
#include "init/init.h"

/* Once, after the services are there; what it makes is in the arena. */
void health_open(struct machine *machine, struct arena *arena);

/* Begins and ends to ask, as the services' states want it. To be called after every event. */
void health_advance(struct machine *machine);

#endif
