/* SPDX-License-Identifier: Apache-2.0 */
/* Processes of services that the kernel killed for want of memory: counted, and the plan's policy done. */
#ifndef INIT_OOM_H
#define INIT_OOM_H

#include "init/init.h"
#include "init/service.h"

/* Once, after loop_open(). */
int oom_open(struct machine *machine, struct error *err);

/* Listens on the service's cgroup, which was made; again and again is fine. */
void oom_watch(struct service *service);

/* Counts what came up to now: the news of a process's end may be earlier than that of its cause. */
void oom_look(struct service *service);

/* The number behind "oom_kill " of a memory.events; 0 where there is none. */
unsigned int oom_kills_of(const char *text);

#endif
