/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LINUX_CGROUP_STATS_H
#define RUNTIME_LINUX_CGROUP_STATS_H

#include "oci/stats.h"
#include "runtime/linux/cgroup.h"

/* What the cgroup uses. What its controllers do not tell stays 0. */
void cgroup_stats(const struct cgroup *cgroup, struct oci_stats *stats);

/* How often its processes were killed for want of memory. */
uint64_t cgroup_oom_kills(const struct cgroup *cgroup);

#endif
