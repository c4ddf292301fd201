/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources.blockIO: config-linux.md, "Block IO". */
#ifndef RUNTIME_LINUX_CGROUP_IO_H
#define RUNTIME_LINUX_CGROUP_IO_H

#include "base/error.h"
#include "oci/config.h"
#include "runtime/linux/cgroup.h"

/* Weights and rates. Nothing is written where nothing is asked for. */
int cgroup_limit_io(const struct cgroup *cgroup, const struct oci_resources *resources, struct error *err);

#endif
