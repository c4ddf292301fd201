/* SPDX-License-Identifier: Apache-2.0 */
/* Who is who between a user namespace and the one around it: config-linux.md, "User namespace mappings". */
#ifndef RUNTIME_LINUX_USER_NAMESPACE_H
#define RUNTIME_LINUX_USER_NAMESPACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "oci/config.h"

/*
 * Writes gid_map and uid_map of `pid` (of /proc), a child of this process in a user namespace that is new.
 * What this process may not map itself is left to newuidmap and newgidmap, which allow what
 * /etc/subuid and /etc/subgid do; an ordinary user's own id alone needs neither.
 */
int user_namespace_map(pid_t pid, const struct oci_linux *config, struct error *err);

/* The number of a process as /proc knows it, which is not clone3's where this one is in a newer PID namespace. */
int user_namespace_pid_of(int pidfd, pid_t *pid, struct error *err);

/* True where this process's user namespace is not the machine's first. */
bool user_namespace_is_nested(void);

#endif
