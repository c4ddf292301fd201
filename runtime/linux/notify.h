/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that somebody else answers: SCMP_ACT_NOTIFY, config-linux.md, "Seccomp" and "The Container Process
 * State". The agent at linux.seccomp.listenerPath gets the descriptor that the kernel makes for the filter.
 */
#ifndef RUNTIME_LINUX_NOTIFY_H
#define RUNTIME_LINUX_NOTIFY_H

#include "base/arena.h"
#include "base/error.h"
#include "oci/config.h"
#include "oci/state.h"
#include "runtime/linux/seccomp.h"

/*
 * Connects to the agent, where the program notifies one: in the runtime's namespaces, where the path means what it
 * should, and before there is a container that would have to be given up. The socket is in `program`.
 */
int notify_connect(const struct oci_seccomp *config, struct seccomp_program *program, struct error *err);

/*
 * Writes down, in `program`, what the agent is told: this process and its container. `pid` is what the runtime knows
 * this process by; with 0 the runtime's /proc tells, and it is the container's first process that is this one.
 * Nothing where the program notifies nobody.
 */
int notify_describe(const struct oci_config *config, struct oci_state state, int pid, struct arena *arena,
		    struct seccomp_program *program, struct error *err);

/* seccomp_apply(), and the agent has the descriptor before this returns. */
int notify_apply(const struct seccomp_program *program, struct error *err);

#endif
