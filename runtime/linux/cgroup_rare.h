/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits that few containers have: huge pages, classes and priorities of network packets (version 1 only), RDMA.
 * config-linux.md, "Huge page limits", "Network", "RDMA". A controller that is not there is an error.
 */
#ifndef RUNTIME_LINUX_CGROUP_RARE_H
#define RUNTIME_LINUX_CGROUP_RARE_H

#include "runtime/linux/cgroup.h"

bool cgroup_has_rare_limits(const struct oci_resources *resources);
int cgroup_limit_rare(const struct cgroup *cgroup, const struct oci_resources *resources, struct error *err);

#endif
