/* SPDX-License-Identifier: Apache-2.0 */
/* What LinuxKit's `runtime:` asks for around a container: directories, mounts, cgroups, pinned namespaces. */
#ifndef INIT_PREPARE_H
#define INIT_PREPARE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "plan/plan.h"

/*
 * In the child, still in the machine's namespaces: a mount that hangs is the child's trouble alone.
 * `again`: it was started before, and what is there already is left as it is.
 */
int prepare_run(const struct plan *plan, const struct plan_container *container, bool again, struct error *err);

/* In PID 1, once the container runs: its namespaces bound to files that others join by path. */
int prepare_bind_namespaces(const struct plan *plan, const struct plan_container *container, pid_t pid,
			    struct error *err);

#endif
