/* SPDX-License-Identifier: Apache-2.0 */
/* Which cgroup a process that joins a container goes to. */
#ifndef RUNTIME_CONTAINER_EXEC_CGROUP_H
#define RUNTIME_CONTAINER_EXEC_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"
#include "runtime/linux/cgroup.h"

/*
 * `cgroup`, which is the container's, becomes what `wanted` says: "PATH" below it, or "CONTROLLER,...:PATH" for some
 * hierarchies of version 1. Nothing is made.
 */
int exec_cgroup_choose(const struct oci_strings *wanted, struct arena *arena, struct cgroup *cgroup, struct error *err);

/* Moves the process in. */
int exec_cgroup_attach(const struct cgroup *cgroup, pid_t pid, struct error *err);

/* What there is to say about one that cannot be moved; returns -1. */
int exec_cgroup_error(const struct cgroup_hierarchy *hierarchy, pid_t pid, int number, struct error *err);

/*
 * A container that hands controllers on to cgroups of its own leaves no room for processes in its top (version 2's
 * rule of no internal processes), and its first process has moved out of there: opens where that is. -1 where it is not known.
 */
int exec_cgroup_of(pid_t first, struct arena *arena);

#endif
