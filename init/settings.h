/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel is told once: host name, sysctls, loopback, cgroup controllers, Ctrl-Alt-Del. */
#ifndef INIT_SETTINGS_H
#define INIT_SETTINGS_H

#include "base/error.h"
#include "plan/plan.h"

#define SETTINGS_CGROUP_ROOT "/sys/fs/cgroup"

int settings_apply(const struct plan *plan, struct error *err);

/* In the network namespace of this process. */
int settings_loopback_up(struct error *err);

/* Opens the cgroup v2 root with every controller handed down; the descriptor or -1. */
int settings_cgroup_root(struct error *err);

/* Makes the cgroup `path` below the root, controllers handed down on the way; a descriptor for CLONE_INTO_CGROUP or -1. */
int settings_cgroup_make(int root_fd, const char *path, struct error *err);

#endif
