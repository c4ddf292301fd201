/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LINUX_CGROUP_OWNER_H
#define RUNTIME_LINUX_CGROUP_OWNER_H

#include "base/error.h"
#include "runtime/linux/cgroup.h"
#include "runtime/linux/namespaces.h"

/*
 * config-linux.md, "Cgroup ownership": who sees the cgroup mounted to be written, in a cgroup namespace of the container's own, owns
 * it, and may divide it further. That is the process's user; the limits stay the runtime's. Nothing is done with version 1,
 * and to a cgroup that was there before.
 */
int cgroup_own(const struct cgroup *cgroup, const struct oci_config *config, const struct namespaces *namespaces,
	       struct error *err);

#endif
