/* SPDX-License-Identifier: Apache-2.0 */
/* How PID 1 makes a container: a child of clone3 in its cgroup, which runs the runtime library. */
#ifndef INIT_SPAWN_H
#define INIT_SPAWN_H

#include "init/init.h"
#include "init/service.h"
#include "runtime/container/container.h"

/* What service_init() is given on the real machine. */
extern const struct service_actions spawn_actions;

/* Where the container is started from; the paths are in the arena. For PID 1's children, which may allocate. */
void spawn_describe(const struct plan_container *plan, struct arena *arena, struct container_enter_options *options);

/* Tells the actions which machine they act on; once, before the first event. */
void spawn_open(struct machine *machine);

/* The child was reaped with this wait status: what it said is read, what was open for it closed, SERVICE_EXITED sent. */
void spawn_reaped(struct service *service, int wait_status);

/* Whether its program was started is known from here on, where it was: for those who hear from the program itself. */
void spawn_look(struct service *service);

#endif
