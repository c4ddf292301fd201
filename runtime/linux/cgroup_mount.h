/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LINUX_CGROUP_MOUNT_H
#define RUNTIME_LINUX_CGROUP_MOUNT_H

#include "base/error.h"
#include "runtime/linux/cgroup.h"
#include "runtime/linux/mount_options.h"

/*
 * A mount of type "cgroup": the container's own cgroup, bound from the host's
 * file system. In version 1 a tmpfs with one directory a hierarchy, and links for those
 * with several controllers. Needs no cgroup namespace,
 * nor the process in the cgroup, and fits a namespace made later.
 */
int cgroup_mount(const struct cgroup *cgroup, int destination, const struct mount_options *options,
		 struct error *err);

#endif
