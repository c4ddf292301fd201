/* SPDX-License-Identifier: Apache-2.0 */
/* When a cgroup runs out of memory: told by the kernel, not looked for. */
#ifndef RUNTIME_LINUX_CGROUP_OOM_H
#define RUNTIME_LINUX_CGROUP_OOM_H

#include "runtime/linux/cgroup.h"

/* A descriptor that can be read when there may be news; -1 without an error where no controller tells. */
int cgroup_oom_open(const struct cgroup *cgroup, int *fd, struct error *err);

/* How often it has happened since the last time. */
unsigned int cgroup_oom_count(const struct cgroup *cgroup, int fd, uint64_t *kills);

#endif
