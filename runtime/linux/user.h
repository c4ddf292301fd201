/* SPDX-License-Identifier: Apache-2.0 */
/* The user a process runs as: config.md, "POSIX-platform User". */
#ifndef RUNTIME_LINUX_USER_H
#define RUNTIME_LINUX_USER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"

/*
 * Groups, gid, uid and umask. The permitted capabilities stay (PR_SET_KEEPCAPS), for
 * capabilities_apply() to choose from.
 */
int user_apply(const struct oci_user *user, struct error *err);

/* The home directory that /etc/passwd of this root has for the uid; "/" where it has none. In the arena. */
const char *user_home(uint32_t uid, struct arena *arena);

/* True where the program was started by a user other than root. */
bool user_is_ordinary(void);

#endif
